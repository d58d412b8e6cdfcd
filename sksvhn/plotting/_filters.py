"""Display of the filters of a network's first layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .._parameters import positive_int
from ._matplotlib import Shown, figure_or_new

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Percentile of absolute weights at which the scale ends: a few large ones would make others pale.
_PERCENTILE = 99


class FiltersDisplay(Shown):
    """A grid of the filters of a network's first layer.

    Make one with `from_estimator`. Filters of one channel are blue below 0 and red above; those
    of three are coloured, with grey for 0. All have one scale, which the largest 1 % exceed.

    Parameters
    ----------
    filters : array-like of shape (n_filters, height, width, channels)
        Weights, on 1 or 3 channels.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure, once plotted.
    axes_ : ndarray of shape (n_rows, n_columns)
        Its axes; those beyond the last filter are empty.

    See Also
    --------
    sksvhn.inspection.first_layer_filters : The same as an array.

    Examples
    --------
    >>> from sksvhn import SVHNCNNClassifier
    >>> from sksvhn.datasets import make_street_digits
    >>> from sksvhn.plotting import FiltersDisplay
    >>> digits = make_street_digits(100, color=False, random_state=0)
    >>> clf = SVHNCNNClassifier(max_epochs=1, random_state=0).fit(digits.images, digits.target)
    >>> FiltersDisplay.from_estimator(clf).axes_.shape
    (4, 8)
    """

    def __init__(self, filters: ArrayLike) -> None:
        self.filters = filters

    @classmethod
    def from_estimator(cls, estimator: Any, **plot_params: Any) -> Self:
        """Plot the filters of a fitted estimator.

        Parameters
        ----------
        estimator : fitted SVHNSequenceClassifier, SVHNCNNClassifier or SVHNMLPClassifier
            As for :func:`~sksvhn.inspection.first_layer_filters`.
        **plot_params
            As for `plot`.

        Returns
        -------
        FiltersDisplay
            Plotted.
        """
        from ..inspection import first_layer_filters

        return cls(first_layer_filters(estimator)).plot(**plot_params)

    def plot(
        self, *, n_filters: int = 64, n_columns: int = 8, figure: Figure | None = None
    ) -> Self:
        """Draw the grid.

        Parameters
        ----------
        n_filters : int, default=64
            Largest number of filters. Those with the largest weights (Euclidean norm) are drawn, in
            the network's order.
        n_columns : int, default=8
            Number of filters per row.
        figure : matplotlib.figure.Figure, default=None
            Figure to draw on. None makes a new one.

        Returns
        -------
        FiltersDisplay
            Itself, with `figure_` and `axes_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the filters are not of the shape above, or a number is below 1.
        TypeError
            If a number is not an integer.
        """
        filters = np.asarray(self.filters, dtype=np.float64)
        if filters.ndim != 4 or 0 in filters.shape or filters.shape[3] not in (1, 3):
            raise ValueError(
                "filters must have shape (n_filters, height, width, channels) with 1 or 3 "
                f"channels; got {filters.shape}."
            )
        n_all = len(filters)
        strength = np.sqrt(np.square(filters).sum(axis=(1, 2, 3)))
        n_filters = positive_int(n_filters, "n_filters")
        filters = filters[np.sort(np.argsort(-strength, kind="stable")[:n_filters])]
        n_columns = min(positive_int(n_columns, "n_columns"), len(filters))
        n_rows = -(-len(filters) // n_columns)
        size = (0.65 * n_columns + 1.1, 0.65 * n_rows + 0.35)
        self.figure_ = figure_or_new(figure, self, size)
        self.axes_ = self.figure_.subplots(n_rows, n_columns, squeeze=False)
        limit = float(np.percentile(np.abs(filters), _PERCENTILE)) or 1.0
        for axes in self.axes_.ravel():
            axes.set_axis_off()
        drawn = None
        for axes, weights in zip(self.axes_.ravel(), filters, strict=False):
            if weights.shape[2] == 3:
                axes.imshow(np.clip(0.5 + weights / (2 * limit), 0, 1))
            else:
                drawn = axes.imshow(weights[..., 0], cmap="RdBu_r", vmin=-limit, vmax=limit)
        if drawn is not None:
            bar = self.figure_.colorbar(drawn, ax=self.axes_, aspect=30, pad=0.02, extend="both")
            bar.outline.set_visible(False)
            bar.set_label("Weight")
        if n_all > len(filters):
            self.figure_.suptitle(f"{len(filters)} strongest of {n_all} filters", fontsize=9)
        return self
