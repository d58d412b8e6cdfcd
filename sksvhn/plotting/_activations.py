"""Display of the feature maps of a convolutional network, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._parameters import check_not_masked, positive_int
from ._matplotlib import Shown, draw_picture, figure_or_new

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class ActivationsDisplay(Shown):
    """A picture, and a row of its strongest feature maps for each stage of a network.

    Make one with `from_estimator`. The strongest maps are those that vary most over the picture
    (standard deviation), the strongest first; the maps of a stage have one scale.

    Parameters
    ----------
    image : ndarray of shape (height, width) or (height, width, channels)
        The picture; uint8, or floats of any range.
    activations : sequence of ndarray of shape (n_maps, height, width)
        Its feature maps, one array per stage.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure, once plotted.
    picture_ax_ : matplotlib.axes.Axes
        Axes of the picture.
    axes_ : ndarray of shape (n_stages, n_maps)
        Axes of the maps; those beyond the last map of a stage are empty.

    See Also
    --------
    sksvhn.inspection.activations : The same as arrays.

    Examples
    --------
    >>> from sksvhn import SVHNCNNClassifier
    >>> from sksvhn.datasets import make_street_digits
    >>> from sksvhn.plotting import ActivationsDisplay
    >>> digits = make_street_digits(100, color=False, random_state=0)
    >>> clf = SVHNCNNClassifier(max_epochs=1, random_state=0).fit(digits.images, digits.target)
    >>> display = ActivationsDisplay.from_estimator(clf, digits.images[0])
    >>> display.axes_.shape
    (3, 8)
    """

    def __init__(self, image: NDArray[Any], activations: Sequence[NDArray[Any]]) -> None:
        self.image = image
        self.activations = activations

    @classmethod
    def from_estimator(cls, estimator: Any, image: ArrayLike, **plot_params: Any) -> Self:
        """Plot the feature maps of one picture in a fitted network.

        Parameters
        ----------
        estimator : fitted SVHNSequenceClassifier or SVHNCNNClassifier
            As for :func:`~sksvhn.inspection.activations`.
        image : array-like of shape (height, width[, channels]) or (n_features,)
            One picture of the size that the estimator was fitted on.
        **plot_params
            As for `plot`.

        Returns
        -------
        ActivationsDisplay
            Plotted.
        """
        from ..inspection import activations

        check_not_masked(image, "image")
        picture = np.asarray(image)
        maps = activations(estimator, picture[np.newaxis])
        return cls(picture.reshape(estimator.image_shape_), [m[0] for m in maps]).plot(
            **plot_params
        )

    def plot(self, *, n_maps: int = 8, figure: Figure | None = None) -> Self:
        """Draw the picture and the maps.

        Parameters
        ----------
        n_maps : int, default=8
            Largest number of maps per stage.
        figure : matplotlib.figure.Figure, default=None
            Figure to draw on. None makes a new one.

        Returns
        -------
        ActivationsDisplay
            Itself, with `figure_`, `picture_ax_` and `axes_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            If `n_maps` is no integer of at least 1.
        """
        n_stages = len(self.activations)
        n_maps = positive_int(n_maps, "n_maps")
        size = (2.2 + 0.8 * n_maps, 0.4 + 1.05 * n_stages)
        self.figure_ = figure_or_new(figure, self, size)
        halves = self.figure_.subfigures(1, 2, squeeze=False, width_ratios=[2.2, 0.8 * n_maps])
        left, right = halves[0]
        self.picture_ax_ = left.subplots()
        self.picture_ax_.set_axis_off()
        draw_picture(self.picture_ax_, self.image, "")
        self.axes_ = np.empty((n_stages, n_maps), dtype=object)
        rows = right.subfigures(n_stages, 1, squeeze=False)[:, 0]
        for stage, (row, maps) in enumerate(zip(rows, self.activations, strict=True)):
            self.axes_[stage] = row.subplots(1, n_maps, squeeze=False)[0]
            strongest = np.argsort(-maps.std(axis=(1, 2)), kind="stable")[:n_maps]
            low, high = maps[strongest].min(), maps[strongest].max()
            for axes in self.axes_[stage]:
                axes.set_axis_off()
            for axes, found in zip(self.axes_[stage], maps[strongest], strict=False):
                axes.imshow(found, cmap="viridis", vmin=low, vmax=high)
            height, width = maps.shape[1:]
            title = f"Stage {stage + 1}: {len(strongest)} of {len(maps)} maps, {height} x {width}"
            row.suptitle(title, x=0.01, ha="left", fontsize=9)
        return self
