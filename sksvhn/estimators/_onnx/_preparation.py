"""Add preprocessing to an ONNX graph, as in `_standardizer.py` and `_augmentation.py`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from .._augmentation import VIEWS, View, fixed_view
from .._standardizer import LOWEST_DEVIATION, Standardizer
from ._graph import Graph, floats, integers


def add_standardized(
    graph: Graph, pictures: str, standardizer: Standardizer, image_shape: tuple[int, int, int]
) -> str:
    """Standardise pictures (n, height, width[, channels]) of any dtype, and shrink large ones.

    Returns float32 (n, channels, height, width).
    """
    batch = _channels_first(graph, pictures, image_shape[2])
    batch = graph.add("Cast", batch, to=1)  # float32
    batch = by_channel(graph, batch, standardizer)
    if standardizer.per_image:
        batch = _per_image(graph, batch, math.prod(image_shape))
    side = standardizer.block_side(*image_shape[:2])
    if side > 1:
        sides = [side, side]
        batch = graph.add("AveragePool", batch, kernel_shape=sides, strides=sides)
    return batch


def add_views(
    graph: Graph,
    batch: str,
    standardizer: Standardizer,
    *,
    image_shape: tuple[int, int, int],
    views: Sequence[View],
) -> str:
    """Resample views of a standardised batch: (n_views * n, ...), view by view."""
    side = standardizer.block_side(*image_shape[:2])
    height, width = image_shape[0] // side, image_shape[1] // side
    if list(views) == [VIEWS[0]] and (height, width) == standardizer.size:
        return batch
    rows, columns = _sampled(height, width, standardizer.size, views)
    seen = graph.add("MatMul", graph.add("MatMul", rows, batch), columns)
    return graph.add("Reshape", seen, integers(-1, image_shape[2], *standardizer.size))


def by_channel(graph: Graph, batch: str, standardizer: Standardizer) -> str:
    """Standardise each channel of float32 (n, channels, height, width)."""
    batch = graph.add("Sub", batch, floats(standardizer.mean).reshape(-1, 1, 1))
    return graph.add("Mul", batch, floats(1 / standardizer.std).reshape(-1, 1, 1))


def mean_of_views(graph: Graph, logits: str, n_views: int) -> str:
    """Average over views: (n_views * n, ...) becomes (n, ...)."""
    shape = graph.add("Concat", integers(n_views, -1), graph.add("Shape", logits, start=1), axis=0)
    by_view = graph.add("Reshape", logits, shape)
    return graph.add("ReduceMean", by_view, integers(0), keepdims=0)


def _channels_first(graph: Graph, pictures: str, channels: int) -> str:
    if channels == 1:
        return graph.add("Unsqueeze", pictures, integers(1))
    return graph.add("Transpose", pictures, perm=[0, 3, 1, 2])


def _per_image(graph: Graph, batch: str, n_values: int) -> str:
    """Bring each picture to mean 0 and standard deviation 1."""
    axes = integers(1, 2, 3)
    batch = graph.add("Sub", batch, graph.add("ReduceMean", batch, axes))
    norm = graph.add("ReduceL2", batch, axes)
    deviation = graph.add("Mul", norm, floats(1 / math.sqrt(max(1, n_values - 1))))
    return graph.add("Div", batch, graph.add("Add", deviation, floats(LOWEST_DEVIATION)))


def _sampled(
    height: int, width: int, size: tuple[int, int], views: Sequence[View]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights by which views mix rows and columns: (n_views, 1, 1, size, height), and transposed.

    Views are zoomed and shifted, not rotated, so bilinear sampling is one matrix on each side.
    """
    rows, columns = [], []
    for view in views:
        # What becomes of pictures with one bright row, or one bright column.
        of_row = fixed_view(torch.eye(height).view(height, 1, height, 1), view, size=(size[0], 1))
        of_column = fixed_view(torch.eye(width).view(width, 1, 1, width), view, size=(1, size[1]))
        rows.append(of_row.view(height, -1).T.numpy())
        columns.append(of_column.view(width, -1).numpy())
    return floats(rows)[:, None, None], floats(columns)[:, None, None]
