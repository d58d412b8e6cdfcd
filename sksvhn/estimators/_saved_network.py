"""Saved form of a fitted network: its weights as arrays, and how to build it again."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from ._architecture import NetworkSpec
from ._device import resolve_device
from ._network import MakeModule, network_without_memory
from ._saving import KEPT, check, check_features, check_shape
from ._standardizer import Standardizer

#: Attributes that a file holds of a neural estimator.
KEPT_OF_NETWORK = (
    *KEPT,
    "image_shape_",
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


def network_to_arrays(state: dict[str, Any]) -> dict[str, Any]:
    """Make the network of a state numpy arrays, free of device and torch."""
    state = {name: value for name, value in state.items() if name != "_net"}
    if "module_" not in state:
        return state
    weights = {name: t.cpu().numpy() for name, t in state["module_"].state_dict().items()}
    config = state["_config"]
    if "architecture" in config:
        config = config | {"architecture": asdict(config["architecture"])}
    return state | {"module_": weights, "_config": config}


def network_from_arrays(make_module: MakeModule, state: dict[str, Any]) -> dict[str, Any]:
    """Reverse `network_to_arrays`; a model of a device that is not here comes to one that is."""
    if "module_" not in state:
        return state
    config = _config_of(state["_config"])
    try:
        device = resolve_device(state["device_"])
    except ValueError:
        device = resolve_device("auto")
    with torch.inference_mode(False):  # else the weights could never be trained again
        module = network_without_memory(make_module, config)
        # A copy, for arrays that joblib maps from disk are read-only.
        arrays = state["module_"].items()
        weights = {name: torch.from_numpy(np.array(array)) for name, array in arrays}
        module.load_state_dict(weights, assign=True)
        module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    found = {"module_": module.eval(), "_config": config, "device_": str(device), "_net": None}
    return state | found


def check_network(make_module: MakeModule, state: dict[str, Any]) -> None:
    """Raise if `fit` cannot have left a state, which is as `network_to_arrays` writes it."""
    check_features(state)
    check_shape(state)
    standardizer = Standardizer.from_dict(state["_standardizer"])
    config = _config_of(state["_config"])
    n_layers = 0
    if "architecture" in config:
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
        "device, precision and history of the training must be consistent",
    )
    module = network_without_memory(make_module, config)
    real = np.dtype(np.float64 if state["_float64"] else np.float32)
    expected = {
        name: (real if tensor.is_floating_point() else np.dtype(np.int64), tuple(tensor.shape))
        for name, tensor in module.state_dict().items()
    }
    found = {name: (array.dtype, array.shape) for name, array in state["module_"].items()}
    check(found == expected, "the arrays are not those of the network that is named")


def _config_of(values: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `_make_module`, of which the architecture, if any, was written as a dict."""
    if "architecture" not in values:
        return values
    return values | {"architecture": NetworkSpec.from_dict(values["architecture"])}
