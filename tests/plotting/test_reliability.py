"""Reliability diagrams."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from sksvhn.metrics import expected_calibration_error
from sksvhn.plotting import ReliabilityDisplay
from sksvhn.plotting._reliability import _from_steps, _to_steps
from tests.plotting._readers import Reader

mpl.use("agg")
RNG = np.random.default_rng(0)
SURE = RNG.random(500) ** 0.1
TRUE = np.full(500, "19")
READ = np.where(RNG.random(500) < SURE**2, "19", "7")


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    mpl.pyplot.close("all")


def legend(display: ReliabilityDisplay) -> list[str]:
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_points_are_those_of_scikit_learn(strategy: Any) -> None:
    display = ReliabilityDisplay.from_predictions(TRUE, READ, SURE, n_bins=10, strategy=strategy)
    expected = calibration_curve(READ == TRUE, SURE, n_bins=10, strategy=strategy)
    np.testing.assert_allclose(display.line_.get_ydata(), expected[0])
    np.testing.assert_allclose(display.line_.get_xdata(), expected[1])
    error = expected_calibration_error(TRUE, READ, SURE, n_bins=10, strategy=strategy)
    assert legend(display) == ["Perfectly calibrated", f"ECE = {error:.3f}"]


def test_weights_repeat() -> None:
    weight = RNG.integers(0, 4, 500)
    display = ReliabilityDisplay.from_predictions(
        TRUE, READ, SURE, strategy="quantile", sample_weight=weight
    )
    repeated = ReliabilityDisplay.from_predictions(
        TRUE.repeat(weight), READ.repeat(weight), SURE.repeat(weight), strategy="quantile"
    )
    np.testing.assert_allclose(display.line_.get_xydata(), repeated.line_.get_xydata())
    assert legend(display) == legend(repeated)
    drawn, expected = (d.histogram_ax_.patches[0].get_data() for d in (display, repeated))
    np.testing.assert_allclose(drawn.values, expected.values)


@pytest.mark.parametrize("stretched", [False, True])
def test_histogram_holds_every_number(stretched: bool) -> None:
    sure = np.append(SURE, [0.0, 1.0])
    y = np.append(TRUE, ["1", "2"])
    display = ReliabilityDisplay.from_predictions(y, y, sure, stretched=stretched)
    shares, edges, _ = display.histogram_ax_.patches[0].get_data()
    assert shares.sum() == pytest.approx(1)
    assert (edges[0], edges[-1]) == (0, pytest.approx(1, abs=1e-12))
    np.testing.assert_allclose(shares * len(sure), np.histogram(sure, edges)[0], atol=1e-9)


def test_points_and_histogram_are_in_view_after_drawing() -> None:
    display = ReliabilityDisplay.from_predictions(
        TRUE, READ, SURE, strategy="quantile", stretched=True
    )
    display.figure_.canvas.draw()
    (left, bottom), (right, top) = display.ax_.bbox.get_points()
    x, y = display.ax_.transData.transform(display.line_.get_xydata()).T
    assert ((left <= x) & (x <= right) & (bottom <= y) & (y <= top)).all()
    assert display.histogram_ax_.get_tightbbox().y0 >= 0
    # The last half of the numbers takes more room than on even axes.
    points = display.line_.get_xdata()
    middle = display.ax_.transData.transform([[np.median(points), 0.9]])[0, 0]
    low, high = display.ax_.get_xlim()
    assert (middle - left) / (right - left) < 0.9 * (np.median(points) - low) / (high - low)


def test_stretching_can_be_undone() -> None:
    p = np.linspace(0, 1, 101)
    steps = _to_steps(p)
    assert (np.diff(steps) > 0).all()
    np.testing.assert_allclose(_from_steps(steps), p, atol=1e-12)
    assert np.isfinite(_to_steps([-1, 2])).all()


def test_displays_share_axes_and_histogram() -> None:
    first = ReliabilityDisplay.from_predictions(TRUE, READ, SURE, name="before", stretched=True)
    second = ReliabilityDisplay.from_predictions(TRUE, READ, SURE**2, name="after", ax=first.ax_)
    assert first.histogram_ax_ is second.histogram_ax_
    assert first.ax_.child_axes == [first.histogram_ax_]
    assert [label.split(":")[0] for label in legend(second)] == [
        "Perfectly calibrated", "before", "after",
    ]  # fmt: skip
    colors = [mpl.colors.to_hex(p.get_edgecolor()) for p in first.histogram_ax_.patches]
    assert colors == [d.line_.get_color().lower() for d in (first, second)]
    assert colors[0] != colors[1]
    # What is stretched remains so, and so are the bars of the second.
    edges = [p.get_data().edges for p in first.histogram_ax_.patches]
    np.testing.assert_array_equal(*edges)
    assert first.ax_.get_xlim()[0] <= second.line_.get_xdata().min()


def test_plain_arrays_and_given_axes() -> None:
    _, ax = mpl.pyplot.subplots()
    display = ReliabilityDisplay([0.5, 1.0], [0.6, 0.9], [0.6, 0.9]).plot(ax=ax, marker="s")
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert display.line_.get_marker() == "s"
    assert legend(display) == ["Perfectly calibrated"]


@pytest.mark.parametrize(
    ("y_true", "y_pred"),
    [([19, 7], [19, -1]), ([[1, 9], [7, 10]], [[1, 9], [10, 10]]), (["19", "7"], ["19", ""])],
    ids=["integers", "padded rows", "strings"],
)
def test_forms_of_labels_and_rejected_readings(y_true: Any, y_pred: Any) -> None:
    display = ReliabilityDisplay.from_predictions(y_true, y_pred, [0.9, 0.2])
    np.testing.assert_allclose(display.line_.get_xydata(), [[0.2, 0.0], [0.9, 1.0]])


def test_all_right_and_sure() -> None:
    display = ReliabilityDisplay.from_predictions(["1"], ["1"], [1.0], stretched=True)
    display.figure_.canvas.draw()
    assert display.ax_.get_xlim()[0] < 0.9


def test_from_estimator() -> None:
    display = ReliabilityDisplay.from_estimator(Reader(READ, SURE), np.zeros((500, 1)), TRUE)
    assert legend(display)[1].startswith("Reader: ECE = ")


def test_bad_input_is_a_clear_error() -> None:
    model = LogisticRegression().fit([[0.0], [1.0]], ["1", "2"])
    with pytest.raises(
        TypeError, match=r"must have predict.X, return_confidence=True.; LogisticRegression has not"
    ):
        ReliabilityDisplay.from_estimator(model, [[0.0]], ["1"])
    with pytest.raises(ValueError, match=r"in \[0, 1\]; got -3"):
        ReliabilityDisplay.from_predictions(["1"], ["1"], [-3.0])
    with pytest.raises(ValueError, match="strategy"):
        ReliabilityDisplay.from_predictions(["1"], ["1"], [1.0], strategy="equal")
    assert mpl.pyplot.get_fignums() == []
