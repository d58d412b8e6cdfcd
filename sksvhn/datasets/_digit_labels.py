"""Check the labels of single digits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def digits_of_labels(labels: NDArray[Any], name: str) -> NDArray[np.int64]:
    """Return digits 0 to 9 of SVHN's labels 1 to 10, where 10 stands for 0, or of labels 0 to 9.

    Raises ValueError, with `name`, for other labels, or if there are both 0 and 10.
    """
    expected = f"{name} must hold labels 1 to 10 (10 is the digit 0) or 0 to 9; got"
    if labels.dtype.kind not in "iuf":
        raise ValueError(f"{expected} dtype {labels.dtype}.")
    labels = labels.ravel()
    is_label = np.isin(labels, np.arange(11))
    if not is_label.all():
        n_others = len(labels) - np.count_nonzero(is_label)
        raise ValueError(
            f"{expected} {labels[~is_label][0]} ({n_others} of {len(labels)} labels are wrong)."
        )
    digits = labels.astype(np.int64)
    if (digits == 0).any() and (digits == 10).any():
        raise ValueError(f"{expected} both 0 and 10; use one of them for the digit 0.")
    digits[digits == 10] = 0
    return digits
