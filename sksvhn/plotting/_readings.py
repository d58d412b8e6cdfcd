"""Pictures with what was read on them, the truth and the confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_consistent_length

from .._labels import BLANK, numbers_to_strings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's blue and vermilion, which every kind of colour vision tells apart.
RIGHT, WRONG = "#0072B2", "#D55E00"


class ReadingsDisplay:
    """A grid of pictures, each with its reading, its truth where wrong, and its confidence.

    Make one with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    images : ndarray of shape (n, height, width) or (n, height, width, 3)
        Pictures; uint8, or floats of any range.
    y_pred : array-like of shape (n,) or (n, max_length)
        Readings.
    y_true : array-like of shape (n,) or (n, max_length), default=None
        True numbers.
    confidence : array-like of shape (n,), default=None
        In [0, 1].
    blank : int, default=10
        The code that pads rows of codes.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure, once plotted.
    axes_ : ndarray of shape (n_rows, n_columns)
        Its axes; those beyond the last picture are empty.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn.plotting import ReadingsDisplay
    >>> images = np.zeros((3, 8, 8), dtype=np.uint8)
    >>> display = ReadingsDisplay.from_predictions(images, ["1", "12", "7"], ["1", "17", "7"])
    >>> [axes.get_title() for axes in display.axes_.ravel()]
    ['1', '17 (is 12)', '7']
    """

    def __init__(
        self,
        images: NDArray[Any],
        y_pred: ArrayLike,
        *,
        y_true: ArrayLike | None = None,
        confidence: ArrayLike | None = None,
        blank: int = BLANK,
    ) -> None:
        self.images = images
        self.y_pred = y_pred
        self.y_true = y_true
        self.confidence = confidence
        self.blank = blank

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        blank: int = BLANK,
        **plot_params: Any,
    ) -> Self:
        """Read pictures and plot them.

        Parameters
        ----------
        estimator : fitted estimator
            With ``predict`` and, for confidences, ``confidence``.
        X : array-like of shape (n, height, width) or (n, height, width, 3)
            Pictures.
        y : array-like of shape (n,) or (n, max_length), default=None
            True numbers.
        blank : int, default=10
            The code that pads rows of codes.
        **plot_params
            As for `plot`.

        Returns
        -------
        ReadingsDisplay
            Plotted.
        """
        confidence = estimator.confidence(X) if hasattr(estimator, "confidence") else None
        display = cls(
            np.asarray(X), estimator.predict(X), y_true=y, confidence=confidence, blank=blank
        )
        return display.plot(**plot_params)

    @classmethod
    def from_predictions(
        cls,
        images: ArrayLike,
        y_true: ArrayLike | None,
        y_pred: ArrayLike,
        confidence: ArrayLike | None = None,
        *,
        blank: int = BLANK,
        **plot_params: Any,
    ) -> Self:
        """Plot pictures that have been read.

        Parameters
        ----------
        images : array-like of shape (n, height, width) or (n, height, width, 3)
            Pictures.
        y_true : array-like of shape (n,) or (n, max_length) or None
            True numbers.
        y_pred : array-like of shape (n,) or (n, max_length)
            Readings.
        confidence : array-like of shape (n,), default=None
            In [0, 1].
        blank : int, default=10
            The code that pads rows of codes.
        **plot_params
            As for `plot`.

        Returns
        -------
        ReadingsDisplay
            Plotted.
        """
        display = cls(np.asarray(images), y_pred, y_true=y_true, confidence=confidence, blank=blank)
        return display.plot(**plot_params)

    def plot(self, *, n_columns: int = 8, figure: Figure | None = None) -> Self:
        """Draw the grid.

        Parameters
        ----------
        n_columns : int, default=8
            Pictures in a row.
        figure : matplotlib.figure.Figure, default=None
            Where to draw; None makes a figure of a fitting size.

        Returns
        -------
        ReadingsDisplay
            Itself, with `figure_` and `axes_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are no pictures, or not as many readings, truths or confidences.
        """
        try:
            from matplotlib import pyplot as plt
        except ImportError:
            raise ImportError(
                "ReadingsDisplay needs matplotlib; install it with: pip install 'sksvhn[plot]'"
            ) from None
        titles, colors = self._titles()
        n_columns = min(n_columns, len(titles))
        n_rows = -(-len(titles) // n_columns)
        if figure is None:
            figure = plt.figure(figsize=(1.3 * n_columns, 1.65 * n_rows), layout="constrained")
        self.figure_ = figure
        self.axes_ = figure.subplots(n_rows, n_columns, squeeze=False)
        for axes in self.axes_.ravel():
            axes.set_axis_off()
        for axes, image, title, color in zip(
            self.axes_.ravel(), self.images, titles, colors, strict=False
        ):
            self._draw(axes, image, title, color)
        return self

    def _titles(self) -> tuple[list[str], list[str]]:
        read = numbers_to_strings(self.y_pred, blank=self.blank, name="y_pred")
        true = read
        if self.y_true is not None:
            true = numbers_to_strings(self.y_true, blank=self.blank, name="y_true")
        confidence = [None] * len(read) if self.confidence is None else np.asarray(self.confidence)
        check_consistent_length(self.images, read, true, confidence)
        if len(read) == 0:
            raise ValueError("There are 0 pictures to plot; pass at least one.")
        titles, colors = [], []
        for reading, truth, sure in zip(read, true, confidence, strict=True):
            title = reading or "rejected"
            if reading != truth:
                title += f" (is {truth})"
            if sure is not None:
                title += f"\n{sure:.0%} sure" if sure < 0.995 else "\nover 99% sure"
            titles.append(title)
            colors.append(RIGHT if reading == truth else WRONG)
        return titles, colors

    @staticmethod
    def _draw(axes: Axes, image: NDArray[Any], title: str, color: str) -> None:
        pixels = image if image.ndim == 2 or image.shape[2] == 3 else image[..., 0]
        if pixels.dtype != np.uint8 and pixels.ndim == 3:
            span = float(np.ptp(pixels)) or 1.0
            pixels = (pixels - pixels.min()) / span
        # Pixels of 0 to 255 show their true contrast; the range of others is unknown.
        low, high = (0, 255) if pixels.dtype == np.uint8 else (None, None)
        axes.imshow(pixels, cmap="gray", vmin=low, vmax=high)
        axes.set_title(title, color=color, fontsize=9)
