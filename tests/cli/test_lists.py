"""Files of boxes and candidates."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer import BadParameter

from sksvhn.cli._read import Boxes, Candidates, parse_box

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.tuples(finite, finite, finite, finite))
def test_box_is_read_as_written(box: tuple[float, float, float, float]) -> None:
    assert parse_box(",".join(map(repr, box))) == box


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1;2;3;4"])
def test_box_of_another_form(text: str) -> None:
    with pytest.raises(BadParameter, match="must be left,top,width,height in pixels"):
        parse_box(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be a CSV file with the columns path, left, top, width, height"),
        ("left,top,width,height\n1,2,3,4\n", "must be a CSV file with the columns path"),
        ("path,left,top,width,height\na.png,1,2,3\n", "line 2 of .* must have numbers for left"),
        ("path,left,top,width,height\na.png,1,2,3,x\n", "line 2 of .* got '1,2,3,x'"),
        ("path,left,top,width,height\na.png,,,,\n", "line 2 of .* must have numbers for"),
        ("left,top,width,height,path\n1,2,3,4\n", "line 2 of .* must have a path; it is empty"),
        ("path,left,top,width,height\n,1,2,3,4\n", "line 2 of .* must have a path; it is empty"),
    ],
)
def test_bad_boxes(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        Boxes(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n \n", "must hold at least one candidate; write one number per line"),
        ("12,14\n", "one number per line, .* got '12,14' in line 1"),
        ("path,candidate\na.png,\n", "must have a path and a candidate; got .* in line 2"),
        ("candidate,path\n52\n", r"must have a path and a candidate; got \['52'\] in line 2"),
    ],
)
def test_bad_candidates(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "numbers.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        Candidates(path)


def test_paths_are_those_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "boxes.csv"
    path.write_text("\ufeffpath,left,top,width,height\n./a/../b.png,1,2,3,4\n", encoding="utf-8")
    table = Boxes(path)
    assert table.of("b.png") == table.of(str(tmp_path / "b.png")) == [(1, 2, 3, 4)]
    assert table.of("a/b.png") is None
    assert table.n_without == 1
