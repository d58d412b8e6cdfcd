"""Training loop: skorch's loop with a schedule and averaged weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNet
from skorch.callbacks import Callback, EpochTimer
from skorch.exceptions import SkorchException
from skorch.utils import to_device
from torch import Tensor, nn

from .._images._lazy import LazyPictures
from ._batches import EVALUATION_BATCH, Batch, Batches, Preparation, Targets, TrainingData
from ._epoch_callbacks import (
    EpochProgress,
    EpochTable,
    KeepBest,
    TrainingStopped,
    check_callbacks,
    missing_record,
)
from ._layers import Dropout
from ._memory import keep_freed_memory
from ._network import Network
from ._optimization import Schedule, bare_step, make_optimizer
from ._settings import settings_of
from ._weight_average import WeightAverage

# Batches whose outputs are measured at once.
BATCHES_MEASURED = 64


class Reader(Protocol):
    """The estimator that a net is trained for, as far as a net that predicts needs it."""

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict labels."""

    def predict_proba(self, X: Any) -> Any:
        """Predict probabilities."""

    def _symbols(self) -> list[str]:
        """Say what each code of the targets stands for."""

    def _known_pictures(self, X: Any) -> NDArray[Any] | LazyPictures:
        """Check pictures like those that were trained on."""


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


class NetworkLoss(nn.Module):
    """The loss of each sample, in the place that skorch has for it."""

    def __init__(self, loss: Callable[[Any, Targets], Tensor]) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, outputs: Any, targets: Targets) -> Tensor:
        """Loss of each sample, shape (n,)."""
        return self.loss(outputs, targets)


