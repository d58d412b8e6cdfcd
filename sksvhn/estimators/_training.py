"""The training engine: skorch's loop over batches that are sliced from whole arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNet
from skorch.callbacks import Callback, EpochTimer, PrintLog
from torch import Tensor, nn
from tqdm.auto import tqdm

from ._optimization import Schedule
from ._preparation import Preparation

EVALUATION_BATCH = 256

Targets = tuple[Tensor, ...]
Batch = tuple[Tensor, tuple[Targets, Tensor]]


@dataclass(frozen=True)
class TrainingData:
    """Samples: which row of the pictures each one is, its encoded targets, and its weight.

    Weights have mean 1. Rows that no sample names don't count.
    """

    pictures: NDArray[Any]
    rows: NDArray[np.int64]
    targets: tuple[NDArray[np.int64], ...]
    weights: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)

    def subset(self, indices: NDArray[np.int64]) -> TrainingData:
        """Fewer samples of the same pictures, which are not copied."""
        return TrainingData(
            self.pictures,
            self.rows[indices],
            tuple(target[indices] for target in self.targets),
            self.weights[indices],
        )

    def row_weights(self) -> NDArray[np.float64]:
        """Weights of all pictures, 0 where a row does not count."""
        weights = np.zeros(len(self.pictures))
        weights[self.rows] = self.weights
        return weights


class Batches:
    """Batches of nearly equal size, each sliced from the whole arrays at once.

    torch's DataLoader fetches and stacks single samples, which costs more than a small network's
    step. Equal sizes keep a last batch of one from breaking batch normalisation.
    """

    def __init__(
        self,
        data: TrainingData,
        *,
        batch_size: int,
        prepare: Callable[[NDArray[Any]], Tensor],
        rng: np.random.Generator | None,
    ) -> None:
        self.data = data
        self.batch_size = batch_size
        self.prepare = prepare
        self.rng = rng

    def __len__(self) -> int:
        return math.ceil(len(self.data) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        n = len(self.data)
        order = np.arange(n) if self.rng is None else self.rng.permutation(n)
        for indices in np.array_split(order, len(self)):
            part = self.data.subset(indices)
            inputs = self.prepare(part.pictures[part.rows])
            targets = tuple(torch.from_numpy(target).to(inputs.device) for target in part.targets)
            weights = torch.from_numpy(part.weights).to(inputs.device, inputs.dtype)
            yield inputs, (targets, weights)


class WeightAverage:
    """Exponential moving average of a module's weights and running statistics."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.n_updates = 0
        self.tensors = [tensor.detach().clone() for tensor in self._tensors_of(module)]

    @staticmethod
    def _tensors_of(module: nn.Module) -> list[Tensor]:
        return [t for t in module.state_dict().values() if t.is_floating_point()]

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move the average towards the module; early on, faster, to forget the random start."""
        self.n_updates += 1
        decay = min(self.decay, (1 + self.n_updates) / (10 + self.n_updates))
        torch._foreach_lerp_(self.tensors, self._tensors_of(module), 1 - decay)

    @torch.no_grad()
    def exchange(self, module: nn.Module) -> None:
        """Swap the averaged and the module's own weights."""
        for average, own in zip(self.tensors, self._tensors_of(module), strict=True):
            kept = own.clone()
            own.copy_(average)
            average.copy_(kept)

    @contextmanager
    def in_place(self, module: nn.Module) -> Iterator[None]:
        """Let the module have the averaged weights for a while."""
        self.exchange(module)
        try:
            yield
        finally:
            self.exchange(module)


