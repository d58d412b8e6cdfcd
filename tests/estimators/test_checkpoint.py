"""Interrupted fits go on from their checkpoint and end as if never interrupted."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils import check_random_state
from skorch.callbacks import Callback, LRScheduler

from sksvhn import SVHNCNNClassifier, SVHNMLPClassifier, SVHNSequenceClassifier
from sksvhn.estimators import _checkpoint
from sksvhn.estimators._checkpoint import digest
from sksvhn.estimators._training import TrainingNet

from ._pictures import bar_numbers

Data = tuple[NDArray[np.uint8], NDArray[Any]]
Fit = dict[str, Any]

COMMON: dict[str, Any] = {
    "max_epochs": 3,
    "batch_size": 16,
    "device": "cpu",
    "random_state": 0,
}


def make_mlp(**params: Any) -> SVHNMLPClassifier:
    return SVHNMLPClassifier().set_params(**{**COMMON, "hidden_layer_sizes": (8,), **params})


def make_cnn(**params: Any) -> SVHNCNNClassifier:
    return SVHNCNNClassifier().set_params(**{**COMMON, "channels": ((4,), (4,)), **params})


def make_sequence(**params: Any) -> SVHNSequenceClassifier:
    return SVHNSequenceClassifier().set_params(**{**COMMON, "channels": ((4,), (4,)), **params})


@pytest.fixture(scope="module")
def data() -> Data:
    """48 grey pictures, 16x16, and the first digits in them."""
    X, numbers = bar_numbers(48)
    return X, np.array([number[0] for number in numbers])


class Fail(Callback):
    """Raises in the middle of an epoch, whose number counts from 1."""

    def __init__(self, epoch: int, error: type[BaseException] = RuntimeError) -> None:
        self.epoch = epoch
        self.error = error

    def on_batch_end(self, net: Any, *, training: bool, **kwargs: Any) -> None:
        if training and len(net.history) == self.epoch and net.step_ == 2:
            raise self.error("power cut")


class Epochs(Callback):
    """Numbers of the epochs that were trained."""

    def __init__(self) -> None:
        self.trained: list[int] = []

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        self.trained.append(len(net.history))


class Parts(Sequence[Any]):
    """Pictures that are read part by part."""

    def __init__(self, pictures: NDArray[Any], n_parts: int) -> None:
        self.parts = np.array_split(pictures, n_parts)

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, index: Any) -> Any:
        return self.parts[index]


def interrupt(clf: Any, fit: Fit, epoch: int) -> None:
    """Let a fit fail in the middle of an epoch."""
    with pytest.raises(RuntimeError, match="power cut"):
        clone(clf).set_params(callbacks=[Fail(epoch)]).fit(**fit)


def assert_same_fit(clf: Any, other: Any, X: Any) -> None:
    state, expected = clf.net_.module_.state_dict(), other.net_.module_.state_dict()
    assert state.keys() == expected.keys()
    for name, tensor in state.items():
        assert torch.equal(tensor, expected[name]), name
    assert without_times(clf.history_) == without_times(other.history_)
    assert clf.n_iter_ == other.n_iter_
    np.testing.assert_array_equal(clf.predict_proba(X), other.predict_proba(X))


def without_times(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    assert all(epoch["dur"] > 0 for epoch in history)
    return [{k: v for k, v in epoch.items() if k != "dur"} for epoch in history]


CASES: dict[str, Callable[[], Any]] = {
    **{
        name: lambda name=name: make_mlp(optimizer=name, lr=0.05)
        for name in ("sgd", "momentum", "nesterov", "adagrad", "adam", "adamw")
    },
    "exponential": lambda: make_mlp(
        training__lr_schedule="exponential", training__lr_decay=0.5, training__lr_decay_steps=4
    ),
    "staircase": lambda: make_mlp(
        training__lr_schedule="staircase", training__lr_decay=0.5, training__lr_decay_steps=4
    ),
    "constant": lambda: make_mlp(training__lr_schedule="constant", training__ema_decay=0.0),
    "dropout": lambda: make_mlp(dropout=0.3, augmentation=0.0),
    "convolutions": lambda: make_cnn(dropout=0.2, normalization="group"),
    "adam on convolutions": lambda: make_cnn(optimizer="adam", lr=0.01),
    "balanced": lambda: make_cnn(class_weight="balanced"),
    "numbers": lambda: make_sequence(dropout=0.1),
    "held out": lambda: make_sequence(early_stopping=True, training__validation_fraction=0.3),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fit_interrupted_in_any_epoch_ends_as_if_it_were_not(
    name: str, data: Data, tmp_path: Path
) -> None:
    X, y = data
    make = CASES[name]
    fit: Fit = {"X": X, "y": y, "sample_weight": np.linspace(0, 2, len(y))}
    whole = make().fit(**fit)
    # What is kept differs between cases; when a fit may be interrupted does not.
    for epoch in (1, 2, 3) if name in ("adam", "numbers", "held out") else (3,):
        clf = make().set_params(checkpoint_dir=tmp_path)
        interrupt(clf, fit, epoch)
        assert len(list(tmp_path.iterdir())) == (epoch > 1)
        epochs = Epochs()
        resumed = clf.set_params(callbacks=[epochs]).fit(**fit)
        assert epochs.trained == list(range(epoch, 4))
        assert_same_fit(resumed, whole, X)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", [np.float64, np.float32, "parts"])
def test_pictures_in_every_form(form: Any, data: Data, tmp_path: Path) -> None:
    X, y = data
    fit: Fit = {"X": Parts(X, 9) if form == "parts" else X.astype(form), "y": y}
    fit |= {"X_val": fit["X"], "y_val": np.roll(y, 1)}
    whole = make_cnn(augmentation=0.5).fit(**fit)
    clf = make_cnn(augmentation=0.5, checkpoint_dir=tmp_path)
    interrupt(clf, fit, 3)
    assert_same_fit(clf.fit(**fit), whole, X.astype(np.float32 if form == "parts" else form))


def test_early_stopping_remembers_the_best_epoch(data: Data, tmp_path: Path) -> None:
    X, y = data
    fit: Fit = {"X": X[:32], "y": y[:32], "X_val": X[32:], "y_val": y[32:]}
    params = {"early_stopping": True, "training__n_iter_no_change": 3, "max_epochs": 40}
    params |= {"training__ema_decay": 0.5, "augmentation": 0.0}
    whole = make_mlp(**params).fit(**fit)
    best = int(np.argmax([epoch["valid_score"] for epoch in whole.history_])) + 1
    assert 1 < best == whole.n_iter_ - 3 < 37
    for epoch in range(best - 1, whole.n_iter_ + 1):
        clf = make_mlp(**params, checkpoint_dir=tmp_path)
        interrupt(clf, fit, epoch)
        assert_same_fit(clf.fit(**fit), whole, X)
        assert list(tmp_path.iterdir()) == []


def test_interrupted_again_and_again(data: Data, tmp_path: Path) -> None:
    X, y = data
    whole = make_cnn(max_epochs=6, dropout=0.1).fit(X, y)
    clf = make_cnn(max_epochs=6, dropout=0.1, checkpoint_dir=tmp_path)
    for epoch in (2, 2, 5, 6):
        interrupt(clf, {"X": X, "y": y}, epoch)
    assert_same_fit(clf.fit(X, y), whole, X)


def test_a_rate_that_a_callback_changes(data: Data, tmp_path: Path) -> None:
    X, y = data

    def make(*callbacks: Any, **params: Any) -> Any:
        schedule = LRScheduler("ExponentialLR", gamma=0.5)
        params["callbacks"] = [schedule, *callbacks]
        return make_mlp(training__lr_schedule="constant", max_epochs=5, **params)

    whole = make().fit(X, y)
    assert [epoch["lr"] for epoch in whole.history_] == [0.1, 0.05, 0.025, 0.0125, 0.00625]
    with pytest.raises(RuntimeError, match="power cut"):
        make(Fail(4), checkpoint_dir=tmp_path).fit(X, y)
    assert_same_fit(make(checkpoint_dir=tmp_path).fit(X, y), whole, X)


def test_warm_starts(data: Data, tmp_path: Path) -> None:
    X, y = data
    first = pickle.dumps(make_cnn(warm_start=True, dropout=0.1).fit(X, y))
    fit: Fit = {"X": X[:32], "y": y[:32]}
    whole = pickle.loads(first).fit(**fit)
    with pytest.raises(RuntimeError, match="power cut"):
        pickle.loads(first).set_params(checkpoint_dir=tmp_path, callbacks=[Fail(3)]).fit(**fit)
    epochs = Epochs()
    resumed = pickle.loads(first).set_params(checkpoint_dir=tmp_path, callbacks=[epochs]).fit(**fit)
    assert epochs.trained == [3]
    assert_same_fit(resumed, whole, X)
    assert [epoch["epoch"] for epoch in resumed.history_] == [1, 2, 3, 4, 5, 6]


def test_another_start_is_another_fit(data: Data, tmp_path: Path) -> None:
    X, y = data
    clf = make_cnn(warm_start=True).fit(X, y)
    other = pickle.loads(pickle.dumps(clf))
    with torch.no_grad():
        next(other.net_.module_.parameters()).view(-1)[0] += 1e-4
    for start in (clf, other):
        with pytest.raises(RuntimeError, match="power cut"):
            start.set_params(checkpoint_dir=tmp_path, callbacks=[Fail(2)]).fit(X, y)
    assert len(list(tmp_path.iterdir())) == 2


def test_fits_without_a_seed_go_on_in_their_own_way(data: Data, tmp_path: Path) -> None:
    X, y = data
    state = check_random_state(None)  # NumPy's own
    before = state.get_state(legacy=False)
    params = {"random_state": None, "early_stopping": True, "dropout": 0.1}
    try:
        whole = make_cnn(**params).fit(X, y)
        state.set_state(before)
        clf = make_cnn(**params, checkpoint_dir=tmp_path)
        interrupt(clf, {"X": X, "y": y}, 3)
        state.random_sample(7)
        now = state.get_state(legacy=False)
        assert_same_fit(clf.fit(X, y), whole, X)
        assert digest(state.get_state(legacy=False)) == digest(now)
    finally:
        state.set_state(before)


@pytest.mark.parametrize("moves_on", [False, True])
def test_random_states_draw_as_in_the_fit_that_was_interrupted(
    moves_on: bool, data: Data, tmp_path: Path
) -> None:
    X, y = data
    state = np.random.RandomState(5)
    whole = make_cnn(random_state=state, early_stopping=True).fit(X, y)
    clf = make_cnn(
        random_state=np.random.RandomState(5), early_stopping=True, checkpoint_dir=tmp_path
    )
    interrupt(clf, {"X": X, "y": y}, 2)
    own = np.random.RandomState(5)
    own.random_sample(3 * moves_on)
    before = digest(own.get_state(legacy=False))
    resumed = clf.set_params(random_state=own).fit(X, y)
    assert_same_fit(resumed, whole, X)
    # As after a whole fit, or, if others drew from it, as it was.
    expected = before if moves_on else digest(state.get_state(legacy=False))
    assert digest(own.get_state(legacy=False)) == expected


@pytest.mark.parametrize("early_stopping", [False, True])
def test_ctrl_c_leaves_a_model_and_fit_goes_on(
    early_stopping: bool, data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = data
    fit: Fit = {"X": X[:32], "y": y[:32], "X_val": X[32:], "y_val": np.roll(y[32:], 1)}
    params = {"early_stopping": early_stopping, "max_epochs": 8, "training__ema_decay": 0.5}
    whole = make_mlp(**params).fit(**fit)
    step, after_epoch, after_step = TrainingNet.train_step, [], []

    def interrupted(net: TrainingNet, *args: Any, **kwargs: Any) -> Any:
        after_step.append([tensor.clone() for tensor in net.average_.tensors])
        if net.step_ == 0:
            after_epoch.append(after_step[-1])
        if net.n_steps_ == 9:  # in epoch 5 of 2 steps each
            raise KeyboardInterrupt
        return step(net, *args, **kwargs)

    clf = make_mlp(**params, checkpoint_dir=tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(TrainingNet, "train_step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            clf.fit(**fit)
    assert clf.n_iter_ == 4
    best = int(np.argmax([epoch["valid_score"] for epoch in clf.history_])) + 1
    expected = after_epoch[best] if early_stopping else after_step[-1]
    own = [t for t in clf.net_.module_.state_dict().values() if t.is_floating_point()]
    assert all(map(torch.equal, own, expected))
    assert len(list(tmp_path.iterdir())) == 1
    epochs = Epochs()
    assert_same_fit(clf.set_params(callbacks=[epochs]).fit(**fit), whole, X)
    assert epochs.trained[0] == 5
    assert list(tmp_path.iterdir()) == []


def test_a_callback_that_ends_the_training_ends_the_fit(data: Data, tmp_path: Path) -> None:
    clf = make_mlp(checkpoint_dir=tmp_path, callbacks=[Fail(2, KeyboardInterrupt)]).fit(*data)
    assert clf.n_iter_ == 1
    assert list(tmp_path.iterdir()) == []


CHANGES: dict[str, Callable[[Any, Fit], Any]] = {
    "pixel": lambda clf, fit: fit["X"].__setitem__((5, 3, 3), fit["X"][5, 3, 3] ^ 1),
    "order": lambda clf, fit: fit.update(X=fit["X"][::-1]),
    "dtype": lambda clf, fit: fit.update(X=fit["X"].astype(np.float32)),
    "label": lambda clf, fit: fit["y"].__setitem__(0, "3" if fit["y"][0] != "3" else "2"),
    "weight": lambda clf, fit: fit.update(sample_weight=np.r_[1.1, np.ones(len(fit["y"]) - 1)]),
    "left out": lambda clf, fit: fit.update(sample_weight=np.r_[0, np.ones(len(fit["y"]) - 1)]),
    "validation": lambda clf, fit: fit.update(X_val=fit["X"], y_val=fit["y"]),
    "in parts": lambda clf, fit: fit.update(X=Parts(fit["X"], 2)),
    "lr": lambda clf, fit: clf.set_params(lr=0.2),
    "max_epochs": lambda clf, fit: clf.set_params(max_epochs=4),
    "hidden_layer_sizes": lambda clf, fit: clf.set_params(hidden_layer_sizes=(8, 8)),
    "class_weight": lambda clf, fit: clf.set_params(class_weight={"0": 2, "1": 1, "2": 1, "3": 1}),
    "training__amp": lambda clf, fit: clf.set_params(training__amp=True),
    "random_state": lambda clf, fit: clf.set_params(random_state=1),
    "unseeded": lambda clf, fit: clf.set_params(random_state=np.random.RandomState(0)),
}
NO_CHANGES: dict[str, Callable[[Any, Fit], Any]] = {
    "nothing": lambda clf, fit: None,
    "copies": lambda clf, fit: fit.update(X=np.asfortranarray(fit["X"]), y=list(fit["y"])),
    "weights": lambda clf, fit: fit.update(sample_weight=np.ones(len(fit["y"]))),
    "list": lambda clf, fit: clf.set_params(hidden_layer_sizes=[np.int64(8)]),
    "n_views": lambda clf, fit: clf.set_params(n_views=1),
    "crop": lambda clf, fit: clf.set_params(crop="stretch", margin=0.3),
    "warm_start": lambda clf, fit: clf.set_params(warm_start=True),
    "text": lambda clf, fit: clf.set_params(checkpoint_dir=str(clf.checkpoint_dir)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_other_data_or_parameters_start_anew(
    change: Callable[[Any, Fit], Any], data: Data, tmp_path: Path
) -> None:
    fit: Fit = {"X": data[0].copy(), "y": data[1].copy()}
    clf = make_mlp(checkpoint_dir=tmp_path)
    interrupt(clf, fit, 3)
    change(clf, fit)
    interrupt(clf, fit, 2)  # would not be reached if it went on
    assert len(list(tmp_path.iterdir())) == 2
    expected = clone(clf).set_params(checkpoint_dir=None).fit(**fit)
    assert_same_fit(clone(clf).fit(**fit), expected, data[0].astype(np.float32))
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("change", NO_CHANGES.values(), ids=NO_CHANGES.keys())
def test_what_no_weight_depends_on_goes_on(
    change: Callable[[Any, Fit], Any], data: Data, tmp_path: Path
) -> None:
    fit: Fit = {"X": data[0].copy(), "y": data[1].copy()}
    clf = make_mlp(checkpoint_dir=tmp_path)
    interrupt(clf, fit, 3)
    change(clf, fit)
    epochs = Epochs()
    clf.set_params(callbacks=[epochs]).fit(**fit)
    assert epochs.trained == [3]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut off": lambda content: content[:-1],
    "cut in half": lambda content: content[: len(content) // 2],
    "header": lambda content: content[:40] + b"?" + content[41:],
    "flipped": lambda content: content[:-300] + bytes([content[-300] ^ 1]) + content[-299:],
    "text": lambda content: b"not a checkpoint",
    "pickle": lambda content: pickle.dumps({"module": 1}),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_files_are_not_used(
    damage: Callable[[bytes], bytes], data: Data, tmp_path: Path
) -> None:
    X, y = data
    clf = make_mlp(checkpoint_dir=tmp_path)
    interrupt(clf, {"X": X, "y": y}, 3)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    epochs = Epochs()
    with pytest.warns(
        UserWarning, match="is damaged or belongs to another fit; training starts"
    ) as w:
        clf.set_params(callbacks=[epochs]).fit(X, y)
    assert len(w) == 1
    assert epochs.trained == [1, 2, 3]
    assert_same_fit(clf, make_mlp().fit(X, y), X)
    assert list(tmp_path.iterdir()) == []


def test_files_of_other_fits_are_not_used(data: Data, tmp_path: Path) -> None:
    X, y = data
    clf, other = make_mlp(checkpoint_dir=tmp_path), make_mlp(checkpoint_dir=tmp_path, lr=0.3)
    interrupt(clf, {"X": X, "y": y}, 3)
    (path,) = tmp_path.iterdir()
    interrupt(other, {"X": X, "y": y}, 3)
    (others,) = set(tmp_path.iterdir()) - {path}
    os.replace(others, path)
    with pytest.warns(UserWarning, match="belongs to another fit"):
        clf.fit(X, y)
    assert_same_fit(clf, make_mlp().fit(X, y), X)


def test_a_full_disk_ends_no_training(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(_checkpoint, "write_file", full)
    with pytest.warns(UserWarning, match="cannot be written .*No space") as warned:
        clf = make_mlp(checkpoint_dir=tmp_path).fit(*data)
    assert len(warned) == 3
    assert_same_fit(clf, make_mlp().fit(*data), data[0])


def test_a_folder_that_cannot_be_made(data: Data, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"checkpoint_dir must be a folder.* got .*file' "):
        make_mlp(checkpoint_dir=tmp_path / "file").fit(*data)


def test_only_fit_with_a_folder_writes(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_mlp().fit(*data)
    make_mlp(checkpoint_dir="new").partial_fit(*data, classes=np.unique(data[1]))
    assert list(tmp_path.iterdir()) == []
    make_mlp(checkpoint_dir="new/within").fit(*data)
    assert list(tmp_path.rglob("*")) == [tmp_path / "new", tmp_path / "new/within"]


def test_verbose_says_where_it_goes_on(
    data: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clf = make_mlp(checkpoint_dir=tmp_path, verbose=1)
    interrupt(clf, {"X": data[0], "y": data[1]}, 3)
    assert "oes on" not in capsys.readouterr().out
    clf.fit(*data)
    first, _, _, line = capsys.readouterr().out.strip().splitlines()
    assert first.startswith("Goes on after epoch 2, by ")
    assert line.split()[0] == "3"


def test_searches_share_a_folder(data: Data, tmp_path: Path) -> None:
    X, y = data
    grid = {"lr": [0.01, 0.1], "random_state": [0, 1]}

    def search(error_score: Any = "raise", **params: Any) -> Any:
        return GridSearchCV(make_mlp(**params), grid, cv=2, n_jobs=2, error_score=error_score)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with joblib.parallel_config(backend="threading"):
            plain = search().fit(X, y)
            with pytest.raises(ValueError, match="All the 8 fits failed"):
                search(0.0, checkpoint_dir=tmp_path, callbacks=[Fail(3)]).fit(X, y)
            assert len(list(tmp_path.iterdir())) == 8
            resumed = search(checkpoint_dir=tmp_path).fit(X, y)
    finally:
        torch.set_num_threads(threads)
    assert list(tmp_path.iterdir()) == []
    scores = "mean_test_score"
    np.testing.assert_array_equal(resumed.cv_results_[scores], plain.cv_results_[scores])
    assert_same_fit(resumed.best_estimator_, plain.best_estimator_, X)


def test_the_same_fit_twice_at_once(data: Data, tmp_path: Path) -> None:
    X, y = data
    clf = make_mlp(max_epochs=6, checkpoint_dir=tmp_path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        whole = make_mlp(max_epochs=6).fit(X, y)
        with joblib.parallel_config(backend="threading"):
            both = joblib.Parallel(n_jobs=2)(joblib.delayed(clone(clf).fit)(X, y) for _ in "ab")
    finally:
        torch.set_num_threads(threads)
    for fitted in both:
        assert_same_fit(fitted, whole, X)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys, threading
import torch
from skorch.callbacks import Callback
from tests.estimators.test_checkpoint import killed_fit

class Kill(Callback):
    def on_batch_end(self, net, **kwargs):
        if net.n_steps_ == int(sys.argv[2]):
            die = lambda: os.kill(os.getpid(), signal.SIGKILL)
            threading.Timer(float(sys.argv[3]), die).start()

torch.set_num_threads(int(sys.argv[4]))
killed_fit(checkpoint_dir=sys.argv[1], callbacks=[Kill()])
"""


