"""Pictures spoilt on purpose, more at each step, and what a reader makes of them."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, rotate
from scipy.stats import binomtest

from sksvhn.metrics import coverage_at_accuracy_score, risk_coverage_curve

SEVERITIES = range(6)  # from 0, as they are

#: One picture (height, width, channels) in [0, 1].
Pixels = NDArray[np.float64]

# Electrons that white frees in a pixel of a small camera's sensor by day.
_FULL_WELL = 1000.0
# Within which a moving camera's direction varies, on either side of horizontal.
_MOTION_ANGLE = math.pi / 4


class Kind(NamedTuple):
    """A corruption and its strengths at the severities 1 to 5."""

    apply: Callable[[Pixels, float, np.random.Generator], Pixels]
    levels: tuple[float, float, float, float, float]


def _gaussian_noise(picture: Pixels, deviation: float, rng: np.random.Generator) -> Pixels:
    return picture + deviation * rng.standard_normal(picture.shape)


def _gaussian_blur(picture: Pixels, radius: float, rng: np.random.Generator) -> Pixels:
    return gaussian_filter(picture, radius * min(picture.shape[:2]), mode="nearest", axes=(0, 1))


def _motion_blur(picture: Pixels, length: float, rng: np.random.Generator) -> Pixels:
    """Mean of the picture moved along a line of `length`."""
    height, width, _ = picture.shape
    length *= min(height, width)
    angle = rng.uniform(-_MOTION_ANGLE, _MOTION_ANGLE)
    steps = np.linspace(-length / 2, length / 2, math.ceil(length) + 1)
    reach = math.ceil(length / 2)
    padded = np.pad(picture, [(reach, reach)] * 2 + [(0, 0)], mode="edge")
    moved = np.zeros_like(picture)
    for step in steps:
        y = reach + round(step * math.sin(angle))
        x = reach + round(step * math.cos(angle))
        moved += padded[y : y + height, x : x + width]
    return moved / len(steps)


def _contrast(picture: Pixels, factor: float, rng: np.random.Generator) -> Pixels:
    mean = picture.mean(axis=(0, 1))
    return mean + factor * (picture - mean)


def _darkness(picture: Pixels, light: float, rng: np.random.Generator) -> Pixels:
    """Let less light fall on the sensor, whose photons come at random."""
    return rng.poisson(picture * light * _FULL_WELL) / _FULL_WELL


def _occlusion(picture: Pixels, share: float, rng: np.random.Generator) -> Pixels:
    """Cover a share of the area by a rectangle of one colour."""
    height, width, channels = picture.shape
    aspect = math.exp(rng.uniform(-0.7, 0.7))
    side = math.sqrt(share * height * width)
    h, w = min(round(side * aspect), height), min(round(side / aspect), width)
    place_y, place_x = rng.random(2)
    top, left = round(place_y * (height - h)), round(place_x * (width - w))
    covered = picture.copy()
    covered[top : top + h, left : left + w] = rng.random(channels)
    return covered


def _pixelate(picture: Pixels, scale: float, rng: np.random.Generator) -> Pixels:
    height, width, _ = picture.shape
    few = max(round(width * scale), 1), max(round(height * scale), 1)
    planes = []
    for plane in np.moveaxis(picture, 2, 0):
        coarse = Image.fromarray(plane.astype(np.float32)).resize(few, Image.Resampling.BOX)
        planes.append(np.asarray(coarse.resize((width, height), Image.Resampling.NEAREST)))
    return np.stack(planes, axis=-1).astype(np.float64)


def _jpeg_compression(picture: Pixels, quality: float, rng: np.random.Generator) -> Pixels:
    pixels = (picture * 255 + 0.5).astype(np.uint8)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(quality))
    decoded = np.asarray(Image.open(buffer, formats=("JPEG",)), dtype=np.float64) / 255
    return decoded.reshape(picture.shape)


def _rotation(picture: Pixels, degrees: float, rng: np.random.Generator) -> Pixels:
    angle = degrees * rng.choice((-1.0, 1.0))
    return rotate(picture, angle, axes=(1, 0), reshape=False, order=1, mode="nearest")


# Lengths are shares of the shorter side. Settled by eye on a few pictures of SVHN's train set: the
# first level hardly troubles a person; at the fifth a person fails, too, at many pictures.
KINDS = {
    "gaussian_noise": Kind(_gaussian_noise, (0.04, 0.08, 0.14, 0.22, 0.32)),
    "gaussian_blur": Kind(_gaussian_blur, (0.02, 0.035, 0.055, 0.08, 0.11)),
    "motion_blur": Kind(_motion_blur, (0.08, 0.15, 0.24, 0.35, 0.48)),
    "contrast": Kind(_contrast, (0.5, 0.25, 0.12, 0.06, 0.03)),
    "darkness": Kind(_darkness, (0.3, 0.12, 0.05, 0.025, 0.012)),
    "occlusion": Kind(_occlusion, (0.04, 0.08, 0.14, 0.22, 0.32)),
    "pixelate": Kind(_pixelate, (0.4, 0.25, 0.18, 0.14, 0.11)),
    "jpeg_compression": Kind(_jpeg_compression, (25, 15, 9, 5, 2)),
    "rotation": Kind(_rotation, (6, 12, 20, 30, 45)),
}


def corrupt_pictures(
    images: NDArray[np.uint8], kind: str, severity: int, *, seed: int = 0
) -> NDArray[np.uint8]:
    """Spoil pictures of 1 or 3 channels in one of nine ways, at one of five strengths.

    After the manner of ImageNet-C (D. Hendrycks and T. Dietterich, "Benchmarking Neural Network
    Robustness to Common Corruptions and Perturbations", ICLR 2019), with strengths that suit
    house numbers. The first pictures do not depend on how many follow.
    """
    if severity == 0:
        return images.copy()
    seeds = np.random.RandomState(seed).randint(2**32, size=len(images), dtype=np.uint32)
    apply, levels = KINDS[kind]
    height, width, channels = (*images.shape[1:], 1)[:3]
    spoilt = np.empty_like(images)
    for row, of_picture in enumerate(seeds):
        pixels = images[row].reshape(height, width, channels) / 255.0
        pixels = apply(pixels, levels[severity - 1], np.random.default_rng(of_picture))
        spoilt[row] = np.rint(np.clip(pixels, 0, 1) * 255).reshape(images.shape[1:])
    return spoilt


def corruption_report(
    clf: Any, X: NDArray[np.uint8], y: NDArray[Any], *, accuracy: float, random_state: int = 0
) -> pd.DataFrame:
    """Accuracy with its 95 % interval, mean confidence, and coverage, by kind and severity.

    ``coverage`` has its threshold settled on pictures spoilt likewise; ``accepted`` and
    ``accepted_accuracy`` have the one settled on `X` as it is: what gets through in a service that
    does not know of the corruption.
    """
    seed = int(np.random.RandomState(random_state).randint(2**32, dtype=np.uint32))
    clean = clf.predict(X, return_confidence=True)
    threshold = _threshold(y, *clean, accuracy)
    rows = {}
    for kind in KINDS:
        for severity in SEVERITIES:
            read, confidence = clean
            if severity != 0:
                spoilt = corrupt_pictures(X, kind, severity, seed=seed)
                read, confidence = clf.predict(spoilt, return_confidence=True)
            rows[kind, severity] = _scores(y, read, confidence, accuracy, threshold)
    table = pd.DataFrame(list(rows.values()))
    table.index = pd.MultiIndex.from_tuples(list(rows), names=["kind", "severity"])
    return table


def _threshold(
    y: NDArray[Any], read: NDArray[Any], confidence: NDArray[np.float64], accuracy: float
) -> float:
    """Lowest confidence down to which readings reach an accuracy; infinite if there is none."""
    coverage, _, thresholds = risk_coverage_curve(y, read, confidence)
    taken = coverage <= coverage_at_accuracy_score(y, read, confidence, accuracy=accuracy)
    return float(thresholds[taken].min(initial=math.inf))


def _scores(
    y: NDArray[Any],
    read: NDArray[Any],
    confidence: NDArray[np.float64],
    accuracy: float,
    threshold: float,
) -> dict[str, float]:
    right = read == y
    interval = binomtest(int(right.sum()), len(right)).proportion_ci(0.95, method="wilson")
    accepted = confidence >= threshold
    return {
        "accuracy": float(right.mean()),
        "low": float(interval.low),
        "high": float(interval.high),
        "confidence": float(confidence.mean()),
        "coverage": coverage_at_accuracy_score(y, read, confidence, accuracy=accuracy),
        "accepted": float(accepted.mean()),
        "accepted_accuracy": float(right[accepted].mean()) if accepted.any() else math.nan,
    }
