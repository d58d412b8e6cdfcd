"""Saved form of a fitted network: its weights as arrays, and how to build it again."""

from __future__ import annotations

import re
from abc import ABCMeta, abstractmethod
from collections.abc import Callable
from dataclasses import asdict
from threading import Lock
from typing import Any, ClassVar

import numpy as np
import torch

from ._architecture import NetworkSpec
from ._device import resolve_device
from ._network import Network
from ._saving import Saved, check, check_shape
from ._standardizer import Standardizer
from ._training import TrainingNet

# torch's layers draw their weights from the generator of the whole process.
_RANDOM_STATE_LOCK = Lock()


class SavedNetwork(Saved, metaclass=ABCMeta):
    """Mixin of neural classifiers: pickles and files without device and without torch."""

    _kept: ClassVar[tuple[str, ...]] = (
        *Saved._kept,
        "image_shape_",
        "classes_",
        "_standardizer",
        "_float64",
        "_strength",
        "_config",
        "module_",
        "device_",
        "amp_",
        "history_",
        "n_iter_",
    )

    _estimators = ("architecture", "training")

    module_: Network
    device_: str
    _float64: bool
    #: What trained the network, or a skorch net that was asked for.
    _net: TrainingNet | None
    #: Arguments of `_make_module`.
    _config: dict[str, Any]

    @staticmethod
    @abstractmethod
    def _make_module(**config: Any) -> Network:
        """Build the network."""

    def _build_module(self, seed: int) -> Network:
        """Build the network that `_config` says, with weights by chance."""
        with _RANDOM_STATE_LOCK, torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = self._make_module(**self._config)
        dtype = torch.float64 if self._float64 else torch.float32
        return module.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def __getstate__(self) -> dict[str, Any]:
        """Fitted state with the network as numpy arrays, free of device and torch."""
        state = super().__getstate__()
        state.pop("_net", None)
        if "module_" in state:
            weights = self.module_.state_dict()
            state["module_"] = {name: tensor.cpu().numpy() for name, tensor in weights.items()}
            architecture = asdict(self._config["architecture"])
            state["_config"] = self._config | {"architecture": architecture}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild the network; a model of a device that is not here comes to one that is."""
        super().__setstate__(state)
        if "module_" in state:
            self._config = _config_of(state["_config"])
            try:
                device = resolve_device(self.device_)
            except ValueError:
                device = resolve_device("auto")
            self.device_ = str(device)
            with torch.inference_mode(False):  # else the weights could never be trained again
                module = _without_memory(self._make_module, self._config)
                # A copy, for arrays that joblib maps from disk are read-only.
                arrays = state["module_"].items()
                weights = {name: torch.from_numpy(np.array(array)) for name, array in arrays}
                module.load_state_dict(weights, assign=True)
                module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
            self.module_ = module.eval()
            self._net = None

    def _check_state(self, state: dict[str, Any]) -> None:
        super()._check_state(state)
        check_shape(state)
        standardizer = Standardizer.from_dict(state["_standardizer"])
        config = _config_of(state["_config"])
        architecture = config["architecture"]
        n_layers = len(architecture.hidden_layer_sizes) + sum(map(len, architecture.channels))
        channels = state["image_shape_"][2]
        check(
            config["image_shape"] == (*standardizer.size, channels)
            and len(standardizer.mean) == channels
            # A network of tiles reads wider pictures, by less than a pixel a tile.
            and standardizer.size[0] <= state["image_shape_"][0]
            and standardizer.size[1] < state["image_shape_"][1] + config.get("max_length", 1)
            and n_layers <= len(state["module_"])
            and re.fullmatch(r"cpu|(cuda|mps|xpu)(:[0-9]{1,2})?", state["device_"]) is not None
            and all(type(state[name]) is bool for name in ("_float64", "amp_"))
            and type(state["_strength"]) is float
            and 0 <= state["_strength"] < np.inf
            and isinstance(state["history_"], list)
            and type(state["n_iter_"]) is int
            and len(state["history_"]) == state["n_iter_"]
            and all(
                isinstance(name, str) and isinstance(value, (int, float))
                for epoch in state["history_"]
                for name, value in epoch.items()
            ),
            "what is said of the training does not fit together",
        )
        module = _without_memory(self._make_module, config)
        real = np.dtype(np.float64 if state["_float64"] else np.float32)
        expected = {
            name: (real if tensor.is_floating_point() else np.dtype(np.int64), tuple(tensor.shape))
            for name, tensor in module.state_dict().items()
        }
        found = {name: (array.dtype, array.shape) for name, array in state["module_"].items()}
        check(found == expected, "the arrays are not those of the network that is named")


def _config_of(values: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `_make_module`, of which the architecture was written as a dict."""
    return values | {"architecture": NetworkSpec.from_dict(values["architecture"])}


def _without_memory(make_module: Callable[..., Network], config: dict[str, Any]) -> Network:
    """Build a network whose sizes are not allocated: they may be any that a file says."""
    with _RANDOM_STATE_LOCK, torch.random.fork_rng(devices=[]), torch.device("meta"):
        return make_module(**config)
