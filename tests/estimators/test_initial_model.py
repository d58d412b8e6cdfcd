"""Trainings that begin with the weights of another model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold

from sksvhn import (
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
    Training,
    load,
)

from ._pictures import bar_numbers

X, Y = bar_numbers(24)
SMALL: dict[str, Any] = {
    "channels": ((4,), (6,)),
    "normalization": None,
    "max_epochs": 1,
    "batch_size": 8,
    "n_views": 1,
}
# Too small a rate to change what is read.
STILL: dict[str, Any] = {"lr": 1e-9}


@pytest.fixture(scope="module")
def fitted() -> SVHNSequenceClassifier:
    return SVHNSequenceClassifier(**SMALL, random_state=0).fit(X, Y)


@pytest.fixture
def path(fitted: SVHNSequenceClassifier, tmp_path: Path) -> Path:
    fitted.save(tmp_path / "start.sksvhn")
    return tmp_path / "start.sksvhn"


def started(path: Path, **params: Any) -> SVHNSequenceClassifier:
    training = Training(initial_model=path)
    clf = SVHNSequenceClassifier(**SMALL | STILL, training=training, random_state=1)
    return clf.set_params(**params)


def test_begins_with_what_the_model_reads(fitted: SVHNSequenceClassifier, path: Path) -> None:
    clf = clone(started(path)).fit(X, Y)
    for ours, theirs in zip(clf.predict_factors(X), fitted.predict_factors(X), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_other_characters_and_lengths_keep_what_fits(
    fitted: SVHNSequenceClassifier, path: Path
) -> None:
    clf = started(path, alphabet="A9876543210", max_length=fitted.max_length_ + 2).fit(X, Y)
    ours, theirs = clf.predict_factors(X).positions, fitted.predict_factors(X).positions
    order = [clf.alphabet_.index(c) for c in fitted.alphabet_]
    ours = ours[:, : fitted.max_length_, order]
    ours, theirs = (p / p.sum(axis=2, keepdims=True) for p in (ours, theirs))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_grey_weights_see_a_grey_picture_alike_in_colour(
    fitted: SVHNSequenceClassifier, path: Path
) -> None:
    colour = np.repeat(X[..., None], 3, axis=3)
    clf = started(path).fit(colour, Y)
    np.testing.assert_allclose(clf.confidence(colour), fitted.confidence(X), atol=1e-3)


def test_digits_begin_with_the_convolutions_of_numbers(path: Path) -> None:
    first = np.array([number[0] for number in Y])
    params: dict[str, Any] = SMALL | STILL
    clf = SVHNCNNClassifier(**params, training=Training(initial_model=path)).fit(X, first)
    for name, weight in load(path).module_.features.trunk.state_dict().items():
        np.testing.assert_allclose(clf.module_.features.trunk.state_dict()[name], weight, atol=1e-6)


def test_digits_keep_what_they_know_of_each_label(tmp_path: Path) -> None:
    first = np.array([int(number[0]) for number in Y])
    known = SVHNCNNClassifier(**SMALL, random_state=0).fit(X, first)
    known.save(tmp_path / "digits.sksvhn")
    training = Training(initial_model=tmp_path / "digits.sksvhn")
    # 0 becomes 10, whose code is the last one; the other codes move, and one label is left out.
    kept = first != 5
    labels = np.where(first == 0, 10, first)[kept]
    clf = SVHNCNNClassifier(**SMALL | STILL, training=training, random_state=1)
    clf.fit(X[kept], labels)
    both = [label for label in clf.classes_ if label in known.classes_]
    assert len(both) >= 3
    for name, weight in clf.module_.output.state_dict().items():
        theirs = known.module_.output.state_dict()[name]
        np.testing.assert_allclose(
            weight[np.searchsorted(clf.classes_, both)],
            theirs[np.searchsorted(known.classes_, both)],
            atol=1e-6,
        )


@pytest.mark.parametrize("ema_decay", [0.0, 0.998])
def test_the_initial_model_keeps_its_share(
    ema_decay: float, fitted: SVHNSequenceClassifier, path: Path
) -> None:
    def trained(share: float) -> dict[str, torch.Tensor]:
        clf = started(path, lr=0.05, max_epochs=3)
        clf.set_params(training__initial_share=share, training__ema_decay=ema_decay)
        weights: dict[str, torch.Tensor] = clf.fit(X, Y).module_.state_dict()
        return weights

    start, alone, mixed = fitted.module_.state_dict(), trained(0.0), trained(0.75)
    for name, weight in mixed.items():
        expected = 0.75 * start[name] + 0.25 * alone[name]
        np.testing.assert_allclose(weight, expected, atol=1e-5, err_msg=name)


def test_weights_by_chance_keep_no_share(path: Path, fitted: SVHNSequenceClassifier) -> None:
    longer = {"max_length": fitted.max_length_ + 1, "lr": 0.05}
    mixed, alone = (
        started(path, **longer, training__initial_share=share).fit(X, Y).module_.length.weight
        for share in (0.75, 0.0)
    )
    torch.testing.assert_close(mixed, alone)


def test_attention_looks_at_the_same_places_of_pictures_of_another_size(
    path: Path, tmp_path: Path
) -> None:
    start = load(path)
    place = start.module_.features.attention.place
    with torch.no_grad():  # the left half, and nothing else
        place.copy_(torch.where(torch.arange(place.shape[2]) < place.shape[2] // 2, 0.0, -9.0))
    start.save(tmp_path / "left.sksvhn")
    wide = np.repeat(X, 2, axis=2)
    clf = started(tmp_path / "left.sksvhn").fit(wide, Y)
    ours = clf.module_.features.attention.place
    assert ours.shape[2] > place.shape[2]
    assert (ours[..., : ours.shape[2] // 4] > -1).all()
    assert (ours[..., -ours.shape[2] // 4 :] < -8).all()


def test_a_search_compares_beginnings(path: Path) -> None:
    grid = {"training__initial_model": [None, str(path)]}
    search = GridSearchCV(
        SVHNSequenceClassifier(**SMALL | STILL, random_state=1),
        grid,
        cv=KFold(2),
        error_score="raise",
    )
    assert len(search.fit(X, Y).cv_results_["params"]) == 2


def test_a_saved_model_does_not_say_where_the_other_was(path: Path, tmp_path: Path) -> None:
    started(path).fit(X, Y).save(tmp_path / "later.sksvhn")
    assert load(tmp_path / "later.sksvhn").training.initial_model is None


@pytest.mark.parametrize(
    "params",
    [
        {"channels": ((5,), (6,))},
        {"channels": ((4,), (6,), (6,))},
        {"activation": "leaky_relu"},
        {"normalization": "batch"},
        {"architecture__stem": (5, 1)},
        {"architecture__pooling": "average"},
    ],
    ids=str,
)
def test_other_convolutions_are_refused(path: Path, params: dict[str, Any]) -> None:
    clf = started(path, **params)
    with pytest.raises(ValueError, match="initial_model must have the convolutions") as told:
        clf.fit(X, Y)
    advice = re.search(r"call set_params\((.*)\)\.$", str(told.value))
    assert advice is not None
    clf.set_params(**eval(f"dict({advice[1]})")).fit(X, Y)  # as a user would copy it


def test_models_without_convolutions_are_refused(tmp_path: Path) -> None:
    first = [number[0] for number in Y]
    mlp = SVHNMLPClassifier(hidden_layer_sizes=(4,), max_epochs=1).fit(X, first)
    mlp.save(tmp_path / "mlp.sksvhn")
    with pytest.raises(ValueError, match="pass a model that has convolutions"):
        started(tmp_path / "mlp.sksvhn").fit(X, Y)


def test_models_without_a_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        started(tmp_path / "none.sksvhn").fit(X, Y)
    first = [number[0] for number in Y]
    SVHNLogisticRegression().fit(X, first).save(tmp_path / "logistic.sksvhn")
    with pytest.raises(ValueError, match="must be a model with a network"):
        started(tmp_path / "logistic.sksvhn").fit(X, Y)
