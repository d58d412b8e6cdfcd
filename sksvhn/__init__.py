"""Read house numbers in pictures with scikit-learn estimators built on PyTorch."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._photographs import read
    from .estimators import (
        Architecture,
        NumberLocator,
        PositionwiseClassifier,
        SVHNCNNClassifier,
        SVHNLogisticRegression,
        SVHNMLPClassifier,
        SVHNSequenceClassifier,
        Training,
        VotingReader,
        load,
        load_pretrained,
    )
    from .transcription import transcribe

__all__ = [
    "Architecture",
    "NumberLocator",
    "PositionwiseClassifier",
    "SVHNCNNClassifier",
    "SVHNLogisticRegression",
    "SVHNMLPClassifier",
    "SVHNSequenceClassifier",
    "Training",
    "VotingReader",
    "load",
    "load_pretrained",
    "read",
    "transcribe",
]

_PACKAGES = (
    "callbacks",
    "datasets",
    "estimators",
    "inspection",
    "metrics",
    "model_selection",
    "plotting",
    "preprocessing",
    "transcription",
)

__version__ = version("sksvhn")


def __getattr__(name: str) -> Any:
    # torch takes seconds to import: only whoever uses an estimator pays for it.
    if name in __all__:
        module = {"read": "._photographs", "transcribe": ".transcription"}.get(name, ".estimators")
        return getattr(import_module(module, __name__), name)
    if name in _PACKAGES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_PACKAGES})
