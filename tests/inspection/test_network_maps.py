"""Filters, feature maps, attention and saliency against what the network itself computes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sksvhn import (
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
)
from sksvhn.inspection import (
    _network_maps,
    activations,
    attention_maps,
    first_layer_filters,
    saliency_maps,
)

from ..estimators._pictures import bar_numbers

X, Y = bar_numbers(40)
DIGITS = np.array([int(number[0]) for number in Y])
FUNCTIONS = (first_layer_filters, activations, attention_maps, saliency_maps)


def reader(pictures: Any = X, **params: Any) -> SVHNSequenceClassifier:
    defaults = {"channels": ((4, 4), (6,)), "max_epochs": 3, "random_state": 0}
    return SVHNSequenceClassifier().set_params(**(defaults | params)).fit(pictures, Y)


@pytest.fixture(scope="module")
def clf() -> SVHNSequenceClassifier:
    return reader()


@pytest.fixture(scope="module")
def exact() -> SVHNSequenceClassifier:
    """Trained on float64 in colour, for derivatives by differences."""
    return reader(np.stack([X, X // 2, 255 - X], axis=3) / 255, max_epochs=15, batch_size=8)


@pytest.fixture(scope="module")
def mlp() -> SVHNMLPClassifier:
    return SVHNMLPClassifier(hidden_layer_sizes=(5,), max_epochs=2, random_state=0).fit(X, DIGITS)


def view_of(estimator: Any, pictures: Any) -> torch.Tensor:
    shaped = np.asarray(pictures).reshape(-1, *estimator.image_shape_)
    return estimator.net_.preparation.for_evaluation(shaped)


def look(function: Any, estimator: Any, pictures: Any) -> list[np.ndarray]:
    found = (
        function(estimator) if function is first_layer_filters else function(estimator, pictures)
    )
    return found if isinstance(found, list) else [found]


def test_filters_are_the_first_weights(clf: Any, exact: Any, mlp: Any) -> None:
    for estimator, channels in ((clf, 1), (exact, 3)):
        filters = first_layer_filters(estimator)
        assert filters.shape == (4, 5, 5, channels)
        weights = estimator.net_.module_.features.trunk[0].weight.detach().numpy()
        np.testing.assert_array_equal(filters, weights.transpose(0, 2, 3, 1))
        filters[:] = 0
        assert weights.any()
    # Of a fully connected network: the first unit's share is a product with the whole picture.
    filters = first_layer_filters(mlp)
    assert filters.shape == (5, 16, 16, 1)
    view = view_of(mlp, X[:3])
    expected = view.flatten(1) @ mlp.net_.module_.features.hidden[0].weight.detach().T
    products = np.einsum("nchw,khwc->nk", view.numpy(), filters)
    np.testing.assert_allclose(products, expected, rtol=1e-4, atol=1e-5)


def test_filters_of_tiles_are_as_wide_as_a_tile() -> None:
    tiles = reader(
        channels=(), architecture__stem=None, architecture__head="tiles", hidden_layer_sizes=(7,)
    )
    assert first_layer_filters(tiles).shape == (7, 16, 8, 1)


def test_activations_are_what_each_stage_hands_on(clf: Any, exact: Any) -> None:
    for estimator, pictures in ((clf, X[:3]), (exact, np.stack([X[:3]] * 3, axis=3) / 255)):
        first, second = activations(estimator, pictures)
        assert (first.shape, second.shape) == ((3, 4, 4, 4), (3, 6, 4, 4))
        trunk = estimator.net_.module_.features.trunk
        view = view_of(estimator, pictures)
        with torch.no_grad():
            # Two convolutions with their normalisation and activation, then the pool.
            np.testing.assert_array_equal(first, torch.nn.Sequential(*list(trunk)[:7])(view))
            np.testing.assert_array_equal(second, trunk(view))


def test_activations_of_tiles_stand_side_by_side() -> None:
    tiles = reader(architecture__head="tiles", architecture__blank_class=True)
    trunk = tiles.net_.module_.features.trunk
    view = view_of(tiles, X[:3])
    last = activations(tiles, X[:3])[-1]
    assert last.shape == (3, 6, 2, 2)
    with torch.no_grad():
        for tile in range(2):
            expected = trunk(view[..., 8 * tile : 8 * tile + 8])
            np.testing.assert_allclose(last[..., [tile]], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [16, 18])
def test_attention_is_a_share_of_each_place(size: int) -> None:
    # A cell of the grid is 4 pixels wide: 18 of them make 5 cells, the last half outside.
    pictures, _ = bar_numbers(40, size=size)
    clf = reader(pictures)
    maps = attention_maps(clf, pictures)
    assert maps.shape == (40, 3, size, size)
    assert maps.dtype == np.float32
    assert maps.min() >= 0
    np.testing.assert_allclose(maps.sum(axis=(2, 3)), 1, rtol=1e-5)
    features = clf.net_.module_.features
    with torch.no_grad():
        grid = features.attention.maps(features.trunk(view_of(clf, pictures))).numpy()
    # Linear interpolation between the centres of the cells, in y and in x.
    n_cells = grid.shape[2]
    assert n_cells == (4 if size == 16 else 5)
    places = np.clip((np.arange(size) + 0.5) / 4 - 0.5, 0, n_cells - 1)
    weights = np.maximum(1 - np.abs(places[:, None] - np.arange(n_cells)), 0)
    expected = weights @ grid @ weights.T
    expected /= expected.sum(axis=(2, 3), keepdims=True)
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-7)


def test_attention_without_length_and_of_single_digits() -> None:
    assert attention_maps(reader(architecture__blank_class=True, max_epochs=1), X[:2]).shape == (
        2,
        2,
        16,
        16,
    )
    cnn = SVHNCNNClassifier(channels=((4,), (6,)), max_epochs=1, random_state=0).fit(X, DIGITS)
    assert attention_maps(cnn, X[:2].reshape(2, -1)).shape == (2, 1, 16, 16)


@pytest.mark.parametrize("size", [16, 18, 24])
def test_attention_is_where_the_cell_is(size: int) -> None:
    # A cell of the grid is 4 pixels of the 16 or 18 that the network sees.
    pictures, _ = bar_numbers(40, size=size)
    clf = reader(pictures, architecture__input_size=18, max_epochs=1)
    attention = clf.net_.module_.features.attention
    n_cells = attention.place.shape[1]
    seen = min(size, 18)
    with torch.no_grad():
        attention.scores.weight.zero_()
        for row, column in ((0, 1), (n_cells - 1, n_cells - 2)):
            attention.place.zero_()
            attention.place[:, row, column] = 50
            for found in attention_maps(clf, pictures[:1])[0]:
                peak = np.array(np.unravel_index(found.argmax(), found.shape)) + 0.5
                assert (peak * seen / size // 4).tolist() == [row, column]


def test_saliency_is_the_derivative(exact: Any) -> None:
    pictures = np.stack([X[:4], X[:4] // 2, 255 - X[:4]], axis=3) / 255
    maps = saliency_maps(exact, pictures)
    assert maps.shape == (4, 3, 16, 16)
    assert maps.dtype == np.float64
    view = view_of(exact, pictures)
    texts = exact.predict(pictures)

    def log_p(sample: int, seen: torch.Tensor) -> np.ndarray:
        with torch.no_grad():
            length, characters = (
                out.log_softmax(dim=-1)[0].numpy() for out in exact.net_.module_(seen[None])
            )
        codes = [exact.alphabet_.index(character) for character in texts[sample]]
        read = [characters[i, code] for i, code in enumerate(codes)]
        return np.array([length[len(codes) - 1], *read, *[0.0] * (2 - len(codes))])

    step = 1e-5
    assert {len(text) for text in texts} == {1, 2}
    for sample, row, column in ((0, 3, 4), (1, 8, 8), (2, 12, 5), (3, 10, 11)):
        derivatives = []
        for channel in range(3):
            up, down = view[sample].clone(), view[sample].clone()
            up[channel, row, column] += step
            down[channel, row, column] -= step
            derivatives.append((log_p(sample, up) - log_p(sample, down)) / (2 * step))
        expected = np.abs(derivatives).max(axis=0)
        np.testing.assert_allclose(maps[sample, :, row, column], expected, rtol=1e-4, atol=1e-9)
        assert (maps[sample, 1 + len(texts[sample]) :] == 0).all()


def test_saliency_is_zero_where_the_input_cannot_matter(mlp: Any) -> None:
    blind = copy.deepcopy(mlp)
    weights = blind.net_.module_.features.hidden[0].weight
    with torch.no_grad():
        weights.view(5, 1, 16, 16)[..., 8:] = 0
    maps = saliency_maps(blind, X[:5])
    assert maps.shape == (5, 1, 16, 16)
    assert (maps[..., 8:] == 0).all()
    assert (maps[..., :8] > 0).any(axis=(1, 2, 3)).all()


def test_saliency_is_at_the_pictures_own_size() -> None:
    pictures, _ = bar_numbers(40, size=24)
    small = reader(pictures, architecture__input_size=16, max_epochs=1)
    maps = saliency_maps(small, pictures[:2])
    assert maps.shape == (2, 3, 24, 24)
    assert maps.min() >= 0


def test_rejected_readings_have_maps_as_others(clf: Any) -> None:
    expected = saliency_maps(clf, X[:4])
    rejecting = copy.deepcopy(clf).set_params(min_confidence=1.0)
    np.testing.assert_array_equal(saliency_maps(rejecting, X[:4]), expected)


def test_looking_changes_nothing(clf: Any) -> None:
    before, names = pickle.dumps(clf), set(vars(clf))
    state = torch.get_rng_state()
    module = clf.net_.module_
    gradients = [(p.requires_grad, p.grad) for p in module.parameters()]
    values = copy.deepcopy(gradients)
    for function in FUNCTIONS:
        first = look(function, clf, X[:6])
        for again, expected in zip(look(function, clf, X[:6]), first, strict=True):
            np.testing.assert_array_equal(again, expected)
    assert pickle.dumps(clf) == before
    assert set(vars(clf)) == names
    assert torch.equal(torch.get_rng_state(), state)
    for parameter, (required, gradient), (_, value) in zip(
        module.parameters(), gradients, values, strict=True
    ):
        assert parameter.requires_grad == required
        assert parameter.grad is gradient
        assert gradient is None or torch.equal(gradient, value)
    assert not any(part.training for part in module.modules())


def test_threads_see_the_same(clf: Any) -> None:
    for function in (activations, attention_maps, saliency_maps):
        expected = look(function, clf, X[:8])
        with ThreadPoolExecutor(4) as pool:
            results = pool.map(lambda _, f=function: look(f, clf, X[:8]), range(8))
            for found in results:
                for one, other in zip(found, expected, strict=True):
                    np.testing.assert_array_equal(one, other)


def test_whatever_mode_the_caller_is_in(clf: Any) -> None:
    expected = saliency_maps(clf, X[:2])
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            np.testing.assert_array_equal(saliency_maps(clf, X[:2]), expected)


class Parts(Sequence[Any]):
    """Pictures stored in parts of 5, 1 and all others."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: Any) -> Any:
        return [X[:5], X[5:6], X[6:]][index]

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(3))


