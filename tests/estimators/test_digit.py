"""The neural classifiers of single digits beyond scikit-learn's own checks."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score, train_test_split
from skorch.callbacks import Callback, Checkpoint, EarlyStopping, EpochScoring, LRScheduler

from sksvhn import SVHNCNNClassifier, SVHNLogisticRegression, SVHNMLPClassifier
from sksvhn.estimators._training import TrainingNet

Data = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def make_mlp(**params: Any) -> SVHNMLPClassifier:
    defaults = {
        "hidden_layer_sizes": (64,),
        "augmentation": 0.0,
        "max_epochs": 10,
        "training__ema_decay": 0.9,
        "random_state": 0,
    }
    return SVHNMLPClassifier().set_params(**(defaults | params))


def make_cnn(**params: Any) -> SVHNCNNClassifier:
    defaults = {
        "channels": ((16,), (32,)),
        "architecture__stem": None,
        "augmentation": 0.0,
        "max_epochs": 12,
        "batch_size": 32,
        "training__ema_decay": 0.9,
        "random_state": 0,
    }
    return SVHNCNNClassifier().set_params(**(defaults | params))


@pytest.fixture(scope="module")
def data() -> Data:
    """Handwritten digits, 16x16 grey: training pictures, test pictures, and their labels."""
    digits = load_digits()
    X = np.kron(digits.images, np.ones((2, 2))).astype(np.uint8) * 15
    return tuple(train_test_split(X, digits.target, test_size=0.4, random_state=0))


@pytest.fixture(scope="module")
def fitted(data: Data) -> SVHNMLPClassifier:
    return make_mlp().fit(data[0], data[2])


@pytest.mark.parametrize("make", [make_mlp, make_cnn])
def test_reads_new_digits(make: Any, data: Data) -> None:
    X, X_test, y, y_test = data
    assert make().fit(X, y).score(X_test, y_test) > 0.93


@pytest.mark.parametrize("make", [make_mlp, make_cnn])
def test_color_rows_and_oblong_pictures(make: Any, data: Data) -> None:
    X, X_test, y, y_test = data
    X, X_test = (np.stack([x[:, :, :14], 255 - x[:, :, :14], x[:, :, 2:]], 3) for x in (X, X_test))
    clf = make().fit(X, y)
    assert clf.image_shape_ == (16, 14, 3)
    assert clf.score(X_test, y_test) > 0.9
    rows = clone(clf).set_params(image_shape=(16, 14, 3)).fit(X.reshape(len(X), -1), y)
    np.testing.assert_array_equal(
        rows.predict_proba(X_test.reshape(len(X_test), -1)), clf.predict_proba(X_test)
    )


@pytest.mark.parametrize(
    "form",
    [
        lambda y: y.astype(np.int8) - 5,
        lambda y: y.astype(float),
        lambda y: np.array(list("abcdefghij"))[y],
        lambda y: np.array(list("abcdefghij"), dtype=object)[y],
        lambda y: y > 4,
        lambda y: pd.Series(y.astype(str)),
        lambda y: y.tolist(),
    ],
    ids=["int8", "float", "str", "object", "bool", "series", "list"],
)
def test_labels_of_any_kind(form: Any, data: Data) -> None:
    X, X_test, y, y_test = data
    clf = make_mlp().fit(X, form(y))
    expected = np.asarray(form(y_test))
    read = clf.predict(X_test)
    assert read.dtype.kind == expected.dtype.kind
    assert np.mean(read == expected) > 0.9
    np.testing.assert_array_equal(clf.classes_, np.unique(expected))


def test_logits_are_before_the_softmax(fitted: Any, data: Data) -> None:
    logits = fitted.decision_function(data[1])
    np.testing.assert_allclose(softmax(logits, axis=1), fitted.predict_proba(data[1]))
    np.testing.assert_allclose(
        np.log(fitted.predict_proba(data[1])), fitted.predict_log_proba(data[1])
    )
    two = make_mlp(max_epochs=1).fit(data[0], data[2] > 4)
    decision = two.decision_function(data[1])
    np.testing.assert_allclose(expit(decision), two.predict_proba(data[1])[:, 1])
    np.testing.assert_array_equal(decision > 0, two.predict(data[1]))


def test_class_weight_is_a_sample_weight(data: Data) -> None:
    X, X_test, y, _ = data
    own = np.linspace(0.5, 2, len(y))
    by_class = make_mlp(class_weight={3: 4.0, 7: 0.0}).fit(X, y, sample_weight=own)
    factor = np.where(y == 3, 4.0, np.where(y == 7, 0.0, 1.0))
    by_sample = make_mlp().fit(X, y, sample_weight=own * factor)
    np.testing.assert_array_equal(by_class.predict_proba(X_test), by_sample.predict_proba(X_test))


def test_balanced_classes_weigh_the_same(data: Data) -> None:
    X, X_test, y, _ = data
    weight = np.r_[np.ones(len(y) // 2), np.zeros(len(y) - len(y) // 2)]
    balanced = make_mlp(class_weight="balanced").fit(X, y, sample_weight=weight)
    counts = np.bincount(y[weight > 0])
    by_sample = make_mlp().fit(X, y, sample_weight=weight / counts[y])
    np.testing.assert_allclose(
        balanced.predict_proba(X_test), by_sample.predict_proba(X_test), rtol=1e-3, atol=1e-6
    )


def test_partial_fit_learns_a_stream(data: Data) -> None:
    X, X_test, y, y_test = data
    clf = make_mlp(lr=0.05)
    for _ in range(10):
        for start in range(0, len(X), 200):
            part = slice(start, start + 200)
            clf.partial_fit(X[part], y[part], classes=range(10))
    assert clf.score(X_test, y_test) > 0.95
    few = make_mlp().partial_fit(X[y < 3], y[y < 3], classes=range(10))
    assert few.predict_proba(X_test).shape == (len(X_test), 10)
    few.partial_fit(X, y)


def test_partial_fit_says_what_it_needs(data: Data) -> None:
    X, y = data[0][:40], data[2][:40]
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        make_mlp().partial_fit(X, y)
    with pytest.raises(ValueError, match="must not be 'balanced' for partial_fit"):
        make_mlp(class_weight="balanced").partial_fit(X, y, classes=range(10))
    for missing in (np.nan, None):
        with pytest.raises(ValueError, match="classes must hold labels, neither NaN nor None; got"):
            make_mlp().partial_fit(X, y, classes=[*range(10), missing])
    clf = make_mlp().partial_fit(X, y, classes=range(10))
    with pytest.raises(ValueError, match="must be those of the first call"):
        clf.partial_fit(X, y, classes=range(9))
    with pytest.raises(ValueError, match="got 11"):
        clf.partial_fit(X, y * 0 + 11)
    with pytest.raises(ValueError, match="at least 2 classes"):
        make_mlp().fit(X, y * 0)


@pytest.mark.parametrize(
    "y", [["a", None] * 20, pd.array(["a", pd.NA] * 20, dtype="string"), [1.0, np.nan] * 20]
)
def test_missing_labels(y: Any, data: Data) -> None:
    with pytest.raises(ValueError, match="Input y contains NaN"):
        make_mlp().fit(data[0][:40], y)


@pytest.mark.parametrize("make", [make_mlp, SVHNLogisticRegression])
@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("1\n", "not start or end with white space"),
        (" 1", "not start or end with white space"),
        ("nan", "missing value"),
    ],
)
def test_labels_that_other_programs_have_spoilt(
    make: Any, label: str, message: str, data: Data
) -> None:
    with pytest.raises(ValueError, match=message):
        make().fit(data[0][:40], ["1", label] * 20)


def test_rate_and_batch_size_may_change_between_parts(data: Data) -> None:
    X, X_test, y, _ = data
    clf = make_mlp(training__ema_decay=0.0, normalization="group")
    clf.partial_fit(X, y, classes=range(10))
    before = clf.decision_function(X_test)
    clf.set_params(lr=1e-9, batch_size=len(X)).partial_fit(X, y)
    assert clf.net_.batch_size == len(X)
    assert clf.history_[-1]["lr"] == 1e-9
    np.testing.assert_allclose(clf.decision_function(X_test), before, atol=1e-4)


def test_weights_count_beside_those_of_other_parts(data: Data) -> None:
    X, X_test, y, _ = data
    clf = make_mlp(
        optimizer="sgd", training__ema_decay=0.0, weight_decay=0.0, normalization="group"
    )
    clf.partial_fit(X, y, classes=range(10))
    before = clf.decision_function(X_test)
    clf.partial_fit(X, y, sample_weight=np.full(len(y), 1e-9))
    np.testing.assert_allclose(clf.decision_function(X_test), before, atol=1e-4)


def test_class_weight_for_classes_that_a_part_lacks(data: Data) -> None:
    X, _, y, _ = data
    clf = make_mlp(class_weight={5: 2.0}).partial_fit(X[y < 3], y[y < 3], classes=range(10))
    clf.partial_fit(X, y)
    for weights, message in (({11: 1.0}, "got 11"), ({3: -1.0}, "at least 0")):
        with pytest.raises(ValueError, match=message):
            make_mlp(class_weight=weights).fit(X, y)


def test_schedules_go_on_over_parts(data: Data) -> None:
    X, _, y, _ = data
    clf = make_mlp(training__lr_schedule="staircase", training__lr_decay=0.5)
    for _ in range(3):
        clf.partial_fit(X, y, classes=range(10))
    np.testing.assert_allclose([h["lr"] for h in clf.history_], [0.1, 0.05, 0.025])
    fixed = make_mlp().partial_fit(X, y, classes=range(10)).partial_fit(X, y)
    np.testing.assert_allclose([h["lr"] for h in fixed.history_], 0.1)


def test_validation_set_of_ones_own(data: Data) -> None:
    X, X_test, y, y_test = data
    clf = make_mlp().fit(X, y, X_val=X_test, y_val=y_test)
    plain = make_mlp().fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X_test), plain.predict_proba(X_test))
    history = pd.DataFrame(clf.history_)
    assert history["valid_score"].iloc[-1] == pytest.approx(clf.score(X_test, y_test))
    log_loss = -clf.predict_log_proba(X_test)[np.arange(len(y_test)), y_test].mean()
    assert history["valid_loss"].iloc[-1] == pytest.approx(log_loss, rel=1e-4)
    weight = np.arange(len(y_test)) % 3.0
    weighted = make_mlp().fit(X, y, X_val=X_test, y_val=y_test, sample_weight_val=weight)
    assert weighted.history_[-1]["valid_score"] == pytest.approx(
        clf.score(X_test, y_test, sample_weight=weight)
    )


def test_early_stopping_watches_the_given_set(data: Data) -> None:
    X, X_test, y, y_test = data
    clf = make_mlp(early_stopping=True, training__n_iter_no_change=2, max_epochs=60)
    clf.fit(X, y, X_val=X_test, y_val=y_test)
    scores = pd.DataFrame(clf.history_)["valid_score"]
    assert clf.n_iter_ == scores.idxmax() + 3 < 60
    assert clf.score(X_test, y_test) == pytest.approx(scores.max())


def test_validation_scores_have_no_class_weights(data: Data) -> None:
    X, _, y, _ = data
    clf = make_mlp(early_stopping=True, class_weight={0: 50.0}, max_epochs=2).fit(X, y)
    n_right = clf.history_[0]["valid_score"] * np.ceil(0.1 * len(y))
    assert n_right == pytest.approx(round(n_right), abs=1e-4)


def test_early_stopping_holds_out_a_share_of_every_class(data: Data) -> None:
    X, _, y, _ = data
    clf = make_mlp(early_stopping=True, training__validation_fraction=0.2, max_epochs=5).fit(X, y)
    _, held_out = train_test_split(
        np.arange(len(y)), test_size=0.2, stratify=y, random_state=np.random.RandomState(0)
    )
    best = max(epoch["valid_score"] for epoch in clf.history_)
    assert clf.score(X[held_out], y[held_out]) == pytest.approx(best)


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ({"X_val": np.zeros((2, 16, 16))}, "got only X_val; pass y_val too"),
        ({"y_val": [1, 2]}, "got only y_val; pass X_val too"),
        ({"X_val": np.zeros((2, 8, 16)), "y_val": [1, 2]}, r"\(8, 16, 1\)"),
        (
            {"X_val": 255 * np.eye(16)[None].repeat(2, 0), "y_val": [1, 12]},
            "y_val must hold labels of the classes .* got 12",
        ),
        ({"X_val": 255 * np.eye(16)[None].repeat(2, 0), "y_val": [1]}, "inconsistent"),
    ],
)
def test_bad_validation_sets(validation: Any, message: str, data: Data) -> None:
    with pytest.raises(ValueError, match=message):
        make_mlp().fit(data[0], data[2], **validation)


def test_epochs_are_counted_over_warm_starts(data: Data) -> None:
    X, _, y, _ = data
    clf = make_mlp(warm_start=True, max_epochs=3).fit(X, y).fit(X, y)
    assert [epoch["epoch"] for epoch in clf.history_] == [1, 2, 3, 4, 5, 6]
    assert clf.history_[3]["train_loss"] < clf.history_[0]["train_loss"]
    with pytest.raises(ValueError, match="got 10"):
        clf.fit(X, y + 1)


def test_a_fit_that_fails_leaves_the_estimator_as_it_was(data: Data) -> None:
    X, X_test, y, _ = data
    clf = make_mlp(max_epochs=1).fit(X, y)
    before = clf.decision_function(X_test)
    for params, arguments in (
        ({"hidden_layer_sizes": (0,)}, (X[:, :10], (9 - y) * 100)),
        ({"hidden_layer_sizes": (8,)}, (X, y, None)),
        ({"lr": 1e30, "training__lr_schedule": "constant"}, (X, y)),
    ):
        bad = {"X_val": X, "y_val": y + 1} if len(arguments) == 3 else {}
        with pytest.raises(ValueError, match=r"hidden_layer_sizes|got 10|loss is"):
            clf.set_params(**params).fit(*arguments, **bad)
        np.testing.assert_array_equal(clf.decision_function(X_test), before)


def test_warm_start_with_another_network_is_refused(data: Data) -> None:
    clf = make_mlp(warm_start=True, max_epochs=1).fit(data[0], data[2])
    with pytest.raises(ValueError, match="need the parameters of the network trained so far"):
        clf.set_params(hidden_layer_sizes=(8,)).fit(data[0], data[2])


def test_divergence_is_an_error(data: Data) -> None:
    with pytest.raises(ValueError, match="training loss is nan in epoch 1; lower lr, which is 1e"):
        make_mlp(lr=1e30, training__lr_schedule="constant", normalization=None).fit(
            data[0], data[2]
        )


def test_skorchs_early_stopping_ends_quietly(data: Data) -> None:
    X, X_test, y, y_test = data
    stop = EarlyStopping(monitor="valid_loss", patience=1, threshold=10.0, sink=lambda _: None)
    clf = make_mlp(callbacks=[stop]).fit(X, y, X_val=X_test, y_val=y_test)
    assert 1 < clf.n_iter_ < 10


def test_skorchs_rate_scheduler_and_checkpoint(data: Data, tmp_path: Path) -> None:
    X, X_test, y, y_test = data
    schedule = LRScheduler("StepLR", step_size=1, gamma=0.1)
    best = Checkpoint(dirname=tmp_path, f_history=None, f_optimizer=None, f_criterion=None)
    clf = make_mlp(
        training__lr_schedule="constant", max_epochs=3, callbacks=[schedule, ("best", best)]
    )
    clf.fit(X, y, X_val=X_test, y_val=y_test)
    np.testing.assert_allclose([epoch["lr"] for epoch in clf.history_], [0.1, 0.01, 0.001])
    assert (tmp_path / "params.pt").stat().st_size > 1000


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (3, "callbacks must hold instances of skorch callbacks.* got 3"),
        (EpochScoring("accuracy"), "must not hold EpochScoring"),
    ],
)
def test_callbacks_that_cannot_work(callback: Any, message: str, data: Data) -> None:
    with pytest.raises(ValueError, match=message):
        make_mlp(callbacks=[callback]).fit(data[0], data[2])


def test_a_callback_that_fails_leaves_a_usable_warm_start(data: Data) -> None:
    class Full(Callback):
        def on_train_end(self, net: Any, **kwargs: Any) -> None:
            raise OSError("disk full")

    clf = make_mlp(max_epochs=2, warm_start=True).fit(data[0], data[2])
    with pytest.raises(OSError, match="disk full"):
        clf.set_params(callbacks=[Full()]).fit(data[0], data[2])
    np.testing.assert_allclose(
        clf.decision_function(data[1])[:20], clf.decision_function(data[1][:20]), atol=1e-4
    )


def test_a_callback_that_fails_before_the_first_epoch(data: Data) -> None:
    class Full(Callback):
        def on_train_begin(self, net: Any, **kwargs: Any) -> None:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        make_mlp(callbacks=[Full()], verbose=2).fit(data[0], data[2])


def test_ctrl_c_reaches_the_user_and_leaves_a_usable_model(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, X_test, y, y_test = data
    step = TrainingNet.train_step

    def interrupted(net: TrainingNet, *args: Any, **kwargs: Any) -> Any:
        if net.n_steps_ == 50:
            raise KeyboardInterrupt
        return step(net, *args, **kwargs)

    monkeypatch.setattr(TrainingNet, "train_step", interrupted)
    clf = make_mlp()
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    assert clf.n_iter_ == 50 // 9  # whole epochs of 9 steps
    assert clf.score(X_test, y_test) > 0.9


def test_refits_are_identical_to_the_bit_in_workers_too(data: Data) -> None:
    X, _, y, _ = data
    clf = make_cnn(max_epochs=1, augmentation=0.5, dropout=0.1)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = cross_val_score(clf, X, y, cv=2, scoring="neg_log_loss")
        with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
            workers = cross_val_score(clf, X, y, cv=2, n_jobs=2, scoring="neg_log_loss")
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(workers, alone)


def test_fits_in_threads_do_not_disturb_each_other(data: Data) -> None:
    X, _, y, _ = data
    clf = make_mlp(max_epochs=2, dropout=0.3, augmentation=0.5)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = cross_val_score(clf, X, y, cv=4, scoring="neg_log_loss")
        with joblib.parallel_config(backend="threading"):
            together = cross_val_score(clf, X, y, cv=4, n_jobs=4, scoring="neg_log_loss")
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(together, alone)


def test_pickles_whatever_the_parameters_became(fitted: Any, data: Data) -> None:
    changed = pickle.loads(pickle.dumps(fitted)).set_params(optimizer="bogus", callbacks=[3])
    restored = pickle.loads(pickle.dumps(changed))
    np.testing.assert_array_equal(restored.predict(data[1]), fitted.predict(data[1]))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there(data: Data) -> None:
    with pytest.raises(ValueError, match="device must be available; got 'cuda'"):
        make_mlp(device="cuda").fit(data[0], data[2])


@pytest.mark.parametrize("scale", [1, 255])
def test_pixels_of_another_scale_are_refused(scale: int, data: Data) -> None:
    X, X_test, y, _ = data
    clf = make_mlp(max_epochs=1).fit(X / (255 / scale), y)
    # Multiples of 15 are fractions that averages of a dark picture's pixels can be, too.
    with pytest.raises(ValueError, match="255"):
        clf.predict((X_test | 1) / scale)
    clf.predict(X_test / (255 / scale))
    clf.predict(np.zeros((1, 16, 16)))
    clf.predict(scale * np.eye(16)[None])


def test_black_and_white_pictures(data: Data) -> None:
    X = (data[0] > 100).astype(np.uint8)
    make_mlp(max_epochs=1).fit(X, data[2]).predict(X)


def test_scale_of_the_pixels_does_not_matter(fitted: Any, data: Data) -> None:
    X, X_test, y, y_test = data
    for scale in (1, 255):
        clf = make_mlp().fit(np.float32(X / scale), y)
        assert clf.score(np.float32(X_test / scale), y_test) == pytest.approx(
            fitted.score(X_test, y_test), abs=0.02
        )


def test_views_out_of_range_at_predict(fitted: Any, data: Data) -> None:
    with pytest.raises(ValueError, match=r"n_views must be .* got 9"):
        pickle.loads(pickle.dumps(fitted)).set_params(n_views=9).predict(data[1])
    with pytest.raises(ValueError, match="integer"):
        pickle.loads(pickle.dumps(fitted)).set_params(n_views="two").predict(data[1])


def test_progress(data: Data, capsys: Any) -> None:
    X, y = data[0][:64], data[2][:64]
    make_mlp(max_epochs=2).fit(X, y).predict(X)
    assert capsys.readouterr() == ("", "")
    make_mlp(max_epochs=2, verbose=1).fit(X, y)
    printed = capsys.readouterr()
    assert "train_loss" in printed.out
    assert printed.err == ""
    make_mlp(max_epochs=2, verbose=2).fit(X, y)
    printed = capsys.readouterr()
    assert "train_loss" in printed.out
    assert "epoch 2" in printed.err


def test_callbacks_may_change_and_are_not_kept(data: Data) -> None:
    seen = []

    class Note(Callback):
        def on_train_end(self, net: Any, **kwargs: Any) -> None:
            seen.append(len(net.history))

    clf = make_mlp(max_epochs=2, callbacks=[Note()]).fit(data[0], data[2])
    assert seen == [2]
    clf.set_params(callbacks=None).fit(data[0], data[2])
    assert seen == [2]


def test_metadata_routing(data: Data) -> None:
    X, _, y, _ = data
    with sklearn.config_context(enable_metadata_routing=True):
        clf = make_mlp(max_epochs=1).set_fit_request(sample_weight=True)
        clf.set_score_request(sample_weight=False)
        scores = cross_val_score(clf, X, y, cv=2, params={"sample_weight": np.ones(len(y))})
    assert len(scores) == 2
