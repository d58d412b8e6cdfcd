"""Ways to split pictures of whole numbers into folds, or into train, validation and test sets."""

from ._split import NumberKFold
from ._train_validation_test import train_validation_test_split

__all__ = ["NumberKFold", "train_validation_test_split"]
