"""Split pictures into folds or parts, and choose which readings to believe."""

from ._min_confidence import min_confidence_for_accuracy
from ._split import NumberKFold
from ._train_validation_test import train_validation_test_split

__all__ = ["NumberKFold", "min_confidence_for_accuracy", "train_validation_test_split"]
