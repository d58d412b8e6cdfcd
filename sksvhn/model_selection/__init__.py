"""Ways to split pictures of whole numbers into folds."""

from sksvhn.model_selection._split import NumberKFold

__all__ = ["NumberKFold"]
