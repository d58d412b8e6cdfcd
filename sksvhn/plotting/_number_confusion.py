"""Display of the confusion of characters or lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

from .._checked_readings import Readings, check_readings
from .._labels import DIGITS
from .._predictions import as_strings
from ._matplotlib import Shown, figure_or_new

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_COLUMNS = 3

_SHARES = {"true": "% of each row", "pred": "% of each column", "all": "% of all"}


class NumberConfusionDisplay(Shown):
    """Confusion matrices of the characters of numbers, or of their lengths.

    Make one with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    confusion_matrices : array-like of shape (n_panels, n_classes, n_classes)
        Matrices with one row per true class and one column per class read. Floats that are not
        shares are weights.
    display_labels : sequence of str of length n_classes
        Names of the classes.
    titles : sequence of str of length n_panels
        Title of each matrix.
    title : str
        Title of the figure.
    class_name : str, default="digit"
        Name of the classes, for the labels of the axes.
    normalize : {"true", "pred", "all"}, default=None
        How the matrices are normalised; None means not at all. Shares are written as percentages.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure, once plotted.
    axes_ : ndarray of shape (n_panels,)
        Its axes, one for each matrix.
    displays_ : list of :class:`~sklearn.metrics.ConfusionMatrixDisplay`
        The display on each of the axes, with its ``im_`` and ``text_``.

    See Also
    --------
    sksvhn.metrics.sequence_classification_report : Precision and recall of each character.
    sksvhn.metrics.position_accuracy_scores : Accuracy at each position, of all lengths.

    Notes
    -----
    If the length was read wrong, it is unknown which character read belongs to which true one.
    Matrices of characters therefore count only numbers whose length was read right; the title says
    how many were left out, including rejected readings. The diagonal flatters a reader that often
    gets the length wrong.

    Examples
    --------
    The 2 of 2165 was taken for a 3; of 84 only one digit was read:

    >>> from sksvhn.plotting import NumberConfusionDisplay
    >>> y_true = ["19", "2165", "7", "84"]
    >>> y_pred = ["19", "3165", "7", "8"]
    >>> display = NumberConfusionDisplay.from_predictions(y_true, y_pred)
    >>> int(display.confusion_matrices[0, 2, 3])
    1
    >>> print(display.figure_.get_suptitle())
    3 numbers; 1 left out, whose length was read wrong

    One matrix for each position:

    >>> display = NumberConfusionDisplay.from_predictions(y_true, y_pred, of="position")
    >>> [axes.get_title() for axes in display.axes_]
    ['Position 1: 3 digits', 'Position 2: 2 digits', 'Position 3: 1 digit', 'Position 4: 1 digit']
    """

    def __init__(
        self,
        confusion_matrices: ArrayLike,
        *,
        display_labels: Sequence[str],
        titles: Sequence[str],
        title: str,
        class_name: str = "digit",
        normalize: Literal["true", "pred", "all"] | None = None,
    ) -> None:
        self.confusion_matrices = confusion_matrices
        self.display_labels = display_labels
        self.titles = titles
        self.title = title
        self.class_name = class_name
        self.normalize = normalize

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike,
        *,
        of: Literal["digit", "position", "length"] = "digit",
        normalize: Literal["true", "pred", "all"] | None = None,
        sample_weight: ArrayLike | None = None,
        **plot_params: Any,
    ) -> Self:
        """Read pictures and plot the confusion matrices.

        Parameters
        ----------
        estimator : fitted estimator
            With ``predict``.
        X : array-like of shape (n_samples, ...)
            Pictures, as `estimator` takes them.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            True numbers.
        of : {"digit", "position", "length"}, default="digit"
            As for `from_predictions`.
        normalize : {"true", "pred", "all"}, default=None
            As for `from_predictions`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each number, not negative. Numbers of weight zero are left out.
        **plot_params
            As for `plot`.

        Returns
        -------
        NumberConfusionDisplay
            Plotted.

        Raises
        ------
        ValueError
            As for `from_predictions`.
        """
        return cls.from_predictions(
            as_strings(estimator, y, "y_true"),
            as_strings(estimator, estimator.predict(X), "y_pred"),
            of=of,
            normalize=normalize,
            sample_weight=sample_weight,
            **plot_params,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        of: Literal["digit", "position", "length"] = "digit",
        normalize: Literal["true", "pred", "all"] | None = None,
        sample_weight: ArrayLike | None = None,
        **plot_params: Any,
    ) -> Self:
        """Plot the confusion matrices of readings.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, max_length)
            True numbers, in any form that :func:`~sksvhn.metrics.as_number_strings` takes.
        y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
            Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
            has length 0.
        of : {"digit", "position", "length"}, default="digit"
            What the matrices show.

            - ``"digit"``: of single characters, all positions together. The classes are the digits
              0-9, or, where other characters occur, all that do.
            - ``"position"``: of single characters, one matrix for each position from the left.
            - ``"length"``: of the number of characters.
        normalize : {"true", "pred", "all"}, default=None
            Whether to show shares: of each row, of each column or of everything; None shows counts,
            or weights.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each number, not negative. Numbers of weight zero are left out.
        **plot_params
            As for `plot`.

        Returns
        -------
        NumberConfusionDisplay
            Plotted.

        Raises
        ------
        ValueError
            If the inputs differ in length, are empty or hold missing values, if a true number has
            no character, or if no number's length was read right, unless lengths are shown.
        """
        if of not in ("digit", "position", "length"):
            raise ValueError(f'of must be "digit", "position" or "length"; got {of!r}.')
        readings = check_readings(y_true, y_pred, sample_weight)
        if of == "length":
            longest = int(max(readings.true_length.max(), readings.read_length.max()))
            first = 0 if (readings.read_length == 0).any() else 1
            classes = np.arange(first, longest + 1)
            pairs = [(readings.true_length, readings.read_length, readings.weight)]
            names, class_name = [str(length) for length in classes], "length"
            titles, title = [""], _count(len(readings.true), "number")
        else:
            aligned = _aligned(readings)
            characters = set().union(*aligned.true, *aligned.read)
            is_numeric = characters <= set(DIGITS)
            names = list(DIGITS) if is_numeric else sorted(characters)
            class_name = "digit" if is_numeric else "character"
            classes = np.array([ord(name) for name in names])
            pairs = _pairs(aligned, by_position=of == "position")
            titles = [""]
            if of == "position":
                titles = [
                    f"Position {i}: {_count(len(true), class_name)}"
                    for i, (true, _, _) in enumerate(pairs, start=1)
                ]
            title = _count(len(aligned.true), "number")
            left_out = len(readings.true) - len(aligned.true)
            if left_out:
                title += f"; {left_out:,} left out, whose length was read wrong"
        matrices = [
            confusion_matrix(
                true,
                read,
                labels=classes,
                sample_weight=None if sample_weight is None else weight,
                normalize=normalize,
            )
            for true, read, weight in pairs
        ]
        display = cls(
            np.array(matrices),
            display_labels=names,
            titles=titles,
            title=title,
            class_name=class_name,
            normalize=normalize,
        )
        return display.plot(**plot_params)

    def plot(self, *, figure: Figure | None = None) -> Self:
        """Draw the matrices.

        Colours follow the square root, which makes rare confusions visible. Cells of 0 are left
        empty.

        Parameters
        ----------
        figure : matplotlib.figure.Figure, default=None
            Figure to draw on. None makes a new one.

        Returns
        -------
        NumberConfusionDisplay
            Itself, with `figure_`, `axes_` and `displays_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        matrices = np.asarray(self.confusion_matrices)
        n_panels, n_classes, _ = matrices.shape
        n_columns = min(n_panels, _MOST_COLUMNS)
        n_rows = -(-n_panels // n_columns)
        width = 0.9 + 0.33 * max(n_classes, 8)
        height = width + (0.4 if any(self.titles) else 0.0)
        size = (width * n_columns, height * n_rows + 0.3)
        self.figure_ = figure_or_new(figure, self, size)
        grid = self.figure_.subplots(n_rows, n_columns, squeeze=False).ravel()
        for axes in grid[n_panels:]:
            axes.remove()
        self.axes_ = grid[:n_panels]
        self.displays_ = []
        for axes, matrix, title in zip(self.axes_, matrices, self.titles, strict=True):
            self.displays_.append(self._draw(axes, matrix))
            axes.set_title(title, fontsize=9)
        self.figure_.suptitle(self.title, fontsize=10)
        return self

    def _draw(self, axes: Any, matrix: NDArray[Any]) -> ConfusionMatrixDisplay:
        from matplotlib.colors import PowerNorm

        display = ConfusionMatrixDisplay(matrix, display_labels=self.display_labels)
        norm = PowerNorm(0.5, vmin=0, vmax=matrix.max() or 1)
        display.plot(
            ax=axes,
            colorbar=False,
            im_kw={"cmap": "Blues", "norm": norm},
            text_kw={"fontsize": 7},
        )
        for value, text in zip(matrix.ravel(), display.text_.ravel(), strict=True):
            text.set_text(self._cell(value))
            text.set_color("white" if norm(value) > 0.6 else "black")
        notes = []
        if self.class_name == "length" and "0" in self.display_labels:
            notes.append("0: rejected")
        if self.normalize is not None:
            notes.append(_SHARES[self.normalize])
        read = f"{self.class_name.capitalize()} read"
        axes.set_xlabel(f"{read} ({', '.join(notes)})" if notes else read)
        axes.set_ylabel(f"True {self.class_name}")
        return display

    def _cell(self, value: Any) -> str:
        if self.normalize is not None:
            value = 100 * value
            text = f"{value:.1f}" if value < 9.95 else f"{value:.0f}"
            return "" if text == "0.0" else text
        if value == 0:
            return ""
        return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _aligned(readings: Readings) -> Readings:
    """Return the numbers whose length was read right."""
    same_length = readings.true_length == readings.read_length
    if not same_length.any():
        raise ValueError(
            f"y_pred must have the true length for at least one of {len(readings.true)} numbers to "
            'compare characters; it has for none; look at the lengths with of="length".'
        )
    return readings.subset(same_length)


def _pairs(
    aligned: Readings, by_position: bool
) -> list[tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]]:
    """Pair true and read code points, with their weights: all together, or by position."""
    true, read = aligned.code_points(int(aligned.true_length.max()))
    rows, columns = np.nonzero(true)
    chosen = [columns == i for i in range(true.shape[1])] if by_position else [columns >= 0]
    return [
        (true[rows[i], columns[i]], read[rows[i], columns[i]], aligned.weight[rows[i]])
        for i in chosen
    ]


def _count(n: int, name: str) -> str:
    return f"{n:,} {name}" if n == 1 else f"{n:,} {name}s"
