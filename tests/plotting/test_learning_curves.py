"""Curves of loss and accuracy."""

from __future__ import annotations

import sys
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from sksvhn import SVHNLogisticRegression, SVHNMLPClassifier, SVHNSequenceClassifier
from sksvhn.plotting import LearningCurvesDisplay
from sksvhn.plotting._matplotlib import OKABE_ITO

from ..estimators._pictures import bar_numbers

mpl.use("agg")
X, Y = bar_numbers(20)


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    if sys.modules["matplotlib"] is not None:
        mpl.pyplot.close("all")


def history(n_positions: int, n_epochs: int = 3) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    heads = ["", "length_", *(f"position_{i + 1}_" for i in range(n_positions))]
    names = [f"{p}_{h}{k}" for p in ("valid", "train") for h in heads for k in ("loss", "score")]
    return [
        {"epoch": i + 1, "lr": 0.1, "dur": 1.0} | {name: rng.random() for name in names}
        for i in range(n_epochs)
    ]


def legend(display: LearningCurvesDisplay) -> list[str]:
    return [text.get_text() for text in display.axes_[1].get_legend().get_texts()]


def test_every_measure_has_its_line() -> None:
    epochs = history(2)
    display = LearningCurvesDisplay(epochs).plot()
    display.figure_.canvas.draw()
    seen = set()
    for axes in display.axes_:
        for line in axes.lines:
            name = line.get_label()
            np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
            np.testing.assert_array_equal(line.get_ydata(), [epoch[name] for epoch in epochs])
            assert line.get_linestyle() == (":" if name.startswith("train") else "-")
            assert name.endswith("loss" if axes is display.axes_[0] else "score")
            seen.add(name)
    assert seen == set(epochs[0]) - {"epoch", "lr", "dur"}
    # Black as a whole, and each head a colour of its own, the same in both panels.
    colors = {axes.lines[i].get_color() for axes in display.axes_ for i in range(8)}
    assert colors == {OKABE_ITO[-1], *OKABE_ITO[:3]}
    names = ["whole number", "length", "position 1", "position 2", "", "training", "validation"]
    assert legend(display) == names


def test_the_legend_covers_no_line() -> None:
    display = LearningCurvesDisplay(history(5)).plot()
    display.figure_.canvas.draw()
    box = display.axes_[1].get_legend().get_window_extent()
    assert box.x0 >= display.axes_[1].get_window_extent().x1
    assert box.x1 <= display.figure_.bbox.x1


def test_more_heads_than_colors_are_told_apart_by_marks() -> None:
    display = LearningCurvesDisplay(history(11)).plot()
    looks = {
        (line.get_color(), line.get_marker(), line.get_linewidth(), line.get_linestyle())
        for line in display.axes_[0].lines
    }
    assert len(looks) == len(display.axes_[0].lines) == 2 * 13
    assert legend(display)[2:13] == [f"position {i + 1}" for i in range(11)]


def test_a_single_epoch_is_a_point() -> None:
    display = LearningCurvesDisplay(pd.DataFrame(history(1, n_epochs=1))).plot()
    assert {line.get_marker() for line in display.axes_[0].lines} == {"o"}


def test_epochs_without_validation_are_left_out() -> None:
    epochs = history(0, n_epochs=4)
    del epochs[1]["valid_loss"], epochs[1]["valid_score"]
    display = LearningCurvesDisplay(epochs).plot()
    lines = {line.get_label(): line for line in display.axes_[0].lines}
    assert lines["valid_loss"].get_xdata().tolist() == [1, 3, 4]
    assert lines["train_loss"].get_xdata().tolist() == [1, 2, 3, 4]


def test_from_estimators() -> None:
    numbers = SVHNSequenceClassifier(channels=((4,),), max_epochs=2, random_state=0)
    numbers.fit(X, Y, X_val=X[:5], y_val=Y[:5])
    display = LearningCurvesDisplay.from_estimator(numbers)
    assert display.history == numbers.history_
    assert legend(display) == [
        *("whole number", "length", "position 1", "position 2", "", "training", "validation")
    ]
    labels = [int(number[0]) for number in Y]
    digits = SVHNMLPClassifier(max_epochs=2, random_state=0).fit(X, labels)
    figure = mpl.pyplot.figure()
    display = LearningCurvesDisplay.from_estimator(digits, figure=figure)
    assert display.figure_ is figure
    assert legend(display) == ["training"]


def test_bad_input_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFittedError):
        LearningCurvesDisplay.from_estimator(SVHNMLPClassifier())
    logistic = SVHNLogisticRegression().fit(X, [int(number[0]) for number in Y])
    with pytest.raises(TypeError, match="must have the history_ of its training"):
        LearningCurvesDisplay.from_estimator(logistic)
    for empty in ([], [{"epoch": 1, "lr": 0.1}], [{"train_loss": 1.0}]):
        with pytest.raises(ValueError, match="must hold epochs with a loss or score"):
            LearningCurvesDisplay(empty).plot()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(ImportError, match=r"LearningCurvesDisplay needs .* 'sksvhn\[plot\]'"):
            LearningCurvesDisplay(history(1)).plot()
