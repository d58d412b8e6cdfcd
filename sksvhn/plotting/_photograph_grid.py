"""Display of photographs with the boxes and readings of the numbers in them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length

from .._files._csv_lines import BOX_COLUMNS
from .._images._load import read_picture
from .._images._one_or_many import named_pictures
from .._parameters import positive_int
from ._matplotlib import RIGHT, WRONG, Shown, figure_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NEEDED = ("number", "confidence", *BOX_COLUMNS)

# Longest side of a drawn photograph in pixels: a figure shows no more.
_SIDE = 1024
# Height of a label as a share of a photograph's, about: less room above a box puts it below.
_LABEL = 0.07


class PhotographsDisplay(Shown):
    """A grid of photographs with a box around each number, its reading and its confidence.

    Make one with `from_readings`.

    Parameters
    ----------
    images : sequence of ndarray of shape (height, width, 3), dtype uint8, or None
        Photographs of any size; None for one that cannot be read.
    readings : sequence of DataFrame
        Numbers of each photograph, with the columns number, confidence, left, top, width and height
        (in pixels) and, optionally, rejected.
    titles : sequence of str
        Title of each photograph.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure, once plotted.
    axes_ : ndarray of shape (n_rows, n_columns)
        Its axes; those beyond the last photograph are empty.

    See Also
    --------
    sksvhn.read : Find and read the numbers.
    ReadingsDisplay : The same for pictures that are cropped to their numbers.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sksvhn.plotting import PhotographsDisplay
    >>> photo = np.full((240, 320, 3), 160, dtype=np.uint8)  # a path does as well
    >>> found = pd.DataFrame({  # as sksvhn.read([photo, photo]) returns it
    ...     "picture": [0], "number": ["12"], "confidence": [0.75],
    ...     "left": [80.0], "top": [60.0], "width": [64.0], "height": [40.0],
    ... })
    >>> display = PhotographsDisplay.from_readings([photo, photo], found)
    >>> [axes.get_title() for axes in display.axes_.ravel()]
    ['picture 0', 'picture 1: no number']
    >>> [text.get_text() for text in display.axes_[0, 0].texts]
    ['12  75%']
    """

    def __init__(
        self,
        images: Sequence[NDArray[np.uint8] | None],
        readings: Sequence[pd.DataFrame],
        titles: Sequence[str],
    ) -> None:
        self.images = images
        self.readings = readings
        self.titles = titles

    @classmethod
    def from_readings(cls, pictures: Any, readings: pd.DataFrame, **plot_params: Any) -> Self:
        """Plot photographs that `sksvhn.read` has read.

        Parameters
        ----------
        pictures : picture, path-like, or iterable of them
            The photographs that were read, or the paths of some of them, as :func:`sksvhn.read`
            takes them.
        readings : DataFrame
            What it returned. Rows of other pictures are left out. With ``all=True``, rejected boxes
            are drawn in another colour.
        **plot_params
            As for `plot`.

        Returns
        -------
        PhotographsDisplay
            Plotted.

        Raises
        ------
        ValueError
            If `readings` lacks columns, or there are no pictures.
        TypeError
            If `readings` is no DataFrame, or `pictures` is no picture and no iterable of them.
        """
        if not isinstance(readings, pd.DataFrame):
            raise TypeError(
                "readings must be the DataFrame that sksvhn.read returns; got a "
                f"{type(readings).__name__}."
            )
        missing = [name for name in ("picture", *_NEEDED) if name not in readings.columns]
        if missing:
            raise ValueError(
                f"readings must have the columns of sksvhn.read; it lacks {', '.join(missing)}."
            )
        of_picture = dict(list(readings.groupby("picture", sort=False)))
        none = readings.iloc[:0]
        images, parts, titles = [], [], []
        for key, source in named_pictures(pictures):
            image, scale = _shrunk(source)
            part = of_picture.get(key, none)
            part = part[part["left"].notna()].copy()
            part[list(BOX_COLUMNS)] *= scale
            name = f"picture {key}" if isinstance(key, int) else os.path.basename(key)
            images.append(image)
            parts.append(part)
            titles.append(f"{name}{_note(image, part)}")
        return cls(images, parts, titles).plot(**plot_params)

    def plot(self, *, n_columns: int = 3, figure: Figure | None = None) -> Self:
        """Draw the grid.

        Parameters
        ----------
        n_columns : int, default=3
            Number of photographs per row.
        figure : matplotlib.figure.Figure, default=None
            Figure to draw on. None makes a new one.

        Returns
        -------
        PhotographsDisplay
            Itself, with `figure_` and `axes_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are no photographs, or not as many readings or titles.
        """
        check_consistent_length(self.images, self.readings, self.titles)
        if len(self.images) == 0:
            raise ValueError("pictures must hold at least one picture to plot; got 0.")
        n_columns = min(positive_int(n_columns, "n_columns"), len(self.images))
        n_rows = -(-len(self.images) // n_columns)
        self.figure_ = figure_or_new(figure, self, (3.2 * n_columns, 2.7 * n_rows))
        self.axes_ = self.figure_.subplots(n_rows, n_columns, squeeze=False)
        for axes in self.axes_.ravel():
            axes.set_axis_off()
        for axes, image, readings, title in zip(
            self.axes_.ravel(), self.images, self.readings, self.titles, strict=False
        ):
            axes.set_title(title, fontsize=9)
            if image is not None:
                axes.imshow(image)
                _draw_boxes(axes, readings)
        return self


def _shrunk(source: Any) -> tuple[NDArray[np.uint8] | None, float]:
    """Pixels of a photograph that are enough to show it, and their share of its own."""
    if isinstance(source, Exception):
        return None, 1.0
    try:
        picture = read_picture(source, color="rgb").picture
    except (ValueError, TypeError, OSError, MemoryError):
        return None, 1.0
    width = picture.width
    picture.thumbnail((_SIDE, _SIDE))
    return np.asarray(picture), picture.width / width


def _note(image: NDArray[np.uint8] | None, readings: pd.DataFrame) -> str:
    if image is None:
        return ": cannot be read"
    return ": no number" if _is_number(readings).sum() == 0 else ""


def _is_number(readings: pd.DataFrame) -> pd.Series[bool]:
    if "rejected" in readings.columns:
        return readings["rejected"].isna()
    return pd.Series(True, index=readings.index, dtype=bool)


def _draw_boxes(axes: Axes, readings: pd.DataFrame) -> None:
    """Draw the least sure boxes first, so that the surest are seen."""
    from matplotlib.patches import Rectangle

    order = np.argsort(readings["confidence"].to_numpy(), kind="stable")
    colors = np.where(_is_number(readings), RIGHT, WRONG)
    for row in order:
        number, sure, left, top, width, height = readings[list(_NEEDED)].iloc[row]
        color = colors[row]
        axes.add_patch(
            Rectangle((left, top), width, height, fill=False, color=color, linewidth=1.5)
        )
        share = f"{sure:.0%}" if sure < 0.995 else ">99%"
        has_room = top > _LABEL * abs(np.subtract(*axes.get_ylim()))
        axes.annotate(
            f"{number or '?'}  {share}",
            (left, top if has_room else top + height),
            xytext=(0, 2 if has_room else -2),
            textcoords="offset points",
            verticalalignment="bottom" if has_room else "top",
            color="white",
            fontsize=7,
            bbox={"facecolor": color, "edgecolor": "none", "pad": 1.5},
        )
