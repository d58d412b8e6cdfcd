"""Generators, maps and views of dicts: they work, or a sentence says what to pass."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
import pytest

from sksvhn import (
    PositionwiseClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
    datasets,
    inspection,
    metrics,
    model_selection,
    preprocessing,
)

from .estimators._pictures import bar_numbers

X, Y = bar_numbers(20)
DIGITS = np.array([number[0] for number in Y])
ONES = np.ones(len(Y))
FORMS: dict[str, Callable[[Any], Any]] = {
    "generator": lambda values: (value for value in values),
    "map": lambda values: map(copy, values),
    "values of a dict": lambda values: dict(enumerate(values)).values(),
}


def sequence() -> SVHNSequenceClassifier:
    return SVHNSequenceClassifier(channels=((4,),), max_epochs=1, n_views=1, random_state=0)


def mlp() -> SVHNMLPClassifier:
    return SVHNMLPClassifier(hidden_layer_sizes=4, max_epochs=1)


@pytest.fixture(scope="module")
def reader() -> SVHNSequenceClassifier:
    return sequence().fit(X, Y)


# Name, values, and what is called with the reader and a form of them.
CASES: dict[str, tuple[str, Any, Callable[[Any, Any], Any]]] = {
    "fit X": ("X", X, lambda reader, X: sequence().fit(X, Y)),
    "fit y": ("y", Y, lambda reader, y: sequence().fit(X, y)),
    "fit weights": ("sample_weight", ONES, lambda reader, w: sequence().fit(X, Y, w)),
    "fit digits": ("y", DIGITS, lambda reader, y: mlp().fit(X, y)),
    "classes": ("classes", list("0123"), lambda reader, c: mlp().partial_fit(X, DIGITS, classes=c)),
    "logistic X": ("X", X, lambda reader, X: SVHNLogisticRegression().fit(X, DIGITS)),
    "logistic y": ("y", DIGITS, lambda reader, y: SVHNLogisticRegression().fit(X, y)),
    "positionwise X": (
        "X",
        X,
        lambda reader, X: PositionwiseClassifier(SVHNLogisticRegression()).fit(X, Y),
    ),
    "callbacks": (
        "callbacks",
        [],
        lambda reader, c: mlp().set_params(callbacks=c).fit(X, DIGITS),
    ),
    "sizes": (
        "hidden_layer_sizes",
        [4],
        lambda reader, s: mlp().set_params(hidden_layer_sizes=s).fit(X, DIGITS),
    ),
    "predict": ("X", X, lambda reader, X: reader.predict(X)),
    "score": ("y", Y, lambda reader, y: reader.score(X, y)),
    "candidates": (
        "candidates",
        [["1", "2"]] * 20,
        lambda reader, c: reader.rank_candidates(X, c),
    ),
    "prior": (
        "prior",
        [[1, 2]] * 20,
        lambda reader, p: reader.rank_candidates(X, [["1", "2"]] * 20, p),
    ),
    "read": ("pictures", list(X), lambda reader, pictures: reader.read(pictures)),
    "boxes": ("boxes", [None] * 20, lambda reader, boxes: reader.read(list(X), boxes=boxes)),
    "y_true": ("y_true", Y, lambda reader, y: metrics.sequence_accuracy_score(y, Y)),
    "confidence": (
        "confidence",
        ONES,
        lambda reader, c: metrics.coverage_at_accuracy_score(Y, Y, c),
    ),
    "groups": (
        "groups",
        range(20),
        lambda reader, g: list(model_selection.NumberKFold(2).split(X, Y, g)),
    ),
    "split": (
        "groups",
        range(20),
        lambda reader, g: model_selection.train_validation_test_split(X, Y, groups=g),
    ),
    "values": ("values", range(20), lambda reader, v: inspection.accuracy_by(v, Y, Y)),
    "properties": ("images", list(X), lambda reader, v: inspection.picture_properties(v)),
    "labels": (
        "labels",
        DIGITS,
        lambda reader, y: datasets.make_digit_sequences(X, y, n_samples=1),
    ),
    "size": (
        "image_size",
        (16, 16),
        lambda reader, s: datasets.make_street_numbers(1, image_size=s),
    ),
    "margin": (
        "margin",
        (0.0, 0.1),
        lambda reader, m: datasets.make_street_numbers(1, image_size=(16, 16), margin=m),
    ),
    "cropper": (
        "X",
        list(X),
        lambda reader, pictures: preprocessing.NumberCropper().fit_transform(pictures),
    ),
    "jitter": (
        "images",
        np.stack([X] * 3, axis=-1),
        lambda reader, images: preprocessing.pca_color_jitter(images),
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES)
def test_what_is_iterable(case: str, form: str, reader: SVHNSequenceClassifier) -> None:
    name, values, call = CASES[case]
    call(reader, values)
    message = None
    try:
        call(reader, FORMS[form](values))
    except (TypeError, ValueError) as error:
        message = str(error)
    if message is not None:
        named = f"{name} " in message or f"'{name}'" in message or f"{name}=" in message
        assert named or message.startswith("y should be a 1d array")
        assert "has no len()" not in message
        assert "float() argument" not in message
