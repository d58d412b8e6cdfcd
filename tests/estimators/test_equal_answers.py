"""What docs/reproducibility.md promises of other batches, threads and instruction sets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone

import sksvhn
from sksvhn import (
    PositionwiseClassifier,
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
)

from .._promised import BOUND
from ._pictures import bar_numbers

ROOT = Path(__file__).parents[2]

X, NUMBERS = bar_numbers(300)
DIGITS = np.array([number[0] for number in NUMBERS])
# Not sure of everything: where probabilities are 0 and 1 they cannot differ.
NEURAL: dict[str, Any] = {"max_epochs": 3, "random_state": 0}
MODELS = {
    "numbers": (SVHNSequenceClassifier(channels=((8,), (8,)), n_views=2, **NEURAL), NUMBERS),
    "second looks": (
        SVHNSequenceClassifier(channels=((8,), (8,)), n_views="adaptive", **NEURAL),
        NUMBERS,
    ),
    "positions": (PositionwiseClassifier(SVHNLogisticRegression(C=1e-5)), NUMBERS),
    "convolutions": (SVHNCNNClassifier(channels=((8,), (8,)), n_views=2, **NEURAL), DIGITS),
    "layers": (SVHNMLPClassifier(hidden_layer_sizes=(32,), **NEURAL), DIGITS),
    "logistic": (SVHNLogisticRegression(C=1e-5), DIGITS),
    "hog": (SVHNLogisticRegression(features="hog", C=1e-5), DIGITS),
}


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    clf, y = MODELS[request.param]
    path = tmp_path_factory.mktemp("models") / f"{request.param}.sksvhn"
    clone(clf).fit(X, y).save(path)
    return path


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def assert_equal_but_for_ties(clf: Any, proba: Any, read: Any, expected: Any) -> None:
    np.testing.assert_allclose(proba, expected, rtol=0, atol=BOUND)
    if isinstance(clf, (SVHNSequenceClassifier, PositionwiseClassifier)):
        best = clf.top_k(X, 2).probability
        first, second = best.T
    else:
        second, first = np.sort(expected, axis=1)[:, -2:].T
    clear = first - second > 2 * BOUND
    assert clear.sum() > 200
    np.testing.assert_array_equal(read[clear], clf.predict(X)[clear])


@pytest.mark.parametrize("size", [1, 7, 100, 256, 299])
def test_other_batches(size: int, model: Path) -> None:
    clf = sksvhn.load(model)
    parts = [X[start : start + size] for start in range(0, len(X), size)]
    proba = np.concatenate(list(map(clf.predict_proba, parts)))
    read = np.concatenate(list(map(clf.predict, parts)))
    assert_equal_but_for_ties(clf, proba, read, clf.predict_proba(X))


@pytest.mark.usefixtures("threads")
def test_other_numbers_of_threads(model: Path) -> None:
    clf = sksvhn.load(model)
    torch.set_num_threads(1)
    expected = clf.predict_proba(X)
    for n_threads in (2, 3, 4):
        torch.set_num_threads(n_threads)
        proba = clf.predict_proba(X)
        assert_equal_but_for_ties(clf, proba, clf.predict(X), expected)
        np.testing.assert_array_equal(clf.predict_proba(X), proba)  # to the bit


ANSWER = """
import sys
from pathlib import Path
import numpy as np
import sksvhn
for path in Path().glob("*.sksvhn"):
    clf, X = sksvhn.load(path), np.load("X.npy")
    np.savez(f"{path.stem}.npz", proba=clf.predict_proba(X), read=clf.predict(X).astype(str))
"""
OTHER_INSTRUCTIONS = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}


@pytest.mark.parametrize("limits", [{}, OTHER_INSTRUCTIONS], ids=["same", "other instructions"])
def test_other_processes(limits: dict[str, str], tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", X)
    fitted = {}
    for name in ("numbers", "layers"):
        clf, y = MODELS[name]
        fitted[name] = clone(clf).fit(X, y)
        fitted[name].save(tmp_path / f"{name}.sksvhn")
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads()), "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-W", "error", "-c", ANSWER],
        cwd=tmp_path,
        env=os.environ | threads | limits,
        check=True,
    )
    for name, clf in fitted.items():
        with np.load(tmp_path / f"{name}.npz") as found:
            expected = clf.predict_proba(X)
            assert_equal_but_for_ties(clf, found["proba"], found["read"], expected)
            if not limits:
                np.testing.assert_array_equal(found["proba"], expected)  # to the bit
