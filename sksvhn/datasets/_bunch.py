"""Make the Bunch of labelled pictures."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch


def labelled_bunch(
    images: NDArray[Any], frame: pd.DataFrame, *, target: str, as_frame: bool, descr: str
) -> Bunch:
    """Bunch of pictures whose target is a column of `frame`."""
    column = frame[target]
    is_number = pd.api.types.is_numeric_dtype(column)
    array = column.to_numpy(dtype=None if is_number else object, copy=True)  # a view is read-only
    return Bunch(
        images=images,
        target=column.copy() if as_frame else array,
        frame=frame,
        DESCR=descr,
    )
