"""Histograms of a data set of numbers: digits per number, and sizes of the digits' boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import Bunch

from .._number_frame import digit_boxes, number_frame
from ._matplotlib import RIGHT, WRONG, Shown, figure_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PERCENTILE = 98

# Most bars of a histogram of sizes; each is a whole number of pixels wide.
_MAX_BARS = 60


class NumberStatisticsDisplay(Shown):
    """Histograms of digits per number, and of the widths and heights of the digits' boxes.

    Make one with `from_numbers`.

    Parameters
    ----------
    lengths : array-like of shape (n_numbers,)
        Number of digits of each number.
    widths, heights : array-like of shape (n_digits,)
        Width and height of each digit's box, in pixels.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure, once plotted.
    axes_ : ndarray of shape (3,)
        Its axes: digits per number, widths, heights.

    See Also
    --------
    sksvhn.datasets.describe_numbers : The same as tables.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn.datasets import make_digit_sequences
    >>> from sksvhn.plotting import NumberStatisticsDisplay
    >>> digits = np.zeros((10, 28, 28), dtype=np.uint8)
    >>> numbers = make_digit_sequences(digits, range(10), random_state=0)
    >>> display = NumberStatisticsDisplay.from_numbers(numbers)
    >>> [axes.get_xlabel() for axes in display.axes_]
    ['Digits in the number', 'Width of a digit (pixels)', 'Height of a digit (pixels)']
    """

    def __init__(self, lengths: ArrayLike, widths: ArrayLike, heights: ArrayLike) -> None:
        self.lengths = lengths
        self.widths = widths
        self.heights = heights

    @classmethod
    def from_numbers(cls, data: Bunch | pd.DataFrame, **plot_params: Any) -> Self:
        """Plot a data set of numbers.

        Parameters
        ----------
        data : :class:`~sklearn.utils.Bunch` or DataFrame
            What :func:`~sksvhn.datasets.load_svhn_numbers` or
            :func:`~sksvhn.datasets.make_street_numbers` returns, or only a table such as that of
            :func:`~sksvhn.datasets.read_digit_struct`.
        **plot_params
            As for `plot`.

        Returns
        -------
        NumberStatisticsDisplay
            Plotted.
        """
        frame = number_frame(data)
        boxes = digit_boxes(frame)
        return cls(frame["length"].to_numpy(), boxes[:, 2], boxes[:, 3]).plot(**plot_params)

    def plot(self, *, figure: Figure | None = None) -> Self:
        """Draw the histograms.

        The axes of widths and heights show 99.5 % of the digits, and say how many are beyond.

        Parameters
        ----------
        figure : matplotlib.figure.Figure, default=None
            Figure to draw on. None makes a new one.

        Returns
        -------
        NumberStatisticsDisplay
            Itself, with `figure_` and `axes_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        self.figure_ = figure_or_new(figure, self, (10, 3))
        from matplotlib.ticker import MaxNLocator, StrMethodFormatter

        self.axes_ = self.figure_.subplots(1, 3)
        self._draw_lengths(self.axes_[0])
        self._draw_sizes(self.axes_[1], self.widths, "Width")
        self._draw_sizes(self.axes_[2], self.heights, "Height")
        for axes in self.axes_:
            axes.spines[["top", "right"]].set_visible(False)
            axes.yaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 2.5, 5, 10]))
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        return self

    def _draw_lengths(self, axes: Axes) -> None:
        lengths, counts = np.unique(np.asarray(self.lengths), return_counts=True)
        bars = axes.bar(lengths, counts, width=0.8, color=RIGHT)
        axes.bar_label(bars, [f"{count:,}" for count in counts], fontsize=8, padding=1)
        axes.margins(y=0.08)
        axes.set_xticks(range(int(lengths[0]), int(lengths[-1]) + 1))
        axes.set_xlabel("Digits in the number")
        axes.set_ylabel("Numbers")

    @staticmethod
    def _draw_sizes(axes: Axes, sizes: ArrayLike, name: str) -> None:
        values = np.asarray(sizes, dtype=np.float64)
        end = np.ceil(np.percentile(values, 99.5))
        step = max(np.ceil(end / _MAX_BARS), 1)
        # Boxes are whole pixels: bars are centred on them.
        edges = np.arange(-0.5, end + step, step)
        beyond = int(np.count_nonzero(values > edges[-1]))
        axes.hist(values, bins=edges.tolist(), color=RIGHT)
        percentile = float(np.percentile(values, _PERCENTILE))
        axes.axvline(percentile, ymax=0.75, color=WRONG, linestyle="--", linewidth=1.2)
        axes.text(
            percentile,
            0.77,
            f"{_PERCENTILE} % are\nat most {percentile:.3g}",
            transform=axes.get_xaxis_transform(),
            ha="right" if percentile > 0.85 * edges[-1] else "center",
            fontsize=9,
            color=WRONG,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
        axes.set_xlim(0, edges[-1])
        axes.set_xlabel(f"{name} of a digit (pixels)")
        axes.set_ylabel("Digits")
        if beyond:
            note = f"not shown: {beyond:,} above {edges[-1]:.0f}, up to {values.max():.0f}"
            axes.set_title(note, loc="right", fontsize=8)
