"""Base of the neural estimators: scikit-learn's contract around the training loop."""

from __future__ import annotations

import math
import os
from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
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
from skorch.history import History

from .._labels import as_labels
from .._lazy_pictures import LazyPictures, in_chunks
from .._parameters import as_python
from .._pictures import check_stored_pictures
from .._white import KnownScale
from ._architecture import (
    ACTIVATIONS,
    NORMALIZATIONS,
    NetworkSpec,
)
from ._augmentation import VIEWS
from ._batches import EVALUATION_BATCH, Preparation, TrainingData
from ._checkpoint import Checkpoint
from ._device import gains_by_bfloat16, has_fast_bfloat16, resolve_device
from ._epoch_callbacks import check_callbacks
from ._fitted import take_fit, twin_of
from ._folding import in_evaluation, without_normalization
from ._onnx import OnnxExporter
from ._optimization import OPTIMIZERS, Schedule, make_optimizer
from ._picture_reader import PictureReader
from ._saved_network import SavedNetwork
from ._settings import SETTINGS, Architecture, Training, check_settings, settings_of
from ._standardizer import Standardizer
from ._summary import NetworkSummary
from ._training import NetworkLoss, TrainingNet

Pictures = NDArray[Any] | LazyPictures

# Shorter sides belong to tables, not to pictures, whose treatment would destroy their features.
MIN_PICTURE_SIDE = 16


@dataclass(frozen=True)
class Fit:
    """A fit that was prepared: all is checked, and nothing is the estimator's before it trained."""

    #: The estimator as it will be, which has the network that is trained.
    fitted: NeuralClassifier
    #: Round that network, a new one or the one that `partial_fit` goes on with.
    net: TrainingNet
    data: TrainingData
    valid: TrainingData | None
    epochs: int
    checkpoint: Checkpoint | None
    #: Whether the network is new, instead of the one that the estimator has.
    is_fresh: bool


