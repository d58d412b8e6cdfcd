"""The training engine: skorch's loop with a schedule and averaged weights."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EpochTimer, PrintLog
from torch import Tensor, nn
from tqdm.auto import tqdm

from ._batches import EVALUATION_BATCH, Batch, Batches, Targets, TrainingData
from ._layers import Dropout
from ._optimization import Schedule
from ._preparation import Preparation

if TYPE_CHECKING:
    from ._checkpoint import Checkpoint


class WeightAverage:
    """Exponential moving average of a module's weights and running statistics."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.n_updates = 0
        # Listed once: a state_dict costs a small network as much as a layer.
        self.own = [t for t in module.state_dict().values() if t.is_floating_point()]
        self.tensors = [tensor.clone() for tensor in self.own]

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the module; early on, faster, to forget the random start."""
        self.n_updates += 1
        decay = min(self.decay, (1 + self.n_updates) / (10 + self.n_updates))
        torch._foreach_lerp_(self.tensors, self.own, 1 - decay)

    @torch.no_grad()
    def exchange(self) -> None:
        """Swap the averaged and the module's own weights."""
        for average, own in zip(self.tensors, self.own, strict=True):
            kept = own.clone()
            own.copy_(average)
            average.copy_(kept)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the module have the averaged weights for a while."""
        self.exchange()
        try:
            yield
        finally:
            self.exchange()


class EpochMeans:
    """Weighted means of loss and measures over an epoch, read back from the device at its end.

    Many batches are measured at once: one by one that costs as much as a small network.
    """

    def __init__(self, measure: Callable[[Any, Targets], tuple[Tensor, Tensor]]) -> None:
        self.measure = measure
        self.pending: list[tuple[Tensor, Sequence[Tensor], Targets, Tensor]] = []
        self.totals: float | Tensor = 0.0
        self.weights: float | Tensor = 0.0

    def add(
        self, loss: Tensor, outputs: Sequence[Tensor], targets: Targets, weights: Tensor
    ) -> None:
        """Take a batch and its mean loss."""
        self.pending.append(
            (loss.detach(), [output.detach() for output in outputs], targets, weights)
        )
        if len(self.pending) == BATCHES_MEASURED:
            self._measure()

    def means(self) -> list[float]:
        """Mean loss, then that of each measure; NaN where no sample counts."""
        if self.pending:
            self._measure()
        return torch.as_tensor(self.totals / self.weights).tolist()

    @torch.no_grad()
    def _measure(self) -> None:
        losses, outputs, targets, all_weights = zip(*self.pending, strict=True)
        self.pending = []
        weights = torch.cat(all_weights)
        values, counts = self.measure(
            [torch.cat(parts) for parts in zip(*outputs, strict=True)],
            tuple(torch.cat(parts) for parts in zip(*targets, strict=True)),
        )
        counted = counts * weights[:, None]
        sizes = torch.tensor([len(batch) for batch in all_weights]).to(weights)
        loss = torch.stack(losses).to(weights) @ sizes
        self.totals = self.totals + torch.cat([loss[None], (values * counted).sum(dim=0)])
        self.weights = self.weights + torch.cat([weights.sum()[None], counted.sum(dim=0)])


class TrainingStopped(Exception):  # noqa: N818  no error: a wish
    """A callback asked for the end of training."""


class KeepBest(Callback):
    """Stops when the validation score no longer rises and restores the best epoch's weights."""

    weights_: list[Tensor] | None = None

    def __init__(self, patience: int) -> None:
        self.patience = patience

    def on_train_begin(self, net: TrainingNet, **kwargs: Any) -> None:
        """Forget an earlier fit."""
        self.best_score_, self.best_epoch_ = -math.inf, 0
        self.weights_ = None

    def on_epoch_end(self, net: TrainingNet, **kwargs: Any) -> None:
        """Keep the averaged weights of a better epoch, or count an epoch without one."""
        score, epoch = net.history[-1, "valid_score"], net.history[-1, "epoch"]
        if score > self.best_score_:
            self.best_score_, self.best_epoch_ = score, epoch
            self.weights_ = [tensor.clone() for tensor in net.average_.tensors]
        elif epoch - self.best_epoch_ >= self.patience:
            raise TrainingStopped

    def on_train_end(self, net: TrainingNet, **kwargs: Any) -> None:
        """Restore the best epoch."""
        if self.weights_ is not None:
            net.average_.tensors = self.weights_


class EpochProgress(Callback):
    """A bar over the batches of each epoch, which vanishes at its end."""

    bar_: tqdm[Any] | None = None

    def on_epoch_begin(self, net: TrainingNet, **kwargs: Any) -> None:
        """Open the bar."""
        label = f"epoch {len(net.history)}"
        self.bar_ = tqdm(total=net.steps_per_epoch_, desc=label, unit="batch", leave=False)

    def on_batch_end(self, net: TrainingNet, *, training: bool, **kwargs: Any) -> None:
        """Move on by a training batch."""
        if training and self.bar_ is not None:
            self.bar_.update()

    def on_epoch_end(self, net: TrainingNet, **kwargs: Any) -> None:
        """Close the bar."""
        if self.bar_ is not None:
            self.bar_.close()

    on_train_end = on_epoch_end  # of an epoch that was interrupted


