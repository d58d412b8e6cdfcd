"""The gallery's scripts have its form; the cheapest ones run to their end."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from sksvhn import datasets

SCRIPTS = sorted(Path(__file__).parents[1].joinpath("examples", "gallery").glob("*.py"))
NUMBERS = [script.name.split("_")[1] for script in SCRIPTS]

each_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)


def test_scripts_are_numbered_in_reading_order() -> None:
    assert len(SCRIPTS) >= 12
    assert all(re.fullmatch(r"plot_\d\d_[a-z0-9_]+\.py", script.name) for script in SCRIPTS)
    assert len(set(NUMBERS)) == len(NUMBERS)


@each_script
def test_begins_with_a_title_and_a_text(script: Path) -> None:
    docstring = ast.get_docstring(ast.parse(script.read_text("utf-8")), clean=False)
    assert docstring is not None
    title, line, empty, text = docstring.removeprefix("\n").split("\n", 3)
    assert title
    assert line == "=" * len(title)
    assert empty == ""
    assert text.strip()


@each_script
def test_headings_are_underlined_to_their_end(script: Path) -> None:
    lines = script.read_text("utf-8").splitlines()
    underlined = [i for i, line in enumerate(lines) if re.fullmatch(r"# -{3,}", line)]
    assert underlined
    assert [lines[i] for i in underlined] == [
        "# " + "-" * (len(lines[i - 1]) - 2) for i in underlined
    ]


@each_script
def test_compiles_and_ends_cells_with_what_is_worth_showing(script: Path) -> None:
    """A last expression is shown: a matplotlib text or list of lines would be, too."""
    code = script.read_text("utf-8")
    compile(code, script, "exec")
    for cell in re.split(r"^# %%.*$", code, flags=re.MULTILINE):
        if body := ast.parse(cell).body:
            last = ast.unparse(body[-1]) if isinstance(body[-1], ast.Expr) else ""
            assert not re.search(r"\.(set|set_title|suptitle|supxlabel|plot|text)\(", last), last


@each_script
def test_takes_real_files(script: Path) -> None:
    assert "SKSVHN_DATA" in script.read_text("utf-8")


@pytest.mark.parametrize("number", ["12"])
def test_runs(
    number: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.delenv("SKSVHN_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    make = datasets.make_digit_sequences

    def make_few(*args: Any, n_samples: int, **params: Any) -> Any:
        return make(*args, n_samples=min(n_samples, 64), **params)

    monkeypatch.setattr(datasets, "make_digit_sequences", make_few)
    runpy.run_path(str(SCRIPTS[NUMBERS.index(number)]))
    printed = capsys.readouterr().out
    assert printed.count("the same answers: True") == 2
    assert "the same probabilities: True" in printed
    assert not list(tmp_path.iterdir())
