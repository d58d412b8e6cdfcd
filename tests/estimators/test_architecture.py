"""Constructor parameters as networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sksvhn import (
    Architecture,
    PositionwiseClassifier,
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
    Training,
)

from ._published import published

# Weights, running statistics.
PUBLISHED_COUNTS = {
    "A1": (8_673_786, 0),
    "A2": (8_695_610 - 2 * 5456, 2 * 5456),
    "B2": (306_938, 0),
    "E1": (68_010, 0),
    "E2": (310_250 - 64, 64),
    "E3": (267_306, 0),
    "E4": (164_362 - 192, 192),
    "B1": (455_051, 0),
}


def pictures(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, *shape), dtype=np.uint8)


@pytest.mark.parametrize("name", ["A1", "A2", "B2", "E1", "E2", "E3", "E4"])
def test_published_digit_networks_have_their_weights(name: str) -> None:
    clf = published.published_digit_networks(20)[name].set_params(max_epochs=1, random_state=0)
    X = pictures(32, 32, 3) if name == "B2" else pictures(32, 32)
    summary = clf.fit(X, np.arange(20) % 10).summary()
    assert (summary.n_weights, summary.n_statistics) == PUBLISHED_COUNTS[name]


NUMBERS = published.published_number_networks(20)


@pytest.mark.parametrize("name", NUMBERS)
def test_published_number_networks_learn_and_answer(name: str) -> None:
    shape = {"B1": (28, 140), "D1": (64, 64, 3)}.get(name, (32, 32))
    X, y = pictures(*shape), np.array([f"{i * i * 37}" for i in range(20)])
    clf = NUMBERS[name].set_params(max_epochs=1, random_state=0).fit(X, y)
    np.testing.assert_allclose(clf.predict_factors(X).length.sum(axis=1), 1)
    assert clf.predict(X).shape == (20,)
    if name in PUBLISHED_COUNTS:
        assert clf.summary().n_weights == PUBLISHED_COUNTS[name][0]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"channels": (32, 64)}, r"channels must hold stages.* got \(32, 64\)"),
        ({"channels": ((32.5,),)}, "channels"),
        ({"channels": ((True,),)}, "channels"),
        ({"channels": ((16,), ())}, "channels"),
        ({"channels": ()}, "head='attention'"),
        ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes"),
        (
            {"architecture__kernel_size": (3,)},
            "kernel_size must be one value or one per stage: 2 in all; got 1 values",
        ),
        ({"architecture__kernel_size": (3, 0)}, "kernel_size"),
        ({"architecture__stem": (5,)}, "stem"),
        ({"architecture__stem": (5, 0)}, "stem"),
        ({"architecture__pooling": ("max", "median")}, "'median'"),
        ({"normalization": ("batch", None, None)}, "per stage and then one per hidden layer: 2"),
        ({"normalization": ("batch", "layer")}, "'layer'"),
        ({"dropout": (0.1, 1.0)}, "dropout"),
        ({"dropout": ("0.1", 0)}, "dropout"),
    ],
)
def test_bad_layers_are_refused_in_a_sentence(params: dict[str, Any], message: str) -> None:
    clf = SVHNCNNClassifier().set_params(**{"channels": ((8,), (8,)), "max_epochs": 1} | params)
    with pytest.raises(ValueError, match=message):
        clf.fit(pictures(16, 16), np.arange(20) % 2)


def test_a_value_for_each_layer() -> None:
    X, y = pictures(16, 16), np.arange(20) % 2
    clf = SVHNCNNClassifier(
        channels=((4, 4), (8,)),
        hidden_layer_sizes=(6, 5),
        architecture=Architecture(
            kernel_size=(5, 3),
            stem=None,
            head="dense",
            pooling=("average", None),
            normalization_position="after_activation",
        ),
        normalization=("lrn", None, "batch", "group"),
        activation="gelu",
        dropout=(0.1, 0, 0, 0.2),
        max_epochs=1,
    ).fit(X, y)
    assert clf.summary().layers["layer"].tolist() == [
        "input",
        *("Conv2d 5x5", "GELU", "LocalResponseNorm") * 2,
        *("AvgPool2d", "Dropout 0.1", "Conv2d 3x3", "GELU"),
        *("Linear", "GELU", "BatchNorm1d", "Linear", "GELU", "GroupNorm", "Dropout 0.2", "Linear"),
    ]


def test_normalization_behind_a_last_stage_that_is_not_pooled() -> None:
    clf = SVHNCNNClassifier(
        channels=((4,), (8,)),
        architecture=Architecture(normalization_position="after_pool"),
        max_epochs=1,
    ).fit(pictures(16, 16), np.arange(20) % 2)
    assert clf.summary().layers["layer"].tolist().count("BatchNorm2d") == 2


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "gelu", "tanh", "logistic"])
def test_activations(activation: str) -> None:
    clf = SVHNMLPClassifier(hidden_layer_sizes=(4,), activation=activation, max_epochs=1)
    layers = clf.fit(pictures(4, 4), np.arange(20) % 2).summary().layers["layer"]
    names = {
        "relu": "ReLU",
        "leaky_relu": "LeakyReLU",
        "gelu": "GELU",
        "tanh": "Tanh",
        "logistic": "Sigmoid",
    }
    assert layers[3] == names[activation]


def test_width_of_tiles_is_made_to_fit() -> None:
    X, y = pictures(20, 33), np.array(["12345"] * 20)
    clf = SVHNSequenceClassifier(
        architecture=Architecture(head="tiles"), channels=((4,),), max_epochs=1
    ).fit(X, y)
    assert clf.summary().layers["output"][0] == "20 x 35 x 1"
    assert clf.predict(X).shape == (20,)


@pytest.mark.parametrize(
    "kind",
    [
        PositionwiseClassifier,
        SVHNCNNClassifier,
        SVHNLogisticRegression,
        SVHNMLPClassifier,
        SVHNSequenceClassifier,
    ],
)
def test_constructors_are_short(kind: Any) -> None:
    assert len(kind._get_param_names()) <= 28


def test_settings_are_reached_one_by_one() -> None:
    clf = SVHNCNNClassifier()
    before = clf.get_params()
    assert before["architecture"] is None
    assert before["architecture__kernel_size"] == 3
    assert before["training__ema_decay"] == 0.998
    clf.set_params(architecture__kernel_size=5, training__ema_decay=0)
    assert clf.architecture.get_params() == Architecture(kernel_size=5).get_params()
    assert repr(clf.training) == "Training(ema_decay=0)"
    # Others of its kind keep their defaults.
    assert SVHNCNNClassifier().get_params() == before
    copied = clone(clf)
    assert copied.architecture is not clf.architecture
    assert repr(copied) == repr(clf)
    assert copied.set_params(architecture=None).get_params()["architecture__kernel_size"] == 3
    both = {"architecture": None, "architecture__stem": None}
    assert copied.set_params(**both).architecture.stem is None
    with pytest.raises(ValueError, match="Invalid parameter 'kernel' for estimator Architecture"):
        clf.set_params(architecture__kernel=5)


def test_a_search_reaches_settings() -> None:
    X, y = pictures(12, 12), np.arange(20) % 2
    clf = SVHNCNNClassifier(channels=((4,),), max_epochs=1, random_state=0)
    grid = {"architecture__kernel_size": np.array([1, 3]), "training__momentum": [0.5]}
    search = GridSearchCV(clf, grid, cv=2, error_score="raise").fit(X, y)
    best = search.best_estimator_
    assert best.architecture.kernel_size == search.best_params_["architecture__kernel_size"]


@pytest.mark.parametrize(
    ("clf", "message"),
    [
        (
            SVHNCNNClassifier(architecture=Architecture(head="tiles")),
            "The 'head' parameter of the architecture of SVHNCNNClassifier must be a str among",
        ),
        (
            SVHNCNNClassifier(architecture=Architecture(blank_class=True)),
            "architecture__blank_class must be False in SVHNCNNClassifier",
        ),
        (
            SVHNMLPClassifier(architecture=Architecture(stem=None)),
            r"architecture__stem must be \(5, 2\) in SVHNMLPClassifier",
        ),
        (
            SVHNMLPClassifier(architecture=Architecture(normalization_position="after_pool")),
            "The 'normalization_position' parameter of the architecture of SVHNMLPClassifier",
        ),
        (
            SVHNSequenceClassifier(training=Training(amp="no")),
            "The 'amp' parameter of the training of SVHNSequenceClassifier must be",
        ),
        (
            SVHNSequenceClassifier(training=Architecture()),
            "The 'training' parameter of SVHNSequenceClassifier must be an instance of",
        ),
    ],
)
def test_bad_settings_are_refused_in_a_sentence(clf: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        clf.fit(pictures(16, 16), np.arange(20) % 2)
