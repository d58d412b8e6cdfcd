"""Display of learning curves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ._matplotlib import OKABE_ITO, Shown, figure_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# What the legend calls them, and their lines.
_PARTS: dict[str, tuple[str, Literal[":", "-"]]] = {
    "train": ("training", ":"),
    "valid": ("validation", "-"),
}
_KINDS = ("loss", "score")
*_COLORS, _BLACK = OKABE_ITO


class LearningCurvesDisplay(Shown):
    """Loss and accuracy by epoch, in training and validation, of whole numbers and of each head.

    Make one with `from_estimator`. Loss and accuracy of the whole network are thick black lines.
    Those of the heads of a reader of numbers, its length and each position, are thin coloured
    lines.

    Parameters
    ----------
    history : sequence of dict or DataFrame
        One entry per epoch, as in ``history_`` of the neural estimators: "epoch", and what there is
        of "train_loss", "train_score", "valid_loss", "valid_score" and, by head,
        "train_length_loss", "train_position_1_score" and so on. Epochs may lack some.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
        The figure, once plotted.
    axes_ : ndarray of shape (2,)
        Its axes: loss and accuracy.

    Examples
    --------
    >>> from sksvhn import SVHNMLPClassifier
    >>> from sksvhn.datasets import make_street_digits
    >>> from sksvhn.plotting import LearningCurvesDisplay
    >>> digits = make_street_digits(100, color=False, random_state=0)
    >>> clf = SVHNMLPClassifier(max_epochs=2, random_state=0).fit(digits.images, digits.target)
    >>> display = LearningCurvesDisplay.from_estimator(clf)
    >>> [axes.get_ylabel() for axes in display.axes_]
    ['Loss', 'Accuracy']
    """

    def __init__(self, history: Sequence[Mapping[str, Any]] | pd.DataFrame) -> None:
        self.history = history

    @classmethod
    def from_estimator(cls, estimator: Any, **plot_params: Any) -> Self:
        """Plot the training of a fitted neural estimator.

        Parameters
        ----------
        estimator : fitted estimator
            With ``history_``.
        **plot_params
            As for `plot`.

        Returns
        -------
        LearningCurvesDisplay
            Plotted.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it keeps no history.
        """
        check_is_fitted(estimator)
        if not hasattr(estimator, "history_"):
            raise TypeError(
                f"estimator must have the history_ of its training; {type(estimator).__name__} has "
                "none; pass a fitted SVHNSequenceClassifier, SVHNCNNClassifier or "
                "SVHNMLPClassifier, such as the last step of a pipeline."
            )
        return cls(estimator.history_).plot(**plot_params)

    def plot(self, *, figure: Figure | None = None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        figure : matplotlib.figure.Figure, default=None
            Figure to draw on. None makes a new one.

        Returns
        -------
        LearningCurvesDisplay
            Itself, with `figure_` and `axes_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the history has no epochs, or no losses and scores.
        """
        history = pd.DataFrame(self.history)
        heads = _heads(history)
        if len(history) == 0 or "epoch" not in history or not heads:
            raise ValueError(
                "history must hold epochs with a loss or score; got none; pass history_ of a "
                "fitted neural estimator."
            )
        self.figure_ = figure_or_new(figure, self, (9, 3.2))
        from matplotlib.ticker import MaxNLocator, PercentFormatter

        self.axes_ = self.figure_.subplots(1, 2)
        for axes, kind in zip(self.axes_, _KINDS, strict=True):
            self._draw(axes, history, heads, kind)
            axes.set_xlabel("Epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.spines[["top", "right"]].set_visible(False)
        self.axes_[0].set_ylabel("Loss")
        self.axes_[1].set_ylabel("Accuracy")
        self.axes_[1].yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        self._add_legend(history, heads)
        return self

    @staticmethod
    def _draw(axes: Axes, history: pd.DataFrame, heads: list[str], kind: str) -> None:
        for head, look in zip(heads, _looks(heads), strict=True):
            for part, (_, style) in _PARTS.items():
                column = f"{part}_{head}{kind}"
                if column in history:
                    known = history[["epoch", column]].dropna()
                    # A single epoch is a point, which lines don't show.
                    marker = "o" if len(known) == 1 else look.get("marker")
                    axes.plot(
                        known["epoch"],
                        known[column],
                        label=column,
                        linestyle=style,
                        markersize=3,
                        **(look | {"marker": marker}),
                    )

    def _add_legend(self, history: pd.DataFrame, heads: list[str]) -> None:
        """Beside the axes: colours are heads, styles are training and validation."""
        from matplotlib.lines import Line2D

        handles = []
        if heads != [""]:
            handles += [
                Line2D([], [], label=_label(head), markersize=3, **look)
                for head, look in zip(heads, _looks(heads), strict=True)
            ]
            handles.append(Line2D([], [], linestyle="", label=""))  # a gap
        handles += [
            Line2D([], [], color="0.4", linestyle=style, label=name)
            for part, (name, style) in _PARTS.items()
            if any(f"{part}_{head}{kind}" in history for head in heads for kind in _KINDS)
        ]
        self.axes_[1].legend(
            handles=handles, loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=9
        )


def _heads(history: pd.DataFrame) -> list[str]:
    """Beginnings of the measures' names: "" for the whole, then "length_", "position_1_" ..."""
    pattern = r"(?:train|valid)_((?:length_|position_\d+_)?)(?:loss|score)"
    matches = (re.fullmatch(pattern, str(name)) for name in history.columns)
    heads = {match[1] for match in matches if match}
    return sorted(heads, key=lambda head: (head != "", head != "length_", len(head), head))


def _label(head: str) -> str:
    return head[:-1].replace("_", " ") if head else "whole number"


def _looks(heads: list[str]) -> list[dict[str, Any]]:
    """Colour, width and marker of each head's lines."""
    looks = []
    n = 0
    for head in heads:
        if not head:
            looks.append({"color": _BLACK, "linewidth": 2.0})
            continue
        # Colours that come again have marks on their lines.
        marker = None if n < len(_COLORS) else "o"
        looks.append({"color": _COLORS[n % len(_COLORS)], "linewidth": 1.2, "marker": marker})
        n += 1
    return looks