class EpochTable(PrintLog):
    """skorch's table, a line an epoch, in which only terminals get colours."""

    def format_row(self, row: Mapping[str, Any], key: str, color: str) -> str:
        """Write a cell, in `color` if it is the best of its column so far."""
        if os.environ.get("NO_COLOR") or not getattr(sys.stdout, "isatty", bool)():
            row = {key: row[key]}  # what is not said to be the best gets no colour
        return str(super().format_row(row, key, color))

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Print a line, which files and pipes show at once."""
        super().on_epoch_end(net, **kwargs)
        sys.stdout.flush()


# Multiply-adds of a step of a network without convolutions from which on bfloat16 is faster: it
# costs one of 9 million a quarter more time, and saves a sixth of one of 44 million.
LARGE_STEP = 20_000_000

# Batches whose outputs are measured at once.
BATCHES_MEASURED = 64


class TrainingNet(NeuralNet):
    """skorch's net over whole arrays: weighted loss, scheduled rate, averaged weights.

    Loss and measures are summed on the device and read back once an epoch; skorch reads the loss
    every step. `measure` gives values of every sample, and whether they count, (n, n_measures).
    `symbols` are what codes of targets stand for, for callbacks that show them.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        criterion: type[nn.Module],
        preparation: Preparation,
        measure: Callable[[Any, Targets], tuple[Tensor, Tensor]],
        measure_names: Sequence[str],
        symbols: Sequence[str],
        rng: np.random.Generator,
        make_optimizer: Callable[..., torch.optim.Optimizer],
        schedule: Schedule,
        ema_decay: float,
        amp: bool,
        patience: int | None,
        **kwargs: Any,
    ) -> None:
        self.preparation = preparation
        self.measure = measure
        self.measure_names = measure_names
        self.symbols = symbols
        self.rng = rng
        self.make_optimizer = make_optimizer
        self.schedule = schedule
        self.ema_decay = ema_decay
        self.amp = amp
        self.patience = patience
        super().__init__(module, criterion=criterion, train_split=None, **kwargs)

    @property
    def recorded(self) -> set[str]:
        """What the history holds of an epoch, apart from what callbacks of users add."""
        of_data = {f"{p}_{m}" for p in ("train", "valid") for m in ("loss", *self.measure_names)}
        return of_data | {"epoch", "dur", "lr"}

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        callbacks: list[tuple[str, Callback]] = [("epoch_timer", EpochTimer())]
        if self.patience is not None:
            callbacks.append(("keep_best", KeepBest(self.patience)))
        if self.verbose > 1:
            callbacks.append(("epoch_progress", EpochProgress()))
        single_heads = [f"{p}_{m}" for p in ("train", "valid") for m in self.measure_names[1:]]
        return [*callbacks, ("print_log", EpochTable(keys_ignored=single_heads))]

    def initialize(self) -> TrainingNet:
        """Prepare everything for the first step."""
        super().initialize()
        self.average_ = WeightAverage(self.module_, self.ema_decay)
        self.n_steps_ = self.n_epochs_ = 0
        return self

    def initialize_optimizer(self, *args: Any, **kwargs: Any) -> TrainingNet:
        """Build the optimiser that the parameters name."""
        self.optimizer_ = self.make_optimizer(self.module_, lr=self.lr)
        return self

    def listeners(self, method_name: str) -> list[Callback]:
        """List the callbacks that do something at a certain time."""
        nothing = getattr(Callback, method_name)
        return [cb for _, cb in self.callbacks_ if getattr(type(cb), method_name) is not nothing]

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Call the callbacks; those of users end training by a KeyboardInterrupt, as in skorch."""
        getattr(self, method_name)(self, **cb_kwargs)
        for callback in self.listeners(method_name):
            try:
                getattr(callback, method_name)(self, **cb_kwargs)
            except KeyboardInterrupt:
                own = type(callback).__module__.startswith("sksvhn.")
                if own or isinstance(callback, EpochTimer):
                    raise  # Ctrl-C, which has to reach the user
                raise TrainingStopped from None
            except KeyError as error:
                if not type(callback).__module__.startswith("skorch."):
                    raise
                raise ValueError(
                    f"The callback {type(callback).__name__} asks for what is not recorded "
                    f"({error.args[0]}); pass X_val and y_val to fit for validation figures."
                ) from error

    def train(
        self,
        train: TrainingData,
        valid: TrainingData | None,
        *,
        epochs: int,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Train the module and leave the averaged weights in it, ready to predict.

        Ctrl-C leaves the weights as they are by then, or the best epoch's, and is raised again.
        A checkpoint that holds epochs of this training is where it begins.
        """
        if not self.initialized_:
            self.initialize()
        for group in self.optimizer_.param_groups:
            group["lr"] = self.lr
        train = train.on(self.preparation.device)
        valid = None if valid is None else valid.on(self.preparation.device)
        seed = self.preparation.generator.initial_seed()
        for index, layer in enumerate(self.module_.modules()):
            if isinstance(layer, Dropout) and layer.generator is None:
                layer.generator = torch.Generator(self.device).manual_seed(seed + index)
        self.steps_per_epoch_ = math.ceil(len(train) / self.batch_size)
        self.epochs_ahead_ = epochs
        self.epochs_before_ = self.n_epochs_
        self.average_.exchange()
        try:
            if checkpoint is not None:  # callbacks look at the history there is
                checkpoint.restore(self)
                if checkpoint.n_epochs and self.verbose:
                    print(f"Goes on after epoch {checkpoint.n_epochs}, by {checkpoint.path}.")
            self.notify("on_train_begin", X=train, y=None)
            if checkpoint is not None:  # once more, for callbacks begin anew
                checkpoint.restore(self)
            for _ in range(self.n_epochs_ - self.epochs_before_, epochs):
                self.fit_loop((train, valid), epochs=1)
                if checkpoint is not None:
                    checkpoint.write(self)
        except TrainingStopped:
            pass
        finally:
            if not self.ema_decay:
                self.average_.update()  # to the weights as they are
            try:
                self.notify("on_train_end", X=train, y=None)
            finally:
                self.average_.exchange()
                self.module_.eval()

    def get_split_datasets(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Training and validation data, as given to `train`."""
        return X

    def get_iterator(self, dataset: TrainingData, training: bool = False) -> Batches:
        """Shuffled batches for training, larger ones in order for evaluation."""
        return Batches(
            dataset,
            batch_size=self.batch_size if training else EVALUATION_BATCH,
            preparation=self.preparation,
            training=training,
            rng=self.rng if training else None,
        )

    def run_single_epoch(
        self, iterator: Batches | None, training: bool, prefix: str, step_fn: Any, **params: Any
    ) -> None:
        """One pass; loss and score are recorded once, at its end."""
        if iterator is None:
            return
        self.module_.train(training)
        means = EpochMeans(self.measure)
        if training:
            self.step_ = 0
        with nullcontext() if training else self.average_.in_place():
            for batch in iterator:
                self.notify("on_batch_begin", batch=batch, training=training)
                step = step_fn(batch, **params)
                self.notify("on_batch_end", batch=batch, training=training, **step)
                means.add(step["loss"], step["y_pred"], *batch[1])
        if training and not self.ema_decay:
            self.average_.update()
        mean_loss, *measured = means.means()
        if training and not math.isfinite(mean_loss):
            raise ValueError(
                f"The training loss is {mean_loss} in epoch {len(self.history)}; lower lr, which "
                f"is {self.lr:g}, and look whether X holds extreme values."
            )
        earlier = [epoch.get(f"{prefix}_loss", math.inf) for epoch in self.history[:-1]]
        self.history.record(f"{prefix}_loss", mean_loss)
        # What skorch's Checkpoint asks for.
        self.history.record(f"{prefix}_loss_best", mean_loss < min(earlier, default=math.inf))
        for name, mean in zip(self.measure_names, measured, strict=True):
            if not math.isnan(mean):  # as where no number reaches a position
                self.history.record(f"{prefix}_{name}", mean)
        if training:
            self.history.record("lr", self.optimizer_.param_groups[0]["lr"])
            self.n_epochs_ += 1

    def train_step(self, batch: Batch, **params: Any) -> dict[str, Any]:
        """One optimiser step, then one step of the weight average."""
        if self.schedule.kind != "constant":  # else a callback may change it
            n_epochs = self.n_epochs_ + self.step_ / self.steps_per_epoch_
            factor = self.schedule.factor(
                progress=(n_epochs - self.epochs_before_) / self.epochs_ahead_,
                n_steps=self.n_steps_,
                n_epochs=n_epochs,
            )
            for group in self.optimizer_.param_groups:
                group["lr"] = self.lr * factor
        # skorch's own step wraps this in a closure and sets the mode of every layer, each time.
        inputs, truth = batch
        self.optimizer_.zero_grad()
        outputs = self.infer(inputs)
        loss = self.get_loss(outputs, truth)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.listeners("on_grad_computed"):
            parameters = list(self.get_all_learnable_params())
            self.notify("on_grad_computed", named_parameters=parameters, batch=batch)
        self.optimizer_.step()
        self.step_ += 1
        self.n_steps_ += 1
        if self.ema_decay:
            self.average_.update()
        return {"loss": loss, "y_pred": outputs}

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


def gains_by_bfloat16(module: nn.Module, batch_size: int) -> bool:
    """Whether a network is large enough for its faster products to outweigh the conversions."""
    if any(isinstance(layer, nn.Conv2d) for layer in module.modules()):
        return True
    return batch_size * sum(p.numel() for p in module.parameters()) >= LARGE_STEP


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
    try:
        torch.zeros(1, device=resolved).item()
    except (RuntimeError, AssertionError):
        raise ValueError(f"device={device!r} is not there; pass device='auto' or 'cpu'.") from None
    return resolved
