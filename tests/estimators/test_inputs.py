"""Every estimator on every kind of array: what it reads depends on the pixels alone."""

from __future__ import annotations

from collections import deque
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

from sksvhn import (
    PositionwiseClassifier,
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
    VotingReader,
)

from .._promised import BOUND
from ._pictures import bar_numbers

IMAGES, NUMBERS = bar_numbers(48)
LABELS = np.array([number[0] for number in NUMBERS])
SMALL: dict[str, Any] = {"max_epochs": 2, "batch_size": 16, "random_state": 0}
NEURAL = [
    SVHNMLPClassifier(hidden_layer_sizes=(8,), **SMALL),
    SVHNCNNClassifier(channels=((4,),), hidden_layer_sizes=(8,), **SMALL),
    SVHNSequenceClassifier(channels=((4,), (8,)), **SMALL),
]
ESTIMATORS = [
    SVHNLogisticRegression(),
    PositionwiseClassifier(SVHNLogisticRegression()),
    PositionwiseClassifier(LogisticRegression(max_iter=1000)),
    *NEURAL,
]
VOTING = VotingReader([PositionwiseClassifier(SVHNLogisticRegression())])
READERS = [*ESTIMATORS, VOTING]
CODES = LABELS.astype(int)


def name(estimator: Any) -> str:
    inner = getattr(estimator, "estimator", None)
    return type(estimator).__name__ + (f"({type(inner).__name__})" if inner else "")


@cache
def fitted_on(index: int, dtype: str = "u1", *, with_codes: bool = False) -> Any:
    """One of `READERS`, fitted once for all tests that only ask it."""
    y = CODES if with_codes else LABELS
    return clone(READERS[index]).fit(IMAGES.astype(dtype), y)


@pytest.fixture(params=range(len(ESTIMATORS)), ids=list(map(name, ESTIMATORS)))
def fitted(request: Any) -> Any:
    return fitted_on(request.param)


def f_order(X: NDArray[Any]) -> NDArray[Any]:
    return np.asfortranarray(X)


