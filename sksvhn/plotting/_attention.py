"""Display of the attention maps of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter
from sklearn.utils import check_consistent_length

from .._capabilities import check_network, has_attention, reads_numbers
from ._matplotlib import WRONG, Shown, draw_picture, figure_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Single pixels of a gradient are noise to the eye: blurred by this share of the picture's side.
_BLUR = 0.03
# Where a map is strongest its colour still lets the picture through.
_OPACITY = 0.8


class AttentionDisplay(Shown):
    """Pictures with their readings, and where the network looked for each part.

    Make one with `from_estimator`. Each picture has a row: the picture, and then the grey picture
    under a map for the length and for each position of the reading. Colour is proportional to the
    map; each map has its own scale.

    Parameters
    ----------
    images : ndarray of shape (n, height, width) or (n, height, width, channels)
        Pictures; uint8, or floats of any range.
    maps : sequence of ndarray of shape (n_maps, height, width)
        Maps of each picture, as large as the picture, with values of at least 0.
    titles : sequence of str
        Title of each picture.
    map_titles : sequence of sequences of str
        Titles of the maps of each picture.
    name : str, default="Attention"
        Name of the maps.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure, once plotted.
    axes_ : ndarray of shape (n, 1 + n_maps)
        Its axes, with as many columns as the longest row needs; the others are empty.

    See Also
    --------
    sksvhn.inspection.attention_maps : Attention as an array.
    sksvhn.inspection.saliency_maps : Saliency as an array.

    Examples
    --------
    >>> from sksvhn import SVHNSequenceClassifier
    >>> from sksvhn.datasets import make_street_numbers
    >>> from sksvhn.plotting import AttentionDisplay
    >>> numbers = make_street_numbers(64, color=False, random_state=0)
    >>> clf = SVHNSequenceClassifier(max_epochs=1, random_state=0)
    >>> clf = clf.fit(numbers.images, numbers.target)
    >>> display = AttentionDisplay.from_estimator(clf, numbers.images[:3])
    >>> len(display.axes_)
    3
    """

    def __init__(
        self,
        images: NDArray[Any],
        maps: Sequence[NDArray[Any]],
        titles: Sequence[str],
        map_titles: Sequence[Sequence[str]],
        *,
        name: str = "Attention",
    ) -> None:
        self.images = images
        self.maps = maps
        self.titles = titles
        self.map_titles = map_titles
        self.name = name

    @classmethod
    def from_estimator(cls, estimator: Any, X: ArrayLike, **plot_params: Any) -> Self:
        """Read pictures and plot where the network looked.

        With ``head="attention"`` these are the attention maps, otherwise saliency maps, slightly
        blurred. Probabilities are those of the length, and of each character by itself. Readings
        that ``predict`` rejects are drawn like others.

        Parameters
        ----------
        estimator : fitted SVHNSequenceClassifier, SVHNCNNClassifier or SVHNMLPClassifier
            For a pipeline, its last step.
        X : array-like of shape (n, height, width[, channels]) or (n, n_features)
            A few pictures.
        **plot_params
            As for `plot`.

        Returns
        -------
        AttentionDisplay
            Plotted.
        """
        from ..inspection import attention_maps, saliency_maps

        check_network(estimator)
        if has_attention(estimator):
            name, maps = "Attention", attention_maps(estimator, X)
        else:
            sigma = _BLUR * max(estimator.image_shape_[:2])
            name, maps = "Saliency", saliency_maps(estimator, X)
            maps = gaussian_filter(maps, sigma, axes=(2, 3))
        if reads_numbers(estimator):
            titles, map_titles = _number_titles(estimator, X, maps.shape[1])
        else:
            titles, map_titles = _label_titles(estimator, X)
        shown = [found[: len(texts)] for found, texts in zip(maps, map_titles, strict=True)]
        images = np.asarray(X).reshape(-1, *estimator.image_shape_)
        return cls(images, shown, titles, map_titles, name=name).plot(**plot_params)

    def plot(self, *, figure: Figure | None = None) -> Self:
        """Draw the pictures and the maps.

        Parameters
        ----------
        figure : matplotlib.figure.Figure, default=None
            Figure to draw on. None makes a new one.

        Returns
        -------
        AttentionDisplay
            Itself, with `figure_` and `axes_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are no pictures, or not as many rows of maps or titles.
        """
        check_consistent_length(self.images, self.maps, self.titles, self.map_titles)
        if len(self.images) == 0:
            raise ValueError("X must hold at least one picture to plot; got 0.")
        n_rows, n_columns = len(self.images), 1 + max(map(len, self.maps))
        size = (1.3 * n_columns, 0.3 + 1.6 * n_rows)
        self.figure_ = figure_or_new(figure, self, size)
        self.axes_ = self.figure_.subplots(n_rows, n_columns, squeeze=False)
        for axes in self.axes_.ravel():
            axes.set_axis_off()
        rows = zip(self.axes_, self.images, self.maps, self.titles, self.map_titles, strict=True)
        for row, image, maps, title, map_titles in rows:
            draw_picture(row[0], image, title)
            for axes, found, map_title in zip(row[1:], maps, map_titles, strict=False):
                self._draw_map(axes, image, found, map_title)
        self.figure_.suptitle(self.name, fontsize=10)
        return self

    @staticmethod
    def _draw_map(axes: Axes, image: NDArray[Any], found: NDArray[Any], title: str) -> None:
        from matplotlib.colors import to_rgb

        grey = image if image.ndim == 2 else image.mean(axis=2).astype(image.dtype)
        draw_picture(axes, grey, title)
        overlay = np.empty((*found.shape, 4))
        overlay[..., :3] = to_rgb(WRONG)
        overlay[..., 3] = _OPACITY * found / (found.max() or 1.0)
        axes.imshow(overlay)


def _number_titles(estimator: Any, X: ArrayLike, n_maps: int) -> tuple[list[str], list[list[str]]]:
    """Titles of pictures of numbers, and of the maps that their readings need."""
    codes, lengths, confidence = estimator._read(X)
    of_length, of_characters = estimator.predict_factors(X)
    titles, map_titles = [], []
    for i, text in enumerate(estimator._codec.to_strings(codes, lengths)):
        titles.append(f"{text}\n{_percent(confidence[i])} sure")
        parts = [
            f"{_ordinal(k + 1)}: {text[k]} ({_brief(of_characters[i, k, codes[i, k]])})"
            for k in range(lengths[i])
        ]
        if n_maps > estimator.max_length_:  # one is of the length
            sure = of_length[i, lengths[i] - 1]
            parts.insert(0, f"length {lengths[i]} ({_brief(sure)})")
        map_titles.append(parts)
    return titles, map_titles


def _label_titles(estimator: Any, X: ArrayLike) -> tuple[list[str], list[list[str]]]:
    """Titles of pictures of single digits, and of their maps, which need none."""
    probability = estimator.predict_proba(X)
    labels = estimator.classes_[probability.argmax(axis=1)]
    titles = [
        f"{label}\n{_percent(sure)} sure"
        for label, sure in zip(labels, probability.max(axis=1), strict=True)
    ]
    return titles, [[""]] * len(titles)


def _percent(probability: float) -> str:
    return f"{probability:.0%}" if probability < 0.995 else "over 99%"


def _brief(probability: float) -> str:
    return _percent(probability).replace("over ", ">")


def _ordinal(n: int) -> str:
    suffix = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"