class TrainingNet(NeuralNet):
    """skorch's net over whole arrays: weighted loss, scheduled rate, averaged weights.

    Loss and measures are read back once per epoch. While callbacks run at the end of an epoch or of
    the training, the module has the averaged weights, to which the validation scores belong.
    """

    def __init__(
        self,
        module: Network,
        *,
        reader: Reader,
        preparation: Preparation,
        rng: np.random.Generator,
        make_optimizer: Callable[..., torch.optim.Optimizer],
        schedule: Schedule,
        ema_decay: float,
        initial_share: float,
        taken: frozenset[str],
        amp: bool,
        patience: int | None,
        goes_on: bool,
        train_split: None = None,
        **kwargs: Any,
    ) -> None:
        self.reader = reader
        self.preparation = preparation
        self.rng = rng
        self.make_optimizer = make_optimizer
        self.schedule = schedule
        self.ema_decay = ema_decay
        self.initial_share = initial_share
        self.taken = taken
        self.amp = amp
        self.patience = patience
        self.goes_on = goes_on
        super().__init__(module, train_split=train_split, **kwargs)

    @property
    def recorded(self) -> set[str]:
        """What the history holds of an epoch, apart from what callbacks of users add."""
        names = ("loss", *self.module.measure_names)
        of_data = {f"{part}_{name}" for part in ("train", "valid") for name in names}
        return of_data | {"epoch", "dur", "lr"}

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        callbacks: list[tuple[str, Callback]] = [("epoch_timer", EpochTimer())]
        if self.patience is not None:
            callbacks.append(("keep_best", KeepBest(self.patience)))
        if self.verbose > 1:
            callbacks.append(("epoch_progress", EpochProgress()))
        single = self.module.measure_names[1:]
        single_heads = [f"{part}_{name}" for part in ("train", "valid") for name in single]
        return [*callbacks, ("print_log", EpochTable(keys_ignored=single_heads))]

    def initialize(self) -> TrainingNet:
        """Prepare everything for the first step."""
        super().initialize()
        self.average_ = WeightAverage(self.module_, self.ema_decay, self.initial_share, self.taken)
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
        # What was scored is what callbacks are to keep.
        shows = method_name == "on_epoch_end" and self.callbacks
        with self.average_.shown() if shows else nullcontext():
            for callback in self.listeners(method_name):
                self._call(callback, method_name, cb_kwargs)

    def _call(self, callback: Callback, method_name: str, cb_kwargs: dict[str, Any]) -> None:
        try:
            getattr(callback, method_name)(self, **cb_kwargs)
        except KeyboardInterrupt:
            own = type(callback).__module__.startswith("sksvhn.")
            if own or isinstance(callback, EpochTimer):
                raise  # Ctrl-C, which has to reach the user
            raise TrainingStopped from None
        except (KeyError, ValueError, SkorchException) as error:
            if not type(callback).__module__.startswith("skorch."):
                raise
            missing = getattr(callback, "monitor", None)
            if not isinstance(missing, str) or missing not in str(error):
                raise
            translated = missing_record(callback, missing, self.history)
            if translated is None:
                raise
            raise translated from error

    def train(
        self,
        train: TrainingData,
        valid: TrainingData | None,
        *,
        epochs: int,
        restore: Callable[[TrainingNet], None] | None = None,
        after_epoch: Callable[[TrainingNet], None] | None = None,
    ) -> None:
        """Train the module, and leave the averaged weights in it.

        Ctrl-C leaves the present weights, or those of the best epoch, and is raised again.
        `restore` gives the net the state of epochs that are done.
        """
        for group in self.optimizer_.param_groups:
            group["lr"] = self.lr
        train = train.on(self.preparation.device).ready(self.preparation)
        if valid is not None:
            unchanged = replace(self.preparation, strength=0.0)
            valid = valid.on(self.preparation.device).ready(unchanged)
        keep_freed_memory()
        seed = self.preparation.generator.initial_seed()
        for index, layer in enumerate(self.module_.modules()):
            if isinstance(layer, Dropout) and layer.generator is None:
                layer.generator = torch.Generator(self.device).manual_seed(seed + index)
        self.steps_per_epoch_ = math.ceil(len(train) / self.batch_size)
        self.epochs_ahead_ = epochs
        self.epochs_before_ = self.n_epochs_
        self.average_.take_out()
        try:
            if restore is not None:  # callbacks look at the history there is
                restore(self)
            self.notify("on_train_begin", X=train, y=None)
            if restore is not None:  # once more, because callbacks start from their beginning
                restore(self)
            for _ in range(self.n_epochs_ - self.epochs_before_, epochs):
                self.fit_loop((train, valid), epochs=1)
                if after_epoch is not None:
                    after_epoch(self)
        except TrainingStopped:
            pass
        finally:
            if not self.ema_decay:
                self.average_.update()  # to the weights as they are
            self.average_.put_in_place()
            try:
                self.notify("on_train_end", X=train, y=None)
            finally:
                self.average_.settle()
                self.module_.eval()

    def fit(self, X: Any, y: Any = None, **params: Any) -> TrainingNet:
        """Refuse: targets, weights and preparation are the estimator's."""
        name = type(self.reader).__name__
        raise TypeError(
            f"net_ must be trained through its {name}; call fit or partial_fit of the {name}."
        )

    partial_fit = fit

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict what the estimator does with the weights that the module has."""
        return self.reader.predict(X)

    def predict_proba(self, X: Any) -> Any:
        """Predict the estimator's probabilities with the weights that the module has."""
        return self.reader.predict_proba(X)

    def forward_iter(self, X: Any, training: bool = False, device: str = "cpu") -> Iterator[Any]:
        """Yield the network's outputs for batches of pictures as they are, without `n_views`."""
        mode = self.module_.training
        try:
            for batch in self.get_iterator(self.get_dataset(X)):
                yield to_device(self.evaluation_step(batch, training=training), device=device)
        finally:
            self.module_.train(mode)

    def load_params(self, *args: Any, **kwargs: Any) -> None:
        """Load weights, optimiser or history, as skorch does."""
        super().load_params(*args, **kwargs)
        if self.average_.trained is None:
            self.average_.restart()

    def get_dataset(self, X: Any, y: Any = None) -> TrainingData:
        """Check pictures as the estimator does."""
        if isinstance(X, TrainingData):
            return X
        return TrainingData.of_pictures(self.reader._known_pictures(X))

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
            n_steps=self.n_steps_ if training else 0,
        )

    def run_single_epoch(
        self, iterator: Batches | None, training: bool, prefix: str, step_fn: Any, **params: Any
    ) -> None:
        """One pass; loss and score are recorded once, at its end."""
        if iterator is None:
            return
        self.module_.train(training)
        means = EpochMeans(self.module_.measures)
        if training:
            self.step_ = 0
            self.parameters_ = list(self.module_.parameters())
            self.tells_gradients_ = bool(self.listeners("on_grad_computed"))
        tells_batches = bool(self.callbacks or self.listeners("on_batch_end"))
        with nullcontext() if training else self.average_.in_place():
            for batch in iterator:
                if tells_batches:
                    self.notify("on_batch_begin", batch=batch, training=training)
                step = step_fn(batch, **params)
                if tells_batches:
                    self.notify("on_batch_end", batch=batch, training=training, **step)
                means.add(step["loss"], step["y_pred"], *batch[1])
        if training and not self.ema_decay:
            self.average_.update()
        mean_loss, *measured = means.means()
        if training and not math.isfinite(mean_loss):
            raise ValueError(
                f"The training loss is {mean_loss} in epoch {len(self.history)}; lower lr, which "
                f"is {self.lr:g}, and check X for extreme values."
            )
        earlier = [epoch.get(f"{prefix}_loss", math.inf) for epoch in self.history[:-1]]
        self.history.record(f"{prefix}_loss", mean_loss)
        # What skorch's Checkpoint asks for.
        self.history.record(f"{prefix}_loss_best", mean_loss < min(earlier, default=math.inf))
        for name, mean in zip(self.module_.measure_names, measured, strict=True):
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
        for parameter in self.parameters_:  # zero_grad takes ten times as long
            parameter.grad = None
        outputs = self.infer(inputs)
        loss = self.get_loss(outputs, truth)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.tells_gradients_:
            parameters = list(self.get_all_learnable_params())
            self.notify("on_grad_computed", named_parameters=parameters, batch=batch)
        if self.callbacks:  # they may have hooked it, or schedule its rate
            self.optimizer_.step()
        else:
            bare_step(self.optimizer_)
        self.step_ += 1
        self.n_steps_ += 1
        if self.ema_decay:
            self.average_.update()
        return {"loss": loss, "y_pred": outputs}

    def infer(self, x: Tensor, **params: Any) -> Any:
        """Forward pass, in bfloat16 where that was chosen for training."""
        device, bfloat16 = x.device.type, self.amp and self.module_.training
        precision: AbstractContextManager[None] = nullcontext()
        # A context that changes nothing would cost as much as a small layer.
        if bfloat16 or torch.is_autocast_enabled(device):
            precision = torch.autocast(device, dtype=torch.bfloat16, enabled=bfloat16)
        try:
            with precision:
                return self.module_(x)
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise ValueError(
                "Batch normalization needs more than one value per channel and batch; got one very "
                "small picture; pass more samples, a larger batch_size, or normalization='group'."
            ) from None

    def get_loss(self, y_pred: Any, y_true: Any, X: Any = None, training: bool = False) -> Tensor:
        """Weighted mean of the criterion over the batch."""
        targets, weights = y_true
        return (self.criterion_(y_pred, targets) * weights).mean()


