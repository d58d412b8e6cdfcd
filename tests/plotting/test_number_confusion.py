"""Confusion matrices of characters and lengths."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from sksvhn.plotting import NumberConfusionDisplay
from tests.plotting._readers import Reader

mpl.use("agg")
TRUE = ["19", "2165", "7", "84", "5"]
READ = ["19", "3165", "1", "8", ""]


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    mpl.pyplot.close("all")


def cells(display: NumberConfusionDisplay, panel: int = 0) -> dict[tuple[str, str], str]:
    """Texts that are not empty, by true and read class."""
    texts = display.displays_[panel].text_
    return {
        (display.display_labels[i], display.display_labels[j]): texts[i, j].get_text()
        for i, j in np.ndindex(texts.shape)
        if texts[i, j].get_text()
    }


def test_digits_of_all_positions() -> None:
    display = NumberConfusionDisplay.from_predictions(TRUE, READ)
    expected = confusion_matrix(list("1921657"), list("1931651"), labels=list("0123456789"))
    np.testing.assert_array_equal(display.confusion_matrices, [expected])
    np.testing.assert_array_equal(display.displays_[0].im_.get_array(), expected)
    assert cells(display)["2", "3"] == "1"
    assert cells(display)["1", "1"] == "2"
    assert sum(map(int, cells(display).values())) == 7
    assert display.figure_.get_suptitle() == "3 numbers; 2 left out, whose length was read wrong"
    (axes,) = display.axes_
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Digit read", "True digit")
    assert [label.get_text() for label in axes.get_xticklabels()] == list("0123456789")


def test_positions() -> None:
    display = NumberConfusionDisplay.from_predictions(TRUE, READ, of="position")
    assert [axes.get_title() for axes in display.axes_] == [
        "Position 1: 3 digits", "Position 2: 2 digits", "Position 3: 1 digit",
        "Position 4: 1 digit",
    ]  # fmt: skip
    assert cells(display) == {("1", "1"): "1", ("2", "3"): "1", ("7", "1"): "1"}
    assert cells(display, 1) == {("9", "9"): "1", ("1", "1"): "1"}
    pooled = NumberConfusionDisplay.from_predictions(TRUE, READ)
    np.testing.assert_array_equal(
        display.confusion_matrices.sum(axis=0), pooled.confusion_matrices[0]
    )
    assert len(display.figure_.axes) == 4


def test_lengths() -> None:
    display = NumberConfusionDisplay.from_predictions(TRUE, READ, of="length")
    assert display.display_labels == ["0", "1", "2", "3", "4"]
    assert cells(display) == {("1", "0"): "1", ("1", "1"): "1", ("2", "2"): "1", ("2", "1"): "1",
                              ("4", "4"): "1"}  # fmt: skip
    assert display.figure_.get_suptitle() == "5 numbers"
    assert display.axes_[0].get_xlabel() == "Length read (0: rejected)"
    none_rejected = NumberConfusionDisplay.from_predictions(TRUE[:4], READ[:4], of="length")
    assert none_rejected.display_labels == ["1", "2", "3", "4"]


def test_shares_are_percentages_without_zeros() -> None:
    y_true = ["1"] * 2000 + ["2"]
    y_pred = ["1"] * 1899 + ["7"] * 100 + ["3", "2"]
    display = NumberConfusionDisplay.from_predictions(y_true, y_pred, normalize="true")
    assert cells(display) == {("1", "1"): "95", ("1", "7"): "5.0", ("1", "3"): "0.1",
                              ("2", "2"): "100"}  # fmt: skip
    assert display.confusion_matrices[0, 1].sum() == pytest.approx(1)
    assert display.axes_[0].get_xlabel() == "Digit read (% of each row)"
    of_all = NumberConfusionDisplay.from_predictions(y_true, y_pred, normalize="all")
    assert cells(of_all) == {("1", "1"): "95", ("1", "7"): "5.0"}


def test_weights() -> None:
    weight = [0.25, 1000.5, 0, 1, 1]
    display = NumberConfusionDisplay.from_predictions(TRUE, READ, sample_weight=weight)
    assert cells(display) == {("1", "1"): "1001", ("9", "9"): "0.25", ("2", "3"): "1000",
                              ("6", "6"): "1000", ("5", "5"): "1000"}  # fmt: skip
    assert display.figure_.get_suptitle() == "2 numbers; 2 left out, whose length was read wrong"


def test_letters() -> None:
    display = NumberConfusionDisplay.from_predictions(["AB", "1C"], ["AB", "lC"])
    assert display.display_labels == ["1", "A", "B", "C", "l"]
    assert cells(display)["1", "l"] == "1"
    assert display.axes_[0].get_ylabel() == "True character"
    assert display.figure_.get_suptitle() == "2 numbers"


@pytest.mark.parametrize(
    ("y_true", "y_pred"),
    [([19, 7, 84], [18, 7, -1]), ([[1, 9], [7, 10], [8, 4]], [[1, 8], [7, 10], [10, 10]])],
    ids=["integers", "padded rows"],
)
def test_forms_of_labels(y_true: Any, y_pred: Any) -> None:
    display = NumberConfusionDisplay.from_predictions(y_true, y_pred)
    assert cells(display) == {("1", "1"): "1", ("9", "8"): "1", ("7", "7"): "1"}


@settings(max_examples=15, deadline=None)
@given(
    pairs=st.lists(
        st.tuples(st.text("0123", min_size=1, max_size=3), st.text("0123", max_size=3)),
        min_size=1,
        max_size=12,
    )
)
def test_characters_are_counted_once(pairs: list[tuple[str, str]]) -> None:
    y_true, y_pred = zip(*[*pairs, ("1", "1")], strict=True)
    kept = [(t, r) for t, r in zip(y_true, y_pred, strict=True) if len(t) == len(r)]
    display = NumberConfusionDisplay.from_predictions(y_true, y_pred)
    expected = confusion_matrix(
        list("".join(t for t, _ in kept)), list("".join(r for _, r in kept)),
        labels=list("0123456789"),
    )  # fmt: skip
    np.testing.assert_array_equal(display.confusion_matrices[0], expected)
    mpl.pyplot.close("all")


def test_text_shows_on_its_colour() -> None:
    display = NumberConfusionDisplay.from_predictions(["1"] * 90 + ["2"] * 9, ["1"] * 99)
    (panel,) = display.displays_
    for (i, j), text in np.ndenumerate(panel.text_):
        red, green, blue, _ = panel.im_.cmap(panel.im_.norm(panel.confusion_matrix[i, j]))
        is_dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.5
        assert text.get_color() == ("white" if is_dark else "black")


def test_from_estimator_and_given_figure() -> None:
    figure = mpl.pyplot.figure()
    display = NumberConfusionDisplay.from_estimator(
        Reader(READ, []), np.zeros((5, 2)), TRUE, of="length", figure=figure
    )
    assert display.figure_ is figure
    assert list(figure.axes) == list(display.axes_)


def test_plain_arrays() -> None:
    display = NumberConfusionDisplay(
        [[[3, 0], [1, 0]]], display_labels=["A", "B"], titles=["x"], title="y"
    ).plot()
    assert cells(display) == {("A", "A"): "3", ("B", "A"): "1"}
    empty = NumberConfusionDisplay([[[0]]], display_labels=["A"], titles=[""], title="").plot()
    empty.figure_.canvas.draw()
    assert cells(empty) == {}


def test_bad_input_is_a_clear_error() -> None:
    with pytest.raises(ValueError, match=r'at least one of 2 numbers .* of="length"'):
        NumberConfusionDisplay.from_predictions(["1", "2"], ["", "22"])
    with pytest.raises(ValueError, match="got 'digits'"):
        NumberConfusionDisplay.from_predictions(TRUE, READ, of="digits")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="normalize"):
        NumberConfusionDisplay.from_predictions(TRUE, READ, normalize=True)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="inconsistent"):
        NumberConfusionDisplay.from_predictions(TRUE, READ[:2])
    assert mpl.pyplot.get_fignums() == []