def strided(X: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(X, 2, axis=2)[:, :, ::2]


def reversed_(X: NDArray[Any]) -> NDArray[Any]:
    return X[::-1, ::-1].copy()[::-1, ::-1]


def read_only(X: NDArray[Any]) -> NDArray[Any]:
    X = X.copy()
    X.flags.writeable = False
    return X


def swapped(X: NDArray[Any]) -> NDArray[Any]:
    return X.astype(X.dtype.newbyteorder())


LAYOUTS = [f_order, strided, reversed_, read_only, swapped, list, torch.tensor, deque]
DTYPES = ["u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "O"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(fitted: Any, dtype: str) -> None:
    X = IMAGES[:8].astype(dtype)
    before = X.copy()
    expected = fitted.predict_proba(IMAGES[:8])
    np.testing.assert_allclose(fitted.predict_proba(X), expected, atol=1e-5)
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
@pytest.mark.parametrize("dtype", ["u1", "f4", "f8"])
def test_layouts(fitted: Any, layout: Any, dtype: str) -> None:
    X = layout(IMAGES[:8].astype(dtype))
    before = np.asarray(X).copy()
    expected = fitted.predict_proba(IMAGES[:8])
    np.testing.assert_allclose(fitted.predict_proba(X), expected, atol=1e-5)
    np.testing.assert_array_equal(np.asarray(X), before)


def test_memory_maps(fitted: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", IMAGES[:8])
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    expected = fitted.predict_proba(IMAGES[:8])
    np.testing.assert_allclose(fitted.predict_proba(X), expected, atol=1e-6)


@pytest.mark.parametrize("index", range(len(ESTIMATORS)), ids=list(map(name, ESTIMATORS)))
@pytest.mark.parametrize("layout", [f_order, strided, reversed_, read_only, swapped])
def test_fit_leaves_every_layout_as_it_is(index: int, layout: Any) -> None:
    X = layout(IMAGES.astype("f4"))
    before = X.copy()
    clf = clone(ESTIMATORS[index]).fit(X, LABELS)
    np.testing.assert_array_equal(X, before)
    expected = fitted_on(index, "f4").predict_proba(before)
    np.testing.assert_allclose(clf.predict_proba(X), expected, atol=1e-5)


@pytest.mark.parametrize("dtype", ["u1", "f4", "f8"])
def test_each_picture_is_read_as_among_others(fitted: Any, dtype: str) -> None:
    X = IMAGES[:9].astype(dtype)
    X[4] //= 4
    together = fitted.predict_proba(X)
    alone = np.concatenate([fitted.predict_proba(X[i : i + 1]) for i in range(len(X))])
    np.testing.assert_allclose(alone, together, atol=1e-5)


@pytest.fixture(params=range(len(ESTIMATORS)), ids=list(map(name, ESTIMATORS)))
def on_scale(request: Any) -> Any:
    return fitted_on(request.param, "f4")


def test_a_dark_picture_is_read_alone_as_among_others(on_scale: Any) -> None:
    X = IMAGES[:3].astype("f4")
    X[1] *= np.float32(0.003)
    with pytest.warns(UserWarning, match="1 of 3 pictures are almost black"):
        together = on_scale.predict_proba(X)
    with pytest.warns(UserWarning, match="1 of 1 pictures are almost black"):
        alone = on_scale.predict_proba(X[1:2])
    np.testing.assert_allclose(alone[0], together[1], rtol=0, atol=BOUND)
    np.testing.assert_allclose(
        on_scale.predict_proba(X[[0, 2]]), together[[0, 2]], rtol=0, atol=BOUND
    )


def test_masks(on_scale: Any) -> None:
    mask = IMAGES[:8] > 100
    np.testing.assert_array_equal(
        on_scale.predict_proba(mask), on_scale.predict_proba(mask * np.float32(255))
    )
    for dtype in ("u1", "i8", "f4", "f8"):
        with pytest.warns(UserWarning, match="8 of 8 pictures are almost black"):
            on_scale.predict(mask.astype(dtype))


def test_sixteen_bits(on_scale: Any) -> None:
    with pytest.raises(ValueError, match="white was 255; divide X by 257"):
        on_scale.predict(IMAGES[:8].astype("u2") * 257)


def test_blank_pictures(on_scale: Any) -> None:
    with pytest.warns(UserWarning, match="Every picture of X is blank"):
        on_scale.predict(np.zeros((2, 16, 16), np.uint8))
    on_scale.predict(np.zeros((1, 16, 16), np.uint8))


@pytest.mark.parametrize("estimator", NEURAL, ids=name)
def test_training_goes_on_with_the_same_scale_alone(estimator: Any) -> None:
    clf = clone(estimator).set_params(warm_start=True).fit(IMAGES, LABELS)
    expected = clf.predict_proba(IMAGES)
    wrong = (IMAGES / 255).astype("f4")
    for go_on in (
        lambda: clf.fit(wrong, LABELS),
        lambda: clf.partial_fit(wrong, LABELS),
        lambda: clf.fit(IMAGES, LABELS, X_val=wrong, y_val=LABELS),
    ):
        with pytest.raises(ValueError, match="white was 255; multiply X by 255"):
            go_on()
        np.testing.assert_array_equal(clf.predict_proba(IMAGES), expected)
    streamed = clone(estimator).partial_fit(wrong, LABELS, classes=np.unique(LABELS))
    with pytest.raises(ValueError, match="white was 1; divide X by 255"):
        streamed.partial_fit(IMAGES, LABELS)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=name)
@pytest.mark.parametrize("scaler", [MinMaxScaler(), MaxAbsScaler(), StandardScaler()], ids=name)
def test_scaling_by_columns_before(estimator: Any, scaler: Any) -> None:
    scores = cross_val_score(
        make_pipeline(scaler, estimator),
        IMAGES.reshape(len(IMAGES), -1),
        LABELS,
        cv=2,
        error_score="raise",
    )
    assert len(scores) == 2


def test_shapes_of_pictures_that_are_flattened() -> None:
    images = IMAGES[:, :, :12]
    clf = PositionwiseClassifier(LogisticRegression(max_iter=1000)).fit(images, LABELS)
    assert clf.image_shape_ == (16, 12, 1)
    for other in (images.transpose(0, 2, 1), images.reshape(-1, 8, 24)):
        with pytest.raises(ValueError, match=r"must hold pictures of shape \(16, 12, 1\)"):
            clf.predict(other)
    rows = clf.predict(images.reshape(len(images), -1))
    np.testing.assert_array_equal(clf.predict(images[..., None]), rows)


@pytest.mark.parametrize("estimator", READERS, ids=name)
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (-1.0, "Negative values in data passed to `sample_weight`"),
        (np.nan, "Input sample_weight contains NaN"),
        (np.inf, "Input sample_weight contains infinity"),
    ],
)
def test_weights_that_are_refused(estimator: Any, weight: float, message: str) -> None:
    weights = np.ones(len(LABELS))
    weights[3] = weight
    with pytest.raises(ValueError, match=message):
        clone(estimator).fit(IMAGES, LABELS, sample_weight=weights)


def at_three(values: Any, missing: Any) -> list[Any]:
    return [*values[:3], missing, *values[4:]]


MISSING = {
    "None among strings": at_three(LABELS.tolist(), None),
    "NaN among strings": at_three(LABELS.tolist(), np.nan),
    "NA among strings": at_three(LABELS.tolist(), pd.NA),
    "NaN among floats": at_three(CODES.tolist(), np.nan),
    "None among integers": at_three(CODES.tolist(), None),
    "string": pd.Series(at_three(LABELS.tolist(), None), dtype="string"),
    "str": pd.Series(at_three(LABELS.tolist(), None)),
    "Int64": pd.Series(at_three(CODES.tolist(), None), dtype="Int64"),
    "boolean": pd.Series(at_three([code > 1 for code in CODES], None), dtype="boolean"),
    "category": pd.Series(at_three(LABELS.tolist(), None), dtype="category"),
    "category of integers": pd.Series(at_three(CODES.tolist(), None)).astype("category"),
}


