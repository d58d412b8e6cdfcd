"""Add the networks to an ONNX graph, as in `_network.py` and `_layers.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from .._layers import AttentionPool, Dropout, HiddenLayers
from .._network import AttentionFeatures, DigitNetwork, Features, ImageShape, SequenceNetwork
from ._graph import Graph, floats, integers

# An end that no slice reaches.
END = np.iinfo(np.int64).max


def add_network(
    graph: Graph, network: nn.Module, pictures: str, image_shape: ImageShape
) -> list[str]:
    """Add a network in evaluation mode, in float32, and return the outputs of its `forward`.

    `pictures` are (n, channels, height, width), `image_shape` is (height, width, channels).
    """
    if isinstance(network, DigitNetwork):
        vectors = _features(graph, network.features, pictures, image_shape)
        return [_linear(graph, network.output, _first(graph, vectors))]
    assert isinstance(network, SequenceNetwork)
    vectors = _features(graph, network.features, pictures, image_shape)
    first_is_length = isinstance(network.features, AttentionFeatures) and network.length is not None
    of_positions = vectors
    if first_is_length:
        of_positions = graph.add("Slice", vectors, integers(1), integers(END), integers(1))
    characters = _linear(graph, network.characters, of_positions)
    characters = graph.add("Reshape", characters, integers(0, network.max_length, -1))
    if network.length is None:
        return _blanks_to_lengths(graph, characters)
    of_length = _first(graph, vectors) if first_is_length else graph.add("Flatten", vectors)
    return [_linear(graph, network.length, of_length), characters]


def _features(graph: Graph, features: Features, pictures: str, image_shape: ImageShape) -> str:
    """Feature vectors of shape (n, n_vectors, out_features)."""
    height, width, channels = image_shape
    n_vectors = n_tiles = features.n_tiles
    if n_tiles > 1:
        tiles = graph.add("Reshape", pictures, integers(0, 0, 0, n_tiles, -1))
        tiles = graph.add("Transpose", tiles, perm=[0, 3, 1, 2, 4])
        pictures = graph.add("Reshape", tiles, integers(-1, channels, height, width // n_tiles))
    maps = layers(graph, features.trunk, pictures)
    if isinstance(features, AttentionFeatures):
        vectors = _attended(graph, features.attention, maps)
        n_vectors = len(features.attention.place)
    else:
        vectors = graph.add("Flatten", maps)
    vectors = layers(graph, features.hidden, vectors)
    return graph.add("Reshape", vectors, integers(-1, n_vectors, features.out_features))


def _attended(graph: Graph, attention: AttentionPool, maps: str) -> str:
    """Features that each query looks at, of shape (n * n_queries, channels)."""
    scores = convolution(graph, attention.scores, maps)
    scores = graph.add("Add", scores, _constant(attention.place))
    flat = integers(0, 0, -1)
    looks = graph.add("Softmax", graph.add("Reshape", scores, flat), axis=2)
    seen = graph.add("Transpose", graph.add("Reshape", maps, flat), perm=[0, 2, 1])
    channels = attention.scores.in_channels
    return graph.add("Reshape", graph.add("MatMul", looks, seen), integers(-1, channels))


def layers(graph: Graph, stack: nn.Sequential, features: str) -> str:
    """Add layers one after the other."""
    dense = isinstance(stack, HiddenLayers)
    for layer in stack:
        features = _layer(graph, layer, features, dense=dense)
    return features


def _layer(graph: Graph, layer: nn.Module, features: str, *, dense: bool) -> str:
    match layer:
        case nn.Conv2d():
            return convolution(graph, layer, features)
        case nn.Linear():
            return _linear(graph, layer, features)
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            return _batch_normalized(graph, layer, features, dense=dense)
        case nn.GroupNorm():
            return _group_normalized(graph, layer, features, dense=dense)
        case nn.LocalResponseNorm():
            size, alpha, beta, bias = layer.size, layer.alpha, layer.beta, layer.k
            return graph.add("LRN", features, size=size, alpha=alpha, beta=beta, bias=float(bias))
        case nn.MaxPool2d() | nn.AvgPool2d():
            kind = "MaxPool" if isinstance(layer, nn.MaxPool2d) else "AveragePool"
            # The last row of an odd side is pooled with nothing, as with torch's ceil_mode.
            sides = [2, 2]
            return graph.add(
                kind, features, kernel_shape=sides, strides=sides, auto_pad="SAME_UPPER"
            )
        case nn.ReLU():
            return graph.add("Relu", features)
        case nn.LeakyReLU():
            return graph.add("LeakyRelu", features, alpha=layer.negative_slope)
        case nn.GELU():
            return graph.add("Gelu", features)
        case nn.Tanh():
            return graph.add("Tanh", features)
        case nn.Sigmoid():
            return graph.add("Sigmoid", features)
        case nn.ZeroPad2d():
            left, right, above, below = layer.padding
            return graph.add("Pad", features, integers(0, 0, above, left, 0, 0, below, right))
        case Dropout():
            return features
        case _:
            raise NotImplementedError(f"{type(layer).__name__} cannot be exported to ONNX.")


def convolution(graph: Graph, layer: nn.Conv2d, features: str) -> str:
    """Add a convolution that keeps the sides, up to its stride."""
    # Where a kernel's side is even, the far side is padded by one more.
    height, width = layer.kernel_size
    pads = [(height - 1) // 2, (width - 1) // 2, height // 2, width // 2]
    weights = [_constant(w) for w in (layer.weight, layer.bias) if w is not None]
    return graph.add("Conv", features, *weights, pads=pads, strides=list(layer.stride))


def _linear(graph: Graph, layer: nn.Linear, features: str) -> str:
    mapped = graph.add("MatMul", features, _constant(layer.weight.T))
    return mapped if layer.bias is None else graph.add("Add", mapped, _constant(layer.bias))


def _batch_normalized(
    graph: Graph, layer: nn.BatchNorm1d | nn.BatchNorm2d, features: str, *, dense: bool
) -> str:
    """Normalise by the statistics that were learned: one linear map."""
    assert layer.running_mean is not None
    assert layer.running_var is not None
    scale = layer.weight.double() / (layer.running_var.double() + layer.eps).sqrt()
    shift = layer.bias - layer.running_mean * scale
    return _scaled(graph, features, scale, shift, dense=dense)


def _group_normalized(graph: Graph, layer: nn.GroupNorm, features: str, *, dense: bool) -> str:
    ones = np.ones(layer.num_groups)
    groups = graph.add("Reshape", features, integers(0, layer.num_groups, -1))
    groups = graph.add(
        "InstanceNormalization", groups, floats(ones), floats(0 * ones), epsilon=layer.eps
    )
    normalized = graph.add("Reshape", groups, graph.add("Shape", features))
    return _scaled(graph, normalized, layer.weight, layer.bias, dense=dense)


def _scaled(graph: Graph, features: str, scale: Tensor, shift: Tensor, *, dense: bool) -> str:
    """Multiply and shift each channel."""
    shape = (-1,) if dense else (-1, 1, 1)
    scaled = graph.add("Mul", features, _constant(scale).reshape(shape))
    return graph.add("Add", scaled, _constant(shift).reshape(shape))


def _blanks_to_lengths(graph: Graph, logits: str) -> list[str]:
    """Turn logits of characters and a blank into the factors of numbers, as the network does."""
    axis, last = integers(2), integers(-1)
    log_p = graph.add("LogSoftmax", logits, axis=2)
    written = graph.add("Slice", log_p, integers(0), last, axis)
    written = graph.add("ReduceLogSumExp", written, axis, keepdims=0)
    blank = graph.add("Gather", log_p, np.array(-1), axis=2)
    position = np.array(1)
    behind = graph.add(
        "Sub", graph.add("ReduceSum", blank, position[None]), graph.add("CumSum", blank, position)
    )
    length = graph.add("Add", graph.add("CumSum", written, position), behind)
    return [length, graph.add("Slice", logits, integers(0), last, axis)]


def _first(graph: Graph, vectors: str) -> str:
    return graph.add("Gather", vectors, np.array(0), axis=1)


def _constant(weights: Tensor) -> NDArray[Any]:
    return floats(weights.detach().cpu().numpy())
