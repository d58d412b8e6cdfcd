"""Scores of readings of whole numbers, in whichever form the labels are held."""

from sksvhn.metrics._report import sequence_classification_report
from sksvhn.metrics._scorers import coverage_at_accuracy_scorer
from sksvhn.metrics._selective import coverage_at_accuracy_score
from sksvhn.metrics._sequence import (
    digit_accuracy_score,
    length_accuracy_score,
    position_accuracy_scores,
    sequence_accuracy_score,
)

__all__ = [
    "coverage_at_accuracy_score",
    "coverage_at_accuracy_scorer",
    "digit_accuracy_score",
    "length_accuracy_score",
    "position_accuracy_scores",
    "sequence_accuracy_score",
    "sequence_classification_report",
]
