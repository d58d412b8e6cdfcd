from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter

from sksvhn.datasets import make_street_numbers
from sksvhn.inspection import corrupt_pictures, corruption_report
from sksvhn.inspection._corruption import _KINDS
from sksvhn.metrics import coverage_at_accuracy_score

kinds = pytest.mark.parametrize("kind", list(_KINDS))


@pytest.fixture(scope="module")
def images():
    return make_street_numbers(12, image_size=(40, 48), random_state=0).images


@kinds
def test_grows_with_severity(kind, images):
    spoilt = [corrupt_pictures(images, kind, s, random_state=0) for s in range(6)]
    distances = [np.square(images.astype(float) - pictures).mean() for pictures in spoilt]
    assert distances[0] == 0
    assert (np.diff(distances) > 0).all()


@kinds
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_shape_and_dtype_are_kept(kind, dtype, images):
    grey = images[:3, ..., 0]
    for pictures in (grey, grey[..., np.newaxis], images[:3]):
        given = pictures.astype(dtype)
        before = given.copy()
        spoilt = corrupt_pictures(given, kind, 3, random_state=0)
        assert (spoilt.shape, spoilt.dtype) == (given.shape, given.dtype)
        np.testing.assert_array_equal(given, before)
        assert not np.shares_memory(spoilt, given)


@kinds
def test_range_of_floats_makes_no_difference(kind, images):
    whole = corrupt_pictures(images.astype(np.float64), kind, 4, random_state=0)
    unit = corrupt_pictures(images / 255, kind, 4, random_state=0)
    np.testing.assert_allclose(unit * 255, whole, atol=1e-3)
    eight_bits = corrupt_pictures(images, kind, 4, random_state=0)
    np.testing.assert_allclose(eight_bits, whole, atol=0.51)
    assert unit.min() >= 0
    assert unit.max() <= 1


@kinds
def test_random_state_determines_the_first_ones_whatever_follows(kind, images):
    spoilt = corrupt_pictures(images, kind, 2, random_state=3)
    np.testing.assert_array_equal(spoilt, corrupt_pictures(images, kind, 2, random_state=3))
    np.testing.assert_array_equal(spoilt[:2], corrupt_pictures(images[:2], kind, 2, random_state=3))
    if kind not in ("gaussian_blur", "contrast", "pixelate", "jpeg_compression"):
        assert (spoilt != corrupt_pictures(images, kind, 2, random_state=4)).any()


def test_severity_0_is_a_copy(images):
    same = corrupt_pictures(images, "darkness", 0)
    np.testing.assert_array_equal(same, images)
    assert not np.shares_memory(same, images)


def test_stated_strengths():
    half = np.full((4, 50, 50), 0.5)
    noise = corrupt_pictures(half, "gaussian_noise", 2, random_state=0)
    assert noise.std() == pytest.approx(0.08, rel=0.05)
    covered = corrupt_pictures(half, "occlusion", 5, random_state=0) != 0.5
    assert covered.mean(axis=(1, 2)) == pytest.approx([0.32] * 4, rel=0.05)
    dark = corrupt_pictures(half, "darkness", 1, random_state=0)
    assert dark.mean() == pytest.approx(0.15, rel=0.02)
    step = np.repeat([0.0, 1.0], 25)[None, None].repeat(50, axis=1)
    faint = corrupt_pictures(step, "contrast", 2, random_state=0)
    assert np.unique(faint).tolist() == [0.375, 0.625]
    coarse = corrupt_pictures(np.random.default_rng(0).random((1, 50, 50)), "pixelate", 3)
    assert len(np.unique(coarse)) == 81  # 18 % of 50 pixels, squared


def test_blurs_keep_brightness_and_the_picture_in_place():
    point = np.zeros((1, 41, 41))
    point[0, 20, 20] = 1
    point = gaussian_filter(point, 2, axes=(1, 2))
    for kind in ("gaussian_blur", "motion_blur", "rotation"):
        blurred = corrupt_pictures(point, kind, 1, random_state=0)[0]
        assert blurred.sum() == pytest.approx(1, abs=0.01)
        center = [np.average(np.arange(41), weights=blurred.sum(axis=axis)) for axis in (1, 0)]
        assert center == pytest.approx([20, 20], abs=0.6)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"images": np.zeros((3, 100))}, r"shape \(3, 100\).*Reshape rows"),
        ({"images": np.zeros((2, 9, 9, 4))}, r"shape \(2, 9, 9, 4\)"),
        ({"images": np.zeros((0, 9, 9))}, "at least one pixel"),
        ({"images": np.full((1, 9, 9), -0.1)}, r"from -0\.1 to -0\.1"),
        ({"images": np.full((1, 9, 9), np.nan)}, "from nan to nan"),
        ({"images": np.full((1, 9, 9), "a")}, "dtype"),
        ({"images": [np.zeros((9, 9)), np.zeros((8, 9))]}, "different shapes"),
        ({"kind": "rain"}, "'kind' parameter"),
        ({"severity": 6}, "'severity' parameter"),
        ({"random_state": "zero"}, "random_state"),
    ],
)
def test_bad_input_is_refused(changed, message):
    call = {"images": np.zeros((1, 9, 9)), "kind": "rotation", "severity": 1}
    with pytest.raises(ValueError, match=message):
        corrupt_pictures(**(call | changed))


