"""Display of accuracy against confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.calibration import CalibrationDisplay

from .._checked_readings import check_readings
from .._predictions import true_and_read
from ..metrics import expected_calibration_error
from ._matplotlib import Shown, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HISTOGRAM = "confidences"
_BARS = 20

# On stretched axes each tenth of the errors is one step, down to this share of errors or so.
_LEAST_ERROR = 5e-3
_STRETCHED_TICKS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)


class ReliabilityDisplay(Shown):
    """Reliability diagram: the share of numbers read right against the confidence.

    Readings at points under the diagonal are right less often than they are sure. A histogram of
    the confidences is below. Make one with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    prob_true : array-like of shape (n_bins,)
        Share of the numbers of each bin that was read right, in [0, 1].
    prob_pred : array-like of shape (n_bins,)
        Mean confidence of each bin, in [0, 1].
    confidence : array-like of shape (n_samples,)
        Confidence of each reading, in [0, 1].
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number in the histogram.
    calibration_error : float, default=None
        Expected calibration error, which the legend names.
    name : str, default=None
        What the legend calls the readings.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure, once plotted.
    ax_ : matplotlib.axes.Axes
        Axes of the diagram.
    line_ : matplotlib.lines.Line2D
        The points, joined.
    histogram_ax_ : matplotlib.axes.Axes
        Axes of the histogram, below those of the diagram and part of them.

    See Also
    --------
    sksvhn.metrics.expected_calibration_error : Mean distance of the points from the diagonal.
    sklearn.calibration.CalibrationDisplay : The same of two classes.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On Calibration of Modern Neural
       Networks", ICML 2017, arXiv:1706.04599, section 2.

    Examples
    --------
    One of the two readings with confidence 0.9 is right, and one of the two with 0.5:

    >>> from sksvhn.plotting import ReliabilityDisplay
    >>> y_true = ["19", "2165", "7", "84"]
    >>> y_pred = ["19", "3165", "7", "64"]
    >>> display = ReliabilityDisplay.from_predictions(y_true, y_pred, [0.9, 0.9, 0.5, 0.5])
    >>> display.line_.get_xydata()
    array([[0.5, 0.5],
           [0.9, 0.5]])
    >>> display.line_.get_label()
    'ECE = 0.200'

    After the confidences are mended, on the same axes:

    >>> mended = ReliabilityDisplay.from_predictions(
    ...     y_true, y_pred, [0.6, 0.5, 0.5, 0.4], n_bins=1, name="mended", ax=display.ax_
    ... )
    >>> mended.line_.get_label()
    'mended: ECE = 0.000'
    """

    def __init__(
        self,
        prob_true: ArrayLike,
        prob_pred: ArrayLike,
        confidence: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        calibration_error: float | None = None,
        name: str | None = None,
    ) -> None:
        self.prob_true = prob_true
        self.prob_pred = prob_pred
        self.confidence = confidence
        self.sample_weight = sample_weight
        self.calibration_error = calibration_error
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike,
        *,
        n_bins: int = 15,
        strategy: Literal["uniform", "quantile"] = "uniform",
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        **plot_params: Any,
    ) -> Self:
        """Read pictures and plot the share of right ones against the confidence.

        Parameters
        ----------
        estimator : fitted estimator
            A reader of numbers, such as :class:`~sksvhn.SVHNSequenceClassifier`; or a
            :class:`~sklearn.pipeline.Pipeline` that ends in one; or a fitted search over either.
        X : array-like of shape (n_samples, ...)
            Pictures, as `estimator` takes them.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            True numbers.
        n_bins : int, default=15
            Number of bins of confidence. Empty bins have no point.
        strategy : {"uniform", "quantile"}, default="uniform"
            Whether the bins are of equal width or of equal weight.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each number, not negative. Numbers of weight zero are left out.
        name : str, default=None
            What the legend calls the readings; None takes the name of the estimator's class.
        **plot_params
            As for `plot`.

        Returns
        -------
        ReliabilityDisplay
            Plotted.

        Raises
        ------
        TypeError
            If the estimator has no ``predict(X, return_confidence=True)``.
        ValueError
            If what was read and `y` differ in length, or a true number has no character.
        """
        return cls.from_predictions(
            *true_and_read(estimator, X, y),
            n_bins=n_bins,
            strategy=strategy,
            sample_weight=sample_weight,
            name=type(estimator).__name__ if name is None else name,
            **plot_params,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        confidence: ArrayLike,
        *,
        n_bins: int = 15,
        strategy: Literal["uniform", "quantile"] = "uniform",
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        **plot_params: Any,
    ) -> Self:
        """Plot the share of right readings against their confidence.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, max_length)
            True numbers, in any form that :func:`~sksvhn.metrics.as_number_strings` takes.
        y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
            Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
            counts as wrong, at the confidence given for it.
        confidence : array-like of shape (n_samples,)
            Probability that each reading is right as a whole, in [0, 1].
        n_bins : int, default=15
            Number of bins of confidence. Empty bins have no point.
        strategy : {"uniform", "quantile"}, default="uniform"
            How the bins are made, as for :func:`~sksvhn.metrics.expected_calibration_error`.

            - ``"uniform"``: of equal width. Where most confidences are close to 1, nearly all
              numbers are in the last bin, and the other points rest on few.
            - ``"quantile"``: of equal weight: better there, on axes that are `stretched`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each number, not negative. Numbers of weight zero are left out.
        name : str, default=None
            What the legend calls the readings.
        **plot_params
            As for `plot`.

        Returns
        -------
        ReliabilityDisplay
            Plotted.

        Raises
        ------
        ValueError
            If the inputs differ in length, are empty or hold missing values, if a confidence lies
            outside [0, 1], or if a true number has no character.
        """
        # First, as it checks all that it is given.
        error = expected_calibration_error(
            y_true,
            y_pred,
            confidence,
            n_bins=n_bins,
            strategy=strategy,
            sample_weight=sample_weight,
        )
        readings = check_readings(y_true, y_pred, sample_weight, confidence)
        values, weight = readings.check_probabilities(), readings.weight
        bins = readings.confidence_bins(n_bins, strategy)
        mass, right, sure = (
            np.bincount(bins, weights=weight * what) for what in (1, readings.is_right, values)
        )
        filled = mass > 0
        display = cls(
            right[filled] / mass[filled],
            sure[filled] / mass[filled],
            values,
            sample_weight=weight,
            calibration_error=error,
            name=name,
        )
        return display.plot(**plot_params)

    def plot(self, *, stretched: bool = False, ax: Axes | None = None, **line_params: Any) -> Self:
        """Draw the diagram.

        The axes start below the lowest of the points. Where `ax` holds something already, they are
        only ever widened.

        Parameters
        ----------
        stretched : bool, default=False
            Whether to stretch both axes towards 1, where most confidences are: from 0.9 to 0.99 is
            then about as far as from 0 to 0.9. Axes that have been stretched remain so.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; several displays can share one, and then share its histogram. None makes
            a figure.
        **line_params
            As for matplotlib's ``plot``, such as ``color`` and ``marker``.

        Returns
        -------
        ReliabilityDisplay
            Itself, with `figure_`, `ax_`, `line_` and `histogram_ax_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes_or_new(ax, self, (5, 6))
        prob_true, prob_pred = np.asarray(self.prob_true), np.asarray(self.prob_pred)
        low = min(prob_true.min(), prob_pred.min(), 0.9)
        low = max(low - 0.05 * (1 - low), -0.02)
        if ax.has_data():
            low = min(low, ax.get_xlim()[0])
        calibration = CalibrationDisplay(prob_true, prob_pred, self.confidence)
        drawn = {"marker": "o", "markersize": 4, "label": self._label()} | line_params
        calibration.plot(ax=ax, **drawn)
        self.ax_, self.figure_, self.line_ = ax, ax.figure, calibration.line_
        stretched = stretched or ax.get_xscale() == "function"
        self._draw_histogram(ax, stretched)
        if stretched:
            _stretch(ax)
        high = 1 + 0.1 * _LEAST_ERROR if stretched else 1.02
        ax.set(xlim=(low, high), ylim=(low, high), xlabel="", ylabel="Numbers read right")
        ax.tick_params(labelbottom=False)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(loc="best")
        figure = ax.figure.canvas.figure
        if figure.get_layout_engine() is not None:
            # It finds the room for axes below others in steps, one each time it draws.
            figure.draw_without_rendering()
        return self

    def _label(self) -> str | None:
        if self.calibration_error is None:
            return self.name
        label = f"ECE = {self.calibration_error:.3f}"
        return label if self.name is None else f"{self.name}: {label}"

    def _draw_histogram(self, ax: Axes, stretched: bool) -> None:
        from matplotlib.ticker import PercentFormatter

        below: list[Any] = [axes for axes in ax.child_axes if axes.get_label() == _HISTOGRAM]
        if not below:
            below = [ax.inset_axes((0, -0.35, 1, 0.3), sharex=ax, label=_HISTOGRAM)]
            below[0].spines[["top", "right"]].set_visible(False)
            below[0].yaxis.set_major_formatter(PercentFormatter(1, 0, symbol=" %"))
            below[0].set(xlabel="Confidence", ylabel="Numbers")
        self.histogram_ax_ = below[0]
        edges = np.linspace(0, 1, _BARS + 1)
        if stretched:
            edges = _from_steps(edges * _to_steps(1.0))
            edges[-1] = 1.0  # not a rounding error less: the surest count, too
        confidence = np.asarray(self.confidence)
        weight = np.ones(len(confidence))
        if self.sample_weight is not None:
            weight = np.asarray(self.sample_weight, dtype=np.float64)
        shares, _ = np.histogram(confidence, bins=edges, weights=weight / weight.sum())
        self.histogram_ax_.stairs(shares, edges, color=self.line_.get_color())


def _to_steps(p: ArrayLike) -> NDArray[np.float64]:
    # Axes reach a little beyond 1.
    errors = np.maximum(1 - np.asarray(p) + _LEAST_ERROR, 0.1 * _LEAST_ERROR)
    return np.log10(1 + _LEAST_ERROR) - np.log10(errors)


def _from_steps(steps: ArrayLike) -> NDArray[np.float64]:
    return (1 + _LEAST_ERROR) * (1 - 10 ** -np.asarray(steps))


def _stretch(ax: Axes) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

    functions = (_to_steps, _from_steps)
    ax.set_xscale("function", functions=functions)
    ax.set_yscale("function", functions=functions)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(FixedLocator(_STRETCHED_TICKS))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
