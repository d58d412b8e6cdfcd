"""The training engine: steps, averaged weights, means of an epoch, and where bfloat16 pays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skorch.callbacks import Callback, GradientNormClipping
from torch import Tensor, nn

from sksvhn import SVHNCNNClassifier, SVHNMLPClassifier
from sksvhn.estimators import _fitting, _training
from sksvhn.estimators._device import LARGE_STEP, gains_by_bfloat16
from sksvhn.estimators._layers import EvenConv2d
from sksvhn.estimators._training import EpochMeans, WeightAverage

from ._pictures import bar_numbers

Data = tuple[NDArray[np.uint8], NDArray[np.str_]]
State = dict[str, Tensor]


def make_mlp(**params: Any) -> SVHNMLPClassifier:
    defaults = {
        "hidden_layer_sizes": (8,),
        "augmentation": 0.0,
        "max_epochs": 2,
        "batch_size": 16,
        "training__ema_decay": 0.0,
        "random_state": 0,
    }
    return SVHNMLPClassifier().set_params(**(defaults | params))


def make_cnn(**params: Any) -> SVHNCNNClassifier:
    defaults = {
        "channels": ((4,), (4,)),
        "augmentation": 0.0,
        "max_epochs": 1,
        "batch_size": 16,
        "random_state": 0,
    }
    return SVHNCNNClassifier().set_params(**(defaults | params))


@pytest.fixture(scope="module")
def data() -> Data:
    """48 grey pictures, 16x16, and the first digits in them."""
    X, numbers = bar_numbers(48)
    return X, np.array([number[0] for number in numbers])


def state_of(module: nn.Module) -> State:
    """Weights and running statistics of a module themselves; its counters matter nowhere."""
    return {n: tensor for n, tensor in module.state_dict().items() if tensor.is_floating_point()}


def copied_state(net: Any) -> State:
    return {name: tensor.clone() for name, tensor in state_of(net.module_).items()}


def assert_same_state(state: State, other: State) -> None:
    assert state.keys() == other.keys()
    for name, tensor in state.items():
        assert torch.equal(tensor, other[name]), name


class Record(Callback):
    """Keeps the weights as they are after each training step and each epoch."""

    def __init__(self, *, stop_after: int = 1000) -> None:
        self.stop_after = stop_after
        self.steps: list[State] = []
        self.epochs: list[State] = []
        self.dtypes: list[torch.dtype] = []

    def on_batch_end(self, net: Any, *, training: bool, y_pred: Any, **kwargs: Any) -> None:
        if training:
            self.steps.append(copied_state(net))
            self.dtypes.append(y_pred[0].dtype)
        if len(self.steps) == self.stop_after:
            raise KeyboardInterrupt

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        self.epochs.append(copied_state(net))


def test_gradients_can_be_clipped_before_the_step(data: Data) -> None:
    clf = make_mlp(normalization=None, weight_decay=0.0, warm_start=True).fit(*data)
    before = copied_state(clf.net_)
    clf.set_params(callbacks=[GradientNormClipping(1e-12)]).fit(*data)
    for name, tensor in copied_state(clf.net_).items():
        torch.testing.assert_close(tensor, before[name], atol=1e-9, rtol=0)
    clf.set_params(callbacks=None).fit(*data)
    changes = [(t - before[n]).abs().max() for n, t in copied_state(clf.net_).items()]
    assert min(changes) > 1e-4


def test_hooks_of_callbacks_see_every_step(data: Data) -> None:
    class Hook(Callback):
        steps = 0

        def on_train_begin(self, net: Any, **kwargs: Any) -> None:
            net.optimizer_.register_step_post_hook(self.count)

        def count(self, *args: Any) -> None:
            self.steps += 1

    hook = Hook()
    make_mlp(callbacks=[hook]).fit(*data)
    assert hook.steps == 2 * 3  # epochs, batches


def test_every_callback_gets_all_gradients_of_a_step_by_name(data: Data) -> None:
    class Look(Callback):
        calls = 0

        def on_grad_computed(self, net: Any, *, named_parameters: Any, **kwargs: Any) -> None:
            Look.calls += 1
            seen = dict(named_parameters)
            expected = dict(net.module_.named_parameters())
            assert seen.keys() == expected.keys()
            assert all(seen[name] is expected[name] for name in expected)
            assert all(parameter.grad is not None for parameter in seen.values())

    make_mlp(callbacks=[Look(), ("again", Look())]).fit(*data)
    assert Look.calls == 2 * 2 * 3  # callbacks, epochs, batches


def test_callbacks_that_do_nothing_at_a_batch_are_not_called(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle, calls = [], []

    class Listen(Callback):
        def on_batch_end(self, net: Any, *, training: bool, **kwargs: Any) -> None:
            calls.append(training)

    class Idle(Callback):
        pass

    def inherited(self: Callback, net: Any, **kwargs: Any) -> None:
        idle.append(type(self))

    monkeypatch.setattr(Callback, "on_batch_end", inherited)
    X, y = data
    clf = make_mlp(callbacks=[Idle(), Listen()])
    clf.fit(X, y, X_val=X[:10], y_val=y[:10])
    assert calls == [True, True, True, False] * 2
    assert idle == []


@pytest.mark.parametrize(
    ("layer", "n_weights"), [(nn.Linear(10, 10, bias=False), 100), (nn.Linear(99, 7), 700)]
)
def test_dense_networks_gain_by_bfloat16_from_a_size_on(layer: nn.Module, n_weights: int) -> None:
    batch_size = -(-LARGE_STEP // n_weights)  # rounded up; without a remainder at 100 weights
    network = nn.Sequential(nn.Flatten(), layer)
    assert not gains_by_bfloat16(network, batch_size - 1)
    assert gains_by_bfloat16(network, batch_size)


@pytest.mark.parametrize("kind", [nn.Conv2d, EvenConv2d])
def test_any_convolution_gains_by_bfloat16(kind: type[nn.Conv2d]) -> None:
    assert gains_by_bfloat16(nn.Sequential(nn.Sequential(kind(1, 1, 2))), 1)


@pytest.mark.parametrize(
    ("clf", "gains"),
    [
        (make_mlp(), False),
        (make_mlp(batch_size=LARGE_STEP), True),
        (make_mlp(batch_size=LARGE_STEP, training__amp=False), False),
        (make_mlp(training__amp=True), True),
        (make_cnn(), True),
        (make_cnn(training__amp=False), False),
    ],
    ids=["small", "large", "large-no", "small-yes", "convolutions", "convolutions-no"],
)
def test_bfloat16_where_the_hardware_has_it_and_the_network_gains(
    clf: Any, gains: bool, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = data[0][:16], data[1][:16]
    record = Record()
    clf.set_params(max_epochs=1, callbacks=[record])
    monkeypatch.setattr(_fitting, "has_fast_bfloat16", lambda device: True)
    assert clf.fit(X, y).amp_ == gains
    assert clf.fit(X.astype(np.float64), y).amp_ is False
    assert record.dtypes == [torch.bfloat16 if gains else torch.float32, torch.float64]
    monkeypatch.setattr(_fitting, "has_fast_bfloat16", lambda device: False)
    assert clf.fit(X, y).amp_ is (clf.get_params()["training__amp"] is True)


@pytest.mark.parametrize(("at_once", "n_calls"), [(1, 150), (7, 22), (64, 3), (150, 1)])
def test_means_of_an_epoch_however_many_batches_are_measured_at_once(
    at_once: int, n_calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_training, "BATCHES_MEASURED", at_once)
    calls = []

    def measure(outputs: Any, targets: Any) -> tuple[Tensor, Tensor]:
        """Hits; distances, of positive targets only; and what counts for no sample."""
        (read,), (true,) = outputs, targets
        calls.append(len(read))
        hit, distance, ones = (read == true).double(), (read - true).abs(), torch.ones(len(read))
        counts = torch.stack([ones, true > 0, 0 * ones], dim=1).bool()
        return torch.stack([hit, distance, ones], dim=1), counts

    rng = np.random.default_rng(0)
    means = EpochMeans(measure)
    batches = []
    for size in rng.integers(1, 9, 150):
        read, true = rng.integers(-2, 3, (2, size)).astype(np.float64)
        batches.append((np.full(size, rng.random()), read, true, rng.uniform(0.1, 3, size)))
        losses, *others = map(torch.from_numpy, batches[-1])
        means.add(losses[0].requires_grad_(), [others[0]], (others[1],), others[2])

    losses, read, true, weights = map(np.concatenate, zip(*batches, strict=True))
    loss, hits, distance, nothing = means.means()
    assert loss == pytest.approx(losses.sum() / weights.sum())  # of samples, weighed by then
    assert hits == pytest.approx(np.average(read == true, weights=weights))
    positive = true > 0
    assert distance == pytest.approx(
        np.average(abs(read - true)[positive], weights=weights[positive])
    )
    assert np.isnan(nothing)
    assert (len(calls), sum(calls)) == (n_calls, len(read))


def test_weight_average_by_its_formula() -> None:
    module = nn.BatchNorm1d(3)
    average = WeightAverage(module, decay=0.5)
    expected = {n: t.double().numpy() for n, t in state_of(module).items()}
    rng = np.random.default_rng(0)
    for n in range(1, 15):  # the decay is reached in the 8th step
        decay = min(0.5, (1 + n) / (10 + n))
        with torch.no_grad():
            for name, tensor in state_of(module).items():
                tensor.copy_(torch.from_numpy(rng.normal(size=tensor.shape)))
                expected[name] = decay * expected[name] + (1 - decay) * tensor.double().numpy()
        average.update()
        for tensor, mean in zip(average.tensors, expected.values(), strict=True):
            np.testing.assert_allclose(tensor.numpy(), mean, rtol=1e-5, atol=1e-6)


def test_weights_change_places_with_their_average_and_back() -> None:
    module = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    average = WeightAverage(module, decay=0.5)
    with torch.no_grad():
        for tensor in state_of(module).values():
            tensor.add_(1)
    own = [tensor.clone() for tensor in state_of(module).values()]
    averaged = [tensor.clone() for tensor in average.tensors]

    def assert_holds(in_module: list[Tensor]) -> None:
        assert all(map(torch.equal, state_of(module).values(), in_module))
        assert all(map(torch.equal, average.tensors, averaged))

    def fail_in_place() -> None:
        with average.in_place():
            assert_holds(averaged)
            raise RuntimeError("stop")

    assert len(own) == len(averaged) == 6
    average.put_in_place()
    assert_holds(averaged)
    average.put_in_place()
    average.take_out()
    assert_holds(own)
    with pytest.raises(RuntimeError, match="stop"):
        fail_in_place()
    assert_holds(own)
    with average.shown():
        assert_holds(averaged)
    assert_holds(own)
    with average.shown(), torch.no_grad():
        for tensor in state_of(module).values():
            tensor.fill_(3)
    averaged = [tensor.clone() for tensor in state_of(module).values()]
    assert_holds([torch.full_like(tensor, 3) for tensor in own])  # training goes on from these


@pytest.mark.parametrize("stop_after", [1000, 4], ids=["whole epochs", "within an epoch"])
def test_without_averaging_the_last_weights_predict(stop_after: int, data: Data) -> None:
    record = Record(stop_after=stop_after)
    clf = make_mlp(callbacks=[record]).fit(*data)
    assert len(record.steps) == min(stop_after, 6)
    assert_same_state(copied_state(clf.net_), record.steps[-1])
    answers = clf.decision_function(data[0])
    clf.net_.module_.load_state_dict(record.steps[-1], strict=False)
    np.testing.assert_array_equal(clf.decision_function(data[0]), answers)


def test_without_averaging_early_stopping_restores_the_best_epoch(data: Data) -> None:
    X, y = data
    record = Record()
    clf = make_mlp(
        early_stopping=True, training__n_iter_no_change=2, max_epochs=60, callbacks=[record]
    )
    clf.fit(X[:32], y[:32], X_val=X[32:], y_val=np.roll(y[32:], 1))
    scores = [epoch["valid_score"] for epoch in clf.history_]
    best = int(np.argmax(scores))
    assert best + 1 + 2 == clf.n_iter_ < 60
    assert_same_state(copied_state(clf.net_), record.epochs[best])


FORMS: dict[str, Callable[[Any], Any]] = {
    "uint8": np.array,
    "float32": lambda X: X.astype(np.float32),
    "fortran": lambda X: np.asfortranarray(X.astype(np.float32)),
    "read-only": lambda X: np.frombuffer(X.astype(np.float32).tobytes(), "f4").reshape(X.shape),
    "reversed": lambda X: X.astype(np.float32)[::-1],
    "reversed uint8": lambda X: X[::-1],
    "rows": lambda X: X.astype(np.float32).reshape(len(X), -1),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("make", [make_mlp, make_cnn])
def test_pictures_of_the_user_stay_as_they_are(make: Any, form: Any, data: Data) -> None:
    X, kept = form(data[0]), form(data[0]).copy()
    y = data[1]
    clf = make(max_epochs=1).fit(X, y, X_val=X, y_val=y)
    clf.predict_proba(X)
    np.testing.assert_array_equal(X, kept)
    same = make(max_epochs=1).fit(np.ascontiguousarray(kept), y)
    np.testing.assert_array_equal(clf.predict_proba(X), same.predict_proba(kept))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_pictures_in_reverse_are_read_in_reverse(dtype: Any, data: Data) -> None:
    X, y = data[0].astype(dtype), data[1]
    clf = make_mlp().fit(X, y)
    np.testing.assert_array_equal(clf.predict(X[::-1]), clf.predict(X)[::-1])
    np.testing.assert_allclose(
        clf.decision_function(X[::-1]), clf.decision_function(X)[::-1], rtol=1e-4, atol=1e-5
    )