def make_net(
    clf: Any, seed: int, *, incremental: bool, taken: frozenset[str] = frozenset()
) -> TrainingNet:
    """Wrap the network, whose weights `taken` are an initial model's, in a training net."""
    params = settings_of(clf)
    kind = params.lr_schedule
    if incremental and kind == "one_cycle":
        kind = "constant"
    net = TrainingNet(
        clf.module_,
        reader=clf,
        criterion=NetworkLoss(clf.module_.loss),
        preparation=replace(
            clf._preparation(),
            strength=clf._strength,
            generator=torch.Generator().manual_seed(seed),
        ),
        rng=np.random.default_rng(seed),
        make_optimizer=partial(
            make_optimizer,
            params.optimizer,
            momentum=params.momentum,
            weight_decay=params.weight_decay,
        ),
        schedule=Schedule(kind, params.lr_decay, params.lr_decay_steps),
        ema_decay=params.ema_decay,
        initial_share=params.initial_share,
        taken=taken,
        amp=clf.amp_,
        lr=params.lr,
        batch_size=params.batch_size,
        patience=params.n_iter_no_change if params.early_stopping and not incremental else None,
        goes_on=incremental,
        callbacks=check_callbacks(clf.callbacks, kind),
        device=clf.device_,
        verbose=int(params.verbose),
    )
    net.history_before_ = clf.history_
    return net.initialize()
