"""The grid of readings."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sksvhn.plotting import ReadingsDisplay
from sksvhn.plotting._matplotlib import RIGHT, WRONG
from tests.plotting._readers import Reader

mpl.use("agg")
PICTURES = np.random.default_rng(0).integers(0, 256, (5, 12, 10, 3), dtype=np.uint8)

READER = Reader([12] * 5, [0.5, 0.625, 0.75, 0.875, 1.0])


def titles(display: ReadingsDisplay) -> list[str]:
    return [axes.get_title() for axes in display.axes_.ravel()]


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    mpl.pyplot.close("all")


def test_from_estimator_names_what_is_wrong() -> None:
    display = ReadingsDisplay.from_estimator(READER, PICTURES, [12, 12, 7, 12, 12], n_columns=3)
    assert display.axes_.shape == (2, 3)
    assert titles(display) == [
        "12\n50% sure", "12\n62% sure", "12 (is 7)\n75% sure", "12\n88% sure",
        "12\nover 99% sure", "",
    ]  # fmt: skip
    colors = [axes.title.get_color() for axes in display.axes_.ravel()[:3]]
    assert colors == [RIGHT, RIGHT, WRONG]


@pytest.mark.parametrize(
    "pictures",
    [PICTURES[..., 0], PICTURES[..., :1], PICTURES / 255.0, PICTURES * 3.0 - 200],
    ids=["grey", "one channel", "unit floats", "any floats"],
)
def test_pictures_of_every_kind(pictures: Any) -> None:
    display = ReadingsDisplay.from_predictions(pictures, None, list("12345"))
    display.figure_.canvas.draw()
    assert titles(display) == list("12345")


def test_rejected_reading_and_given_figure() -> None:
    figure = mpl.pyplot.figure()
    display = ReadingsDisplay.from_predictions(PICTURES[:1], ["4"], [""], figure=figure)
    assert display.figure_ is figure
    assert display.axes_[0, 0].get_title() == "rejected (is 4)"


def test_bad_input_is_a_clear_error() -> None:
    with pytest.raises(ValueError, match="inconsistent"):
        ReadingsDisplay.from_predictions(PICTURES, ["1"], ["1"])
    with pytest.raises(ValueError, match="at least one picture"):
        ReadingsDisplay.from_predictions(PICTURES[:0], None, np.array([], dtype=str))


def test_the_surest_mistakes_come_first() -> None:
    y = [7, 12, 7, 12, 7]
    display = ReadingsDisplay.from_estimator(READER, PICTURES, y, n_mistakes=2)
    assert titles(display) == ["12 (is 7)\nover 99% sure", "12 (is 7)\n75% sure"]
    drawn = [axes.images[0].get_array() for axes in display.axes_.ravel()]
    np.testing.assert_array_equal(drawn, PICTURES[[4, 2]])
    # All there are, where they are fewer.
    assert len(titles(ReadingsDisplay.from_estimator(READER, PICTURES, y, n_mistakes=9))) == 3


@pytest.mark.parametrize(
    ("y_true", "y_pred"),
    [
        (["1", "02", "3"], ["1", "03", ""]),
        ([1, 2, 3], [1, 3, -1]),
        ([[1, 10], [0, 2], [3, 10]], [[1, 10], [0, 3], [10, 10]]),
    ],
    ids=["strings", "integers", "padded rows"],
)
def test_mistakes_in_every_form_of_labels(y_true: Any, y_pred: Any) -> None:
    display = ReadingsDisplay.from_predictions(
        PICTURES[:3], y_true, y_pred, [0.9, 0.3, 0.6], n_mistakes=8
    )
    assert [title.split("\n")[0].replace("0", "") for title in titles(display)] == [
        "rejected (is 3)",
        "3 (is 2)",
    ]


def test_mistakes_need_truth_confidence_and_a_mistake() -> None:
    args = PICTURES[:2], ["1", "2"], ["1", "3"]
    with pytest.raises(ValueError, match="y_true must be passed with n_mistakes"):
        ReadingsDisplay.from_predictions(args[0], None, args[2], [0.5, 0.6], n_mistakes=3)
    with pytest.raises(ValueError, match="pass the confidence of each"):
        ReadingsDisplay.from_predictions(*args, n_mistakes=3)
    with pytest.raises(ValueError, match="all 2 readings are right"):
        ReadingsDisplay.from_predictions(*args[:2], args[1], [0.5, 0.6], n_mistakes=3)
    with pytest.raises(ValueError, match="inconsistent"):
        ReadingsDisplay.from_predictions(PICTURES, *args[1:], [0.5, 0.6], n_mistakes=3)


def test_classifiers_without_confidence() -> None:
    flat = FunctionTransformer(lambda X: X.reshape(len(X), -1) / 255)
    model = make_pipeline(flat, LogisticRegression()).fit(PICTURES, list("11223"))
    display = ReadingsDisplay.from_estimator(model, PICTURES, list("11223"))
    assert titles(display) == list("11223")


def test_reader_behind_transformers() -> None:
    model = make_pipeline(FunctionTransformer(lambda X: X / 2), READER)
    display = ReadingsDisplay.from_estimator(model, PICTURES)
    assert titles(display)[0] == "12\n50% sure"
