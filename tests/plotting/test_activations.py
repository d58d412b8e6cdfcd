"""A picture and its feature maps."""

from __future__ import annotations

import sys
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from sksvhn import SVHNCNNClassifier
from sksvhn.inspection import activations
from sksvhn.plotting import ActivationsDisplay

from ..estimators._pictures import bar_numbers

mpl.use("agg")
PICTURE = np.arange(64, dtype=np.uint8).reshape(8, 8)


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    if sys.modules["matplotlib"] is not None:
        mpl.pyplot.close("all")


def test_the_maps_that_vary_most_come_first() -> None:
    rng = np.random.default_rng(0)
    first = rng.random((4, 3, 5)) * np.array([1, 4, 0, 2])[:, None, None]
    first[2] += 100  # bright all over, which says nothing
    second = rng.random((2, 2, 2))
    display = ActivationsDisplay(PICTURE, [first, second]).plot(n_maps=3)
    display.figure_.canvas.draw()
    assert display.axes_.shape == (2, 3)
    np.testing.assert_array_equal(display.picture_ax_.images[0].get_array(), PICTURE)
    shown = [axes.images[0].get_array() for axes in display.axes_[0]]
    for image, expected in zip(shown, first[[1, 3, 0]], strict=True):
        np.testing.assert_array_equal(image, expected)
    limits = {axes.images[0].get_clim() for axes in display.axes_[0]}
    assert limits == {(first[[0, 1, 3]].min(), first[[0, 1, 3]].max())}
    # The second stage has fewer maps than there is room for.
    assert [len(axes.images) for axes in display.axes_[1]] == [1, 1, 0]
    titles = [row[0].figure.get_suptitle() for row in display.axes_]
    assert titles == ["Stage 1: 3 of 4 maps, 3 x 5", "Stage 2: 2 of 2 maps, 2 x 2"]


@pytest.mark.parametrize("color", [False, True])
def test_from_estimator(color: bool) -> None:
    X, y = bar_numbers(20)
    if color:
        X = np.stack([X, X // 2, X], axis=3)
    labels = [int(number[0]) for number in y]
    clf = SVHNCNNClassifier(channels=((4,), (4,)), max_epochs=1, random_state=0).fit(X, labels)
    figure = mpl.pyplot.figure()
    for picture in (X[0], X[0].ravel()):
        display = ActivationsDisplay.from_estimator(clf, picture, n_maps=2, figure=figure)
        assert display.figure_ is figure
        assert display.axes_.shape == (2, 2)
        np.testing.assert_array_equal(display.picture_ax_.images[0].get_array(), X[0])
        for maps, expected in zip(display.activations, activations(clf, X[:1]), strict=True):
            np.testing.assert_array_equal(maps, expected[0])


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(ImportError, match=r"ActivationsDisplay needs .* 'sksvhn\[plot\]'"):
            ActivationsDisplay(PICTURE, [np.ones((1, 2, 2))]).plot()
