"""Scores of readings of whole numbers, in whichever form the labels are held."""

from sksvhn.metrics._calibration import expected_calibration_error
from sksvhn.metrics._edit_distance import character_error_rate, mean_edit_distance
from sksvhn.metrics._report import sequence_classification_report
from sksvhn.metrics._risk_coverage import (
    accuracy_at_coverage_score,
    area_under_risk_coverage_score,
    risk_coverage_curve,
)
from sksvhn.metrics._scorers import (
    accuracy_at_coverage_scorer,
    area_under_risk_coverage_scorer,
    coverage_at_accuracy_scorer,
    expected_calibration_error_scorer,
)
from sksvhn.metrics._selective import coverage_at_accuracy_score
from sksvhn.metrics._sequence import (
    digit_accuracy_score,
    length_accuracy_score,
    position_accuracy_scores,
    sequence_accuracy_score,
)
from sksvhn.metrics._uncertainty import bootstrap_interval, compare_readers

__all__ = [
    "accuracy_at_coverage_score",
    "accuracy_at_coverage_scorer",
    "area_under_risk_coverage_score",
    "area_under_risk_coverage_scorer",
    "bootstrap_interval",
    "character_error_rate",
    "compare_readers",
    "coverage_at_accuracy_score",
    "coverage_at_accuracy_scorer",
    "digit_accuracy_score",
    "expected_calibration_error",
    "expected_calibration_error_scorer",
    "length_accuracy_score",
    "mean_edit_distance",
    "position_accuracy_scores",
    "risk_coverage_curve",
    "sequence_accuracy_score",
    "sequence_classification_report",
]
