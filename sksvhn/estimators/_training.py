"""The training engine: skorch's loop over batches that are sliced from whole arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNet
from skorch.callbacks import Callback, EpochTimer, PrintLog
from torch import Tensor, nn

MOMENTUM = 0.9
WARM_UP = 0.2
EVALUATION_BATCH = 256

Targets = tuple[Tensor, ...]
Batch = tuple[Tensor, tuple[Targets, Tensor]]


@dataclass(frozen=True)
class TrainingData:
    """Pictures, encoded targets and weights of mean 1, of which only some rows may count."""

    pictures: NDArray[Any]
    targets: tuple[NDArray[np.int64], ...]
    weights: NDArray[np.float64]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def subset(self, indices: NDArray[np.int64]) -> TrainingData:
        """Count fewer rows; nothing is copied but their numbers."""
        return replace(self, rows=self.rows[indices])

    def row_weights(self) -> NDArray[np.float64]:
        """Weights of all pictures, 0 where a row does not count."""
        weights = np.zeros_like(self.weights)
        weights[self.rows] = self.weights[self.rows]
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
            rows = self.data.rows[indices]
            inputs = self.prepare(self.data.pictures[rows])
            targets = tuple(torch.from_numpy(t[rows]).to(inputs.device) for t in self.data.targets)
            weights = torch.from_numpy(self.data.weights[rows]).to(inputs.device, inputs.dtype)
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
            # skorch's own way to end training early.
            raise KeyboardInterrupt

    def on_train_end(self, net: TrainingNet, **kwargs: Any) -> None:
        """Restore the best epoch."""
        if self.weights_ is not None:
            net.average_.tensors = self.weights_


class TrainingNet(NeuralNet):
    """skorch's net over whole arrays: weighted loss, one-cycle rate, averaged weights.

    The loss is summed on the device and read back once an epoch; skorch reads it every step.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        criterion: type[nn.Module],
        prepare_training: Callable[[NDArray[Any]], Tensor],
        prepare: Callable[..., Tensor],
        is_right: Callable[[Any, Targets], Tensor],
        rng: np.random.Generator,
        one_cycle: bool,
        ema_decay: float,
        weight_decay: float,
        amp: bool,
        patience: int | None,
        **kwargs: Any,
    ) -> None:
        self.prepare_training = prepare_training
        self.prepare = prepare
        self.is_right = is_right
        self.rng = rng
        self.one_cycle = one_cycle
        self.ema_decay = ema_decay
        self.weight_decay = weight_decay
        self.amp = amp
        self.patience = patience
        super().__init__(module, criterion=criterion, train_split=None, **kwargs)

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        callbacks: list[tuple[str, Callback]] = [("epoch_timer", EpochTimer())]
        if self.patience is not None:
            callbacks.append(("keep_best", KeepBest(self.patience)))
        return [*callbacks, ("print_log", PrintLog())]

    def initialize_optimizer(self, *args: Any, **kwargs: Any) -> TrainingNet:
        """SGD with Nesterov momentum; biases and normalisation are not decayed."""
        parameters = [p for p in self.module_.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": self.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimizer_ = torch.optim.SGD(groups, lr=self.lr, momentum=MOMENTUM, nesterov=True)
        return self

    def train(self, train: TrainingData, valid: TrainingData | None, *, epochs: int) -> None:
        """Train the module and leave the averaged weights in it, ready to predict."""
        if not self.initialized_:
            self.initialize()
            self.average_ = WeightAverage(self.module_, self.ema_decay)
        else:
            self.average_.exchange(self.module_)
        epochs_before = len(self.history)
        self.max_epochs = epochs
        self.n_steps_ = epochs * math.ceil(len(train) / self.batch_size)
        self.step_ = 0
        self.partial_fit((train, valid))
        self.n_epochs_ = len(self.history) - epochs_before
        self.average_.exchange(self.module_)
        self.module_.eval()

    def get_split_datasets(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Training and validation data, as given to `train`."""
        return X

    def get_iterator(self, dataset: TrainingData, training: bool = False) -> Batches:
        """Shuffled batches for training, larger ones in order for evaluation."""
        if training:
            return Batches(
                dataset, batch_size=self.batch_size, prepare=self.prepare_training, rng=self.rng
            )
        return Batches(dataset, batch_size=EVALUATION_BATCH, prepare=self.prepare, rng=None)

    def run_single_epoch(
        self, iterator: Batches | None, training: bool, prefix: str, step_fn: Any, **params: Any
    ) -> None:
        """One pass; loss and score are recorded once, at its end."""
        if iterator is None:
            return
        loss: float | Tensor = 0.0
        right: float | Tensor = 0.0
        weight: float | Tensor = 0.0
        if not training:
            self.average_.exchange(self.module_)
        for batch in iterator:
            self.notify("on_batch_begin", batch=batch, training=training)
            step = step_fn(batch, **params)
            self.notify("on_batch_end", batch=batch, training=training, **step)
            targets, weights = batch[1]
            loss = loss + step["loss"].detach() * len(weights)
            right = right + self.is_right(step["y_pred"], targets).to(weights.dtype) @ weights
            weight = weight + weights.sum()
        if not training:
            self.average_.exchange(self.module_)
        self.history.record(f"{prefix}_loss", float(loss / weight))
        self.history.record(f"{prefix}_score", float(right / weight))
        if training:
            self.history.record("lr", self.optimizer_.param_groups[0]["lr"])

    def train_step(self, batch: Batch, **params: Any) -> dict[str, Any]:
        """One optimiser step, then one step of the weight average."""
        if self.one_cycle:
            for group in self.optimizer_.param_groups:
                group["lr"] = self.lr * one_cycle(self.step_ / self.n_steps_)
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


def one_cycle(progress: float) -> float:
    """Learning-rate factor of one-cycle training (Smith & Topin 2017, arXiv 1708.07120).

    Rises linearly from 1/25 to 1 over the first fifth, then falls along a cosine towards 0.
    """
    if progress < WARM_UP:
        return 0.04 + 0.96 * progress / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))


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
        return torch.device(device)
    except RuntimeError:
        raise ValueError(
            f"device={device!r} is no torch device; pass 'auto', 'cpu', 'cuda' or 'cuda:0'."
        ) from None
