"""The locator: an estimator of boxes."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.special import logit
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_estimator

import sksvhn
from sksvhn import NumberLocator
from sksvhn._boxes import overlaps
from sksvhn.estimators import _locator_boxes
from sksvhn.estimators._augmentation import sample_affine
from sksvhn.estimators._canvas import Piece, near_views
from sksvhn.estimators._locator_boxes import number_looked_at_again, with_second_look
from sksvhn.estimators._locator_confidence import LEAST_SHARE
from sksvhn.estimators._locator_network import LEAST_SCORE, LocatorNetwork, assign
from sksvhn.estimators._scene_preparation import moved

Scenes = tuple[NDArray[np.uint8], list[Any]]
SETTINGS: dict[str, Any] = {
    "input_size": 64,
    "width": 4,
    "max_epochs": 2,
    "lr": 0.005,
    "batch_size": 8,
    "random_state": 0,
}


def make_scenes(n: int, seed: int, side: int = 64) -> Scenes:
    """Grey walls, three of four with a bright sign."""
    rng = np.random.default_rng(seed)
    images = rng.integers(60, 120, (n, side, side, 3), dtype=np.uint8)
    boxes: list[Any] = []
    for row in range(n):
        width, height = rng.integers(14, 30, 2)
        left, top = rng.integers(0, side - 30, 2)
        boxes.append([[left, top, width, height]] if row % 4 else [])
        for box in boxes[row]:
            images[row, box[1] : box[1] + box[3], box[0] : box[0] + box[2]] = 250
    return images, boxes


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    return make_scenes(64, 0)


@pytest.fixture(scope="module")
def locator(scenes: Scenes) -> NumberLocator:
    return NumberLocator(**SETTINGS | {"max_epochs": 14}).fit(*scenes)


def test_it_finds_what_it_was_shown(locator: NumberLocator) -> None:
    X, y = make_scenes(40, 1)
    assert locator.score(X, y) > 0.8
    found = locator.predict(X)
    assert len(found) == 40
    for boxes in found:
        assert boxes.shape[1] == 5
        assert ((boxes[:, 4] > 0) & (boxes[:, 4] < 1)).all()
        assert (np.diff(boxes[:, 4]) <= 0).all()
        assert (boxes[:, :2] >= 0).all()
        assert (boxes[:, :2] + boxes[:, 2:4] <= 64).all()


def test_boxes_belong_to_the_picture_as_it_is_given(locator: NumberLocator) -> None:
    X, _ = make_scenes(2, 1)
    small = locator.predict(X[1])[0][0]
    large = locator.predict(Image.fromarray(X[1]).resize((192, 192)))[0][0]
    np.testing.assert_allclose(large[:4] / 3, small[:4], atol=4)


def test_the_network_sees_pictures_as_they_are(locator: NumberLocator) -> None:
    X, _ = make_scenes(2, 1)
    wide = np.full((64, 128, 3), 90, np.uint8)
    wide[:, 64:] = X[1]
    other = pickle.loads(pickle.dumps(locator)).set_params(input_size=128)
    expected, found = locator.predict(X[1])[0][0], other.predict(wide)[0][0]
    np.testing.assert_allclose(found[:4] - (64, 0, 0, 0), expected[:4], atol=8)


def test_sources_of_any_kind(locator: NumberLocator, tmp_path: Path) -> None:
    X, _ = make_scenes(2, 1)
    path = tmp_path / "scene.png"
    Image.fromarray(X[1]).save(path)
    expected = locator.predict(X[1])[0]
    content = path.read_bytes()
    for source in (path, str(path), content, io.BytesIO(content), Image.open(path), [X[1]], X[1:]):
        np.testing.assert_array_equal(locator.predict(source)[0], expected)


@pytest.mark.parametrize("size", [(1, 1), (3000, 20), (20, 600), (65, 63)])
def test_pictures_of_any_size(locator: NumberLocator, size: tuple[int, int]) -> None:
    (boxes,) = locator.predict(Image.new("RGB", size, (90, 90, 90)))
    assert boxes.shape[1] == 5


def test_refits_are_identical_and_pictures_may_have_any_size(scenes: Scenes) -> None:
    X, y = scenes
    fits = [NumberLocator(**SETTINGS).fit(X[:32], y[:32]) for _ in range(2)]
    weights = [fit.module_.state_dict() for fit in fits]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    large = [Image.fromarray(x).resize((128, 96)) for x in X[:8]]
    boxes = [np.asarray(b, dtype=float).reshape(-1, 4) * (2, 1.5, 2, 1.5) for b in y[:8]]
    fitted = NumberLocator(**SETTINGS | {"max_epochs": 1}).fit(large, boxes)
    assert fitted.image_shape_ == (64, 64, 3)


def test_copies_answer_alike(locator: NumberLocator, scenes: Scenes, tmp_path: Path) -> None:
    X, _ = scenes
    locator.save(tmp_path / "locator.sksvhn")
    for copy in (pickle.loads(pickle.dumps(locator)), sksvhn.load(tmp_path / "locator.sksvhn")):
        for boxes, expected in zip(copy.predict(X[:5]), locator.predict(X[:5]), strict=True):
            np.testing.assert_array_equal(boxes, expected)
    assert not hasattr(clone(locator), "module_")
    assert repr(clone(locator)) == repr(locator)


def test_calibration_makes_probabilities(locator: NumberLocator) -> None:
    calibrated = pickle.loads(pickle.dumps(locator)).calibrate(*make_scenes(60, 2))
    assert calibrated.calibration_ != locator.calibration_ == (0.5, 0.5, 0, 0, 0, 0, 0)
    X, y = make_scenes(60, 3)
    found = calibrated.predict(X)
    right = [overlaps(b, np.reshape(t, (-1, 4))) >= 0.5 for b, t in zip(found, y, strict=True)]
    share = np.concatenate([some.any(axis=1) for some in right]).mean()
    assert np.concatenate(found)[:, 4].mean() == pytest.approx(share, abs=0.15)
    assert calibrated.score(X, y) > locator.score(X, y) - 0.05
    with pytest.raises(ValueError, match="some boxes that are found are right and others wrong"):
        calibrated.calibrate(X, [[]] * len(X))


@pytest.mark.parametrize("n_refined", [0, 10])
@pytest.mark.parametrize("size", [(64, 64), (128, 96), (40, 64), (600, 20)])
def test_confidence_may_depend_on_the_size(
    locator: NumberLocator, n_refined: int, size: tuple[int, int]
) -> None:
    changed = pickle.loads(pickle.dumps(locator)).set_params(n_refined=n_refined)
    changed.calibration_ = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    (boxes,) = changed.predict(Image.fromarray(make_scenes(2, 1)[0][1]).resize(size))
    assert len(boxes) > 0
    seen = {(600, 20): 256}.get(size, max(size))  # a long picture is cut into pieces
    share = (boxes[:, 3] / seen).clip(min=LEAST_SHARE)
    expected = share / (share + 1)
    np.testing.assert_allclose(boxes[:, 4], expected, rtol=0.1 if n_refined else 1e-9)
    assert (np.diff(boxes[:, 4]) <= 0).all()


def test_pictures_without_a_number_have_no_score(scenes: Scenes) -> None:
    X, y = (part[:8] for part in scenes)
    locator = NumberLocator(**SETTINGS)
    last = locator.fit(X, y, X_val=X, y_val=[[]] * 8).history_[-1]
    assert "valid_loss" in last
    assert "valid_score" not in last
    stops = NumberLocator(**SETTINGS, early_stopping=True)
    with pytest.raises(ValueError, match=r"y_val must hold at least one number for early_stopping"):
        stops.fit(X, y, X_val=X, y_val=[[]] * 8)
    with pytest.raises(ValueError, match=r"validation_fraction must hold out .* 1 of 8 pictures"):
        stops.fit(X, [y[1], *[[]] * 7])


def test_grids_early_stopping_weights_and_validation(scenes: Scenes) -> None:
    X, y = scenes
    search = GridSearchCV(
        NumberLocator(**SETTINGS | {"max_epochs": 1}), {"lr": [0.001, 0.01]}, cv=2
    )
    search.fit(X[:24], y[:24])
    assert set(search.best_params_) == {"lr"}
    stopped = NumberLocator(**SETTINGS, early_stopping=True).fit(X[:40], y[:40], np.ones(40))
    assert {"valid_loss", "valid_score"} <= stopped.history_[0].keys()
    weights = np.repeat([1.0, 0.0], 24)
    part = NumberLocator(**SETTINGS).fit(X[:48], y[:48], weights)
    alone = NumberLocator(**SETTINGS).fit(X[:24], y[:24])
    assert part.history_[-1]["train_loss"] == alone.history_[-1]["train_loss"]
    more = NumberLocator(**SETTINGS | {"max_epochs": 1}, warm_start=True).fit(X[:24], y[:24])
    assert more.fit(X[:24], y[:24], X_val=X[24:], y_val=y[24:]).n_iter_ == 2
    assert "valid_score" in more.history_[-1]


def test_training_begins_with_another_locator(
    locator: NumberLocator, scenes: Scenes, tmp_path: Path
) -> None:
    X, y = scenes
    path = tmp_path / "locator.sksvhn"
    locator.save(path)
    clf = NumberLocator(**SETTINGS | {"max_epochs": 1, "lr": 1e-9})
    clf.set_params(training__initial_model=path).fit(X, y)
    assert (
        clf.history_[0]["train_loss"]
        < NumberLocator(**SETTINGS).fit(X, y).history_[0]["train_loss"]
    )
    with pytest.raises(ValueError, match=r"width must be that of initial_model, 4; got 8"):
        clone(clf).set_params(width=8).fit(X, y)
    with pytest.raises(ValueError, match="initial_model must be a NumberLocator"):
        clone(clf).set_params(training__initial_model="numbers").fit(X, y)


def test_a_training_goes_on_at_another_size(
    locator: NumberLocator, scenes: Scenes, tmp_path: Path
) -> None:
    X, y = (part[:16] for part in scenes)
    more = pickle.loads(pickle.dumps(locator)).calibrate(*make_scenes(60, 2))
    learned = more.calibration_
    more.set_params(warm_start=True, max_epochs=1, lr=1e-9, input_size=128)
    with pytest.raises(ValueError, match="network trained so far"):
        more.set_params(width=8).fit(X, y)
    assert (more.image_shape_, more.calibration_) == ((64, 64, 3), learned)
    more.set_params(width=4).fit(X, y, X_val=X, y_val=y)
    assert (more.image_shape_, more.n_iter_) == ((128, 128, 3), locator.n_iter_ + 1)
    assert more.calibration_ == locator.calibration_ != learned
    more.save(tmp_path / "locator.sksvhn")
    copy = sksvhn.load(tmp_path / "locator.sksvhn")
    np.testing.assert_array_equal(copy.predict(X[1])[0], more.predict(X[1])[0])
    head = "head.weight"  # the trained weights are those that were there, by a tiny step
    expected = locator.module_.state_dict()[head]
    torch.testing.assert_close(more.module_.state_dict()[head], expected, atol=1e-6, rtol=0)


def test_checkpoints_resume(scenes: Scenes, tmp_path: Path) -> None:
    X, y = scenes
    whole = NumberLocator(**SETTINGS | {"max_epochs": 3}).fit(X[:32], y[:32])

    class StopError(Exception):
        pass

    from skorch.callbacks import Callback

    class StopAfterTwo(Callback):
        def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
            if len(net.history) == 3:
                raise StopError

    part = NumberLocator(**SETTINGS | {"max_epochs": 3}, checkpoint_dir=tmp_path)
    with pytest.raises(StopError):
        clone(part).set_params(callbacks=[StopAfterTwo()]).fit(X[:32], y[:32])
    part.fit(X[:32], y[:32])
    expected = whole.module_.state_dict()
    found = part.module_.state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros((64, 64, 3), np.uint8), [[]], "X must hold several pictures; got a single one"),
        ([], [], "X must hold at least one picture; got 0"),
        (np.zeros((0, 64, 64, 3), np.uint8), [], "X must hold at least one picture; got 0"),
        ([np.zeros((9, 9), np.uint8)], [[]], "y must hold at least one box; got none"),
        ([np.zeros((9, 9), np.uint8)], [[[20, 0, 5, 5]]], r"y\[0\]: .* outside the picture"),
        ([np.zeros((9, 40), np.uint8)], [[[1, 20, 5, 5]]], r"y\[0\]: .* of 40 x 9 pixels"),
        (np.zeros((1, 64, 64, 3), np.uint8), [[[0.1, 0.1, 0.5, 0.5]]], "multiply shares"),
        ([b"no picture"], [[[1, 1, 1, 1]]], "Picture 0: "),
    ],
)
def test_wrong_pictures_and_boxes(X: Any, y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NumberLocator(**SETTINGS).fit(X, y)


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (None, "pictures must be a picture .* or several of them; got a NoneType"),
        ({0: np.zeros((9, 9))}, "pictures must be a picture .* got a dict"),
        (pd.DataFrame({"path": ["a"]}), "got a DataFrame; pass its column of pictures"),
    ],
)
def test_what_holds_no_pictures(locator: NumberLocator, pictures: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        locator.predict(pictures)
    with pytest.raises(TypeError, match=message):
        clone(locator).fit(pictures, [[]])


def test_boxes_are_checked_wherever_they_are_taken(locator: NumberLocator) -> None:
    X, y = make_scenes(8, 1)
    shares = [np.reshape(boxes, (-1, 4)) / 64 for boxes in y]
    for take in (locator.score, locator.calibrate):
        with pytest.raises(ValueError, match=r"y\[1\]: .* multiply shares"):
            take(X, shares)
    with pytest.raises(ValueError, match=r"y_val\[1\]: .* multiply shares"):
        clone(locator).fit(X, y, X_val=X, y_val=shares)
    columns = ["left", "top", "width", "height"]
    tables = [pd.DataFrame(np.reshape(boxes, (-1, 4)), columns=columns) for boxes in y]
    assert locator.score(X, [table[columns[::-1]] for table in tables]) == locator.score(X, y)


def test_parameters_may_be_numpys(scenes: Scenes) -> None:
    X, y = scenes
    numbers = {"input_size": np.uint8(64), "width": np.int32(4), "lr": np.float32(0.005)}
    given = NumberLocator(**SETTINGS | numbers | {"max_epochs": np.uint8(1)}).fit(X[:16], y[:16])
    plain = NumberLocator(**SETTINGS | {"max_epochs": 1, "lr": float(np.float32(0.005))})
    weights, expected = (clf.module_.state_dict() for clf in (given, plain.fit(X[:16], y[:16])))
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    with pytest.raises(ValueError, match="'input_size' parameter of NumberLocator"):
        plain.set_params(input_size=0).predict(X[0])


def test_what_is_not_fitted_says_so() -> None:
    with pytest.raises(NotFittedError):
        NumberLocator().predict(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(ValueError, match="X_val and y_val must be passed together"):
        NumberLocator(**SETTINGS).fit(*make_scenes(4, 0), X_val=make_scenes(4, 0)[0])
    with pytest.raises(ValueError, match="sample_weight_val must be passed with X_val and y_val"):
        NumberLocator(**SETTINGS).fit(*make_scenes(4, 0), sample_weight_val=[1.0])


@pytest.mark.filterwarnings("ignore:Can't test estimator NumberLocator which requires input")
def test_scikit_learn_checks_what_it_can() -> None:
    check_estimator(NumberLocator())


def test_each_number_has_cells_of_its_own() -> None:
    boxes = torch.tensor([[[0.0, 0, 64, 64], [33, 33, 41, 39], [0, 0, 0, 0]]])
    owner, central, inside = (part[0].reshape(8, 8) for part in assign(boxes, (8, 8)))
    assert owner[4, 4] == 1  # the smaller one
    assert central[4, 4]
    assert set(owner[central].tolist()) == {0, 1}
    assert inside.all()
    _, central, inside = assign(torch.zeros(1, 2, 4), (8, 8))
    assert not central.any()
    assert not inside.any()


@pytest.mark.parametrize("box", [[10, 10, 14, 14], [3, 50, 60, 63], [0, 0, 1, 1], [30, 2, 34, 60]])
def test_the_cell_nearest_to_the_centre_counts(box: list[float]) -> None:
    _, central, _ = assign(torch.tensor([[box]], dtype=torch.float32), (8, 8))
    center = [(box[i] + box[i + 2]) / 2 for i in range(2)]
    column, row = (min(int(c // 8), 7) for c in center)
    assert central.reshape(8, 8)[row, column]


def test_boxes_move_with_their_pictures() -> None:
    boxes = torch.tensor([[[16.0, 16, 48, 32], [0, 0, 8, 8], [0, 0, 0, 0]]])
    nearer = torch.tensor([[[0.5, 0, 0], [0, 0.5, 0]]])
    size = torch.tensor([64.0, 64.0])
    expected = [[0, 0, 64, 32], [0, 0, 0, 0], [0, 0, 0, 0]]  # the second leaves the picture
    assert moved(boxes, nearer, size)[0].tolist() == expected
    assert torch.equal(moved(boxes, 2 * nearer, size), boxes)


def test_boxes_hold_what_was_turned_and_sheared() -> None:
    picture = torch.zeros(1, 1, 64, 64)
    picture[..., 24:40, 16:48] = 1
    theta = torch.tensor([[[0.95, -0.2, 0.05], [0.35, 1.05, -0.04]]])
    bright = sample_affine(picture, theta, (64, 64))[0, 0] > 0.5
    rows, columns = (bright.any(dim=axis).nonzero() for axis in (1, 0))
    seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    boxes = torch.tensor([[[16.0, 24, 48, 40]]])
    found = moved(boxes, theta, torch.tensor([64.0, 64.0]))[0, 0]
    torch.testing.assert_close(found, torch.stack(seen).float(), atol=1.5, rtol=0)


@pytest.mark.parametrize("size", [(900, 700), (60, 40), (30, 1)])
def test_a_near_view_shows_the_box_in_its_place(size: tuple[int, int]) -> None:
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    box = np.array([[width // 2, height // 3, max(width // 10, 2), max(height // 10, 1)]], float)
    left, top, right, bottom = np.concatenate([box[0, :2], box[0, :2] + box[0, 2:]]).astype(int)
    pixels[top:bottom, left:right] = 255
    (view,) = near_views(Image.fromarray(pixels), box, 704)
    assert view.pixels.shape == (256, 256, 3)
    within = (np.array([width, height]) - (view.left, view.top)) * view.scale
    shown = view.pixels[: round(within[1]), : round(within[0]), 0] > 127
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    edges = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    found = view.boxes_in_picture(np.array([edges], float))
    np.testing.assert_allclose(found, box, atol=1.0)


@pytest.mark.parametrize(
    ("n_refined", "scores", "expected"),
    [
        (0, [0.9, 0.5], 0),
        (1, [0.2, 0.1], 1),
        (1, [0.9, 0.5, 0.3, 0.29], 3),
        (6, [0.9, 0.5], 2),
        (2, [], 0),
    ],
)
def test_the_surest_boxes_and_all_rather_sure_ones_are_looked_at_again(
    n_refined: int, scores: list[float], expected: int
) -> None:
    boxes = np.array([[0, 0, 9, 9, score] for score in scores]).reshape(-1, 5)
    assert number_looked_at_again(boxes, n_refined) == expected


@pytest.mark.parametrize(
    ("first", "second", "looks"),
    [
        ([0.2, 0.2, 0.1, 0.1, 0.1], [0.6, 0.0, 0.0, 0.0, 0.0], [2]),
        ([0.2, 0.2, 0.1, 0.1, 0.1], [0.3, 0.0, 0.3, 0.5, 0.9], [2, 2]),
        ([0.2, 0.2, 0.1, 0.1, 0.1], [0.0, 0.0, 0.0, 0.0, 0.3], [2, 2, 1]),
        ([0.4, 0.3, 0.3, 0.1, 0.1], [0.0, 0.3, 0.3, 0.3, 0.3], [3, 2]),
        ([], [], []),
    ],
)
def test_it_looks_on_until_a_box_is_sure(
    first: list[float], second: list[float], looks: list[int]
) -> None:
    boxes = np.array([[20.0 * i, 0, 10, 10, score] for i, score in enumerate(first)])
    boxes = boxes.reshape(-1, 5)
    done: list[int] = []

    def look(some: np.ndarray) -> Iterator[tuple[Piece, torch.Tensor]]:
        done.append(len(some))
        for left, *_ in some:
            cell = [logit(second[round(left / 20)]), left, 0.0, left + 10, 10.0]
            piece = Piece(np.zeros((64, 64, 3), np.uint8), 0.0, 0.0, (1.0, 1.0), 64.0)
            yield piece, torch.tensor(cell).reshape(5, 1, 1)

    found = with_second_look(boxes, look, 2, (100, 10))
    assert done == looks
    n = sum(looks)
    expected = [max(score, LEAST_SCORE) for score in second[:n]] + [LEAST_SCORE] * (len(first) - n)
    np.testing.assert_allclose(found[:, 5], expected, rtol=1e-6)
    np.testing.assert_array_equal(found[:, :5], boxes)


def test_what_no_second_look_found_again_is_less_sure(
    locator: NumberLocator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_locator_boxes, "_SURE", 1e-9)  # it looks at one place again
    pictures, boxes = make_scenes(24, 9)
    other = pickle.loads(pickle.dumps(locator))
    once = other.set_params(n_refined=0).predict(pictures)
    twice = other.set_params(n_refined=1).predict(pictures)
    n_others = 0
    for first, second, true in zip(once, twice, boxes, strict=True):
        assert (np.diff(second[:, 4]) <= 0).all()
        if true:
            assert overlaps(second[:1], np.array(true, float)).max() > 0.3
        for row in first[1:]:
            for same in second[(second[:, :4] == row[:4]).all(axis=1)]:
                n_others += 1
                expected = (logit(row[4]) + logit(LEAST_SCORE)) / 2
                assert logit(same[4]) == pytest.approx(expected)
    assert n_others


def test_the_loss_falls_as_boxes_fit() -> None:
    network = LocatorNetwork((64, 64, 3), width=2)
    outputs = torch.zeros(2, 5, 8, 8)
    true = torch.tensor([[[8.0, 16, 40, 48]], [[0, 0, 0, 0]]])
    outputs[:, 1:] = true[:1, 0, :, None, None]
    outputs[:, 0] = -9
    sure, unsure = outputs.clone(), outputs.clone()
    _, central, _ = assign(true, (8, 8))
    sure[:, 0][central.reshape(2, 8, 8)] = 9
    wide = sure.clone()
    wide[:, 3] += 20
    losses = [network.loss([some], (true,)) for some in (sure, unsure, wide)]
    assert losses[0][0] < min(losses[1][0], losses[2][0])
    assert losses[0][1] == losses[1][1] < 0.01
    right, counts = network.measures([sure], (true,))
    assert right[0] == 1
    assert counts.flatten().tolist() == [True, False]