class NeuralClassifier(
    PictureReader, OnnxExporter, SavedNetwork, ClassifierMixin, BaseEstimator, metaclass=ABCMeta
):
    """A classifier of pictures that trains a torch module.

    Subclasses say what the labels are (`_encode`, `_encode_known`) and which network learns them
    (`_module_config`, `_make_module`).
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **PictureReader._parameter_constraints,
        "image_shape": [None, "array-like"],
        "hidden_layer_sizes": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "normalization": [None, StrOptions(set(NORMALIZATIONS)), "array-like"],
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
        "augmentation": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "n_views": [Interval(Integral, 1, len(VIEWS), closed="both")],
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "warm_start": ["boolean"],
        "callbacks": [None, list],
        "checkpoint_dir": [None, str, os.PathLike],
        "device": [str],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "architecture": [Architecture, None],
        "training": [Training, None],
    }
    #: What settings may be, where that is less than their own classes allow.
    _constraints_of_settings: ClassVar[dict[str, list[Any]]] = {}
    #: Settings that this kind of network does not know.
    _without_effect: ClassVar[frozenset[str]] = frozenset()

    image_shape: Sequence[int] | None
    augmentation: str | float
    n_views: int
    optimizer: str
    lr: float
    max_epochs: int
    batch_size: int
    weight_decay: float
    early_stopping: bool
    warm_start: bool
    callbacks: list[Any] | None
    checkpoint_dir: str | os.PathLike[str] | None
    device: str
    random_state: int | np.random.RandomState | None
    verbose: int
    architecture: Architecture | None
    training: Training | None

    # What augmentation="auto" is for pictures.
    _auto_augmentation: ClassVar[float] = 1.0

    image_shape_: tuple[int, int, int]

    @abstractmethod
    def _encode(
        self,
        y: ArrayLike,
        rows: NDArray[np.int64],
        *,
        reset: bool,
        incremental: bool,
        classes: ArrayLike | None,
    ) -> tuple[NDArray[np.int64], ...]:
        """Learn what the labels are when `reset`, and return the loss's targets of some rows."""

    @abstractmethod
    def _encode_known(self, y: ArrayLike, name: str) -> tuple[NDArray[np.int64], ...]:
        """Return the targets of labels of which all must be known by now."""

    @abstractmethod
    def _module_config(self) -> dict[str, Any]:
        """Keyword arguments of `_make_module`: plain values, kept with the fitted model."""

    @abstractmethod
    def _symbols(self) -> list[str]:
        """Say what each code of the targets stands for."""

    def _strata(self, targets: tuple[NDArray[np.int64], ...]) -> NDArray[np.int64] | None:
        """Return groups of which a validation split takes the same share each."""
        return None

    def _label_weights(
        self, targets: tuple[NDArray[np.int64], ...], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Weights that samples have by their labels, beside their own."""
        return np.ones(len(weights))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get parameters, those of settings that are None included.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return those of `architecture` and `training` as well.

        Returns
        -------
        dict
            By name.
        """
        params: dict[str, Any] = super().get_params(deep=deep)
        for name, kind in SETTINGS.items():
            if deep and params[name] is None:
                params |= {f"{name}__{key}": value for key, value in kind().get_params().items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters, such as ``lr`` and ``architecture__kernel_size``.

        Parameters
        ----------
        **params : dict
            By name.

        Returns
        -------
        self : object
            The estimator.
        """
        for name, kind in SETTINGS.items():
            changes = any(key.startswith(f"{name}__") for key in params)
            if changes and params.get(name, getattr(self, name)) is None:
                params[name] = kind()
        return super().set_params(**params)

    def _validate_params(self) -> None:
        super()._validate_params()
        check_settings(self, self._constraints_of_settings, self._without_effect)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train on pictures and their labels.

        Ctrl-C ends the training and leaves a fitted estimator with the weights so far, or the best
        epoch's with early stopping. Where there is a `checkpoint_dir`, `fit` called again goes on.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Grey or colour (3 channels) pictures, or either flattened to rows. uint8 stays uint8
            in memory until its batch; floats may have any range, which is learned. Pictures that
            don't fit into memory may be a memory map, an array on disk (an open h5py dataset, or
            what has its ``shape``, ``dtype`` and slices) or a sequence that makes arrays of
            pictures, its parts, when indexed: these two are read a block at a time, and shuffled
            across and within blocks.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample in the loss; samples of weight 0 are left out.
        X_val : array-like of shape (n_val, ...), default=None
            Pictures that are not trained on: ``history_`` records their loss and score, and early
            stopping watches them instead of a share of X.
        y_val : array-like of shape (n_val,) or (n_val, max_length), default=None
            Their labels.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If pictures or labels are empty, hold NaN, or don't fit each other or the parameters.
        """
        fresh = not (self.warm_start and self.__sklearn_is_fitted__())
        if (X_val is None) != (y_val is None):
            given, missing = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
            raise ValueError(f"{given} was passed without {missing}; pass both or neither.")
        validation = None if X_val is None else (X_val, y_val, sample_weight_val)
        return self._train(X, y, sample_weight, fresh=fresh, validation=validation)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on a part of the data.

        The scale of the pixels is learned from the first part. The rate is constant where the
        schedule is "one_cycle", whose end is not known here; the other schedules count the steps of
        all calls. `lr` and `batch_size` may be changed between calls. Weights are taken as they
        are, where `fit` brings them to a mean of 1. Pickle keeps the averaged weights of the
        network, which predict, but neither the optimiser's memory nor the place in the schedule.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            Labels, as for `fit`.
        classes : array-like, default=None
            Labels that later parts may hold. Classifiers of single digits need them all in the
            first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample in the loss.

        Returns
        -------
        self : object
            The estimator, fitted so far.
        """
        fresh = not self.__sklearn_is_fitted__()
        return self._train(X, y, sample_weight, fresh=fresh, incremental=True, classes=classes)

    def _train(self, X: ArrayLike, y: ArrayLike, *args: Any, **options: Any) -> Self:
        # Whatever mode the caller is in.
        with torch.inference_mode(False), torch.enable_grad():
            self._run(self._prepare(X, y, *args, **options))
        return self

    def _prepare(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        fresh: bool,
        incremental: bool = False,
        validation: tuple[Any, Any, Any] | None = None,
        classes: ArrayLike | None = None,
    ) -> Fit:
        """Check everything and learn what labels and pictures are; this estimator stays as is."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        params = settings_of(self)
        new = twin_of(self, fitted=not fresh)
        if fresh:
            pictures = check_stored_pictures(new, X, reset=True, image_shape=params.image_shape)
        else:
            pictures = new._known_pictures(X)
        check_consistent_length(pictures, as_labels(y))
        weights = _checked_weights(sample_weight, len(pictures))
        rows = np.flatnonzero(weights)
        targets = new._encode(y, rows, reset=fresh, incremental=incremental, classes=classes)
        data = TrainingData(pictures, rows, targets, weights[rows])
        by_label = new._label_weights(targets, weights[rows])
        random_state = check_random_state(params.random_state)
        device = resolve_device(self.device)
        if fresh:
            new._net, new.history_, new.device_ = None, [], str(device)
            new._learn_pictures(pictures, data.weighted(by_label))
        auto = new._auto_augmentation if new._is_picture() else 0.0
        new._strength = float(auto if params.augmentation == "auto" else params.augmentation)
        valid = None if validation is None else new._validation_data(*validation)
        checkpoint = None
        if self.checkpoint_dir is not None and not incremental:
            definition = new._definition(data, valid, device, fresh)
            checkpoint = Checkpoint(self.checkpoint_dir, self, definition, random_state)
            random_state = checkpoint.random_state
        if valid is None and params.early_stopping and not incremental:
            train, held_out = new._split(data, params.validation_fraction, random_state)
            data, valid = data.subset(train), data.subset(held_out)
            by_label = by_label[train]
        data = data.weighted(by_label)
        if not incremental:  # parts of a stream keep their weights beside each other's
            data = data.weighted(1 / data.weights.mean())
        seed = int(random_state.randint(np.iinfo(np.int32).max))
        if fresh:
            new._config = new._module_config()
            new.module_ = new._build_module(seed)
        elif new._module_config() != new._config:
            raise ValueError(
                "The parameters name another network than the one that is to be trained on; fit "
                "anew with warm_start=False, or set them back."
            )
        fast = has_fast_bfloat16(device) and gains_by_bfloat16(new.module_, params.batch_size)
        new.amp_ = not new._float64 and (fast if params.amp == "auto" else params.amp)
        net = None if fresh or not incremental else self._net
        if net is None or not net.goes_on or new.device_ != str(device):
            new.device_ = str(device)
            net = new._make_net(seed, incremental=incremental)
        epochs = 1 if incremental else params.max_epochs
        return Fit(new, net, data, valid, epochs, checkpoint, fresh)

    def _run(self, fit: Fit) -> None:
        """Train, and take what was learned: all of it, or nothing if training fails."""
        new, net, checkpoint = fit.fitted, fit.net, fit.checkpoint
        weights = None if fit.is_fresh else deepcopy(new.module_.state_dict())
        params = settings_of(self)
        net.reader, net.lr, net.batch_size = new, params.lr, params.batch_size
        if checkpoint is not None and checkpoint.n_epochs and self.verbose:
            print(f"Goes on after epoch {checkpoint.n_epochs}, by {checkpoint.path}.")
        n_before = len(net.history)
        try:
            net.train(
                fit.data,
                fit.valid,
                epochs=fit.epochs,
                restore=None if checkpoint is None else checkpoint.restore,
                after_epoch=None if checkpoint is None else checkpoint.write,
            )
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and len(net.history) > n_before:
                self._take(fit)  # the weights so far
            elif weights is not None:
                new.module_.load_state_dict(weights)
                new.module_.eval()
                net.goes_on = False  # the optimiser's memory is not as it was
            raise
        self._take(fit)
        if checkpoint is not None:
            checkpoint.remove()

    def _take(self, fit: Fit) -> None:
        """Become what was fitted, with skorch's records of whole epochs added to the history."""
        new, net = fit.fitted, fit.net
        history = list(net.history_before_)
        for epoch in net.history:
            if "train_loss" in epoch:  # not in one that Ctrl-C interrupted
                record = {k: v for k, v in epoch.items() if k in net.recorded}
                history.append(record | {"epoch": len(history) + 1})
        new.history_ = history
        new.n_iter_ = len(history)
        new._net = None  # else the net would hold itself
        take_fit(self, new)
        self._net = net

    def _split(
        self, data: TrainingData, share: float, random_state: np.random.RandomState
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Draw the samples to train on, and those held out for early stopping."""
        n_held_out = math.ceil(share * len(data))
        if n_held_out >= len(data):
            raise ValueError(
                f"validation_fraction={share} holds out all of the "
                f"{len(data)} samples; lower it, or pass X_val and y_val."
            )
        strata = self._strata(data.targets)
        if strata is not None:
            codes, counts = np.unique(strata, return_counts=True)
            least = min(n_held_out, len(data) - n_held_out)
            if counts.min() < 2:
                label = self._symbols()[codes[counts.argmin()]]
                raise ValueError(
                    f"y must hold each label twice for early_stopping, which holds out a share of "
                    f"each; got one sample of {label!r}. Drop it, or pass X_val and y_val."
                )
            if least < len(codes):
                raise ValueError(
                    f"validation_fraction={share} must leave one sample for "
                    f"each of the {len(codes)} labels in training and in validation; got "
                    f"{len(data) - n_held_out} and {n_held_out} samples. Change it, or pass X_val "
                    "and y_val."
                )
        train, held_out = train_test_split(
            np.arange(len(data)),
            test_size=share,
            random_state=random_state,
            stratify=strata,
        )
        return train, held_out

    def _definition(
        self, data: TrainingData, valid: TrainingData | None, device: torch.device, fresh: bool
    ) -> dict[str, Any]:
        """Everything but parameters and randomness that trained weights depend on."""
        start: Any = None  # a fresh fit learns everything from the data
        if not fresh:
            start = [self._standardizer, self._float64, self.module_.state_dict()]
        return {
            "data": data,
            "valid": valid,
            "network": self._module_config(),
            "start": start,
            "device": device.type,
            "bfloat16": settings_of(self).amp == "auto" and has_fast_bfloat16(device),
        }

    def _learn_pictures(self, pictures: Pictures, data: TrainingData) -> None:
        """Learn everything about pixels from the first pictures."""
        params = settings_of(self)
        per_image = params.per_image_standardization
        self._standardizer = Standardizer.from_pictures(
            pictures,
            data.row_weights(),
            input_size=params.input_size,
            per_image=self._is_picture() if per_image == "auto" else per_image,
        )
        # float64 in means float64 through and through, as scikit-learn's checks ask.
        self._float64 = pictures.dtype == np.float64

    def _validation_data(self, X: Any, y: Any, sample_weight: Any) -> TrainingData:
        pictures = self._known_pictures(X)
        targets = self._encode_known(y, "y_val")
        check_consistent_length(pictures, *targets)
        weights = _checked_weights(sample_weight, len(pictures))
        rows = np.flatnonzero(weights)
        targets = tuple(target[rows] for target in targets)
        return TrainingData(pictures, rows, targets, weights[rows])

    def _known_pictures(self, X: ArrayLike) -> Pictures:
        """Check pictures that follow the first ones."""
        scale = KnownScale(self._standardizer.white)
        return check_stored_pictures(self, X, reset=False, scale=scale)

    def _learned_white(self) -> int | None:
        return self._standardizer.white

    def _is_picture(self) -> bool:
        return min(self.image_shape_[:2]) >= MIN_PICTURE_SIDE

    def _architecture(self) -> NetworkSpec:
        """Layers that the parameters name."""
        names = signature(NetworkSpec.from_parameters).parameters.keys() - self._without_effect
        params = vars(settings_of(self))
        return NetworkSpec.from_parameters(**{n: params[n] for n in names & params.keys()})

    def _input_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of what the network reads."""
        return (*self._standardizer.size, self.image_shape_[2])

    def _preparation(self) -> Preparation:
        """From stored pictures to what the network reads."""
        dtype = torch.float64 if self._float64 else torch.float32
        return Preparation(self._standardizer, torch.device(self.device_), dtype)

    def _make_net(self, seed: int, *, incremental: bool) -> TrainingNet:
        """Put a training engine round the network, ready for its first step."""
        params = settings_of(self)
        kind = params.lr_schedule
        if incremental and kind == "one_cycle":
            kind = "constant"
        net = TrainingNet(
            self.module_,
            reader=self,
            criterion=NetworkLoss(self.module_.loss),
            preparation=replace(
                self._preparation(),
                strength=self._strength,
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
            amp=self.amp_,
            lr=params.lr,
            batch_size=params.batch_size,
            patience=params.n_iter_no_change if params.early_stopping and not incremental else None,
            goes_on=incremental,
            callbacks=check_callbacks(self.callbacks, kind),
            device=self.device_,
            verbose=int(params.verbose),
        )
        net.history_before_ = self.history_
        return net.initialize()

    @property
    def net_(self) -> TrainingNet:
        """The network as a skorch net, the one that trained it where that was in this process."""
        check_is_fitted(self)
        if self._net is None:
            reader = twin_of(self, fitted=True)
            reader.callbacks = None
            with torch.inference_mode(False):
                net = reader._make_net(0, incremental=False)
            net.history = History({**epoch, "batches": []} for epoch in self.history_)
            net.goes_on = False
            self._net = net
        return self._net

    def _outputs(self, X: ArrayLike) -> list[NDArray[Any]]:
        """Mean logits over `n_views` of each picture, as float64 arrays."""
        check_is_fitted(self)
        pictures = self._known_pictures(X)
        n_views = self._n_views_seen()
        preparation = self._preparation()
        batches = []
        with torch.inference_mode():
            module = without_normalization(self.module_)
            for part in in_chunks(pictures, EVALUATION_BATCH):
                seen = [module(view) for view in preparation.views(part, n_views)]
                means = [torch.stack(outputs).mean(dim=0) for outputs in zip(*seen, strict=True)]
                batches.append([mean.double().cpu().numpy() for mean in means])
        return [np.concatenate(parts) for parts in zip(*batches, strict=True)]

    def _n_views_seen(self) -> int:
        n_views = as_python(self.n_views)
        if n_views not in range(1, len(VIEWS) + 1):
            raise ValueError(
                f"n_views={self.n_views!r} must be an integer between 1 and {len(VIEWS)}."
            )
        # A network that saw every picture in one place only would misread it from another.
        return n_views if self._strength > 0 else 1

    def summary(self) -> NetworkSummary:
        """Layers of the fitted network, with output shapes and numbers of weights.

        Returns
        -------
        NetworkSummary
            ``print`` shows it as a table, and so does a notebook.
        """
        check_is_fitted(self)
        return NetworkSummary.of(in_evaluation(self.module_), self._input_shape())

    def _html_repr(self) -> str:
        diagram: str = super()._html_repr()
        return diagram + self.summary()._repr_html_() if self.__sklearn_is_fitted__() else diagram

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is a network that was trained."""
        return "module_" in vars(self)

    def __sklearn_tags__(self) -> Tags:
        """Pictures in, single labels or one a column out."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.non_deterministic = False
        return tags


def _checked_weights(sample_weight: Any, n_samples: int) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = _check_sample_weight(
        sample_weight, np.empty(n_samples), dtype=np.float64, ensure_non_negative=True
    )
    total = weights.sum()
    if not 0 < total < np.inf:  # scikit-learn before 1.9 lets zeros pass
        raise ValueError(
            f"All sample_weight are zero, or too large to be added up: their sum is {total}."
        )
    return weights
