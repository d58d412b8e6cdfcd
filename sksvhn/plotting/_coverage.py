"""Display of accuracy against coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .._predictions import true_and_read
from ..metrics import coverage_at_accuracy_score, risk_coverage_curve
from ._matplotlib import Shown, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# At smaller coverage a single wrong reading makes a deep notch.
_SETTLED_COVERAGE = 0.1


class CoverageDisplay(Shown):
    """Accuracy of whole numbers against coverage, the share of readings that is accepted.

    Readings are taken by falling confidence. A mark shows the largest coverage at a required
    accuracy. Make one with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    coverage : array-like of shape (n_thresholds,)
        Share of the numbers that is taken, increasing, in (0, 1].
    accuracies : array-like of shape (n_thresholds,)
        Share of these that is read right, in [0, 1].
    accuracy : float, default=0.98
        The required accuracy, in [0, 1].
    coverage_at_accuracy : float, default=None
        Largest coverage that reaches it, in [0, 1]. Without it nothing is marked.
    name : str, default=None
        What the legend calls the curve.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure, once plotted.
    ax_ : matplotlib.axes.Axes
        Its axes.
    line_ : matplotlib.lines.Line2D
        The curve.
    mark_ : matplotlib.lines.Line2D or None
        The mark of the largest coverage; None if no coverage reaches the accuracy.

    See Also
    --------
    sksvhn.metrics.risk_coverage_curve : The curve, as 1 - accuracy.
    sksvhn.metrics.coverage_at_accuracy_score : The mark.

    References
    ----------
    .. [1] I. J. Goodfellow, Y. Bulatov, J. Ibarz, S. Arnoud and V. Shet, "Multi-digit Number
       Recognition from Street View Imagery using Deep Convolutional Neural Networks", ICLR 2014,
       arXiv:1312.6082, sections 3 and 5.1.

    Examples
    --------
    >>> from sksvhn.plotting import CoverageDisplay
    >>> y_true = ["19", "2165", "7", "84"]
    >>> y_pred = ["19", "3165", "7", "84"]
    >>> display = CoverageDisplay.from_predictions(y_true, y_pred, [0.99, 0.4, 0.8, 0.9])
    >>> display.line_.get_label()
    '98 % right at 75.0 % coverage'

    Another reader on the same axes:

    >>> other = CoverageDisplay.from_predictions(
    ...     y_true, y_true, [0.9, 0.9, 0.8, 0.9], name="careful", ax=display.ax_
    ... )
    >>> other.line_.get_label()
    'careful: 98 % right at 100.0 % coverage'
    """

    def __init__(
        self,
        coverage: ArrayLike,
        accuracies: ArrayLike,
        *,
        accuracy: float = 0.98,
        coverage_at_accuracy: float | None = None,
        name: str | None = None,
    ) -> None:
        self.coverage = coverage
        self.accuracies = accuracies
        self.accuracy = accuracy
        self.coverage_at_accuracy = coverage_at_accuracy
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike,
        *,
        accuracy: float = 0.98,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        **plot_params: Any,
    ) -> Self:
        """Read pictures and plot accuracy against coverage.

        Parameters
        ----------
        estimator : fitted estimator
            A reader of numbers, such as :class:`~sksvhn.SVHNSequenceClassifier`; or a
            :class:`~sklearn.pipeline.Pipeline` that ends in one; or a fitted search over either.
        X : array-like of shape (n_samples, ...)
            Pictures, as `estimator` takes them.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            True numbers.
        accuracy : float, default=0.98
            Accuracy at which the coverage is marked, in [0, 1]. 0.98 was the accuracy of human
            transcribers of street numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each number, not negative. Numbers of weight zero are left out.
        name : str, default=None
            What the legend calls the curve; None takes the name of the estimator's class.
        **plot_params
            As for `plot`.

        Returns
        -------
        CoverageDisplay
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
            accuracy=accuracy,
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
        accuracy: float = 0.98,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        **plot_params: Any,
    ) -> Self:
        """Plot accuracy against coverage of readings.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, max_length)
            True numbers, in any form that :func:`~sksvhn.metrics.as_number_strings` takes.
        y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
            Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
            counts as wrong, at the confidence given for it.
        confidence : array-like of shape (n_samples,)
            How sure each reading is, finite. Only the order matters.
        accuracy : float, default=0.98
            Accuracy at which the coverage is marked, in [0, 1].
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each number, not negative. Numbers of weight zero are left out.
        name : str, default=None
            What the legend calls the curve.
        **plot_params
            As for `plot`.

        Returns
        -------
        CoverageDisplay
            Plotted.

        Raises
        ------
        ValueError
            If the inputs differ in length, are empty or hold missing values, or if a true number
            has no character.
        """
        coverage, risk, _ = risk_coverage_curve(
            y_true, y_pred, confidence, sample_weight=sample_weight
        )
        largest = coverage_at_accuracy_score(
            y_true, y_pred, confidence, accuracy=accuracy, sample_weight=sample_weight
        )
        display = cls(
            coverage, 1 - risk, accuracy=accuracy, coverage_at_accuracy=largest, name=name
        )
        return display.plot(**plot_params)

    def plot(self, *, ax: Axes | None = None, **line_params: Any) -> Self:
        """Draw the curve.

        The vertical axis shows the accuracies from a coverage of 10 % on and the required one:
        at lower coverage, single wrong readings make deep notches. If `ax` already holds curves,
        its limits are only widened.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw on; several curves can share them. None makes a new figure.
        **line_params
            As for matplotlib's ``plot``, such as ``color`` and ``linestyle``.

        Returns
        -------
        CoverageDisplay
            Itself, with `figure_`, `ax_`, `line_` and `mark_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes_or_new(ax, self, (6, 4))
        from matplotlib.ticker import PercentFormatter

        coverage, accuracies = np.asarray(self.coverage), np.asarray(self.accuracies)
        settled = accuracies[coverage >= _SETTLED_COVERAGE]
        # Less than 1, for a reader that is never wrong.
        low = min(settled.min(initial=1.0), self.accuracy, 0.995)
        low = max(low - 0.05 * (1 - low), 0.0)
        if ax.has_data():
            low = min(low, ax.get_ylim()[0])
        self.ax_, self.figure_ = ax, ax.figure
        (self.line_,) = ax.plot(coverage, accuracies, **{"label": self._label()} | line_params)
        self._mark(ax)
        ax.set_xlim(0, 1.005)
        ax.set_ylim(low, 1 + 0.05 * (1 - low))
        decimals = 0 if low < 0.95 else 1
        ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
        ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=decimals, symbol=" %"))
        ax.set_xlabel("Coverage: numbers taken, the surest first")
        ax.set_ylabel("Whole numbers right among them")
        ax.spines[["top", "right"]].set_visible(False)
        if ax.get_legend_handles_labels()[1]:
            ax.legend(loc="lower left")
        return self

    def _label(self) -> str | None:
        if self.coverage_at_accuracy is None:
            return self.name
        required, reached = 100 * self.accuracy, 100 * self.coverage_at_accuracy
        label = f"{required:g} % right at {reached:.1f} % coverage"
        return label if self.name is None else f"{self.name}: {label}"

    def _mark(self, ax: Axes) -> None:
        self.mark_ = None
        if self.coverage_at_accuracy is None:
            return
        ax.axhline(self.accuracy, color="0.6", linewidth=0.8, zorder=1)
        if self.coverage_at_accuracy > 0:
            height = np.interp(
                self.coverage_at_accuracy, np.asarray(self.coverage), np.asarray(self.accuracies)
            )
            (self.mark_,) = ax.plot(
                self.coverage_at_accuracy,
                height,
                "o",
                color=self.line_.get_color(),
                label="_mark",
                clip_on=False,  # it may be on the frame
            )
