"""The sequence classifier beyond scikit-learn's own checks."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch.callbacks import Callback

from sksvhn import SVHNSequenceClassifier
from sksvhn.metrics import coverage_at_accuracy_scorer
from sksvhn.model_selection import NumberKFold
from sksvhn.preprocessing import GrayscaleTransformer

from ._pictures import bar_numbers

N_TRAIN = 400


def make_classifier(**params: Any) -> SVHNSequenceClassifier:
    # The bars are told apart by their height: warping and inversion would only slow learning.
    defaults = {
        "channels": ((16,), (32,)),
        "augmentation": 0.0,
        "max_epochs": 12,
        "batch_size": 32,
        "training__ema_decay": 0.9,
        "random_state": 0,
    }
    return SVHNSequenceClassifier().set_params(**(defaults | params))


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    return bar_numbers(N_TRAIN + 100)


@pytest.fixture(scope="module")
def fitted(data: Any) -> SVHNSequenceClassifier:
    X, y = data
    return make_classifier().fit(X[:N_TRAIN], y[:N_TRAIN])


def test_reads_new_numbers(fitted: Any, data: Any) -> None:
    X, y = data
    assert fitted.score(X[N_TRAIN:], y[N_TRAIN:]) > 0.95
    assert np.mean(fitted.predict(X[N_TRAIN:]) == y[N_TRAIN:]) == fitted.score(
        X[N_TRAIN:], y[N_TRAIN:]
    )


def test_augmentation_still_learns(data: Any) -> None:
    X, y = data
    clf = make_classifier(augmentation=0.3, max_epochs=30).fit(X[:N_TRAIN], y[:N_TRAIN])
    assert clf.score(X[N_TRAIN:], y[N_TRAIN:]) > 0.7


def padded(numbers: Any, width: int, blank: int = 10) -> np.ndarray:
    rows = np.full((len(numbers), width), blank)
    for row, number in zip(rows, numbers, strict=True):
        row[: len(number)] = list(map(int, number))
    return rows


@pytest.mark.parametrize(
    "form",
    [
        lambda y: y,
        lambda y: y.astype(str),
        lambda y: pd.Series(y),
        lambda y: y.tolist(),
        lambda y: np.array([int("1" + number) for number in y]),
        lambda y: padded(y, 4),
        lambda y: padded(y, 2).astype(np.int8),
    ],
    ids=["object", "str", "series", "list", "int", "padded", "narrow"],
)
def test_predictions_have_the_form_of_the_labels(form: Any, data: Any) -> None:
    X, y = data[0], form(data[1])
    clf = make_classifier(max_length=4).fit(X, y)
    read, labels = clf.predict(X), np.asarray(y)
    if labels.ndim == 2:
        assert read.dtype == labels.dtype
        assert read.shape[1] == 4
        assert np.mean((read[:, : labels.shape[1]] == labels).all(axis=1)) > 0.95
        assert isinstance(clf.predict_proba(X), list)
    else:
        assert read.dtype.kind == labels.dtype.kind
        assert np.mean(read == labels) > 0.95
        assert clf.predict_proba(X).shape == (len(X), len(np.unique(labels)))
    assert clf.score(X, y) > 0.95


def test_letters_and_a_blank_of_ones_own() -> None:
    X, y = bar_numbers(N_TRAIN, alphabet="AB7-")
    clf = make_classifier().fit(X, y)
    assert clf.alphabet_ == "0123456789-AB"
    assert clf.score(X, y) > 0.9
    codes = np.array([["AB7-".index(c) for c in (number + "--")[:2]] for number in y])
    codes[[len(number) == 1 for number in y], 1] = -5
    clf = make_classifier(alphabet="AB7-", blank=-5).fit(X, codes)
    assert np.mean((clf.predict(X) == codes).all(axis=1)) > 0.9


def test_answers_agree_with_each_other(fitted: Any, data: Any) -> None:
    X = data[0][N_TRAIN:]
    factors = fitted.predict_factors(X)
    np.testing.assert_allclose(factors.length.sum(axis=1), 1)
    np.testing.assert_allclose(factors.positions.sum(axis=2), 1)
    for reading, confidence, length, positions in zip(
        fitted.predict(X), fitted.confidence(X), *factors, strict=True
    ):
        joint = length[len(reading) - 1]
        for position, character in enumerate(reading):
            joint *= positions[position, fitted.alphabet_.index(character)]
        assert joint == pytest.approx(confidence)
    proba = fitted.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_allclose(np.log(proba), fitted.predict_log_proba(X))


def test_may_answer_a_number_never_seen(data: Any) -> None:
    X, y = data
    hidden = y == "12"
    clf = make_classifier().fit(X[~hidden], y[~hidden])
    assert "12" not in clf.classes_
    assert np.mean(clf.predict(X[hidden]) == "12") > 0.8


def test_scale_of_the_pixels_does_not_matter(fitted: Any, data: Any) -> None:
    X, y = data
    for scaled in (X.astype(np.float32), X.astype(np.float32) / 255):
        clf = make_classifier().fit(scaled[:N_TRAIN], y[:N_TRAIN])
        np.testing.assert_allclose(
            clf.score(scaled[N_TRAIN:], y[N_TRAIN:]),
            fitted.score(X[N_TRAIN:], y[N_TRAIN:]),
            atol=0.03,
        )


def test_flattened_rows_are_the_same_pictures(fitted: Any, data: Any) -> None:
    X, y = data
    rows = X.reshape(len(X), -1)
    clf = make_classifier().fit(rows[:N_TRAIN], y[:N_TRAIN])
    np.testing.assert_array_equal(clf.confidence(rows), fitted.confidence(X))
    assert clf.n_features_in_ == fitted.n_features_in_ == X[0].size


def test_color_and_oblong_pictures(data: Any) -> None:
    X, y = data
    X = np.stack([X[:, :, :15], 255 - X[:, :, :15], X[:, :, :15] // 2], axis=3)
    clf = make_classifier(architecture__input_size=14).fit(X, y)
    assert clf.image_shape_ == (16, 15, 3)
    assert clf.score(X, y) > 0.9
    rows = clone(clf).set_params(image_shape=(16, 15, 3)).fit(X.reshape(len(X), -1), y)
    np.testing.assert_array_equal(rows.confidence(X.reshape(len(X), -1)), clf.confidence(X))


def test_refits_are_identical_to_the_bit(fitted: Any, data: Any) -> None:
    X, y = data
    state = torch.random.get_rng_state()
    again = clone(fitted).fit(X[:N_TRAIN], y[:N_TRAIN])
    assert torch.equal(torch.random.get_rng_state(), state)
    np.testing.assert_array_equal(again.confidence(X), fitted.confidence(X))
    other = clone(fitted).set_params(random_state=1).fit(X[:N_TRAIN], y[:N_TRAIN])
    assert not np.array_equal(other.confidence(X), fitted.confidence(X))


def test_training_leaves_the_pictures_as_they_are(data: Any) -> None:
    X, y = data
    frozen = X[:50].copy()
    frozen.flags.writeable = False
    clf = make_classifier(max_epochs=1).fit(frozen, y[:50])
    clf.predict(frozen)
    np.testing.assert_array_equal(frozen, X[:50])


def test_predicting_changes_nothing(fitted: Any, data: Any) -> None:
    before = {name: id(value) for name, value in vars(fitted).items()}
    weights = [tensor.clone() for tensor in fitted.net_.module_.state_dict().values()]
    fitted.predict(data[0])
    fitted.predict_proba(data[0])
    assert {name: id(value) for name, value in vars(fitted).items()} == before
    for tensor, kept in zip(fitted.net_.module_.state_dict().values(), weights, strict=True):
        assert torch.equal(tensor, kept)


def test_joblib_model_loads_in_another_process(fitted: Any, data: Any, tmp_path: Path) -> None:
    joblib.dump(fitted, tmp_path / "model.joblib")
    np.save(tmp_path / "pictures.npy", data[0][:20])
    script = (
        "import joblib, numpy as np; clf = joblib.load('model.joblib');"
        "np.save('confidence.npy', clf.confidence(np.load('pictures.npy')));"
        "print(','.join(clf.predict(np.load('pictures.npy'))))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().split(",") == fitted.predict(data[0][:20]).tolist()
    np.testing.assert_allclose(
        np.load(tmp_path / "confidence.npy"), fitted.confidence(data[0][:20]), rtol=1e-5
    )


def test_memory_mapped_model(fitted: Any, data: Any, tmp_path: Path) -> None:
    joblib.dump(fitted, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    np.testing.assert_array_equal(mapped.confidence(data[0]), fitted.confidence(data[0]))


def test_partial_fit_learns_a_stream(data: Any) -> None:
    X, y = data
    clf = make_classifier(lr=0.05, alphabet="0123", max_length=2)
    for _ in range(8):
        for start in range(0, N_TRAIN, 100):
            clf.partial_fit(X[start : start + 100], y[start : start + 100])
    assert clf.n_iter_ == len(clf.history_) == 32
    assert clf.score(X[N_TRAIN:], y[N_TRAIN:]) > 0.9
    assert set(clf.classes_) == set(y[:N_TRAIN])


def test_partial_fit_classes_name_what_will_come(data: Any) -> None:
    X, y = data
    clf = make_classifier()
    short = np.array([len(number) == 1 for number in y])
    clf.partial_fit(X[short], y[short], classes=np.unique(y))
    assert clf.max_length_ == 2
    clf.partial_fit(X, y)
    np.testing.assert_array_equal(clf.classes_, np.unique(y))
    alone = make_classifier().partial_fit(X[short], y[short])
    with pytest.raises(ValueError, match="at most max_length=1"):
        alone.partial_fit(X, y)


def test_partial_fit_goes_on_after_pickling(data: Any) -> None:
    X, y = data
    clf = make_classifier().partial_fit(X, y)
    restored = pickle.loads(pickle.dumps(clf)).partial_fit(X, y)
    assert restored.history_[-1]["train_loss"] < clf.history_[0]["train_loss"]


def test_warm_start_goes_on(data: Any) -> None:
    X, y = data
    clf = make_classifier(warm_start=True, max_epochs=6).fit(X, y)
    first = clf.history_[-1]["train_loss"]
    clf.fit(X, y)
    assert clf.n_iter_ == 12
    assert clf.history_[-1]["train_loss"] < first
    cold = make_classifier(max_epochs=6).fit(X, y).fit(X, y)
    assert cold.n_iter_ == 6


def test_early_stopping_restores_the_best_epoch(data: Any) -> None:
    X, y = data
    clf = make_classifier(
        early_stopping=True,
        training__validation_fraction=0.25,
        training__n_iter_no_change=3,
        max_epochs=60,
    ).fit(X, y)
    history = pd.DataFrame(clf.history_)
    assert clf.n_iter_ < 60
    best = history["valid_score"].idxmax()
    assert clf.n_iter_ - (best + 1) == 3
    _, held_out = train_test_split(
        np.arange(len(X)), test_size=0.25, random_state=np.random.RandomState(0)
    )
    assert clf.score(X[held_out], y[held_out]) == pytest.approx(history["valid_score"].max())


def test_sample_weight_zero_leaves_a_sample_out(data: Any) -> None:
    X, y = data
    y = y.copy()
    y[N_TRAIN:] = "33"
    weight = np.r_[np.ones(N_TRAIN), np.zeros(len(y) - N_TRAIN)]
    weighted = make_classifier().fit(X, y, sample_weight=weight)
    without = make_classifier().fit(X[:N_TRAIN], y[:N_TRAIN])
    np.testing.assert_array_equal(weighted.confidence(X), without.confidence(X))


def test_sample_weight_moves_the_answer() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 255, (1, 16, 16), dtype=np.uint8).repeat(100, axis=0)
    y = np.array(["1", "2"] * 50)
    for favoured in "12":
        clf = make_classifier(max_epochs=5)
        clf.fit(X, y, sample_weight=np.where(y == favoured, 10.0, 1.0))
        assert set(clf.predict(X)) == {favoured}


def test_bfloat16_only_where_it_is_fast_or_asked_for(data: Any) -> None:
    X, y = data[0][:50], data[1][:50]
    assert make_classifier(max_epochs=1, training__amp=True).fit(X, y).amp_
    assert not make_classifier(max_epochs=1, training__amp=False).fit(X, y).amp_
    assert not make_classifier(max_epochs=1, training__amp=True).fit(X.astype(np.float64), y).amp_


def test_verbose_prints_an_epoch_a_line(data: Any, capsys: Any) -> None:
    X, y = data[0][:50], data[1][:50]
    make_classifier(max_epochs=2).fit(X, y).predict(X)
    assert capsys.readouterr() == ("", "")
    make_classifier(max_epochs=2, verbose=1).fit(X, y)
    assert "train_loss" in capsys.readouterr().out


def test_verbose_is_in_colour_on_terminals_alone(
    data: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def printed() -> str:
        make_classifier(max_epochs=1, verbose=1).fit(data[0][:50], data[1][:50])
        return str(capsys.readouterr().out)

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in printed()
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert "\x1b" in printed()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in printed()


def test_callbacks_are_skorchs(data: Any) -> None:
    class Count(Callback):
        epochs = batches = 0

        def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
            Count.epochs += 1

        def on_batch_end(self, net: Any, **kwargs: Any) -> None:
            Count.batches += 1

    make_classifier(max_epochs=3, callbacks=[Count()]).fit(data[0][:64], data[1][:64])
    assert (Count.epochs, Count.batches) == (3, 6)


@pytest.mark.parametrize("how", ["warm start", "partial fit"])
def test_training_that_diverges_leaves_the_estimator_as_it_was(data: Any, how: str) -> None:
    X, y = data
    clf = make_classifier(max_epochs=1, training__lr_schedule="constant").fit(X[:100], y[:100])
    clf.partial_fit(X[:100], y[:100])
    before, history = clf.confidence(X), clf.history_
    clf.set_params(lr=1e12, warm_start=True)
    with pytest.raises(ValueError, match="The training loss is"):
        clf.fit(X, y) if how == "warm start" else clf.partial_fit(X, y)
    np.testing.assert_array_equal(clf.confidence(X), before)
    assert clf.history_ == history
    assert np.isfinite(clf.set_params(lr=0.01).partial_fit(X, y).confidence(X)).all()


def test_history_is_a_table(fitted: Any) -> None:
    history = pd.DataFrame(fitted.history_)
    assert {"epoch", "dur", "train_loss", "train_score", "lr"} <= set(history)
    assert history["epoch"].tolist() == list(range(1, 13))
    assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0]


def test_history_has_every_head_by_itself(data: Any) -> None:
    X, y = data
    train, valid = slice(0, 200), slice(200, None)
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y[valid]))
    clf = make_classifier(max_epochs=4, n_views=1, max_length=6).fit(
        X[train], y[train], X_val=X[valid], y_val=y[valid], sample_weight_val=weights
    )
    last, factors = clf.history_[-1], clf.predict_factors(X[valid])
    lengths = np.array([len(number) for number in y[valid]])
    rows = np.arange(len(lengths))

    def mean(values: Any, counts: Any = slice(None)) -> float:
        return float(np.average(values, weights=weights[counts]))

    loss = mean(-np.log(factors.length[rows, lengths - 1]))
    assert last["valid_length_loss"] == pytest.approx(loss, rel=1e-4)
    right = factors.length.argmax(axis=1) == lengths - 1
    assert last["valid_length_score"] == pytest.approx(mean(right), rel=1e-5)
    total = loss
    for i in range(lengths.max()):
        reached = np.flatnonzero(lengths > i)
        codes = np.array([int(number[i]) for number in y[valid][reached]])
        losses = -np.log(factors.positions[reached, i, codes])
        name = f"valid_position_{i + 1}"
        assert last[f"{name}_loss"] == pytest.approx(mean(losses, reached), rel=1e-4)
        hits = factors.positions[reached, i].argmax(axis=1) == codes
        assert last[f"{name}_score"] == pytest.approx(mean(hits, reached), rel=1e-5)
        total += weights[reached] @ losses / weights.sum()
    assert last["valid_loss"] == pytest.approx(total, rel=1e-4)
    assert "train_position_1_loss" in last
    assert not any("position_6" in key for key in last)  # which no number reaches


def test_confidence_comes_with_readings_through_a_pipeline(fitted: Any, data: Any) -> None:
    X, _ = data
    pipe = make_pipeline(FunctionTransformer(), fitted)
    numbers, confidence = pipe.predict(X, return_confidence=True)
    np.testing.assert_array_equal(numbers, fitted.predict(X))
    np.testing.assert_array_equal(confidence, fitted.confidence(X))


def test_grid_search_in_two_processes(data: Any) -> None:
    X, y = data
    search = GridSearchCV(
        make_classifier(max_epochs=6),
        {"lr": [1e-6, 0.1]},
        cv=NumberKFold(2, shuffle=True, random_state=0),
        scoring={"whole": "accuracy", "coverage": coverage_at_accuracy_scorer},
        refit="whole",
        n_jobs=2,
    ).fit(X, y)
    assert search.best_params_ == {"lr": 0.1}
    assert search.score(X, y) > 0.8
    assert search.cv_results_["mean_test_coverage"].min() >= 0


@pytest.fixture
def _one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("_one_thread")
def test_workers_train_the_same_network(data: Any) -> None:
    X, y = data
    clf = make_classifier(max_epochs=2)
    alone = cross_val_score(clf, X, y, cv=NumberKFold(2))
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        workers = cross_val_score(clf, X, y, cv=NumberKFold(2), n_jobs=2)
    np.testing.assert_array_equal(workers, alone)


def test_pipeline_with_preprocessing(data: Any) -> None:
    X, y = np.repeat(data[0][..., None], 3, axis=3), data[1]
    pipe = make_pipeline(GrayscaleTransformer(), make_classifier()).fit(X[:N_TRAIN], y[:N_TRAIN])
    assert pipe[-1].image_shape_ == (16, 16, 1)
    assert pipe.score(X[N_TRAIN:], y[N_TRAIN:]) > 0.95


BAD_INPUT: list[tuple[str, Any, Any, str]] = [
    ("nan", np.full((4, 16, 16), np.nan), ["1"] * 4, "NaN"),
    ("no pictures", np.zeros((0, 16, 16)), [], "minimum of 1"),
    ("no pixels", np.zeros((4, 0, 16)), ["1"] * 4, "minimum of 1"),
    ("rgba", np.zeros((4, 16, 16, 4)), ["1"] * 4, "RGBA"),
    ("channels first", np.zeros((4, 3, 16, 16)), ["1"] * 4, "last axis"),
    ("lengths differ", np.zeros((4, 16, 16)), ["1"] * 3, "inconsistent numbers of samples"),
    ("empty numbers", np.zeros((2, 16, 16)), ["", ""], "at least one number"),
    ("missing label", np.zeros((2, 16, 16)), ["1", None], "None"),
    ("missing label in a list", np.zeros((2, 16, 16)), ["1", float("nan")], "contains NaN"),
    ("all blank", np.zeros((2, 16, 16)), [[10, 10], [10, 10]], "at least one number"),
    ("blank inside", np.zeros((2, 16, 16)), [[1, 10, 2], [1, 2, 3]], "after the last character"),
    ("fraction", np.zeros((2, 16, 16)), [1.5, 2.0], "integers; got 1.5"),
    ("scalar", np.zeros((1, 16, 16)), 5, "1d array"),
]


@pytest.mark.parametrize(("X", "y", "message"), [c[1:] for c in BAD_INPUT], ids=lambda _: None)
def test_bad_training_data(X: Any, y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_classifier().fit(X, y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"alphabet": "01"}, "alphabet '01'"),
        ({"alphabet": "0012"}, "each once; got '0012'"),
        ({"alphabet": ""}, "at least one character"),
        ({"max_length": 1}, "max_length=1"),
        ({"image_shape": (8, 8)}, "image_shape"),
        ({"lr": 0.0}, "'lr' parameter"),
        ({"normalization": "layer"}, "'normalization' parameter"),
        ({"channels": ()}, "channels"),
        ({"channels": ((16, 0),)}, "channels"),
        ({"device": "toaster"}, "device"),
    ],
)
def test_bad_parameters(params: dict[str, Any], message: str, data: Any) -> None:
    with pytest.raises(ValueError, match=message):
        make_classifier(**params).fit(data[0][:20], data[1][:20])


def test_a_single_tiny_picture_cannot_be_normalized() -> None:
    with pytest.raises(ValueError, match="normalization='group'"):
        make_classifier().fit(np.ones((1, 1, 1), dtype=np.uint8), ["1"])
    make_classifier(normalization="group").fit(np.ones((1, 1, 1), dtype=np.uint8), ["1"])


def test_bad_pictures_at_predict(fitted: Any, data: Any) -> None:
    with pytest.raises(ValueError, match=r"of shape \(16, 16, 1\).*got \(8, 16, 1\)"):
        fitted.predict(data[0][:, :8])
    with pytest.raises(ValueError, match="9 features"):
        fitted.predict(np.zeros((3, 9)))
    with pytest.raises(ValueError, match="inconsistent"):
        fitted.score(data[0], data[1][:-1])


def test_views_are_averaged_where_training_was_augmented(data: Any) -> None:
    X, y = data
    clf = make_classifier(augmentation=0.3, max_epochs=3).fit(X, y)
    averaged = clf.confidence(X)
    single = clf.set_params(n_views=1).confidence(X)
    assert not np.allclose(averaged, single)
    plain = make_classifier(max_epochs=1).fit(X, y)
    averaged = plain.confidence(X)
    np.testing.assert_array_equal(plain.set_params(n_views=1).confidence(X), averaged)