class KeepBest(Callback):
    """Stops when the validation score no longer rises and restores the best epoch's weights."""

    def __init__(self, patience: int) -> None:
        self.patience = patience

    def on_train_begin(self, net: TrainingNet, **kwargs: Any) -> None:
        """Forget an earlier fit."""
        self.best_score_, self.best_epoch_ = -math.inf, 0
        self.weights_: list[Tensor] | None = None

    def on_epoch_end(self, net: TrainingNet, **kwargs: Any) -> None:
        """Keep the averaged weights of a better epoch, or count an epoch without one."""
        score, epoch = net.history[-1, "valid_score"], net.history[-1, "epoch"]
        if score > self.best_score_:
            self.best_score_, self.best_epoch_ = score, epoch
            self.weights_ = [tensor.clone() for tensor in net.average_.tensors]
        elif epoch - self.best_epoch_ >= self.patience:
            raise KeyboardInterrupt  # skorch's way to end training early

    def on_train_end(self, net: TrainingNet, **kwargs: Any) -> None:
        """Restore the best epoch."""
        if self.weights_ is not None:
            net.average_.tensors = self.weights_


class EpochProgress(Callback):
    """A bar over the batches of each epoch, which vanishes at its end."""

    def on_epoch_begin(self, net: TrainingNet, **kwargs: Any) -> None:
        """Open the bar."""
        label = f"epoch {len(net.history)}"
        self.bar_ = tqdm(total=net.steps_per_epoch_, desc=label, unit="batch", leave=False)

    def on_batch_end(self, net: TrainingNet, *, training: bool, **kwargs: Any) -> None:
        """Move on by a training batch."""
        if training:
            self.bar_.update()

    def on_epoch_end(self, net: TrainingNet, **kwargs: Any) -> None:
        """Close the bar."""
        self.bar_.close()

    on_train_end = on_epoch_end  # of an epoch that was interrupted


class TrainingStopped(Exception):  # noqa: N818  no error: a wish
    """A callback asked for the end of training."""


