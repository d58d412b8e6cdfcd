"""Every public function on every kind of array: the same answer, or one sentence."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.naive_bayes import GaussianNB

from sksvhn import (
    Architecture,
    PositionwiseClassifier,
    SVHNSequenceClassifier,
    inspection,
    metrics,
    plotting,
)
from sksvhn import preprocessing as pre

mpl.use("agg")
plt = import_module("matplotlib.pyplot")

RNG = np.random.default_rng(0)
N = 20
PICTURES = RNG.integers(0, 256, (N, 8, 8), dtype=np.uint8)
PICTURES[:, 0, :2] = 0, 255
COLOUR = RNG.integers(0, 256, (N, 8, 8, 3), dtype=np.uint8)
# Numbers and weights that every dtype holds, and confidences that all floats do.
TRUE = np.array([7, 19, 21, 120, 5] * 4)
READ = np.where(np.arange(N) % 3 == 0, 19, TRUE)
LOUD = np.where(np.arange(N) % 4 == 0, 7, TRUE)
CONFIDENCE = (np.arange(N) % 9 + 1) / 16
WEIGHT = np.arange(N) % 3 + 1.0
ARRAYS: dict[str, NDArray[Any]] = {
    "y": TRUE,
    "y_true": TRUE,
    "y_pred": READ,
    "y_pred_a": READ,
    "y_pred_b": LOUD,
    "confidence": CONFIDENCE,
    "sample_weight": WEIGHT,
    "values": WEIGHT,
    "X": PICTURES,
    "images": PICTURES,
    "image": PICTURES[0],
    "other": PICTURES[:3] // 2,
}
FIXED: dict[str, Any] = {
    "metric": metrics.coverage_at_accuracy_score,
    "n_resamples": 20,
    "random_state": 0,
    "output_dict": True,
    "cv": "prefit",
}
DTYPES = ["?", "i1", "u1", "i2", "u2", "i4", "i8", "f2", "f4", "f8", "O"]

READER = PositionwiseClassifier(GaussianNB()).fit(PICTURES, TRUE)
NETWORK = SVHNSequenceClassifier(
    max_epochs=1, architecture=Architecture(head="attention"), channels=((4,),), random_state=0
)
NETWORK.fit(PICTURES, TRUE)


def f_order(a: NDArray[Any]) -> NDArray[Any]:
    return np.asfortranarray(a)


def strided(a: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(a, 2, axis=-1)[..., ::2]


def backwards(a: NDArray[Any]) -> NDArray[Any]:
    return np.flip(np.flip(a).copy())


def read_only(a: NDArray[Any]) -> NDArray[Any]:
    a = a.copy()
    a.flags.writeable = False
    return a


def swapped(a: NDArray[Any]) -> NDArray[Any]:
    return a.astype(np.promote_types(a.dtype, np.uint16).newbyteorder())


def series(a: NDArray[Any]) -> Any:
    return pd.Series(list(a), index=range(100, 100 + len(a)))


def nested(a: NDArray[Any]) -> Any:
    return a.tolist()


LAYOUTS = [f_order, strided, backwards, read_only, swapped, list, nested, series]


def call_of(function: Callable[..., Any], **more: Any) -> tuple[Callable[..., Any], list[str]]:
    """Return a function of arrays by name, and which of its arguments are arrays."""
    names = inspect.signature(function).parameters
    fixed = {name: value for name, value in FIXED.items() if name in names} | more
    arrays = [name for name in names if name in ARRAYS and name not in more]
    return (lambda **given: function(**given, **fixed)), arrays


def _functions() -> Iterator[Any]:
    def case(name: str, function: Any, **more: Any) -> Any:
        call, arrays = call_of(function, **more)
        return [pytest.param(call, array, arrays, id=f"{name}-{array}") for array in arrays]

    for module in (metrics, inspection):
        for name in module.__all__:
            function = getattr(module, name)
            if name in ("make_confidence_scorer", "first_layer_filters"):
                continue  # take no array
            if name.startswith("location_"):
                continue  # take photographs and boxes: metrics/test_location.py
            if name == "coverage_at_accuracy_scorer":
                yield from case(
                    name, lambda X, y: metrics.coverage_at_accuracy_scorer(READER, X, y)
                )
            elif name in ("activations", "attention_maps", "saliency_maps"):
                yield from case(name, function, estimator=NETWORK)
            elif name == "find_label_errors":
                yield from case(name, function, estimator=READER)
            else:
                yield from case(name, function)
    for name in plotting.__all__:
        display = getattr(plotting, name)
        if hasattr(display, "from_predictions"):
            yield from case(f"{name}.from_predictions", display.from_predictions)
        elif name in ("ActivationsDisplay", "AttentionDisplay"):
            yield from case(f"{name}.from_estimator", display.from_estimator, estimator=NETWORK)
    for transformer in (
        pre.GrayscaleTransformer(),
        pre.ImageResizer(image_size=(4, 4)),
        pre.ImageStandardizer(),
        pre.ImageStandardizer(per_image=True),
        pre.NumberCropper(image_size=(6, 6)),
    ):
        fit_transform = transformer.fit_transform
        yield from case(repr(transformer), lambda X, f=fit_transform: f(X))
    yield from case("pca_color_jitter", lambda images: pre.pca_color_jitter(images, random_state=0))
    yield from case("load_image", lambda image: pre.load_image(image))


CASES = list(_functions())


def answer(call: Callable[..., Any], arguments: dict[str, Any]) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        result = call(**arguments)
    plt.close("all")
    return list(_leaves(result))


def _leaves(value: Any) -> Iterator[Any]:
    """Numbers and texts of a result, whatever holds them."""
    if isinstance(value, dict):
        for key in value:
            yield from _leaves(value[key])
    elif isinstance(value, pd.DataFrame):
        yield from _leaves(value.to_dict("list"))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif type(value).__module__.startswith("sksvhn.plotting"):
        yield from _leaves({k: v for k, v in vars(value).items() if not k.endswith("_")})
    elif isinstance(value, (np.ndarray, pd.Series)):
        array = np.asarray(value)
        yield from array.ravel().tolist()
    elif isinstance(value, (int, float, np.generic, str)) or value is None:
        yield value
    else:
        yield from _leaves(vars(value))


def assert_same(found: list[Any], expected: list[Any], off: float) -> None:
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        if isinstance(b, (str, type(None))):
            assert a == b
        else:
            assert float(a) == pytest.approx(float(b), rel=1e-4, abs=off, nan_ok=True)


# What a refusal says, unlike errors from deep inside.
REFUSED = re.compile(r"^[^\n]*(expected|pass (pixels|bins)|must (be|hold))[^\n]*$")


def check(call: Any, name: str, arguments: dict[str, Any], expected: list[Any], off: float) -> None:
    variant = arguments[name]
    before = np.array(np.asarray(variant), copy=True)
    found, refusal = None, ""
    try:
        found = answer(call, arguments)
    except (ValueError, TypeError) as error:
        refusal = str(error)
    if found is None:
        assert REFUSED.match(refusal), refusal
    else:
        assert_same(found, expected, off)
    np.testing.assert_array_equal(np.asarray(variant), before)


@pytest.mark.parametrize(("call", "name", "arrays"), CASES)
def test_every_dtype_and_layout(call: Any, name: str, arrays: list[str], request: Any) -> None:
    id_ = request.node.callspec.id
    given = {array: COLOUR if "jitter" in id_ else ARRAYS[array] for array in arrays}
    drawn = "Display" in id_  # takes long
    if drawn:
        given = {array: a if array == "image" else a[:3] for array, a in given.items()}
    plain = given[name]
    expected = answer(call, given)
    off = 1.0 if "Resizer" in id_ else 1e-5  # bytes are answered in bytes
    for dtype in DTYPES[4 if drawn else 0 :: 3 if drawn else 1]:
        variant = plain.astype(dtype)
        if np.array_equal(variant, plain):  # else they are other numbers
            check(call, name, given | {name: variant}, expected, off)
    for layout in LAYOUTS[3:] if drawn else LAYOUTS:
        if layout is not series or plain.ndim == 1:
            check(call, name, given | {name: layout(plain)}, expected, off)


@pytest.mark.parametrize(("call", "name", "arrays"), CASES)
def test_masked_elements_are_refused(call: Any, name: str, arrays: list[str], request: Any) -> None:
    given = {
        array: COLOUR if "jitter" in request.node.callspec.id else ARRAYS[array] for array in arrays
    }
    masked = np.ma.array(given[name])
    answer(call, given | {name: masked})
    masked[(0,) * masked.ndim] = np.ma.masked
    with pytest.raises(ValueError, match=r"must have no masked elements; got 1; fill them"):
        answer(call, given | {name: masked})


def test_masks() -> None:
    mask = PICTURES > 127
    white = mask * np.uint8(255)
    for call in (
        inspection.picture_properties,
        pre.NumberCropper(image_size=(6, 6)).fit_transform,
    ):
        assert_same(answer(call, {_first(call): mask}), answer(call, {_first(call): white}), 1e-5)


def _first(call: Callable[..., Any]) -> str:
    return next(iter(inspect.signature(call).parameters))
