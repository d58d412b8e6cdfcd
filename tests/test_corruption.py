"""Pictures spoilt by the benchmark of failures."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter

from sksvhn.datasets import make_street_numbers

_PATH = Path(__file__).parents[1] / "examples" / "benchmarks" / "corruption.py"
_BENCHMARK = run_path(str(_PATH))
KINDS = _BENCHMARK["KINDS"]
corrupt_pictures, corruption_report = (
    _BENCHMARK[name] for name in ("corrupt_pictures", "corruption_report")
)

kinds = pytest.mark.parametrize("kind", list(KINDS))


@pytest.fixture(scope="module")
def images():
    return make_street_numbers(12, image_size=(40, 48), random_state=0).images


@kinds
def test_grows_with_severity(kind, images):
    spoilt = [corrupt_pictures(images, kind, s, seed=0) for s in range(6)]
    distances = [np.square(images.astype(float) - pictures).mean() for pictures in spoilt]
    assert distances[0] == 0
    assert (np.diff(distances) > 0).all()


@kinds
def test_shape_and_dtype_are_kept(kind, images):
    grey = images[:3, ..., 0]
    for pictures in (grey, grey[..., np.newaxis], images[:3]):
        before = pictures.copy()
        spoilt = corrupt_pictures(pictures, kind, 3)
        assert (spoilt.shape, spoilt.dtype) == (pictures.shape, pictures.dtype)
        np.testing.assert_array_equal(pictures, before)
        assert not np.shares_memory(spoilt, pictures)


@kinds
def test_random_state_determines_the_first_ones_whatever_follows(kind, images):
    spoilt = corrupt_pictures(images, kind, 2, seed=3)
    np.testing.assert_array_equal(spoilt, corrupt_pictures(images, kind, 2, seed=3))
    np.testing.assert_array_equal(spoilt[:2], corrupt_pictures(images[:2], kind, 2, seed=3))
    if kind not in ("gaussian_blur", "contrast", "pixelate", "jpeg_compression"):
        assert (spoilt != corrupt_pictures(images, kind, 2, seed=4)).any()


def test_severity_0_is_a_copy(images):
    same = corrupt_pictures(images, "darkness", 0)
    np.testing.assert_array_equal(same, images)
    assert not np.shares_memory(same, images)


def test_stated_strengths():
    half = np.full((4, 50, 50), 128, dtype=np.uint8)
    noise = corrupt_pictures(half, "gaussian_noise", 2)
    assert noise.std() == pytest.approx(0.08 * 255, rel=0.05)
    covered = corrupt_pictures(half, "occlusion", 5) != 128
    assert covered.mean(axis=(1, 2)) == pytest.approx([0.32] * 4, rel=0.05)
    dark = corrupt_pictures(half, "darkness", 1)
    assert dark.mean() == pytest.approx(0.3 * 128, rel=0.02)
    step = np.repeat(np.array([0, 255], dtype=np.uint8), 25)[None, None].repeat(50, axis=1)
    assert np.unique(corrupt_pictures(step, "contrast", 2)).tolist() == [96, 159]


def test_blurs_keep_brightness_and_the_picture_in_place():
    point = np.zeros((1, 41, 41))
    point[0, 20, 20] = 1
    point = gaussian_filter(point, 2, axes=(1, 2))
    point = np.rint(255 * point / point.max()).astype(np.uint8)
    for kind in ("gaussian_blur", "motion_blur", "rotation"):
        blurred = corrupt_pictures(point, kind, 1)[0].astype(float)
        assert blurred.sum() == pytest.approx(point.sum(), rel=0.05)
        center = [np.average(np.arange(41), weights=blurred.sum(axis=axis)) for axis in (1, 0)]
        assert center == pytest.approx([20, 20], abs=0.6)


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
    report = corruption_report(MeanReader(), grey, truth, accuracy=0.98)
    assert report.index.names == ["kind", "severity"]
    assert report.index.tolist() == [(kind, s) for kind in KINDS for s in range(6)]
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


def test_report_is_determined_by_random_state(grey, truth):
    reports = [
        corruption_report(MeanReader(), grey, truth, accuracy=0.98, random_state=1)
        for _ in range(2)
    ]
    pd.testing.assert_frame_equal(*reports)


def test_accuracy_that_no_threshold_reaches(grey):
    report = corruption_report(MeanReader(), grey, np.array(["77"] * 12), accuracy=0.98)
    assert not report[["accuracy", "coverage", "accepted"]].to_numpy().any()
