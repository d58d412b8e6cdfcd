"""Figures of one evaluation."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import classification_report

from .._labels import DIGITS
from ..metrics import (
    bootstrap_interval,
    coverage_at_accuracy_score,
    expected_calibration_error,
    sequence_accuracy_score,
    sequence_classification_report,
)
from ..preprocessing._load_image import Color
from ..transcription._reading import reads_numbers
from ._labelled import Labelled
from ._load import Cropping, load_labelled
from ._models import predict_with_confidence

# What human transcribers reach, of Goodfellow et al. 2014.
ACCURACY = 0.98


def load_for(clf: Any, data: Path, *, on_error: Literal["raise", "skip"]) -> Labelled:
    """Labelled pictures as a model takes them."""
    cropping = Cropping()
    if hasattr(clf, "crops"):
        height, width, channels = clf.image_shape_
        color: Color = "grey" if channels == 1 else "rgb"
        cropping = Cropping((height, width), color, clf.crop, clf.margin)
    # Numbers with characters that the model has not learned are wrong, not mistaken.
    alphabet = "".join(dict.fromkeys(DIGITS + getattr(clf, "alphabet_", "")))
    labelled = load_labelled(data, cropping, subset="test", on_error=on_error, alphabet=alphabet)
    if labelled.kind == "numbers" and not reads_numbers(clf):
        raise ValueError(
            f"{data} holds whole numbers, and the model, a {type(clf).__name__}, reads single "
            "digits; evaluate it on digits, such as test_32x32.mat."
        )
    return labelled


@dataclass(frozen=True)
class Evaluation:
    """Labelled pictures as a model reads them.

    Attributes
    ----------
    images : ndarray or h5py.Dataset of shape (n, height, width[, 3])
    true, read : ndarray of shape (n,), dtype object
        Strings.
    confidence : ndarray of shape (n,)
    of_numbers : bool
        Whether the model reads whole numbers.
    """

    images: Any
    true: NDArray[np.object_]
    read: NDArray[np.object_]
    confidence: NDArray[np.float64]
    of_numbers: bool

    @classmethod
    def of(cls, clf: Any, labelled: Labelled) -> Evaluation:
        """Read the pictures."""
        read, confidence = predict_with_confidence(clf, _as_learned(clf, labelled.images))
        true = np.array([str(label) for label in labelled.target.tolist()], dtype=object)
        return cls(labelled.images, true, read, confidence, reads_numbers(clf))

    def scores(self) -> dict[str, dict[str, float]]:
        """Compute the main figures, with their intervals."""
        metrics: dict[str, tuple[Callable[..., float], NDArray[np.float64] | None]] = {
            "accuracy": (sequence_accuracy_score, None),
            "coverage at 98 % accuracy": (coverage_at_accuracy_score, self.confidence),
            "expected calibration error": (expected_calibration_error, self.confidence),
        }
        return {
            name: bootstrap_interval(
                metric, self.true, self.read, confidence, random_state=0
            )._asdict()
            for name, (metric, confidence) in metrics.items()
        }

    def report(self, *, output_dict: bool) -> Any:
        """Report by position, length and digit; of single digits, by digit."""
        if self.of_numbers:
            return sequence_classification_report(
                self.true,
                self.read,
                confidence=self.confidence,
                accuracy=ACCURACY,
                output_dict=output_dict,
            )
        return classification_report(
            self.true, self.read, digits=4, output_dict=output_dict, zero_division=0.0
        )

    def to_text(self) -> str:
        """Write everything as text."""
        right = f"{'whole numbers' if self.of_numbers else 'digits'} right"
        lines = [f"{'':<30}{'share':>8}  95 % interval"]
        for name, score in self.scores().items():
            form = ".4f" if "error" in name else ".1%"
            estimate, low, high = (format(score[k], form) for k in ("estimate", "low", "high"))
            name = right if name == "accuracy" else name
            lines.append(f"{name:<30}{estimate:>8}  {low} to {high}")
        return "\n".join([*lines, "", self.report(output_dict=False).rstrip()])

    def to_json(self, **about: str) -> str:
        """Write everything as JSON."""
        scores = {
            name.replace(" % ", "_").replace(" ", "_"): score
            for name, score in self.scores().items()
        }
        document = {
            **about,
            "n_pictures": len(self.true),
            **scores,
            "report": self.report(output_dict=True),
        }
        return json.dumps(document, indent=2, allow_nan=False)


def _as_learned(clf: Any, images: Any) -> Any:
    """Pictures where, and of the range in which, a model takes them."""
    if not hasattr(clf, "net_"):
        images = images[:]  # only networks read from a file
    if hasattr(clf, "crops") and clf._learned_white() == 1:
        return images[:].astype(np.float32) / 255
    return images