class TrainingNet(NeuralNet):
    """skorch's net over whole arrays: weighted loss, scheduled rate, averaged weights.

    The loss is summed on the device and read back once an epoch; skorch reads it every step.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        criterion: type[nn.Module],
        preparation: Preparation,
        is_right: Callable[[Any, Targets], Tensor],
        rng: np.random.Generator,
        make_optimizer: Callable[..., torch.optim.Optimizer],
        schedule: Schedule,
        ema_decay: float,
        amp: bool,
        patience: int | None,
        **kwargs: Any,
    ) -> None:
        self.preparation = preparation
        self.is_right = is_right
        self.rng = rng
        self.make_optimizer = make_optimizer
        self.schedule = schedule
        self.ema_decay = ema_decay
        self.amp = amp
        self.patience = patience
        super().__init__(module, criterion=criterion, train_split=None, **kwargs)

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        callbacks: list[tuple[str, Callback]] = [("epoch_timer", EpochTimer())]
        if self.patience is not None:
            callbacks.append(("keep_best", KeepBest(self.patience)))
        if self.verbose > 1:
            callbacks.append(("epoch_progress", EpochProgress()))
        return [*callbacks, ("print_log", PrintLog())]

    def initialize(self) -> TrainingNet:
        """Prepare everything for the first step."""
        super().initialize()
        self.average_ = WeightAverage(self.module_, self.ema_decay)
        self.step_ = 0
        return self

    def initialize_optimizer(self, *args: Any, **kwargs: Any) -> TrainingNet:
        """Build the optimiser that the parameters name."""
        self.optimizer_ = self.make_optimizer(self.module_, lr=self.lr)
        return self

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Call the callbacks; skorch's raise KeyboardInterrupt to end training."""
        try:
            super().notify(method_name, **cb_kwargs)
        except KeyboardInterrupt:
            # Told apart from Ctrl-C, which has to reach the user.
            raise TrainingStopped from None

    def train(self, train: TrainingData, valid: TrainingData | None, *, epochs: int) -> None:
        """Train the module and leave the averaged weights in it, ready to predict.

        Ctrl-C leaves the weights as they are by then and is raised again.
        """
        if not self.initialized_:
            self.initialize()
        self.average_.exchange(self.module_)
        self.steps_per_epoch_ = math.ceil(len(train) / self.batch_size)
        self.n_steps_ = epochs * self.steps_per_epoch_
        self.notify("on_train_begin", X=train, y=None)
        try:
            self.fit_loop((train, valid), epochs=epochs)
        except TrainingStopped:
            pass
        finally:
            self.notify("on_train_end", X=train, y=None)
            self.average_.exchange(self.module_)
            self.module_.eval()

    def get_split_datasets(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Training and validation data, as given to `train`."""
        return X

    def get_iterator(self, dataset: TrainingData, training: bool = False) -> Batches:
        """Shuffled batches for training, larger ones in order for evaluation."""
        prepare = self.preparation
        if training:
            return Batches(
                dataset, batch_size=self.batch_size, prepare=prepare.for_training, rng=self.rng
            )
        return Batches(
            dataset, batch_size=EVALUATION_BATCH, prepare=prepare.for_evaluation, rng=None
        )

    def run_single_epoch(
        self, iterator: Batches | None, training: bool, prefix: str, step_fn: Any, **params: Any
    ) -> None:
        """One pass; loss and score are recorded once, at its end."""
        if iterator is None:
            return
        loss: float | Tensor = 0.0
        right: float | Tensor = 0.0
        weight: float | Tensor = 0.0
        with nullcontext() if training else self.average_.in_place(self.module_):
            for batch in iterator:
                self.notify("on_batch_begin", batch=batch, training=training)
                step = step_fn(batch, **params)
                self.notify("on_batch_end", batch=batch, training=training, **step)
                targets, weights = batch[1]
                loss = loss + step["loss"].detach() * len(weights)
                right = right + self.is_right(step["y_pred"], targets).to(weights.dtype) @ weights
                weight = weight + weights.sum()
        self.history.record(f"{prefix}_loss", float(loss / weight))
        self.history.record(f"{prefix}_score", float(right / weight))
        if training:
            self.history.record("lr", self.optimizer_.param_groups[0]["lr"])

    def train_step(self, batch: Batch, **params: Any) -> dict[str, Any]:
        """One optimiser step, then one step of the weight average."""
        factor = self.schedule.factor(
            self.step_, n_steps=self.n_steps_, steps_per_epoch=self.steps_per_epoch_
        )
        for group in self.optimizer_.param_groups:
            group["lr"] = self.lr * factor
        step = super().train_step(batch, **params)
        self.step_ += 1
        self.average_.update(self.module_)
        return step

    def infer(self, x: Tensor, **params: Any) -> Any:
        """Forward pass, in bfloat16 where that was chosen for training."""
        bfloat16 = self.amp and self.module_.training
        try:
            with torch.autocast(x.device.type, dtype=torch.bfloat16, enabled=bfloat16):
                return self.module_(x)
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise ValueError(
                "Batch normalization cannot train on a batch of one picture this small; pass more "
                "samples, a larger batch_size, or normalization='group'."
            ) from None

    def get_loss(self, y_pred: Any, y_true: Any, X: Any = None, training: bool = False) -> Tensor:
        """Weighted mean of the criterion over the batch."""
        targets, weights = y_true
        return (self.criterion_(y_pred, targets) * weights).mean()


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 natively; elsewhere it is many times slower."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return False
    return any(
        getattr(torch.cpu, name, bool)()
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )


def resolve_device(device: str) -> torch.device:
    """Return the device; "auto" is a GPU where there is one."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        resolved = torch.device(device)
    except RuntimeError:
        raise ValueError(
            f"device={device!r} is no torch device; pass 'auto', 'cpu', 'cuda' or 'cuda:0'."
        ) from None
    n_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if resolved.type == "cuda" and (resolved.index or 0) >= n_gpus:
        raise ValueError(
            f"device={device!r} is not there: torch finds {n_gpus} GPUs; pass device='auto' or "
            "'cpu'."
        )
    return resolved