def test_batches_and_stored_parts(clf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for function in (activations, attention_maps, saliency_maps):
        expected = look(function, clf, X)
        with monkeypatch.context() as patch:
            patch.setattr(_network_maps, "_BATCH", 7)
            for pictures in (X, Parts()):
                for one, other in zip(look(function, clf, pictures), expected, strict=True):
                    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)


def test_bad_input_is_a_clear_error(clf: Any, mlp: Any) -> None:
    logistic = SVHNLogisticRegression().fit(X, DIGITS)
    for function in FUNCTIONS:
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            look(function, SVHNSequenceClassifier(), X)
        for other in (logistic, LogisticRegression(), make_pipeline(clf)):
            with pytest.raises(
                TypeError, match="estimator must be a fitted SVHNSequenceClassifier"
            ):
                look(function, other, X)
    with pytest.raises(ValueError, match="must have convolutions to show feature maps"):
        activations(mlp, X)
    with pytest.raises(ValueError, match="must have head='attention' to show attention"):
        attention_maps(mlp, X)
    linear = SVHNMLPClassifier(hidden_layer_sizes=(), max_epochs=1, random_state=0).fit(X, DIGITS)
    with pytest.raises(ValueError, match="must have a layer before its outputs"):
        first_layer_filters(linear)
    with pytest.raises(ValueError, match="got one picture"):
        saliency_maps(clf, X[0])
    assert saliency_maps(linear, X[:1]).shape == (1, 1, 16, 16)
