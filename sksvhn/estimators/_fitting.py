"""Fits of neural estimators: prepared, run, and taken as a whole or not at all."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils import check_consistent_length, check_random_state

from .._images._arrays import check_stored_pictures
from .._labels import as_labels
from .._parameters import check_weights
from ._batches import TrainingData
from ._checkpoint import Checkpoint
from ._device import gains_by_bfloat16, has_fast_bfloat16, resolve_device
from ._fit_result import take_fit, twin_of
from ._network import build_network
from ._neural import NeuralEstimator
from ._settings import settings_of
from ._training import TrainingNet, make_net


@dataclass(frozen=True)
class Fit:
    """A prepared fit: everything is checked, and the estimator changes only after training."""

    #: The estimator as it will be, which has the network that is trained.
    fitted: NeuralEstimator
    #: Round that network, a new one or the one that `partial_fit` goes on with.
    net: TrainingNet
    data: TrainingData
    valid: TrainingData | None
    epochs: int
    checkpoint: Checkpoint | None
    #: Whether the network is new, instead of the one that the estimator has.
    is_fresh: bool


def fit(clf: NeuralEstimator, X: ArrayLike, y: ArrayLike, *args: Any, **options: Any) -> None:
    """Fit a neural estimator: it takes all that was learned, or nothing if training fails.

    Arguments are those of `prepare`. The mode that torch is in does not matter.
    """
    with torch.inference_mode(False), torch.enable_grad():
        fit = prepare(clf, X, y, *args, **options)
        new, net, checkpoint = fit.fitted, fit.net, fit.checkpoint
        weights = None if fit.is_fresh else deepcopy(new.module_.state_dict())
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
                _take(clf, fit)  # the weights so far
            elif weights is not None:
                new.module_.load_state_dict(weights)
                new.module_.eval()
                net.goes_on = False  # the optimiser's memory is not as it was
            raise
        _take(clf, fit)
        if checkpoint is not None:
            checkpoint.remove()


def validation_set(X_val: Any, y_val: Any, sample_weight_val: Any) -> tuple[Any, Any, Any] | None:
    """Return validation data as `fit` takes them, if any are given; raise if half of them are."""
    if (X_val is None) != (y_val is None):
        given, missing = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
        raise ValueError(
            f"X_val and y_val must be passed together; got only {given}; pass {missing} too."
        )
    if X_val is None:
        if sample_weight_val is not None:
            raise ValueError(
                "sample_weight_val must be passed with X_val and y_val; got it alone; pass them "
                "too, or leave it out."
            )
        return None
    return X_val, y_val, sample_weight_val


def prepare(
    clf: NeuralEstimator,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    *,
    fresh: bool,
    incremental: bool = False,
    validation: tuple[Any, Any, Any] | None = None,
    classes: ArrayLike | None = None,
) -> Fit:
    """Check everything and learn labels and pictures; the estimator stays as it is."""
    if y is None:
        raise ValueError(f"{type(clf).__name__} requires y to be passed, but the target y is None.")
    params = settings_of(clf)
    new = twin_of(clf, fitted=not fresh)
    if fresh:
        shape = vars(params).get("image_shape")
        pictures = check_stored_pictures(new, X, reset=True, image_shape=shape)
    else:
        pictures = new._further_pictures(X)
    check_consistent_length(pictures, as_labels(y))
    weights = _checked_weights(sample_weight, len(pictures))
    rows = np.flatnonzero(weights)
    targets = new._encode(y, rows, reset=fresh, incremental=incremental, classes=classes)
    data = TrainingData(pictures, rows, targets, weights[rows])
    by_label = new._label_weights(targets, weights[rows])
    random_state = check_random_state(params.random_state)
    device = resolve_device(clf.device)
    if fresh:
        new._net, new.history_, new.device_ = None, [], str(device)
        new._learn_pictures(pictures, data.weighted(by_label))
    auto = new._auto_augmentation if new._is_picture() else 0.0
    new._strength = float(auto if params.augmentation == "auto" else params.augmentation)
    valid = None if validation is None else _validation_data(new, *validation)
    if valid is not None and params.early_stopping and not new._shows_numbers(valid.targets):
        raise ValueError(
            "y_val must hold at least one number for early_stopping, which scores no other "
            "pictures; got none; pass pictures that show numbers."
        )
    start = None
    if fresh and params.initial_model is not None:
        start = new._load_initial(params.initial_model)
    checkpoint = None
    if clf.checkpoint_dir is not None and not incremental:
        definition = _definition(new, data, valid, device, start if fresh else new)
        checkpoint = Checkpoint(clf.checkpoint_dir, clf, definition, random_state)
        random_state = checkpoint.random_state
    if valid is None and params.early_stopping and not incremental:
        train, held_out = _split(new, data, params.validation_fraction, random_state)
        data, valid = data.subset(train), data.subset(held_out)
        by_label = by_label[train]
        if not new._shows_numbers(valid.targets):
            raise ValueError(
                "validation_fraction must hold out at least one number for early_stopping, which "
                f"scores no other pictures; got none in {len(valid)} of {len(rows)} pictures; "
                "raise it, or pass X_val and y_val."
            )
    data = data.weighted(by_label)
    if not incremental:  # parts of a stream keep their weights beside each other's
        data = data.weighted(1 / data.weights.mean())
    seed = int(random_state.randint(np.iinfo(np.int32).max))
    taken: frozenset[str] = frozenset()
    if fresh:
        new._config = new._module_config()
        dtype = torch.float64 if new._float64 else torch.float32
        new.module_ = build_network(new._make_module, new._config, seed, dtype)
        if start is not None:
            taken = new._take_weights(start)
    elif new._module_config() != new._config:
        raise ValueError(
            "warm_start and partial_fit need the parameters of the network trained so far; some of "
            "them were changed; change them back, or fit with warm_start=False."
        )
    fast = has_fast_bfloat16(device) and gains_by_bfloat16(new.module_, params.batch_size)
    new.amp_ = not new._float64 and (fast if params.amp == "auto" else params.amp)
    net = None if fresh or not incremental else clf._net
    if net is None or not net.goes_on or new.device_ != str(device):
        new.device_ = str(device)
        net = make_net(new, seed, incremental=incremental, taken=taken)
    net.reader, net.lr, net.batch_size = new, params.lr, params.batch_size
    if checkpoint is not None and checkpoint.n_epochs and clf.verbose:
        print(f"Goes on after epoch {checkpoint.n_epochs}, by {checkpoint.path}.")
    epochs = 1 if incremental else params.max_epochs
    return Fit(new, net, data, valid, epochs, checkpoint, fresh)


def _take(clf: NeuralEstimator, fit: Fit) -> None:
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
    take_fit(clf, new)
    clf._net = net


def _split(
    clf: NeuralEstimator, data: TrainingData, share: float, random_state: np.random.RandomState
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw the samples to train on, and those held out for early stopping."""
    n_held_out = math.ceil(share * len(data))
    if n_held_out >= len(data):
        raise ValueError(
            f"validation_fraction must leave samples to train on; got {share} of {len(data)} "
            "samples; lower it, or pass X_val and y_val."
        )
    strata = clf._strata(data.targets)
    if strata is not None:
        codes, counts = np.unique(strata, return_counts=True)
        least = min(n_held_out, len(data) - n_held_out)
        if counts.min() < 2:
            label = clf._symbols()[codes[counts.argmin()]]
            raise ValueError(
                "y must hold each label at least twice for early_stopping, which holds out some of "
                f"each; got one sample of {label!r}; drop it, or pass X_val and y_val."
            )
        if least < len(codes):
            raise ValueError(
                f"validation_fraction must leave at least one sample of each of the {len(codes)} "
                f"labels in training and in validation; got {share}, which gives "
                f"{len(data) - n_held_out} and {n_held_out} samples; change it, or pass X_val and "
                "y_val."
            )
    train, held_out = train_test_split(
        np.arange(len(data)),
        test_size=share,
        random_state=random_state,
        stratify=strata,
    )
    return train, held_out


