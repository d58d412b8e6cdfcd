"""What displays and results show of themselves in a notebook."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt

from sksvhn import PositionwiseClassifier, SVHNLogisticRegression, plotting
from sksvhn.datasets import describe_numbers, make_street_numbers
from sksvhn.plotting import CoverageDisplay

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("name", plotting.__all__)
def test_displays_draw_themselves(name: str) -> None:
    assert hasattr(getattr(plotting, name), "_repr_png_")


def test_display_is_drawn_as_often_as_asked_for() -> None:
    display = CoverageDisplay.from_predictions(["1", "2"], ["1", "3"], [0.9, 0.6])
    for _ in range(2):
        picture = display._repr_png_()
        assert picture is not None
        assert picture.startswith(PNG)
    assert plt.fignum_exists(display.figure_.number)  # windows stay open
    plt.close(display.figure_)


def test_display_is_not_shown_twice_inline(monkeypatch: pytest.MonkeyPatch) -> None:
    display = CoverageDisplay.from_predictions(["1", "2"], ["1", "3"], [0.9, 0.6])
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "inline")
    assert display._repr_png_() is not None
    assert not plt.fignum_exists(display.figure_.number)
    assert display._repr_png_() is not None


def test_display_that_is_not_plotted_shows_no_picture() -> None:
    assert CoverageDisplay([1.0], [1.0])._repr_png_() is None


def test_axes_in_a_part_of_a_figure() -> None:
    figure = plt.figure()
    ax = figure.subfigures(1, 2)[0].add_subplot()
    display = CoverageDisplay.from_predictions(["1", "2"], ["1", "3"], [0.9, 0.6], ax=ax)
    assert display._repr_png_() is not None
    plt.close(figure)


@pytest.mark.parametrize("form", ["strings", "padded"])
def test_results_are_tables(form: str) -> None:
    numbers = make_street_numbers(30, color=False, image_size=(8, 8), random_state=0)
    X, y = numbers.images, numbers.target
    if form == "padded":
        y = np.array([[int(c) for c in s] + [10] * (5 - len(s)) for s in y])
    clf = PositionwiseClassifier(SVHNLogisticRegression()).fit(X, y)
    best = clf.top_k(X, 2)
    html = best._repr_html_()
    assert html.count("<tr") == 22  # heading, 20 pictures and dots for the others
    assert f"({best.probability[0, 0]:.1%})" in html
    ranked = clf.rank_candidates(X[:2], [y[:1], []])
    assert ">1.000<" in ranked._repr_html_()
    assert describe_numbers(numbers)._repr_html_().count("<table") == 3
