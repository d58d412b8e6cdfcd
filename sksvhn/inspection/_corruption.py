"""Pictures spoilt on purpose, more at each step, and what a reader makes of them."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, rotate
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from .._labels import BLANK
from .._parameters import validate_params
from .._pictures import as_array
from ..metrics import risk_coverage_curve
from ..metrics._readings import Readings, check_readings
from ..metrics._selective import coverage_at_accuracy
from ._properties import wilson_interval

#: One picture (height, width, channels) in [0, 1].
_Pixels = NDArray[np.float64]

# Electrons that white frees in a pixel of a small camera's sensor by day.
_FULL_WELL = 1000.0
# Within which a moving camera's direction varies, on either side of horizontal.
_MOTION_ANGLE = math.pi / 4


class _Kind(NamedTuple):
    """A corruption and its strengths at the severities 1 to 5."""

    apply: Callable[[_Pixels, float, np.random.Generator], _Pixels]
    levels: tuple[float, float, float, float, float]


def _gaussian_noise(picture: _Pixels, deviation: float, rng: np.random.Generator) -> _Pixels:
    return picture + deviation * rng.standard_normal(picture.shape)


def _gaussian_blur(picture: _Pixels, radius: float, rng: np.random.Generator) -> _Pixels:
    return gaussian_filter(picture, radius * min(picture.shape[:2]), mode="nearest", axes=(0, 1))


def _motion_blur(picture: _Pixels, length: float, rng: np.random.Generator) -> _Pixels:
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


def _contrast(picture: _Pixels, factor: float, rng: np.random.Generator) -> _Pixels:
    mean = picture.mean(axis=(0, 1))
    return mean + factor * (picture - mean)


def _darkness(picture: _Pixels, light: float, rng: np.random.Generator) -> _Pixels:
    """Let less light fall on the sensor, whose photons come at random."""
    return rng.poisson(picture * light * _FULL_WELL) / _FULL_WELL


def _occlusion(picture: _Pixels, share: float, rng: np.random.Generator) -> _Pixels:
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


def _pixelate(picture: _Pixels, scale: float, rng: np.random.Generator) -> _Pixels:
    height, width, _ = picture.shape
    few = max(round(width * scale), 1), max(round(height * scale), 1)
    planes = []
    for plane in np.moveaxis(picture, 2, 0):
        coarse = Image.fromarray(plane.astype(np.float32)).resize(few, Image.Resampling.BOX)
        planes.append(np.asarray(coarse.resize((width, height), Image.Resampling.NEAREST)))
    return np.stack(planes, axis=-1).astype(np.float64)


def _jpeg_compression(picture: _Pixels, quality: float, rng: np.random.Generator) -> _Pixels:
    pixels = (picture * 255 + 0.5).astype(np.uint8)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(quality))
    decoded = np.asarray(Image.open(buffer, formats=("JPEG",)), dtype=np.float64) / 255
    return decoded.reshape(picture.shape)


def _rotation(picture: _Pixels, degrees: float, rng: np.random.Generator) -> _Pixels:
    angle = degrees * rng.choice((-1.0, 1.0))
    return rotate(picture, angle, axes=(1, 0), reshape=False, order=1, mode="nearest")


# Lengths are shares of the shorter side. Settled by eye on a few pictures of SVHN's train set: the
# first level hardly troubles a person; at the fifth a person fails, too, at many pictures.
_KINDS = {
    "gaussian_noise": _Kind(_gaussian_noise, (0.04, 0.08, 0.14, 0.22, 0.32)),
    "gaussian_blur": _Kind(_gaussian_blur, (0.02, 0.035, 0.055, 0.08, 0.11)),
    "motion_blur": _Kind(_motion_blur, (0.08, 0.15, 0.24, 0.35, 0.48)),
    "contrast": _Kind(_contrast, (0.5, 0.25, 0.12, 0.06, 0.03)),
    "darkness": _Kind(_darkness, (0.3, 0.12, 0.05, 0.025, 0.012)),
    "occlusion": _Kind(_occlusion, (0.04, 0.08, 0.14, 0.22, 0.32)),
    "pixelate": _Kind(_pixelate, (0.4, 0.25, 0.18, 0.14, 0.11)),
    "jpeg_compression": _Kind(_jpeg_compression, (25, 15, 9, 5, 2)),
    "rotation": _Kind(_rotation, (6, 12, 20, 30, 45)),
}


@validate_params(
    {
        "images": ["array-like"],
        "kind": [StrOptions(set(_KINDS))],
        "severity": [Interval(Integral, 0, 5, closed="both")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def corrupt_pictures(
    images: ArrayLike,
    kind: str,
    severity: int,
    *,
    random_state: int | RandomState | None = None,
) -> NDArray[Any]:
    """Spoil pictures in one of nine ways, at one of five strengths.

    After the manner of ImageNet-C [1]_, with strengths that suit pictures of house numbers.

    Parameters
    ----------
    images : array-like of shape (n_samples, height, width) or (n_samples, height, width, channels)
        Pictures of 1 or 3 channels: integers from 0 to 255, or floats from 0 to 1 or from 0 to
        255.
    kind : str
        One of

        - ``"gaussian_noise"``: of standard deviation 0.04 to 0.32, where white is 1;
        - ``"gaussian_blur"``: of standard deviation 2 to 11 % of the shorter side;
        - ``"motion_blur"``: along a line of 8 to 48 % of the shorter side, up to 45 degrees from
          horizontal;
        - ``"contrast"``: lowered to 50 to 3 %;
        - ``"darkness"``: 30 to 1.2 % of the light, and the noise of so few photons;
        - ``"occlusion"``: a rectangle of one colour over 4 to 32 % of the area;
        - ``"pixelate"``: 40 to 11 % of the pixels in height and in width;
        - ``"jpeg_compression"``: of quality 25 to 2;
        - ``"rotation"``: by 6 to 45 degrees in either direction; edges are repeated.
    severity : int
        From 1 to 5; 0 leaves pictures as they are.
    random_state : int, RandomState instance or None, default=None
        Determines noise, directions and places. With the same int they are the same at each
        severity, and the first pictures do not depend on how many follow.

    Returns
    -------
    ndarray of the shape and dtype of `images`
        A copy. Pixels are cut at black and white and, where the dtype is an integer one, rounded.

    Raises
    ------
    ValueError
        If `images` are no pictures, are empty, or hold NaN or pixels outside 0 to 255.

    See Also
    --------
    corruption_report : What they do to a reader.

    References
    ----------
    .. [1] D. Hendrycks and T. Dietterich, "Benchmarking Neural Network Robustness to Common
       Corruptions and Perturbations", ICLR 2019, arXiv:1903.12261, section 3.

    Examples
    --------
    >>> from sksvhn.datasets import make_street_numbers
    >>> from sksvhn.inspection import corrupt_pictures
    >>> images = make_street_numbers(2, random_state=0).images
    >>> spoilt = corrupt_pictures(images, "contrast", 3)
    >>> spoilt.shape, spoilt.dtype
    ((2, 64, 64, 3), dtype('uint8'))
    >>> bool((spoilt.std(axis=(1, 2)) < 0.2 * images.std(axis=(1, 2))).all())
    True
    """
    pictures = _check_images(images)
    if severity == 0:
        return pictures.copy()
    seeds = check_random_state(random_state).randint(2**32, size=len(pictures), dtype=np.uint32)
    white = 1.0 if pictures.dtype.kind == "f" and pictures.max() <= 1 else 255.0
    apply, levels = _KINDS[kind]
    height, width, channels = (*pictures.shape[1:], 1)[:3]
    spoilt = np.empty_like(pictures)
    for row, seed in enumerate(seeds):
        pixels = pictures[row].reshape(height, width, channels) / white
        pixels = apply(pixels.astype(np.float64), levels[severity - 1], np.random.default_rng(seed))
        pixels = np.clip(pixels, 0, 1) * white
        if pictures.dtype.kind != "f":
            pixels = np.rint(pixels)
        spoilt[row] = pixels.reshape(pictures.shape[1:])
    return spoilt


def _check_images(images: ArrayLike) -> NDArray[Any]:
    pictures = as_array(images)
    if pictures.ndim not in (3, 4) or pictures.shape[3:] not in ((), (1,), (3,)):
        raise ValueError(
            f"images has shape {pictures.shape}; expected pictures of shape (n, height, width), "
            "(n, height, width, 1) or (n, height, width, 3). Reshape rows."
        )
    if pictures.dtype.kind not in "iuf":
        raise ValueError(f"images is of dtype {pictures.dtype}; expected integers or floats.")
    if pictures.size == 0:
        raise ValueError(f"images has shape {pictures.shape}; at least one pixel is needed.")
    low, high = pictures.min(), pictures.max()
    if not (low >= 0 and high <= 255):  # also where they are NaN
        raise ValueError(
            f"images holds pixels from {low:g} to {high:g}; expected 0 to 255 or 0 to 1. Spoil "
            "pictures before they are standardised."
        )
    return pictures


@validate_params(
    {
        "estimator": [HasMethods("predict")],
        "X": ["array-like"],
        "y": ["array-like"],
        "kinds": ["array-like", None],
        "severities": ["array-like"],
        "accuracy": [Interval(Real, 0, 1, closed="both")],
        "random_state": ["random_state"],
        "blank": [Integral],
    },
    prefer_skip_nested_validation=False,  # each severity is checked by corrupt_pictures
)
def corruption_report(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    kinds: Sequence[str] | None = None,
    severities: Sequence[int] = (0, 1, 2, 3, 4, 5),
    accuracy: float = 0.98,
    random_state: int | RandomState | None = None,
    blank: int = BLANK,
) -> pd.DataFrame:
    """Read pictures that are spoilt more and more: accuracy, and whether confidence falls with it.

    Parameters
    ----------
    estimator : fitted reader of numbers
        Whose ``predict`` takes ``return_confidence=True``, such as
        :class:`~sksvhn.SVHNSequenceClassifier`.
    X : array-like of shape (n_samples, height, width) or (n_samples, height, width, channels)
        Pictures that it was not trained on, as :func:`corrupt_pictures` takes them.
    y : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers: strings (``"0210"``), integers, or rows of integer codes padded at their end
        with `blank`. Rows of codes stand for the digits 0-9.
    kinds : sequence of str, default=None
        Corruptions of :func:`corrupt_pictures`, each once; None takes all.
    severities : sequence of int, default=(0, 1, 2, 3, 4, 5)
        From 0 (as they are) to 5, each once.
    accuracy : float, default=0.98
        Share of whole numbers that must be right among those taken, in [0, 1].
    random_state : int, RandomState instance or None, default=None
        Determines what is random in the corruptions; it is the same at each severity.
    blank : int, default=10
        The code that pads rows of codes.

    Returns
    -------
    DataFrame of shape (n_kinds * n_severities, 7)
        Its index holds `kind` and `severity`. All columns are in [0, 1]:

        - `accuracy`, `low`, `high`: share of whole numbers read right, and its 95 % interval by
          Wilson's score method;
        - `confidence`: mean. Where it exceeds `high`, the reader does not notice enough;
        - `coverage`: :func:`~sksvhn.metrics.coverage_at_accuracy_score` of these pictures, that
          is, with a threshold of confidence that is settled on pictures spoilt likewise;
        - `accepted`, `accepted_accuracy`: share of readings that are at least as sure as the
          threshold settled on `X` as it is, and share of these that are right (NaN where there
          are none): what gets through in a service that does not know of the corruption.

    Raises
    ------
    ValueError
        If a parameter is out of range, `kinds` or `severities` are empty or name one twice, or `X`
        and `y` differ in length.

    See Also
    --------
    corrupt_pictures : The corruptions.
    accuracy_by : Accuracy by what pictures have by nature.

    References
    ----------
    .. [1] D. Hendrycks and T. Dietterich, "Benchmarking Neural Network Robustness to Common
       Corruptions and Perturbations", ICLR 2019, arXiv:1903.12261, sections 3 and 4.

    Examples
    --------
    >>> from sksvhn import SVHNSequenceClassifier
    >>> from sksvhn.datasets import make_street_numbers
    >>> from sksvhn.inspection import corruption_report
    >>> X, y = make_street_numbers(64, color=False, random_state=0, return_X_y=True)
    >>> clf = SVHNSequenceClassifier(max_epochs=1, random_state=0).fit(X[:48], y[:48])
    >>> report = corruption_report(
    ...     clf, X[48:], y[48:], kinds=["rotation"], severities=[0, 5], random_state=0
    ... )
    >>> report["accuracy"].unstack().shape
    (1, 2)
    """
    chosen = list(_KINDS) if kinds is None else list(kinds)
    for kind in chosen:
        if kind not in _KINDS:
            raise ValueError(f"kinds holds {kind!r}; expected some of {', '.join(_KINDS)}.")
    steps = list(severities)
    _check_distinct(chosen, "kinds")
    _check_distinct(steps, "severities")
    check_consistent_length(X, y)
    images = _check_images(X)
    seed = int(check_random_state(random_state).randint(2**32, dtype=np.uint32))
    clean = _read(estimator, images, y, blank)
    threshold = _threshold(clean, accuracy)
    rows = {}
    for kind in chosen:
        for severity in steps:
            readings = clean
            if severity != 0:
                spoilt = corrupt_pictures(images, kind, severity, random_state=seed)
                readings = _read(estimator, spoilt, y, blank)
            rows[kind, severity] = _scores(readings, accuracy, threshold)
    table = pd.DataFrame(list(rows.values()))
    table.index = pd.MultiIndex.from_tuples(list(rows), names=["kind", "severity"])
    return table


def _check_distinct(values: list[Any], name: str) -> None:
    if not values:
        raise ValueError(f"{name} is empty; at least one is needed, or leave {name} out.")
    for value in values:
        if values.count(value) > 1:
            raise ValueError(
                f"{name} holds {value} {values.count(value)} times; each may stand there once."
            )


def _read(estimator: Any, images: NDArray[Any], y: ArrayLike, blank: int) -> Readings:
    read, confidence = estimator.predict(images, return_confidence=True)
    return check_readings(y, read, None, blank, confidence)


def _threshold(readings: Readings, accuracy: float) -> float:
    """Lowest confidence down to which readings reach an accuracy; infinite if there is none."""
    assert readings.confidence is not None
    coverage, _, thresholds = risk_coverage_curve(readings.true, readings.read, readings.confidence)
    taken = coverage <= coverage_at_accuracy(readings, accuracy)
    return float(thresholds[taken].min(initial=math.inf))


def _scores(readings: Readings, accuracy: float, threshold: float) -> dict[str, float]:
    assert readings.confidence is not None
    right = readings.is_right
    low, high = wilson_interval(int(right.sum()), len(right))
    accepted = readings.confidence >= threshold
    return {
        "accuracy": float(right.mean()),
        "low": low,
        "high": high,
        "confidence": float(readings.confidence.mean()),
        "coverage": coverage_at_accuracy(readings, accuracy),
        "accepted": float(accepted.mean()),
        "accepted_accuracy": float(right[accepted].mean()) if accepted.any() else math.nan,
    }
