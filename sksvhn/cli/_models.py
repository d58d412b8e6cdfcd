"""Fitted models: loaded without running code, and asked in one way whatever they read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..estimators import _saving
from ..metrics._scorers import tells_confidence
from ..transcription._reading import as_strings

_PICKLES = (".joblib", ".pickle", ".pkl")


def load_model(path: Path) -> Any:
    """Load a model that `save` wrote.

    Raises
    ------
    OSError, ValueError
        As :func:`sksvhn.load` does; or if it is a pickle.
    """
    return load_with_versions(path)[0]


def load_with_versions(path: Path) -> tuple[Any, dict[str, str]]:
    """Load a model, and tell of which versions of what it was saved."""
    if path.is_file():
        with path.open("rb") as file:
            is_pickle = file.read(1) == b"\x80"
        if is_pickle or path.suffix in _PICKLES:
            raise ValueError(
                f"{path} is a pickle, which runs code when it is loaded; if you trust who made it, "
                "convert it in Python: "
                f"joblib.load({str(path)!r}).save({str(path.with_suffix('.sksvhn'))!r})."
            )
    return _saving.load_with_versions(path)


def reads_numbers(clf: Any) -> bool:
    """Whether a model reads whole numbers, and not one label a picture."""
    return hasattr(clf, "rank_candidates")


def predict_with_confidence(clf: Any, X: Any) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Read pictures that are as in training, as strings, and say how sure each reading is."""
    if tells_confidence(clf):
        labels, confidence = clf.predict(X, return_confidence=True)
        return as_strings(clf, labels), confidence
    probability = clf.predict_proba(X)
    return as_strings(clf, clf.classes_[probability.argmax(axis=1)]), probability.max(axis=1)