@pytest.mark.parametrize("estimator", READERS, ids=name)
@pytest.mark.parametrize("labels", MISSING.values(), ids=MISSING.keys())
def test_missing_labels(estimator: Any, labels: Any) -> None:
    missing = (
        r"contains NaN, None or infinity: element 3 is (nan|None|<NA>)\. Drop pictures without"
    )
    with pytest.raises(ValueError, match=f"Input y {missing}"):
        clone(estimator).fit(IMAGES, labels)
    if estimator in NEURAL:
        known = ~pd.isna(pd.Series(labels)).to_numpy()
        y = np.asarray(pd.Series(labels)[known].tolist())
        with pytest.raises(ValueError, match=f"Input y_val {missing}"):
            clone(estimator).fit(IMAGES[known], y, X_val=IMAGES, y_val=labels)


FORMS: dict[str, tuple[Any, str]] = {
    "Int64": (pd.Series(CODES, dtype="Int64"), "iu"),
    "UInt8": (pd.Series(CODES, dtype="UInt8"), "iu"),
    "integers as objects": (CODES.astype(object), "iuO"),
    "category of integers": (pd.Series(CODES).astype("category"), "iu"),
    "string": (pd.Series(LABELS, dtype="string"), "OU"),
    "str": (pd.Series(LABELS), "OU"),
    "category": (pd.Series(LABELS).astype("category"), "OU"),
}


@pytest.mark.parametrize("index", range(len(READERS)), ids=list(map(name, READERS)))
@pytest.mark.parametrize(("labels", "kinds"), FORMS.values(), ids=FORMS.keys())
def test_labels_of_pandas(index: int, labels: Any, kinds: str) -> None:
    plain = LABELS if "U" in kinds else CODES
    clf = clone(READERS[index]).fit(IMAGES, labels)
    same = fitted_on(index, with_codes="U" not in kinds)
    read = clf.predict(IMAGES)
    assert read.dtype.kind in kinds
    np.testing.assert_array_equal(read, same.predict(IMAGES))
    assert {type(label) for label in read.tolist()} == {str if "U" in kinds else int}
    np.testing.assert_array_equal(clf.classes_, same.classes_)
    if labels.dtype != object or isinstance(labels, pd.Series):  # scikit-learn's scores take none
        assert clf.score(IMAGES, labels) == same.score(IMAGES, plain)


@pytest.mark.parametrize("estimator", READERS, ids=name)
def test_labels_of_several_types(estimator: Any) -> None:
    with pytest.raises(ValueError, match=r"y must hold (labels of one type; got|strings or int)"):
        clone(estimator).fit(IMAGES, np.array([1, *LABELS[1:]], dtype=object))


@pytest.mark.parametrize("estimator", [*ESTIMATORS, VOTING], ids=name)
def test_masked_elements_are_refused(estimator: Any) -> None:
    X, y, weight = (np.ma.array(values) for values in (IMAGES, LABELS.astype(int), np.ones(48)))
    clf = clone(estimator).fit(X, y, sample_weight=weight)
    for values in (X, y, weight):
        values[values == values.ravel()[0]] = np.ma.masked
        with pytest.raises(ValueError, match="must have no masked elements"):
            clone(estimator).fit(X, y, sample_weight=weight)
        values.mask = False
    X[0, 0, 0] = np.ma.masked
    with pytest.raises(ValueError, match="X must have no masked elements; got 1"):
        clf.predict(X)


@pytest.mark.parametrize("estimator", [*ESTIMATORS, VOTING], ids=name)
def test_what_is_no_array_of_numbers_is_refused(estimator: Any) -> None:
    clf = clone(estimator).fit(IMAGES, LABELS)
    for dtype in ("M8[s]", "m8[s]"):
        with pytest.raises(ValueError, match="X must hold numbers; got dtype"):
            clf.predict(IMAGES.astype(dtype))
    for tensor in (torch.tensor(IMAGES * 1.0, requires_grad=True), torch.tensor(IMAGES).bfloat16()):
        with pytest.raises(TypeError, match="X must be an array of numbers; got a Tensor"):
            clf.predict(tensor)
    with pytest.raises(ValueError, match=r"1 picture|one picture"):
        clf.predict(IMAGES[:0])
    with pytest.raises(ValueError, match=r"white was 255; pass pixels from 0 to 255\.$"):
        clf.predict(IMAGES * 1e15)


@pytest.mark.parametrize("estimator", NEURAL, ids=name)
@pytest.mark.parametrize("scale", [2.0**100, 2.0**-100])
def test_only_ratios_of_weights_count(estimator: Any, scale: float) -> None:
    weight = np.random.default_rng(0).uniform(1, 3, len(IMAGES))
    probability = [
        clone(estimator).fit(IMAGES, LABELS, sample_weight=w).predict_factors(IMAGES).length
        if hasattr(estimator, "predict_factors")
        else clone(estimator).fit(IMAGES, LABELS, sample_weight=w).predict_proba(IMAGES)
        for w in (weight, weight * scale)
    ]
    np.testing.assert_array_equal(*probability)
