"""Write the state of a fit to a file after every epoch, and resume an interrupted fit."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import fields, is_dataclass
from importlib.metadata import version
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .._files._json_values import from_plain, to_plain
from .._files._model_file import read_file, write_file
from .._images._lazy import BLOCK_BYTES, LazyPictures, in_blocks
from .._warn import warn_caller
from ._epoch_callbacks import KeepBest
from ._layers import Dropout
from ._settings import settings_of
from ._training import TrainingNet

# Version of the state; raise it whenever the state changes, so that older files are not used.
FORMAT = 1
KIND = "checkpoint"

# Parameters that no weight depends on. Callbacks may change weights, but are code, which has no
# digest; of the device only the type counts, and whether to go on is seen from the first weights.
WITHOUT_EFFECT = frozenset(
    {
        "callbacks",
        "checkpoint_dir",
        "crop",
        "device",
        "margin",
        "min_confidence",
        "n_views",
        "random_state",
        "verbose",
        "warm_start",
    }
)


class Checkpoint:
    """State of a fit after its last complete epoch, in a file named after what defines the fit.

    `definition` is what weights depend on besides the parameters and an int random state.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        estimator: Any,
        definition: Mapping[str, Any],
        random_state: np.random.RandomState,
    ) -> None:
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise OSError(
                "checkpoint_dir must be a folder, or a path where one can be created; got "
                f"{os.fspath(folder)!r} ({error.strerror}); pass another."
            ) from error
        params = vars(settings_of(estimator))
        present = random_state.get_state(legacy=False)
        seed = params["random_state"]
        whole = {
            "format": FORMAT,
            "versions": [version("sksvhn"), str(torch.__version__)],
            "class": f"{type(estimator).__module__}.{type(estimator).__qualname__}",
            "parameters": {k: v for k, v in params.items() if k not in WITHOUT_EFFECT},
            "random_state": seed if isinstance(seed, Number) else present["bit_generator"],
            **definition,
        }
        self._digest = digest(whole)
        self.path = Path(folder, f"{type(estimator).__name__}-{self._digest[:32]}.checkpoint")
        self._state = self._read()
        self.n_epochs: int = 0 if self._state is None else self._state["n_epochs"]
        first = present if self._state is None else self._state["random_state"]
        # A state that moved on stays where it is: others may have drawn from it meanwhile.
        moved_on = digest(first) != digest(present)
        self.random_state = deepcopy(random_state) if moved_on else random_state
        self.random_state.set_state(first)
        self._first = first

    def write(self, net: TrainingNet) -> None:
        """Write the state after an epoch; where that is impossible, warn, and train on."""
        arrays: dict[str, NDArray[Any]] = {}
        state = {"digest": self._digest, "random_state": self._first, **state_of(net)}
        try:
            write_file(self.path, KIND, to_plain(state, arrays, "fit"), arrays)
        except (OSError, ValueError) as error:
            warn_caller(
                f"The checkpoint {self.path} cannot be written ({error}). Training continues; if "
                "it is interrupted, the epochs since the last checkpoint are lost.",
            )

    def restore(self, net: TrainingNet) -> None:
        """Give a net the state that was found, if there was one."""
        if self._state is not None:
            set_state(net, self._state)

    def remove(self) -> None:
        """Remove the file of a fit that is over."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any] | None:
        try:
            document, arrays = read_file(self.path, KIND)
            state: dict[str, Any] = from_plain(document, arrays.pop)
            if state["digest"] != self._digest:
                raise ValueError("another fit's")
        except FileNotFoundError:
            return None
        except (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError):
            warn_caller(
                f"The checkpoint {self.path} is damaged or belongs to another fit; training starts "
                "from the beginning.",
            )
            return None
        return state


def state_of(net: TrainingNet) -> dict[str, Any]:
    """Return everything that the rest of a training depends on, as arrays and plain values."""
    optimizer = net.optimizer_.state_dict()
    best = _keep_best(net)
    return {
        "module": {name: _array(t) for name, t in net.module_.state_dict().items()},
        "average": [_array(tensor) for tensor in net.average_.tensors],
        "n_updates": net.average_.n_updates,
        "optimizer": {
            index: {name: _array(t) for name, t in state.items() if isinstance(t, Tensor)}
            for index, state in optimizer["state"].items()
        },
        "groups": [_plain_entries(group, without="params") for group in optimizer["param_groups"]],
        "order": net.rng.bit_generator.state,
        "generators": [_array(generator.get_state()) for generator in _generators(net)],
        "n_steps": net.n_steps_,
        "n_epochs": net.n_epochs_,
        # Only the number of batches: what callbacks record of them may be of any size.
        "history": [
            _plain_entries(epoch, without="batches") | {"batches": len(epoch["batches"])}
            for epoch in net.history
        ],
        "best": best
        and {
            "score": best.best_score_,
            "epoch": best.best_epoch_,
            "weights": best.weights_ and [_array(tensor) for tensor in best.weights_],
        },
    }


@torch.no_grad()
def set_state(net: TrainingNet, state: dict[str, Any]) -> None:
    """Give a net of the same fit what `state_of` returned."""
    net.module_.load_state_dict({name: _tensor(a) for name, a in state["module"].items()})
    average = net.average_
    for tensor, array in zip(average.tensors, state["average"], strict=True):
        tensor.copy_(_tensor(array))
    average.n_updates = state["n_updates"]
    parameters = [p for group in net.optimizer_.param_groups for p in group["params"]]
    net.optimizer_.load_state_dict(
        {
            "state": {
                index: {name: _laid_out_as(parameters[index], a) for name, a in of_one.items()}
                for index, of_one in state["optimizer"].items()
            },
            "param_groups": [
                saved | {"params": own["params"]}
                for saved, own in zip(
                    state["groups"], net.optimizer_.state_dict()["param_groups"], strict=True
                )
            ],
        }
    )
    net.rng.bit_generator.state = state["order"]
    for generator, array in zip(_generators(net), state["generators"], strict=True):
        generator.set_state(_tensor(array))
    net.n_steps_, net.n_epochs_ = state["n_steps"], state["n_epochs"]
    net.history[:] = [
        epoch | {"batches": [{} for _ in range(epoch["batches"])]} for epoch in state["history"]
    ]
    best, saved = _keep_best(net), state["best"]
    if best is not None:
        best.best_score_, best.best_epoch_ = saved["score"], saved["epoch"]
        weights = saved["weights"]
        best.weights_ = weights and [
            _laid_out_as(t, a) for t, a in zip(average.tensors, weights, strict=True)
        ]


def _generators(net: TrainingNet) -> list[torch.Generator]:
    """List the generators of augmentation and of each dropout."""
    layers = [layer for layer in net.module_.modules() if isinstance(layer, Dropout)]
    return [net.preparation.generator, *(g for g in (d.generator for d in layers) if g is not None)]


def _keep_best(net: TrainingNet) -> KeepBest | None:
    return next((cb for _, cb in net.callbacks_ if isinstance(cb, KeepBest)), None)


def _array(tensor: Tensor) -> NDArray[Any]:
    return tensor.detach().cpu().contiguous().numpy()


def _tensor(array: NDArray[Any]) -> Tensor:
    return torch.from_numpy(array)


def _laid_out_as(tensor: Tensor, array: NDArray[Any]) -> Tensor:
    """Return a tensor on the same device and, since fused optimisers ask for it, of equal strides.

    An optimiser's count of steps has another shape, and any layout.
    """
    values = _tensor(array)
    if values.shape != tensor.shape:
        return values.clone()
    return torch.empty_like(tensor, dtype=values.dtype, requires_grad=False).copy_(values)


def _plain_entries(entries: Mapping[str, Any], *, without: str) -> dict[str, Any]:
    """Numbers, texts and tuples of them: callbacks may have added anything."""

    def is_plain(value: Any) -> bool:
        if isinstance(value, (tuple, list)):
            return all(map(is_plain, value))
        return value is None or isinstance(value, (bool, int, float, str, np.bool_, np.number))

    return {k: v for k, v in entries.items() if k != without and is_plain(v)}


def digest(value: Any) -> str:
    """SHA-256 of nested values, arrays, tensors, dataclasses and pictures.

    Lists and tuples count as the same, and so do numbers of NumPy and of Python.
    """
    hasher = hashlib.sha256()
    _feed(hasher, value)
    return hasher.hexdigest()


def _feed(hasher: Any, value: Any) -> None:
    """Hash a value behind its kind and size, so that no two values are the same bytes."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Tensor):
        value = _array(value)
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        hasher.update(f"mapping {len(value)};".encode())
        for item in sorted(value.items(), key=lambda item: repr(item[0])):
            _feed(hasher, item)
    elif isinstance(value, (list, tuple)):
        hasher.update(f"list {len(value)};".encode())
        for item in value:
            _feed(hasher, item)
    elif isinstance(value, LazyPictures):
        # All pixels are read once more, a small part of what the epochs will read.
        hasher.update(f"stored {value.dtype.str} {value.shape};".encode())
        _feed(hasher, value.starts)
        for block in in_blocks(value):
            _feed(hasher, block)
    elif isinstance(value, np.ndarray) and value.dtype != object:
        hasher.update(f"array {value.dtype.str} {value.shape};".encode())
        rows = np.atleast_1d(value)
        n = max(1, BLOCK_BYTES // max(1, rows[:1].nbytes))
        for start in range(0, len(rows), n):
            hasher.update(np.ascontiguousarray(rows[start : start + n]).reshape(-1).view(np.uint8))
    else:
        text = repr(value)
        hasher.update(f"{type(value).__name__} {len(text)};{text}".encode())
