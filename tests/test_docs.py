"""The pages of the documentation: their Python runs, and they name what there is."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from functools import cache, wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from sklearn.utils import Bunch

from sksvhn import SVHNSequenceClassifier, datasets, model_selection
from sksvhn.datasets import make_street_numbers
from sksvhn.estimators._digit import DigitClassifier

DOCS = Path(__file__).parents[1] / "docs"
# Those whose code can run as it stands, but for what `names` gives.
PAGES = (
    "confidence",
    "data",
    "estimators",
    "index",
    "large_data",
    "other_tools",
    "persistence",
    "photographs",
    "tensorboard",
    "tutorial",
    "whole_numbers",
)
SUBPACKAGES = (
    "callbacks",
    "datasets",
    "inspection",
    "metrics",
    "model_selection",
    "plotting",
    "preprocessing",
)

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+\.[a-z]+)(?:#[^)]*)?\)")

N_DRAWN = 300  # as many as most pages ask for
N_FITTED = 60


@cache
def drawn_numbers(color: bool) -> Bunch:
    return make_street_numbers(N_DRAWN, image_size=(16, 16), color=color, random_state=0)


@pytest.fixture
def in_brief(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Small pictures, repeated only where more than drawn are asked for, and one epoch of few."""

    def few(
        n_samples: int = 100,
        *,
        color: bool = True,
        random_state: int = 0,
        n_jobs: int | None = None,
    ) -> Bunch:
        drawn = drawn_numbers(color)
        rows = (np.arange(n_samples) + random_state * N_FITTED) % N_DRAWN
        return Bunch(
            images=drawn.images[rows],
            target=drawn.target[rows],
            frame=drawn.frame.iloc[rows].reset_index(drop=True),
        )

    def in_one_epoch(fit: Any) -> Any:
        @wraps(fit)
        def fit_once(self: Any, X: Any, y: Any, *args: Any, **kwargs: Any) -> Any:
            self.set_params(max_epochs=1)
            if hasattr(self, "n_views"):
                self.set_params(n_views=1)
            if hasattr(self, "max_length"):  # those of the few may be shorter than others
                self.set_params(max_length=max(map(len, drawn_numbers(color=False).target)))
            return fit(self, X[:N_FITTED], y[:N_FITTED], *args, **kwargs)

        return fit_once

    monkeypatch.setattr(datasets, "make_street_numbers", few)
    for cls in (SVHNSequenceClassifier, DigitClassifier):
        monkeypatch.setattr(cls, "fit", in_one_epoch(cls.fit))
    # Readers of one epoch can promise nothing.
    monkeypatch.setattr(model_selection, "min_confidence_for_accuracy", lambda *a, **k: 0.5)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def names(in_brief: None) -> dict[str, Any]:
    """Give what pages speak of without saying where it is from."""
    data = datasets.make_street_numbers(60, color=False, random_state=0)
    with h5py.File("digits.h5", "w") as file:
        file["X"], file["y"] = data.images, np.arange(60) % 10
    X, y = data.images, data.target
    clf = SVHNSequenceClassifier(random_state=0).fit(X, y)
    return {"h5py": h5py, "clf": clf, "X": X, "y": y}


@pytest.fixture
def figures() -> Iterator[None]:
    """Close what pages draw."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    yield
    pyplot.close("all")


@pytest.mark.parametrize("page", PAGES)
def test_python_of_pages(page: str, names: dict[str, Any], figures: None) -> None:
    path = DOCS / f"{page}.md"
    text = path.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    assert blocks
    for block in blocks:
        line = text.count("\n", 0, block.start(1))
        if ">>> " in block[1]:
            example = doctest.DocTestParser().get_doctest(block[1], names, page, str(path), line)
            failed, n_tried = doctest.DocTestRunner().run(example)
            assert (failed, n_tried > 0) == (0, True)
        else:
            exec(compile("\n" * line + block[1], str(path), "exec"), names)


def test_reference_lists_all_public_names() -> None:
    pages = sorted((DOCS / "api").glob("*.md"))
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    listed: dict[str, set[str]] = {}
    for part in text.split(".. currentmodule:: ")[1:]:
        module, rest = part.split("\n", 1)
        listed[module] = set(re.findall(r"^   (\w+)$", rest, re.MULTILINE))
    modules = ["sksvhn", *(f"sksvhn.{name}" for name in SUBPACKAGES)]
    assert listed == {module: set(import_module(module).__all__) for module in modules}


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_links_to_files(path: Path) -> None:
    if {"auto_examples", "_build"} & set(path.parts):
        pytest.skip("made by Sphinx")
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
