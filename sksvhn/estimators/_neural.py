"""What every neural estimator shares: scikit-learn's contract round a training engine."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.model_selection import train_test_split
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted
from torch import Tensor, nn

from .._pictures import check_pictures
from ._augmentation import VIEWS, augment, fixed_view
from ._standardizer import Standardizer
from ._training import (
    EVALUATION_BATCH,
    Targets,
    TrainingData,
    TrainingNet,
    has_fast_bfloat16,
    resolve_device,
)

# Shorter sides belong to tables, not to pictures, whose treatment would destroy their features.
MIN_PICTURE_SIDE = 16


class NeuralClassifier(ClassifierMixin, BaseEstimator, metaclass=ABCMeta):
    """A classifier of pictures that trains a torch module.

    Subclasses say what the labels are (`_encode`), which module learns them (`_module_config`,
    `_make_module`), with which loss (`_criterion`) and when an output is right (`_is_right`).
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "image_shape": [None, tuple, list],
        "input_size": [None, Interval(Integral, 1, None, closed="left")],
        "channels": [tuple, list],
        "normalization": [None, StrOptions({"batch", "group"})],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "per_image_standardization": [StrOptions({"auto"}), "boolean"],
        "augmentation": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "n_views": [Interval(Integral, 1, len(VIEWS), closed="both")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "ema_decay": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "callbacks": [None, list],
        "device": [str],
        "amp": [StrOptions({"auto"}), "boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    image_shape: Sequence[int] | None
    input_size: int | None
    per_image_standardization: str | bool
    augmentation: str | float
    n_views: int
    lr: float
    max_epochs: int
    batch_size: int
    weight_decay: float
    ema_decay: float
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: int
    warm_start: bool
    callbacks: list[Any] | None
    device: str
    amp: str | bool
    random_state: int | np.random.RandomState | None
    verbose: int

    net_: TrainingNet
    _criterion: type[nn.Module]

    @abstractmethod
    def _encode(
        self, y: ArrayLike, *, reset: bool, keep_classes: bool, classes: ArrayLike | None
    ) -> tuple[NDArray[np.int64], ...]:
        """Learn what the labels are when `reset`, and return the targets of the loss."""

    @abstractmethod
    def _module_config(self) -> dict[str, Any]:
        """Keyword arguments of `_make_module`: plain values, kept with the fitted model."""

    @staticmethod
    @abstractmethod
    def _make_module(**config: Any) -> nn.Module:
        """Build the network."""

    @staticmethod
    @abstractmethod
    def _is_right(outputs: Any, targets: Targets) -> Tensor:
        """Tell for each sample of a batch whether its label is predicted."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on pictures and their labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Grey or colour (3 channels) pictures, or either flattened to rows. uint8 stays uint8
            in memory until its batch; floats may have any range, which is learned.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample in the loss; samples of weight 0 are left out.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If pictures or labels are empty, hold NaN, or don't fit each other or the parameters.
        """
        fresh = not (self.warm_start and hasattr(self, "net_"))
        return self._train(X, y, sample_weight, fresh=fresh, one_cycle=True)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on a part of the data, at the constant rate `lr`.

        The scale of the pixels is learned from the first part.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            Labels, as for `fit`.
        classes : array-like, default=None
            Labels that later parts may hold; only the first call uses it.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample in the loss.

        Returns
        -------
        self : object
            The estimator, fitted so far.
        """
        fresh = not hasattr(self, "net_")
        return self._train(X, y, sample_weight, fresh=fresh, one_cycle=False, classes=classes)

    def _train(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        fresh: bool,
        one_cycle: bool,
        classes: ArrayLike | None = None,
    ) -> Self:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        pictures = check_pictures(self, X, reset=fresh, image_shape=self.image_shape)
        targets = self._encode(
            y, reset=fresh, keep_classes=not (fresh or one_cycle), classes=classes
        )
        check_consistent_length(pictures, *targets)
        data = self._weighted(pictures, targets, sample_weight)
        valid = None
        random_state = check_random_state(self.random_state)
        if one_cycle and self.early_stopping:
            train_rows, valid_rows = train_test_split(
                np.arange(len(data)), test_size=self.validation_fraction, random_state=random_state
            )
            data, valid = data.subset(train_rows), data.subset(valid_rows)
        seed = int(random_state.randint(np.iinfo(np.int32).max))
        device = resolve_device(self.device)
        self.device_ = str(device)
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(seed)
            if fresh:
                self.history_: list[dict[str, Any]] = []
                per_image = self.per_image_standardization
                self._standardizer = Standardizer.from_pictures(
                    pictures,
                    data.row_weights(),
                    input_size=self.input_size,
                    per_image=self._is_picture() if per_image == "auto" else bool(per_image),
                )
                self._config = self._module_config()
                # float64 in means float64 through and through, as scikit-learn's checks ask.
                self._float64 = pictures.dtype == np.float64
                module = self._build_module()
            else:
                module = self.net_.module_
            self._strength = float(
                self._is_picture() if self.augmentation == "auto" else self.augmentation
            )
            self.amp_ = not self._float64 and (
                has_fast_bfloat16(device) if self.amp == "auto" else bool(self.amp)
            )
            if fresh or one_cycle or self.net_.one_cycle:
                self.net_ = self._make_net(module, seed, one_cycle=one_cycle)
            self.net_.train(data, valid, epochs=self.max_epochs if one_cycle else 1)
        self.history_ += [
            {name: value for name, value in epoch.items() if name != "batches"}
            for epoch in self.net_.history[-self.net_.n_epochs_ :]
        ]
        self.n_iter_ = len(self.history_)
        return self

    def _weighted(
        self,
        pictures: NDArray[Any],
        targets: tuple[NDArray[np.int64], ...],
        sample_weight: ArrayLike | None,
    ) -> TrainingData:
        weights = _check_sample_weight(
            sample_weight, pictures, dtype=np.float64, ensure_non_negative=True
        )
        rows = np.flatnonzero(weights)
        if len(rows) == 0:
            raise ValueError("All sample_weight are zero; at least one sample must count.")
        return TrainingData(pictures, targets, weights / weights[rows].mean(), rows)

    def _is_picture(self) -> bool:
        return min(self.image_shape_[:2]) >= MIN_PICTURE_SIDE

    def _build_module(self) -> nn.Module:
        module = self._make_module(**self._config)
        dtype = torch.float64 if self._float64 else torch.float32
        return module.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def _make_net(self, module: nn.Module, seed: int, *, one_cycle: bool) -> TrainingNet:
        prepare = partial(_prepare, self._standardizer, torch.device(self.device_), self._float64)
        return TrainingNet(
            module,
            criterion=self._criterion,
            prepare=prepare,
            prepare_training=partial(
                prepare, strength=self._strength, generator=torch.Generator().manual_seed(seed)
            ),
            is_right=self._is_right,
            rng=np.random.default_rng(seed),
            one_cycle=one_cycle,
            ema_decay=self.ema_decay,
            weight_decay=self.weight_decay,
            amp=self.amp_,
            lr=self.lr,
            batch_size=self.batch_size,
            patience=self.n_iter_no_change if self.early_stopping and one_cycle else None,
            callbacks=self.callbacks,
            device=self.device_,
            verbose=int(self.verbose),
        )

    def _outputs(self, X: ArrayLike) -> list[NDArray[Any]]:
        """Mean logits over `n_views` of each picture, as float64 arrays."""
        check_is_fitted(self)
        pictures = check_pictures(self, X, reset=False)
        net = self.net_
        # A network that saw every picture in one place only would misread it from another.
        n_views = self.n_views if self._strength > 0 else 1
        batches = []
        with torch.inference_mode():
            for start in range(0, len(pictures), EVALUATION_BATCH):
                part = pictures[start : start + EVALUATION_BATCH]
                views = [net.module_(net.prepare(part, view=view)) for view in range(n_views)]
                means = [torch.stack(outputs).mean(dim=0) for outputs in zip(*views, strict=True)]
                batches.append([mean.double().cpu().numpy() for mean in means])
        return [np.concatenate(parts) for parts in zip(*batches, strict=True)]

    def __getstate__(self) -> dict[str, Any]:
        """Fitted state with the network as numpy arrays, free of device and torch."""
        state: dict[str, Any] = dict(super().__getstate__())
        if "net_" in state:
            weights = self.net_.module_.state_dict()
            state["net_"] = {name: tensor.cpu().numpy() for name, tensor in weights.items()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild the network; a model from a GPU comes back on the CPU where there is none."""
        super().__setstate__(state)
        if "net_" in state:
            with torch.random.fork_rng(devices=[]):  # the random start is overwritten
                module = self._build_module()
            # A copy, for arrays that joblib maps from disk are read-only.
            weights = {name: torch.from_numpy(np.array(a)) for name, a in state["net_"].items()}
            module.load_state_dict(weights)
            if self.device.startswith("cuda") and not torch.cuda.is_available():
                self.device = "auto"
            self.device_ = str(resolve_device(self.device))
            self.net_ = self._make_net(module.eval(), 0, one_cycle=True).initialize()

    def __sklearn_tags__(self) -> Tags:
        """Pictures in, single labels or one a column out."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.non_deterministic = False
        return tags


def _prepare(
    standardizer: Standardizer,
    device: torch.device,
    float64: bool,
    pictures: NDArray[Any],
    *,
    view: int = 0,
    strength: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Turn stored pictures into what the network reads."""
    batch = standardizer.to_tensor(pictures, device, torch.float64 if float64 else torch.float32)
    if strength > 0 and generator is not None:
        batch = augment(batch, size=standardizer.size, strength=strength, generator=generator)
    elif view > 0 or tuple(batch.shape[2:]) != standardizer.size:
        batch = fixed_view(batch, view, size=standardizer.size)
    return batch.contiguous(memory_format=torch.channels_last)
