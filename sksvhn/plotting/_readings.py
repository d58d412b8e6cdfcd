"""Display of pictures with their readings, the truth and the confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_consistent_length

from .._checked_readings import check_readings
from .._labels import numbers_to_strings
from .._parameters import check_not_masked, positive_int
from .._predictions import as_strings, read_with_confidence, tells_confidence
from ._matplotlib import RIGHT, WRONG, Shown, draw_picture, figure_or_new

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class ReadingsDisplay(Shown):
    """A grid of pictures with their readings, confidences and, if wrong, true numbers.

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

    Only what was read wrong, the surest first:

    >>> display = ReadingsDisplay.from_predictions(
    ...     images, ["1", "12", "7"], ["1", "17", "1"], [0.9, 0.6, 0.8], n_mistakes=10
    ... )
    >>> [axes.get_title().splitlines() for axes in display.axes_.ravel()]
    [['1 (is 7)', '80% sure'], ['17 (is 12)', '60% sure']]
    """

    def __init__(
        self,
        images: NDArray[Any],
        y_pred: ArrayLike,
        *,
        y_true: ArrayLike | None = None,
        confidence: ArrayLike | None = None,
    ) -> None:
        self.images = images
        self.y_pred = y_pred
        self.y_true = y_true
        self.confidence = confidence

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        n_mistakes: int | None = None,
        **plot_params: Any,
    ) -> Self:
        """Read pictures and plot them.

        Parameters
        ----------
        estimator : fitted estimator
            A reader of numbers or any other classifier; or a :class:`~sklearn.pipeline.Pipeline`
            that ends in one; or a fitted search over either. Readers of numbers tell their
            confidence.
        X : array-like of shape (n, height, width) or (n, height, width, 3)
            Pictures.
        y : array-like of shape (n,) or (n, max_length), default=None
            True numbers.
        n_mistakes : int, default=None
            Draw only wrong readings, at most this many, the surest first. None draws all pictures
            in their order.
        **plot_params
            As for `plot`.

        Returns
        -------
        ReadingsDisplay
            Plotted.

        Raises
        ------
        ValueError
            As in `plot`; or if `n_mistakes` is given without true numbers, with an estimator
            without confidence, or although no reading is wrong.
        """
        if tells_confidence(estimator):
            readings, confidence = read_with_confidence(estimator, X)
        else:
            readings, confidence = estimator.predict(X), None
        readings = as_strings(estimator, readings, "y_pred")
        y = None if y is None else as_strings(estimator, y, "y_true")
        return cls.from_predictions(
            X, y, readings, confidence, n_mistakes=n_mistakes, **plot_params
        )

    @classmethod
    def from_predictions(
        cls,
        images: ArrayLike,
        y_true: ArrayLike | None,
        y_pred: ArrayLike,
        confidence: ArrayLike | None = None,
        *,
        n_mistakes: int | None = None,
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
        n_mistakes : int, default=None
            Draw only wrong readings, at most this many, the surest first. None draws all pictures
            in their order. A rejected reading counts as wrong.
        **plot_params
            As for `plot`.

        Returns
        -------
        ReadingsDisplay
            Plotted.

        Raises
        ------
        ValueError
            As in `plot`; or if `n_mistakes` is given without true numbers, without confidence, or
            although no reading is wrong.
        """
        check_not_masked(images, "images")
        check_not_masked(confidence, "confidence")
        images = np.asarray(images)
        if n_mistakes is not None:
            check_consistent_length(images, y_pred)
            n_mistakes = positive_int(n_mistakes, "n_mistakes")
            rows = _surest_mistakes(y_true, y_pred, confidence)[:n_mistakes]
            images, y_true, y_pred, confidence = (
                np.asarray(values)[rows] for values in (images, y_true, y_pred, confidence)
            )
        display = cls(images, y_pred, y_true=y_true, confidence=confidence)
        return display.plot(**plot_params)

    def plot(self, *, n_columns: int = 8, figure: Figure | None = None) -> Self:
        """Draw the grid.

        Parameters
        ----------
        n_columns : int, default=8
            Number of pictures per row.
        figure : matplotlib.figure.Figure, default=None
            Figure to draw on. None makes a new one.

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
        titles, colors = self._titles()
        n_columns = min(positive_int(n_columns, "n_columns"), len(titles))
        n_rows = -(-len(titles) // n_columns)
        self.figure_ = figure_or_new(figure, self, (1.3 * n_columns, 1.65 * n_rows))
        self.axes_ = self.figure_.subplots(n_rows, n_columns, squeeze=False)
        for axes in self.axes_.ravel():
            axes.set_axis_off()
        for axes, image, title, color in zip(
            self.axes_.ravel(), self.images, titles, colors, strict=False
        ):
            draw_picture(axes, image, title, color)
        return self

    def _titles(self) -> tuple[list[str], list[str]]:
        read = numbers_to_strings(self.y_pred, name="y_pred")
        true = read
        if self.y_true is not None:
            true = numbers_to_strings(self.y_true, name="y_true")
        confidence = [None] * len(read) if self.confidence is None else np.asarray(self.confidence)
        check_consistent_length(self.images, read, true, confidence)
        if len(read) == 0:
            raise ValueError("images must hold at least one picture to plot; got 0.")
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


def _surest_mistakes(
    y_true: ArrayLike | None, y_pred: ArrayLike, confidence: ArrayLike | None
) -> NDArray[np.intp]:
    """Rows that were read wrong, by falling confidence."""
    if y_true is None:
        raise ValueError(
            "y_true must be passed with n_mistakes, which selects wrong readings; got None."
        )
    if confidence is None:
        raise ValueError(
            "confidence must be passed with n_mistakes, which sorts by it; got none; pass the "
            "confidence of each reading, or an estimator that has it, such as "
            "SVHNSequenceClassifier."
        )
    readings = check_readings(y_true, y_pred, confidence=confidence)
    assert readings.confidence is not None
    order = np.argsort(-readings.confidence, kind="stable")
    mistakes = order[~readings.is_right[order]]
    if not len(mistakes):
        raise ValueError(
            f"n_mistakes must be left out if there are no mistakes; all {len(order)} readings are "
            "right."
        )
    return mistakes
