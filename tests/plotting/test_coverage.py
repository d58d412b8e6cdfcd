"""Accuracy against coverage."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sksvhn.metrics import coverage_at_accuracy_score, risk_coverage_curve
from sksvhn.plotting import CoverageDisplay
from sksvhn.plotting._matplotlib import OKABE_ITO
from tests.plotting._readers import Reader

mpl.use("agg")
TRUE, READ, SURE = ["19", "2165", "7", "84"], ["19", "3165", "7", "84"], [0.99, 0.4, 0.8, 0.9]


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    mpl.pyplot.close("all")


def legend(display: CoverageDisplay) -> list[str]:
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_curve_and_mark_are_those_of_the_metrics() -> None:
    weight = [1.0, 2.0, 0.0, 3.0]
    display = CoverageDisplay.from_predictions(
        TRUE, READ, SURE, accuracy=0.9, sample_weight=weight, color="black"
    )
    coverage, risk, _ = risk_coverage_curve(TRUE, READ, SURE, sample_weight=weight)
    np.testing.assert_array_equal(display.line_.get_xdata(), coverage)
    np.testing.assert_array_equal(display.line_.get_ydata(), 1 - risk)
    largest = coverage_at_accuracy_score(TRUE, READ, SURE, accuracy=0.9, sample_weight=weight)
    assert (display.mark_.get_xdata()[0], display.mark_.get_ydata()[0]) == (largest, 1.0)
    assert legend(display) == ["90 % right at 66.7 % coverage"]
    assert display.line_.get_color() == display.mark_.get_color() == "black"
    assert display.ax_.figure is display.figure_


@settings(max_examples=20, deadline=None)
@given(data=st.data(), n=st.integers(1, 30), accuracy=st.sampled_from([0.0, 0.5, 0.98, 1.0]))
def test_the_mark_lies_on_the_curve_and_in_view(data: Any, n: int, accuracy: float) -> None:
    rights = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    sure = data.draw(st.lists(st.sampled_from([0.1, 0.5, 0.9, 1.0]), min_size=n, max_size=n))
    y_pred = ["1" if right else "2" for right in rights]
    display = CoverageDisplay.from_predictions(["1"] * n, y_pred, sure, accuracy=accuracy)
    low, high = display.ax_.get_ylim()
    curve = display.line_.get_xydata()
    settled = curve[curve[:, 0] >= 0.1, 1]
    assert low <= min(settled.min(), accuracy) < max(settled.max(), accuracy) + 1e-9 < high
    if display.mark_ is None:
        assert display.coverage_at_accuracy == 0
    else:
        assert display.mark_.get_xydata()[0].tolist() in curve.tolist()
        assert display.mark_.get_ydata()[0] >= accuracy
    mpl.pyplot.close("all")


def test_a_reader_that_is_never_wrong() -> None:
    ax = CoverageDisplay.from_predictions(TRUE, TRUE, SURE, accuracy=1.0).ax_
    assert ax.get_ylim()[0] < 0.995 < 1 < ax.get_ylim()[1]


def test_curves_share_axes() -> None:
    first = CoverageDisplay.from_predictions(TRUE, READ, SURE, name="one")
    lowest = first.ax_.get_ylim()[0]
    second = CoverageDisplay.from_predictions(TRUE, TRUE, SURE, name="two", ax=first.ax_)
    assert second.ax_ is first.ax_
    assert legend(second) == ["one: 98 % right at 75.0 % coverage",
                              "two: 98 % right at 100.0 % coverage"]  # fmt: skip
    assert [d.line_.get_color() for d in (first, second)] == list(OKABE_ITO[:2])
    assert first.ax_.get_ylim()[0] == lowest < 0.75


def test_axes_show_what_matters() -> None:
    y_pred = ["0"] + ["1"] * 999  # the surest is wrong: a notch down to 0
    display = CoverageDisplay.from_predictions(["1"] * 1000, y_pred, np.linspace(1, 0.5, 1000))
    assert 0.97 < display.ax_.get_ylim()[0] < 0.98


def test_an_accuracy_out_of_reach_has_no_mark() -> None:
    display = CoverageDisplay.from_predictions(["1"], ["2"], [0.9])
    assert display.mark_ is None
    assert legend(display) == ["98 % right at 0.0 % coverage"]


def test_plain_arrays() -> None:
    display = CoverageDisplay([0.5, 1.0], [1.0, 0.9]).plot()
    assert display.mark_ is None
    assert display.ax_.get_legend() is None
    marked = CoverageDisplay([0.5, 1.0], [1.0, 0.9], coverage_at_accuracy=0.5, name="x").plot()
    assert marked.mark_.get_xydata().tolist() == [[0.5, 1.0]]


@pytest.mark.parametrize(
    ("y_true", "y_pred"),
    [([19, 7], [19, -1]), ([[1, 9], [7, 10]], [[1, 9], [10, 10]]), (["19", "7"], [19, -1])],
    ids=["integers", "padded rows", "mixed"],
)
def test_forms_of_labels_and_rejected_readings(y_true: Any, y_pred: Any) -> None:
    display = CoverageDisplay.from_predictions(y_true, y_pred, [0.9, 0.2])
    assert display.line_.get_xydata().tolist() == [[0.5, 1.0], [1.0, 0.5]]


def test_from_estimator() -> None:
    reader, X = Reader(READ, SURE), np.zeros((4, 3))
    display = CoverageDisplay.from_estimator(reader, X, TRUE)
    assert legend(display) == ["Reader: 98 % right at 75.0 % coverage"]
    pipeline = make_pipeline(StandardScaler(), reader).fit(X)
    named = CoverageDisplay.from_estimator(pipeline, X, TRUE, name="piped", accuracy=0.7)
    assert legend(named) == ["piped: 70 % right at 100.0 % coverage"]
    search = GridSearchCV(pipeline, {}, scoring=lambda *_: 0.0, cv=2).fit(X, TRUE)
    found = CoverageDisplay.from_estimator(search, X, TRUE)
    np.testing.assert_array_equal(found.line_.get_xydata(), display.line_.get_xydata())


def test_bad_input_is_a_clear_error() -> None:
    model = LogisticRegression().fit([[0.0], [1.0]], ["1", "2"])
    with pytest.raises(
        TypeError, match=r"must have predict.X, return_confidence=True.; LogisticRegression has not"
    ):
        CoverageDisplay.from_estimator(model, [[0.0]], ["1"])
    with pytest.raises(ValueError, match="inconsistent"):
        CoverageDisplay.from_predictions(TRUE, READ, SURE[:2])
    with pytest.raises(ValueError, match="accuracy"):
        CoverageDisplay.from_predictions(TRUE, READ, SURE, accuracy=98)
    assert mpl.pyplot.get_fignums() == []