def killed_fit(**params: Any) -> Any:
    """A fit of 20 epochs of 4 steps."""
    X, y = bar_numbers(64, random_state=1)
    return make_sequence(max_epochs=20, dropout=0.1, **params).fit(X, y)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_a_process_killed_at_a_random_moment(tmp_path: Path) -> None:
    rng = np.random.default_rng()
    moment = (rng.integers(5, 50), rng.uniform(0, 0.005))  # a step, and seconds from then on
    arguments = [str(tmp_path), *map(str, moment), str(torch.get_num_threads())]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments], cwd=Path(__file__).parents[2], check=False
    )
    assert killed.returncode == -signal.SIGKILL, moment
    epochs = Epochs()
    resumed = killed_fit(checkpoint_dir=tmp_path, callbacks=[epochs])
    assert epochs.trained[0] > 1, moment
    assert_same_fit(resumed, killed_fit(), bar_numbers(20)[0])
    assert [path for path in tmp_path.iterdir() if path.suffix == ".checkpoint"] == []


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)


@given(PLAIN, PLAIN)
def test_digests_are_equal_where_values_are(value: Any, other: Any) -> None:
    assert (digest(value) == digest(other)) == (repr(ordered(value)) == repr(ordered(other)))


def ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {"of a dict": [(key, ordered(value[key])) for key in sorted(value)]}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def test_digests_of_arrays() -> None:
    array = np.arange(24.0).reshape(4, 3, 2)
    same = [array.copy(), np.asfortranarray(array), array[::-1].copy()[::-1], torch.tensor(array)]
    assert {digest(a) for a in same} == {digest(array)}
    others = [array.ravel(), array[:3], array.astype("f4"), array.view("i8"), array + 1, [array]]
    others += [np.zeros((0, 2)), np.zeros((0, 3)), np.array(0.0), 0.0]
    assert len({digest(a) for a in [array, *others]}) == 1 + len(others)
    assert digest({"a": (1, np.float32(0.5))}) == digest({"a": [np.int64(1), 0.5]})
    objects = np.array(["a", None], dtype=object)
    assert digest(objects) != digest(np.array(["a", 1], dtype=object))
