"""Tables of numbers: their lengths and the boxes of their digits."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch

#: Columns of a table of `load_svhn_numbers` and `read_digit_struct` that are looked at.
_NEEDED = ("length", "boxes")


def number_frame(data: Bunch | pd.DataFrame) -> pd.DataFrame:
    """Return the table of a Bunch, or the table given; raise ValueError if there is none."""
    frame = data.get("frame") if isinstance(data, Bunch) else data
    if not isinstance(frame, pd.DataFrame) or not set(_NEEDED) <= set(frame):
        columns = f" with the columns {list(frame)}" if isinstance(frame, pd.DataFrame) else ""
        raise ValueError(
            "data must be a table with the columns 'length' and 'boxes', or a Bunch with such a "
            "frame, as load_svhn_numbers and read_digit_struct return them; got a "
            f"{type(data).__name__}{columns}."
        )
    if frame.empty:
        raise ValueError("data must hold at least one number; got 0 rows.")
    return frame


def digit_boxes(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Left, top, width and height of every box of a table; shape (n_boxes, 4)."""
    return np.concatenate(frame["boxes"].tolist(), dtype=np.float64)
