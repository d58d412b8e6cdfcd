"""Export fitted locators, as in `_locator.py`, `_locator_network.py`, `_canvas.py`, `_boxes.py`."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from scipy.special import logit
from sklearn.utils.validation import check_is_fitted

from ..._boxes import ALIKE, SAME
from .._locator_boxes import HIGHEST
from .._locator_confidence import LEAST_SHARE
from .._locator_network import (
    CANDIDATES,
    HALF,
    LEAST_SCORE,
    LONGEST,
    MOST_NUMBERS,
    MULTIPLE,
    STRIDE,
)
from .._network import without_normalization
from ._exporter import OnnxFile, write_file
from ._graph import Graph, floats, integers
from ._network_ops import convolution, layers
from ._preparation import by_channel


def export_onnx(self: Any, path: str | os.PathLike[str]) -> OnnxFile:
    """Write the first look of `predict` to one ONNX file, for onnxruntime in any language.

    The file holds everything from the pixels at the size of the network to the boxes, as it is now:
    the canvas, standardisation, the network, the surest of boxes that overlap, and the calibration.
    It does not resize, does not cut very long pictures into pieces, and looks at no box a second
    time: its boxes are what `predict` answers with ``n_refined=0``. Its candidates are what
    programs need that do these things themselves: `predict` looks a second time at the surest
    "n_refined" boxes, at every other one with a score of 0.3 or more and, as long as no second look
    gives a score of 0.4, at "n_refined" more.

    The file has one input:

    - ``picture``, uint8 of shape (height, width, 3): one RGB picture of any height and width. For
      `predict`'s boxes, its longer side is `input_size`.

    It has three outputs, surest box first; there may be no box:

    - ``boxes``, float32 of shape (n_numbers, 4): left, top, width and height, in pixels of the
      input;
    - ``confidence``, float32 of shape (n_numbers,), in [0, 1];
    - ``candidates``, float32 of shape (n_candidates, 5): left, top, width, height and score of
      every promising cell, before boxes are cut at the edges, those that overlap become one, and
      scores become confidences.

    Its metadata are "estimator" and "sksvhn" (class and version), and as JSON "input_size",
    "n_refined" and "calibration" (`calibration_`).

    Parameters
    ----------
    path : path-like
        The file, by convention with the suffix ``.onnx``. An existing file is replaced when the new
        one is complete.

    Returns
    -------
    OnnxFile
        ``path``, ``opset`` and ``n_bytes`` of the file.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    ImportError
        If onnx is not installed (``pip install sksvhn[onnx]``).
    OSError
        If the file cannot be written.

    Notes
    -----
    The file holds operators of opset 20, which onnxruntime runs from version 1.17 on. Arithmetic is
    float32, so that boxes differ from `predict`'s by about 1e-4 pixels. `predict` resizes with
    Pillow's ``resize(size, Image.Resampling.BILINEAR, reducing_gap=1.0)``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from onnxruntime import InferenceSession
    >>> from sksvhn import NumberLocator
    >>> from sksvhn.datasets import make_street_scenes
    >>> scenes = make_street_scenes(4, image_size=(128, 128), random_state=0)
    >>> locator = NumberLocator(input_size=128, max_epochs=1, random_state=0)
    >>> locator = locator.fit(scenes.images, scenes.target)
    >>> with TemporaryDirectory() as folder:
    ...     file = locator.export_onnx(Path(folder, "locator.onnx"))
    ...     session = InferenceSession(file.path)
    >>> boxes, confidence, candidates = session.run(None, {"picture": scenes.images[0]})
    >>> boxes.shape == (len(confidence), 4)
    True
    """
    check_is_fitted(self)
    graph = Graph()
    picture = graph.input("picture", np.uint8, ("width", 3), n="height")
    size = graph.add("Shape", picture, end=2)
    canvas = by_channel(graph, _on_canvas(graph, picture, size), self._standardizer)
    with torch.inference_mode():
        maps = _maps(graph, without_normalization(self.module_), canvas)
    found = _candidates(graph, maps)
    boxes, logits = _surest(graph, _inside(graph, found, size))
    boxes, confidence = _judged(graph, boxes, logits, size, self.calibration_)
    graph.output("boxes", boxes, np.float32, (4,), n="n_numbers")
    graph.output("confidence", confidence, np.float32, n="n_numbers")
    graph.output("candidates", _scored(graph, found), np.float32, (5,), n="n_candidates")
    about = {
        "sksvhn": version("sksvhn"),
        "estimator": type(self).__name__,
        "input_size": json.dumps(int(self.input_size)),
        "n_refined": json.dumps(int(self.n_refined)),
        "calibration": json.dumps(self.calibration_),
    }
    return write_file(graph.to_bytes(type(self).__name__, about), path)


def _on_canvas(graph: Graph, picture: str, size: str) -> str:
    """Put a picture on its mean colour; float32 (1, 3, height, width)."""
    pixels = graph.add("Transpose", picture, perm=[2, 0, 1])
    pixels = graph.add("Unsqueeze", pixels, integers(0))
    # Integers and double, for the very mean that numpy rounds.
    total = graph.add("ReduceSum", graph.add("Cast", pixels, to=7), integers(2, 3))  # int64
    total, n_pixels = (graph.add("Cast", n, to=11) for n in (total, graph.add("ReduceProd", size)))
    mean = graph.add("Round", graph.add("Div", total, n_pixels))
    mean = graph.add("Cast", mean, to=1)  # float32
    pads = graph.add("Mod", graph.add("Neg", size), integers(MULTIPLE))
    pads = graph.add("Concat", integers(0, 0, 0, 0, 0, 0), pads, axis=0)
    offsets = graph.add("Sub", graph.add("Cast", pixels, to=1), mean)
    return graph.add("Add", graph.add("Pad", offsets, pads), mean)


def _maps(graph: Graph, network: Any, pictures: str) -> str:
    """Logits and logarithms of distances, (1, 5, height / 8, width / 8)."""
    features = layers(graph, network.stem, pictures)
    levels = []
    for stage, lateral in zip(network.stages, network.laterals, strict=True):
        features = layers(graph, stage, features)
        levels.append(convolution(graph, lateral, features))
    merged = levels.pop()
    for merge in network.merges:
        larger = graph.add(
            "Resize",
            merged,
            "",  # no region
            floats([1, 1, 2, 2]),
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        merged = layers(graph, merge, graph.add("Add", levels.pop(), larger))
    return convolution(graph, network.head, merged)


def _candidates(graph: Graph, maps: str) -> str:
    """Logit, left, top, right and bottom of promising cells, surest first, (5, n)."""
    n_columns = graph.add("Shape", maps, start=3)
    cells = graph.add("Reshape", maps, integers(5, -1))
    logits = graph.add("Gather", cells, np.array(0), axis=0)
    n_most = graph.add("Min", graph.add("Shape", logits), integers(CANDIDATES))
    highest, places = graph.top(logits, n_most)
    likely = graph.add("GreaterOrEqual", highest, floats(logit(LEAST_SCORE)))
    places = graph.add("Compress", places, likely)
    cells = graph.add("Gather", cells, places, axis=1)
    places = graph.add("Unsqueeze", places, integers(0))
    x, y = (graph.add(operator, places, n_columns) for operator in ("Mod", "Div"))
    steps = graph.add("Cast", graph.add("Concat", x, y, x, y, axis=0), to=1)
    centers = graph.add("Mul", graph.add("Add", steps, floats(0.5)), floats(STRIDE))
    distances = graph.add("Min", _rows(graph, cells, 1, 5), floats(LONGEST))
    reach = floats([[-HALF], [-HALF], [HALF], [HALF]])
    edges = graph.add("Add", centers, graph.add("Mul", graph.add("Exp", distances), reach))
    return graph.add("Concat", _rows(graph, cells, 0, 1), edges, axis=0)


def _inside(graph: Graph, found: str, size: str) -> str:
    """Cut boxes at the edges of the picture, and leave out those beyond, (5, n)."""
    limits = graph.add("Cast", graph.add("Gather", size, integers(1, 0, 1, 0)), to=1)
    limits = graph.add("Unsqueeze", limits, integers(1))
    edges = graph.add("Max", _rows(graph, found, 1, 5), floats(0))
    edges = graph.add("Min", edges, limits)
    shorter = graph.add("ReduceMin", _sides(graph, edges), integers(0), keepdims=0)
    found = graph.add("Concat", _rows(graph, found, 0, 1), edges, axis=0)
    return graph.add("Compress", found, graph.add("Greater", shorter, floats(0)), axis=1)


def _surest(graph: Graph, found: str) -> tuple[str, str]:
    """Boxes (n, 4) and logits (n,) of the surest candidates, each the mean of those alike."""
    logits, scores = _scores(graph, found)
    edges = _rows(graph, found, 1, 5)
    by_box = graph.add("Transpose", edges, perm=[1, 0])
    chosen = graph.add(
        "NonMaxSuppression",
        graph.add("Unsqueeze", by_box, integers(0)),
        graph.add("Unsqueeze", scores, integers(0)),
        integers(MOST_NUMBERS),
        floats([SAME]),
    )
    chosen = graph.add("Gather", chosen, np.array(2), axis=1)
    first = graph.add("Unsqueeze", graph.add("Gather", edges, chosen, axis=1), integers(2))
    others = graph.add("Unsqueeze", edges, integers(1))
    alike = graph.add("Greater", _overlaps(graph, first, others), floats(ALIKE))
    weights = graph.add("Where", alike, scores, floats(0))
    total = graph.add("ReduceSum", weights, integers(1))
    mean = graph.add("Div", graph.add("MatMul", weights, by_box), total)
    mean = graph.add("Transpose", mean, perm=[1, 0])
    boxes = graph.add("Concat", _rows(graph, mean, 0, 2), _sides(graph, mean), axis=0)
    logits = graph.add("Gather", graph.add("Squeeze", logits, integers(0)), chosen)
    return graph.add("Transpose", boxes, perm=[1, 0]), logits


def _judged(
    graph: Graph, boxes: str, logits: str, size: str, calibration: tuple[float, ...]
) -> tuple[str, str]:
    """Boxes (n, 4) with their calibrated probabilities (n,), surest first."""
    first, second, *of_sizes, intercept = calibration
    longer = graph.add("Cast", graph.add("ReduceMax", size, integers(0)), to=1)
    sides = graph.add("Slice", boxes, integers(2), integers(4), integers(1))
    shares = graph.add("Max", graph.add("Div", sides, longer), floats(LEAST_SHARE))
    sizes = graph.add("Log", shares)
    sizes = graph.add("Concat", sizes, graph.add("Mul", sizes, sizes), axis=1)
    # A matrix product would fail where there is no box.
    weighted = graph.add("Mul", sizes, floats(of_sizes))
    logits_of_sizes = graph.add("ReduceSum", weighted, integers(1), keepdims=0)
    # Without a second look, the first counts as both.
    of_looks = graph.add("Mul", logits, floats(first + second))
    logits = graph.add("Add", graph.add("Add", of_looks, logits_of_sizes), floats(intercept))
    highest, places = graph.top(logits, graph.add("Shape", logits))
    return graph.add("Gather", boxes, places, axis=0), graph.add("Sigmoid", highest)


def _scored(graph: Graph, found: str) -> str:
    """Left, top, width, height and score of candidates, (n, 5)."""
    edges = _rows(graph, found, 1, 5)
    parts = [_rows(graph, edges, 0, 2), _sides(graph, edges), _scores(graph, found)[1]]
    return graph.add("Transpose", graph.add("Concat", *parts, axis=0), perm=[1, 0])


def _scores(graph: Graph, found: str) -> tuple[str, str]:
    """Logits and scores of candidates, (1, n)."""
    logits = graph.add("Min", _rows(graph, found, 0, 1), floats(logit(HIGHEST)))
    return logits, graph.add("Sigmoid", logits)


def _overlaps(graph: Graph, edges: str, others: str) -> str:
    """Intersection over union of boxes (4, n, 1) and others (4, 1, n_others)."""
    starts = graph.add("Max", _rows(graph, edges, 0, 2), _rows(graph, others, 0, 2))
    ends = graph.add("Min", _rows(graph, edges, 2, 4), _rows(graph, others, 2, 4))
    shared = _product(graph, graph.add("Relu", graph.add("Sub", ends, starts)))
    areas = [_product(graph, _sides(graph, some)) for some in (edges, others)]
    return graph.add("Div", shared, graph.add("Sub", graph.add("Add", *areas), shared))


def _sides(graph: Graph, edges: str) -> str:
    """Widths and heights."""
    return graph.add("Sub", _rows(graph, edges, 2, 4), _rows(graph, edges, 0, 2))


def _product(graph: Graph, sides: str) -> str:
    return graph.add("ReduceProd", sides, integers(0), keepdims=0)


def _rows(graph: Graph, values: str, first: int, end: int) -> str:
    return graph.add("Slice", values, integers(first), integers(end), integers(0))
