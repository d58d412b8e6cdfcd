"""The grid of filters."""

from __future__ import annotations

import sys
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from sksvhn import SVHNMLPClassifier
from sksvhn.inspection import first_layer_filters
from sksvhn.plotting import FiltersDisplay

from ..estimators._pictures import bar_numbers

mpl.use("agg")
FILTERS = np.random.default_rng(0).normal(size=(5, 3, 4, 1))


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    if sys.modules["matplotlib"] is not None:
        mpl.pyplot.close("all")


def drawn(display: FiltersDisplay) -> list[Any]:
    return [axes.images[0] for axes in display.axes_.ravel() if axes.images]


def test_grey_filters_have_one_scale_round_0() -> None:
    display = FiltersDisplay(FILTERS).plot(n_columns=3)
    display.figure_.canvas.draw()
    assert display.axes_.shape == (2, 3)
    images = drawn(display)
    assert len(images) == 5
    for image, weights in zip(images, FILTERS, strict=True):
        np.testing.assert_array_equal(image.get_array(), weights[..., 0])
    limit = np.percentile(np.abs(FILTERS), 99)
    assert {image.get_clim() for image in images} == {(-limit, limit)}
    assert len(display.figure_.axes) == 7  # with the scale


def test_color_filters_are_grey_at_0() -> None:
    filters = np.zeros((2, 2, 2, 3))
    filters[0, 0, 0] = [2, -2, 1]
    filters[0, 1] = 2
    display = FiltersDisplay(filters).plot()
    first, second = drawn(display)
    np.testing.assert_array_equal(first.get_array()[0, 0], [1, 0, 0.75])
    assert (second.get_array() == 0.5).all()
    assert len(display.figure_.axes) == 2


def test_only_the_strongest_of_many() -> None:
    filters = FILTERS * np.array([1, 9, 3, 7, 1])[:, None, None, None]
    display = FiltersDisplay(filters).plot(n_filters=2)
    assert display.axes_.shape == (1, 2)
    for image, weights in zip(drawn(display), filters[[1, 3]], strict=True):
        np.testing.assert_array_equal(image.get_array(), weights[..., 0])
    assert display.figure_.get_suptitle() == "2 strongest of 5 filters"


def test_from_estimator_and_given_figure() -> None:
    X, y = bar_numbers(20)
    labels = [int(number[0]) for number in y]
    clf = SVHNMLPClassifier(hidden_layer_sizes=(4,), max_epochs=1, random_state=0).fit(X, labels)
    figure = mpl.pyplot.figure()
    display = FiltersDisplay.from_estimator(clf, figure=figure)
    assert display.figure_ is figure
    np.testing.assert_array_equal(display.filters, first_layer_filters(clf))


def test_filters_without_weights_are_white() -> None:
    display = FiltersDisplay(np.zeros((1, 2, 2, 1))).plot()
    assert drawn(display)[0].get_clim() == (-1, 1)


@pytest.mark.parametrize("shape", [(3, 5, 5), (0, 5, 5, 1), (3, 5, 5, 2)])
def test_bad_input_is_a_clear_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="with 1 or 3 channels"):
        FiltersDisplay(np.ones(shape)).plot()


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(ImportError, match=r"FiltersDisplay needs .* 'sksvhn\[plot\]'"):
            FiltersDisplay(FILTERS).plot()