def _definition(
    clf: NeuralEstimator,
    data: TrainingData,
    valid: TrainingData | None,
    device: torch.device,
    start: Any,
) -> dict[str, Any]:
    """Everything that trained weights depend on, except parameters and randomness.

    `start` is the estimator whose weights are the first; None learns everything from the data.
    """
    of_start = None
    if start is not None:
        weights = start.module_.state_dict()
        of_start = [clf._standardizer, clf._float64, start._symbols(), weights]
    return {
        "data": data,
        "valid": valid,
        "network": clf._module_config(),
        "start": of_start,
        "device": device.type,
        "bfloat16": settings_of(clf).amp == "auto" and has_fast_bfloat16(device),
    }


def _validation_data(clf: NeuralEstimator, X: Any, y: Any, sample_weight: Any) -> TrainingData:
    pictures = clf._known_pictures(X)
    targets = clf._encode_known(y, "y_val")
    check_consistent_length(pictures, *targets)
    weights = _checked_weights(sample_weight, len(pictures))
    rows = np.flatnonzero(weights)
    targets = tuple(target[rows] for target in targets)
    return TrainingData(pictures, rows, targets, weights[rows])


def _checked_weights(sample_weight: Any, n_samples: int) -> NDArray[np.float64]:
    weights = check_weights(sample_weight, np.empty(n_samples), ensure_non_negative=True)
    total = weights.sum()
    if not 0 < total < np.finfo(np.float32).max:  # scikit-learn before 1.9 lets zeros pass
        raise ValueError(
            f"sample_weight must have a positive, finite sum; got {total}; all sample_weight are "
            "zero, or too large."
        )
    return weights
