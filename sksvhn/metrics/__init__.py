"""Scores of readings of whole numbers, with labels in any form, and of boxes."""

from ._accuracy import (
    character_error_rate,
    digit_accuracy_score,
    length_accuracy_score,
    position_accuracy_scores,
    sequence_accuracy_score,
)
from ._calibration import expected_calibration_error
from ._location import location_average_precision, location_precision_recall_curve
from ._number_strings import as_number_strings
from ._report import sequence_classification_report
from ._risk_coverage import (
    accuracy_at_coverage_score,
    area_under_risk_coverage_score,
    coverage_at_accuracy_score,
    risk_coverage_curve,
)
from ._scorers import coverage_at_accuracy_scorer, make_confidence_scorer
from ._uncertainty import bootstrap_interval, compare_readers

__all__ = [
    "accuracy_at_coverage_score",
    "area_under_risk_coverage_score",
    "as_number_strings",
    "bootstrap_interval",
    "character_error_rate",
    "compare_readers",
    "coverage_at_accuracy_score",
    "coverage_at_accuracy_scorer",
    "digit_accuracy_score",
    "expected_calibration_error",
    "length_accuracy_score",
    "location_average_precision",
    "location_precision_recall_curve",
    "make_confidence_scorer",
    "position_accuracy_scores",
    "risk_coverage_curve",
    "sequence_accuracy_score",
    "sequence_classification_report",
]
