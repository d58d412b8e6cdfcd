"""Histograms of numbers and of their boxes."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from sksvhn.datasets import make_digit_sequences
from sksvhn.plotting import NumberStatisticsDisplay

mpl.use("agg")


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    mpl.pyplot.close("all")


def bars(axes: Any) -> dict[float, float]:
    """Height by centre."""
    return {p.get_x() + p.get_width() / 2: p.get_height() for p in axes.patches if p.get_height()}


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_histograms_of_numbers() -> None:
    numbers = make_digit_sequences(
        np.zeros((10, 28, 20), np.uint8), range(10), numbers=["1", "21", "3333", "44"]
    )
    display = NumberStatisticsDisplay.from_numbers(numbers)
    display.figure_.canvas.draw()
    lengths, widths, heights = display.axes_
    assert {round(x): y for x, y in bars(lengths).items()} == {1: 1, 2: 2, 4: 1}
    assert texts(lengths) == ["1", "2", "1"]
    assert bars(widths) == {20: 9}
    assert bars(heights) == {28: 9}
    assert texts(widths) == ["98 % are\nat most 20"]
    assert widths.lines[0].get_xdata()[0] == 20
    table_only = NumberStatisticsDisplay.from_numbers(numbers.frame)
    assert bars(table_only.axes_[1]) == bars(widths)


def test_the_long_tail_is_counted_instead_of_shown() -> None:
    widths = np.concatenate([np.arange(1, 11).repeat(100), [400, 401]])
    display = NumberStatisticsDisplay([1] * len(widths), widths, widths).plot()
    axes = display.axes_[1]
    assert bars(axes) == {float(width): 100 for width in range(1, 11)}
    assert axes.get_title(loc="right") == "not shown: 2 above 10, up to 401"
    assert axes.get_xlim() == (0, 10.5)
    assert display.axes_[0].get_title(loc="right") == ""


def test_wide_ranges_have_few_bars() -> None:
    sizes = np.random.default_rng(0).uniform(5, 900, 2000)
    display = NumberStatisticsDisplay([1] * 2000, sizes, sizes).plot()
    for axes in display.axes_[1:]:
        assert len(axes.patches) <= 61
        assert sum(bars(axes).values()) >= 0.99 * 2000


def test_given_figure() -> None:
    figure = mpl.pyplot.figure()
    display = NumberStatisticsDisplay([1], [3.5], [7]).plot(figure=figure)
    assert display.figure_ is figure
    assert list(figure.axes) == list(display.axes_)


def test_bad_input_is_a_clear_error() -> None:
    with pytest.raises(ValueError, match="'length' and 'boxes'"):
        NumberStatisticsDisplay.from_numbers(pd.DataFrame({"x": [1]}))