class MeanReader:
    """Reads a picture's brightness in tens; the less sure the less contrast there is."""

    def predict(self, X, return_confidence):
        assert return_confidence
        X = X.reshape(len(X), -1) / 255
        return np.array([str(int(10 * mean)) for mean in X.mean(axis=1)]), X.std(axis=1)


@pytest.fixture(scope="module")
def grey(images):
    return images.mean(axis=3).astype(np.uint8)


@pytest.fixture(scope="module")
def truth(grey):
    y = MeanReader().predict(grey, True)[0].astype(object)
    y[grey.std(axis=(1, 2)).argmin()] = "77"
    return y


def test_report(grey, truth):
    report = corruption_report(MeanReader(), grey, truth, random_state=0)
    assert report.index.names == ["kind", "severity"]
    assert report.index.tolist() == [(kind, s) for kind in _KINDS for s in range(6)]
    assert report["accuracy"].xs(0, level="severity").tolist() == pytest.approx([11 / 12] * 9)
    # All but the least sure one are right, and they are all that is accepted.
    assert report["coverage"].xs(0, level="severity").tolist() == pytest.approx([11 / 12] * 9)
    clean = report.xs(0, level="severity")
    assert clean["accepted_accuracy"].tolist() == [1] * 9
    assert clean["accepted"].tolist() == pytest.approx([11 / 12] * 9)
    assert (report["low"] <= report["accuracy"]).all()
    # Lowering the contrast leaves the mean, and nothing is sure enough any more.
    faint = report.loc["contrast", 5]
    assert faint["accuracy"] > 0.8
    assert faint["accepted"] == 0
    assert np.isnan(faint["accepted_accuracy"])


def test_threshold_takes_equally_sure_readings_together():
    # Brightness decides the reading, contrast the confidence: of three equally sure ones one is
    # wrong, so that they do not count, though two of them are right.
    halves = np.stack(
        [np.repeat([a, b], 8)[None].repeat(16, axis=0) for a, b in [(0, 255)] * 2 + [(50, 205)] * 3]
    )
    y = np.array(["5", "5", "5", "5", "6"], dtype=object)
    report = corruption_report(MeanReader(), halves, y, kinds=["rotation"], severities=[0])
    assert report[["accepted", "coverage"]].to_numpy().tolist() == [[0.4, 0.4]]
    assert report["accepted_accuracy"].tolist() == [1]


def test_report_reads_what_corrupt_pictures_makes(grey, truth):
    report = corruption_report(MeanReader(), grey, truth, kinds=["darkness"], severities=[1])
    assert report.index.tolist() == [("darkness", 1)]
    read, confidence = MeanReader().predict(
        corrupt_pictures(grey, "darkness", 1, random_state=0), True
    )
    row = report.iloc[0]
    # Photons come at random, but they hardly change a mean.
    assert row["confidence"] == pytest.approx(confidence.mean(), rel=0.02)
    assert row["coverage"] == pytest.approx(
        coverage_at_accuracy_score(truth, read, confidence), abs=0.2
    )


def test_report_is_determined_by_random_state(grey, truth):
    call = {"kinds": ["gaussian_noise"], "severities": (0, 3), "random_state": 1}
    first, second = (corruption_report(MeanReader(), grey, truth, **call) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_report_takes_padded_labels(grey, truth):
    padded = np.full((len(truth), 2), 10)
    for row, number in enumerate(truth):
        padded[row, : len(number)] = list(map(int, number))
    call = {"kinds": ["rotation"], "severities": [2], "random_state": 0}
    pd.testing.assert_frame_equal(
        corruption_report(MeanReader(), grey, padded, **call),
        corruption_report(MeanReader(), grey, truth, **call),
    )


def test_accuracy_that_no_threshold_reaches(grey):
    report = corruption_report(MeanReader(), grey, ["77"] * 12, kinds=["rotation"], severities=[0])
    assert report[["accuracy", "coverage", "accepted"]].to_numpy().tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kinds": ["rain"]}, "kinds holds 'rain'; expected some of gaussian_noise"),
        ({"kinds": []}, "kinds is empty; at least one"),
        ({"kinds": ["jpeg_compression", "rotation", "rotation"]}, "kinds holds rotation 2 times"),
        ({"severities": []}, "severities is empty; at least one"),
        ({"severities": [0, 1, 1]}, "severities holds 1 2 times; each may stand there once"),
        ({"severities": [7]}, "'severity' parameter"),
        ({"y": ["1"]}, "inconsistent numbers of samples"),
        ({"estimator": object()}, "'estimator' parameter"),
        ({"accuracy": 2.0}, "'accuracy' parameter"),
    ],
)
def test_report_refuses_bad_input(changed, message, grey, truth):
    call = {"estimator": MeanReader(), "X": grey, "y": truth}
    with pytest.raises(ValueError, match=message):
        corruption_report(**(call | changed))
