"""The grid of readings."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from sksvhn.plotting import ReadingsDisplay
from sksvhn.plotting._readings import RIGHT, WRONG

mpl.use("agg")
PICTURES = np.random.default_rng(0).integers(0, 256, (5, 12, 10, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    mpl.pyplot.close("all")


class Reader:
    """Reads 12 off everything."""

    def predict(self, X: Any) -> np.ndarray:
        return np.full(len(X), 12)

    def confidence(self, X: Any) -> np.ndarray:
        return np.linspace(0.5, 1, len(X))


def test_from_estimator_names_what_is_wrong() -> None:
    display = ReadingsDisplay.from_estimator(Reader(), PICTURES, [12, 12, 7, 12, 12], n_columns=3)
    assert display.axes_.shape == (2, 3)
    titles = [axes.get_title() for axes in display.axes_.ravel()]
    assert titles == ["12\n50% sure", "12\n62% sure", "12 (is 7)\n75% sure", "12\n88% sure",
                      "12\nover 99% sure", ""]  # fmt: skip
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
    assert [axes.get_title() for axes in display.axes_.ravel()] == list("12345")


def test_rejected_reading_and_given_figure() -> None:
    figure = mpl.pyplot.figure()
    display = ReadingsDisplay.from_predictions(PICTURES[:1], ["4"], [""], figure=figure)
    assert display.figure_ is figure
    assert display.axes_[0, 0].get_title() == "rejected (is 4)"


def test_bad_input_is_a_clear_error() -> None:
    with pytest.raises(ValueError, match="inconsistent"):
        ReadingsDisplay.from_predictions(PICTURES, ["1"], ["1"])
    with pytest.raises(ValueError, match="0 pictures"):
        ReadingsDisplay.from_predictions(PICTURES[:0], None, np.array([], dtype=str))
