"""`net_` is a skorch net: it predicts, saves and loads, and skorch's callbacks work with it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.base import clone
from skorch import NeuralNet
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    Freezer,
    InputShapeSetter,
    LoadInitState,
    LRScheduler,
    PassthroughScoring,
    ProgressBar,
    TrainEndCheckpoint,
)

from sksvhn import SVHNMLPClassifier, SVHNSequenceClassifier

from ._pictures import bar_numbers

X, NUMBERS = bar_numbers(60)
DIGITS = np.array([int(number[0]) for number in NUMBERS])
FIT: dict[str, Any] = {"X": X[:40], "y": DIGITS[:40], "X_val": X[40:], "y_val": DIGITS[40:]}


def mlp(**params: Any) -> SVHNMLPClassifier:
    defaults: dict[str, Any] = {
        "hidden_layer_sizes": (8,),
        "max_epochs": 2,
        "batch_size": 16,
        "training__lr_schedule": "constant",
        "training__ema_decay": 0.5,
        "augmentation": 0.0,
        "random_state": 0,
    }
    return SVHNMLPClassifier().set_params(**(defaults | params))


def sequence(**params: Any) -> SVHNSequenceClassifier:
    defaults: dict[str, Any] = {"channels": ((4,), (4,)), "max_epochs": 2, "random_state": 0}
    return SVHNSequenceClassifier().set_params(**(defaults | params))


class Spoil(Callback):
    """Makes the network of one class say the same of every picture, from the third epoch on."""

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        if len(net.history) > 2:
            with torch.no_grad():
                net.module_.output.weight.zero_()
                net.module_.output.bias.zero_()
            for group in net.optimizer_.param_groups:
                group["lr"] = 1e-9


class Note(Callback):
    """Keeps what a callback is told at the end of each epoch."""

    def __init__(self) -> None:
        self.scores: list[float] = []
        self.weights: list[Any] = []

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        self.scores.append(float((net.predict(X[40:]) == DIGITS[40:]).mean()))
        self.weights.append({k: v.clone() for k, v in net.module_.state_dict().items()})


def weights_of(clf: Any) -> dict[str, torch.Tensor]:
    return {name: t for name, t in clf.module_.state_dict().items() if t.is_floating_point()}


def assert_same_weights(clf: Any, weights: Any) -> None:
    for name, tensor in weights_of(clf).items():
        assert torch.equal(tensor, weights[name]), name


@pytest.mark.parametrize("ema_decay", [0.0, 0.5])
@pytest.mark.parametrize("kind", ["stopping", "checkpoint"])
def test_the_best_epochs_weights_are_loaded(kind: str, ema_decay: float, tmp_path: Path) -> None:
    best: Callback = EarlyStopping(patience=99, load_best=True, sink=print)
    if kind == "checkpoint":
        best = Checkpoint(dirname=tmp_path, load_best=True)
    note = Note()
    clf = mlp(max_epochs=5, training__ema_decay=ema_decay, callbacks=[Spoil(), note, best]).fit(
        **FIT
    )
    losses = [epoch["valid_loss"] for epoch in clf.history_]
    index = int(np.argmin(losses))
    assert index < 4  # before it was spoilt for good
    assert_same_weights(clf, note.weights[index])
    score = clf.score(X[40:], DIGITS[40:])
    assert score == pytest.approx(clf.history_[index]["valid_score"])
    assert clf.n_iter_ == len(clf.history_) == (index + 1 if kind == "checkpoint" else 5)
    loaded = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))


# Of skorch 1.2 with torch 2.4.
@pytest.mark.filterwarnings("ignore:You are using `torch.load`:FutureWarning")
def test_callbacks_see_the_weights_that_were_scored(tmp_path: Path) -> None:
    note = Note()
    every = Checkpoint(monitor=None, dirname=tmp_path, f_params="{last_epoch[epoch]}.pt")
    end = TrainEndCheckpoint(dirname=tmp_path)
    clf = mlp(max_epochs=3, training__ema_decay=0.9, callbacks=[note, every, end]).fit(**FIT)
    assert note.scores == pytest.approx([epoch["valid_score"] for epoch in clf.history_])
    for number, seen in enumerate(note.weights, start=1):
        kept = torch.load(tmp_path / f"{number}.pt")
        assert all(torch.equal(kept[name], tensor) for name, tensor in seen.items())
    assert_same_weights(clf, torch.load(tmp_path / "train_end_params.pt"))
    plain = mlp(max_epochs=3, training__ema_decay=0.9).fit(**FIT)
    assert_same_weights(plain, weights_of(clf))
    json.loads((tmp_path / "history.json").read_text())


def test_training_goes_on_from_weights_that_are_loaded(tmp_path: Path) -> None:
    first = mlp(max_epochs=3, callbacks=[TrainEndCheckpoint(dirname=tmp_path)]).fit(**FIT)
    init = LoadInitState(TrainEndCheckpoint(dirname=tmp_path, f_optimizer=None).initialize())
    clf = mlp(max_epochs=1, lr=1e-9, callbacks=[init], random_state=5).fit(**FIT)
    assert clf.n_iter_ == 4  # with the epochs of the history that was loaded
    for name, tensor in weights_of(first).items():
        if "running" not in name:
            torch.testing.assert_close(weights_of(clf)[name], tensor, atol=1e-5, rtol=0)


@pytest.mark.parametrize("clf", [mlp(), sequence()], ids=["digits", "numbers"])
def test_the_net_predicts(clf: Any, tmp_path: Path) -> None:
    y = DIGITS if isinstance(clf, SVHNMLPClassifier) else NUMBERS
    clf = clone(clf).fit(X, y)
    loaded = pickle.loads(pickle.dumps(clf))
    for one in (clf, loaded):
        net = one.net_
        assert isinstance(net, NeuralNet)
        assert net is one.net_
        assert net.module_ is one.module_
        np.testing.assert_array_equal(net.predict(X), clf.predict(X))
        np.testing.assert_array_equal(net.predict_proba(X), clf.predict_proba(X))
        assert net.history[:, "train_loss"] == [epoch["train_loss"] for epoch in clf.history_]
        outputs = net.forward(X)
        assert all(len(output) == len(X) for output in outputs)
        one.n_views = 1
        if y is DIGITS:
            logits = outputs[0].double().numpy()
            np.testing.assert_allclose(softmax(logits, axis=1), one.predict_proba(X), atol=1e-5)
        else:
            probability = torch.softmax(outputs[0].double(), dim=1)
            np.testing.assert_allclose(probability, one.predict_factors(X).length, atol=1e-5)
        one.n_views = 5
        assert sum(len(part[0]) for part in net.forward_iter(X)) == len(X)
        with pytest.raises(
            TypeError, match=f"must be trained through its {type(clf).__name__}; call fit"
        ):
            net.fit(X, y)
        with pytest.raises(ValueError, match="X"):
            net.predict(X[:, :5])


def test_the_net_saves_and_loads(tmp_path: Path) -> None:
    clf, other = mlp().fit(X, DIGITS), mlp(random_state=1).fit(X, DIGITS)
    assert not np.array_equal(clf.predict_proba(X), other.predict_proba(X))
    files = {f"f_{n}": tmp_path / n for n in ("params", "optimizer", "criterion", "history")}
    clf.net_.save_params(**files)
    other.net_.load_params(**files)
    np.testing.assert_array_equal(clf.predict_proba(X), other.predict_proba(X))
    assert other.net_.history == clf.net_.history
    again = clone(clf.net_)
    assert again.get_params()["batch_size"] == 16
    assert not again.initialized_
    net = pickle.loads(pickle.dumps(clf.net_))
    np.testing.assert_array_equal(net.predict(X), clf.predict(X))


def test_only_asking_for_the_net_makes_one(tmp_path: Path) -> None:
    clf = pickle.loads(pickle.dumps(mlp().fit(X, DIGITS)))
    clf.predict(X)
    clf.summary()
    clf.save(tmp_path / "model.sksvhn")
    assert clf._net is None
    with pytest.raises(AttributeError):
        mlp().net_  # noqa: B018
    assert not hasattr(mlp(), "net_")
    clf.partial_fit(X, DIGITS)
    assert clf.net_.history_before_ == clf.history_[:2]


def test_predicting_in_a_callback_changes_no_training() -> None:
    class Predict(Callback):
        def __init__(self) -> None:
            self.modes: list[bool] = []

        def on_batch_end(self, net: Any, *, training: bool, **kwargs: Any) -> None:
            net.predict(X[:3])
            net.predict_proba(X[:3])
            net.forward(X[:3])
            self.modes.append(net.module_.training == training)

    params = {"dropout": 0.3, "augmentation": 0.5}
    predict = Predict()
    watched = mlp(**params, callbacks=[predict]).fit(**FIT)
    plain = mlp(**params).fit(**FIT)
    assert predict.modes
    assert all(predict.modes)
    assert_same_weights(watched, weights_of(plain))
    for a, b in zip(watched.history_, plain.history_, strict=True):
        assert {**a, "dur": 0} == {**b, "dur": 0}


@pytest.mark.parametrize("schedule", ["one_cycle", "exponential", "staircase"])
def test_a_rate_scheduler_beside_a_schedule_is_refused(schedule: str) -> None:
    step = LRScheduler("StepLR", step_size=1, gamma=0.1)
    with pytest.raises(
        ValueError, match=f"must be 'constant' for the callback LRScheduler.*{schedule}.*constant"
    ):
        mlp(training__lr_schedule=schedule, callbacks=[step]).fit(X, DIGITS)


@pytest.mark.parametrize("every", ["batch", "epoch"])
def test_rate_schedulers_change_a_constant_rate(every: str) -> None:
    step = LRScheduler(
        "StepLR", step_size=1 if every == "epoch" else 3, gamma=0.1, step_every=every
    )
    clf = mlp(lr=0.1, max_epochs=3, callbacks=[step]).fit(X[:40], DIGITS[:40])
    expected = [0.1, 0.01, 0.001] if every == "epoch" else [0.01, 0.001, 0.0001]
    np.testing.assert_allclose([epoch["lr"] for epoch in clf.history_], expected)
    stream = mlp(lr=0.1, training__lr_schedule="one_cycle", callbacks=[ProgressBar()])
    for _ in range(2):
        stream.partial_fit(X, DIGITS, classes=np.unique(DIGITS))


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (EarlyStopping(), r"EarlyStopping asks for 'valid_loss'.*pass X_val and y_val"),
        (Checkpoint(), r"Checkpoint asks for 'valid_loss_best'.*pass X_val and y_val"),
        (
            LRScheduler("ReduceLROnPlateau", monitor="valid_loss"),
            r"LRScheduler asks for 'valid_loss'.*pass X_val and y_val",
        ),
        (PassthroughScoring("train_loss"), "must not hold PassthroughScoring"),
        (InputShapeSetter(), "must not hold InputShapeSetter, .*shape from X"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_callbacks_without_validation_data(callback: Any, message: str, tmp_path: Path) -> None:
    if isinstance(callback, Checkpoint):
        callback.dirname = tmp_path
    with pytest.raises(ValueError, match=message):
        mlp(callbacks=[callback]).fit(X, DIGITS)


def test_what_is_recorded_is_named_where_validation_data_were_given() -> None:
    with pytest.raises(ValueError, match=r"'valid_acc', which is not .* choose one of .*valid_sc"):
        mlp(callbacks=[EarlyStopping(monitor="valid_acc")]).fit(**FIT)


def test_layers_can_be_frozen() -> None:
    clf = mlp(max_epochs=1, warm_start=True).fit(X, DIGITS)
    before = clf.module_.features.hidden[0].weight.detach().clone()
    output = clf.module_.output.weight.detach().clone()
    clf.set_params(callbacks=[Freezer("features*")]).fit(X, DIGITS)
    assert torch.equal(clf.module_.features.hidden[0].weight, before)
    assert not torch.equal(clf.module_.output.weight, output)
