"""Export fitted networks to ONNX files, which need neither sksvhn nor torch."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ..._files._atomic import written_whole
from .._augmentation import SECOND_LOOKS, VIEWS, View
from .._network import without_normalization
from .._reader import NumberReader
from .._rejection import check_min_confidence, rejected_label
from ._decoding_ops import add_reading, add_surest_look
from ._graph import OPSET, Graph, floats, integers
from ._network_ops import add_network
from ._preparation import add_standardized, add_views, mean_of_views


class OnnxFile(NamedTuple):
    """An ONNX file that was written.

    Attributes
    ----------
    path : Path
        The file.
    opset : int
        Version of ONNX's operators in it. Runtimes with this version or a later one run it.
    n_bytes : int
        Its size.
    """

    path: Path
    opset: int
    n_bytes: int


def write_onnx(
    clf: Any, path: str | os.PathLike[str], n_views: int, *, looks_again: bool
) -> OnnxFile:
    """Write all that a neural classifier predicts to one ONNX file."""
    with torch.inference_mode():
        content = _to_onnx(clf, n_views, looks_again)
    return write_file(content, path)


def write_file(content: bytes, path: str | os.PathLike[str]) -> OnnxFile:
    """Write the content of an ONNX file."""
    with written_whole(path) as part:
        part.write_bytes(content)
    return OnnxFile(Path(path), OPSET, len(content))


def _to_onnx(clf: Any, n_views: int, looks_again: bool) -> bytes:
    """Content of the file."""
    check_min_confidence(clf.min_confidence, type(clf).__name__)
    standardizer = clf._standardizer
    graph = Graph()
    *size, channels = clf.image_shape_
    pictures = graph.input(
        "pictures",
        np.uint8 if standardizer.white == 255 else np.float32,
        (*size,) if channels == 1 else clf.image_shape_,
    )
    batch = add_standardized(graph, pictures, standardizer, clf.image_shape_)
    module = without_normalization(clf.module_)

    def look(pictures: str, views: Sequence[View]) -> list[str]:
        seen = add_views(graph, pictures, standardizer, image_shape=clf.image_shape_, views=views)
        outputs = add_network(graph, module, seen, clf._input_shape())
        if len(views) == 1:
            return outputs
        return [mean_of_views(graph, logits, len(views)) for logits in outputs]

    outputs = look(batch, VIEWS[:n_views])
    about = {
        "sksvhn": version("sksvhn"),
        "estimator": type(clf).__name__,
        "image_shape": json.dumps(clf.image_shape_),
        "white": json.dumps(standardizer.white),
        "crop": clf.crop,
        "margin": json.dumps(float(clf.margin)),
        "min_confidence": json.dumps(float(clf.min_confidence)),
    }
    if isinstance(clf, NumberReader):
        clf._keeps(np.empty(0))  # checks what can be rejected
        if looks_again:

            def further_looks(rows: str) -> list[list[str]]:
                unsure = graph.add("Gather", batch, rows)
                return [look(unsure, views) for views in SECOND_LOOKS]

            outputs = add_surest_look(graph, outputs, further_looks, clf._patterns())
        _add_reading(graph, outputs, clf)
        about["alphabet"] = clf.alphabet_
    else:
        _add_label(graph, outputs[0], clf.classes_, float(clf.min_confidence))
        about["classes"] = json.dumps(clf.classes_.tolist())
    return graph.to_bytes(type(clf).__name__, about)


def _add_reading(graph: Graph, outputs: list[str], reader: NumberReader) -> None:
    reading, confidence = add_reading(
        graph,
        *outputs,
        temperatures=reader.temperatures_,
        patterns=reader._patterns(),
        alphabet=reader.alphabet_,
        min_confidence=float(reader.min_confidence),
    )
    graph.output("reading", reading, object)
    graph.output("confidence", confidence, np.float32)


def _add_label(graph: Graph, logits: str, classes: NDArray[Any], min_confidence: float) -> None:
    labels = np.array(classes.tolist())
    if labels.dtype.kind == "U":
        labels = labels.astype(object)
    best = graph.add("Gather", labels, graph.add("ArgMax", logits, axis=1, keepdims=0))
    probability = graph.add("Softmax", logits, axis=1)
    if min_confidence > 0:
        confidence = graph.add("ReduceMax", probability, integers(1), keepdims=0)
        kept = graph.add("GreaterOrEqual", confidence, floats(min_confidence))
        rejected = np.array(rejected_label(classes), dtype=labels.dtype)
        best = graph.add("Where", kept, best, rejected)
    graph.output("label", best, labels.dtype)
    graph.output("probability", probability, np.float32, (len(labels),))
