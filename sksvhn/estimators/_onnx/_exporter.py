"""Export fitted networks to ONNX files, which need neither sksvhn nor torch."""

from __future__ import annotations

import json
import os
from abc import ABCMeta, abstractmethod
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from ..._atomic import written_whole
from ..._crop import CropStyle
from .._folding import without_normalization
from .._reader import NumberReader
from .._rejection import check_min_confidence, rejected_label
from .._standardizer import Standardizer
from ._decoding import add_reading
from ._graph import OPSET, Graph, floats, integers
from ._network import add_network
from ._preparation import add_views, mean_of_views


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


class OnnxExporter(metaclass=ABCMeta):
    """Mixin: writes a neural classifier's predictions as an ONNX file."""

    image_shape_: tuple[int, int, int]
    crop: CropStyle
    margin: float
    min_confidence: float
    classes_: Any
    module_: Any
    _standardizer: Standardizer

    @abstractmethod
    def _input_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of what the network reads."""

    @abstractmethod
    def _n_views_seen(self) -> int:
        """Return how many views of a picture a prediction averages."""

    def export_onnx(self, path: str | os.PathLike[str]) -> OnnxFile:
        """Write all of `predict` to one ONNX file, for onnxruntime in any language.

        Everything from the stored pixels to the answer is in it: standardisation, the `n_views`
        views, the network, temperatures and the search over all numbers with `min_confidence`, as
        they are now. Not in it are the crop, which `crops` makes, and the checks of pixels.

        The file has one input:

        - ``pictures``, of shape (n, height, width) for grey and (n, height, width, 3) for colour
          pictures, with any n: uint8 where white was 255 in the training pictures, else float32.

        Outputs of a reader of numbers:

        - ``reading``, the numbers as strings of shape (n,), ``""`` where one is rejected, whatever
          form the labels had;
        - ``confidence``, P(S|X) of the readings, float32 of shape (n,), also of those rejected.

        Outputs of a classifier of single digits:

        - ``label``, of shape (n,): int64, double, bool or string as the labels are, -1 or ``""``
          where one is rejected;
        - ``probability``, float32 of shape (n, n_classes).

        Its metadata tell how to make pictures for it: "estimator" and "sksvhn" (class and
        version), "image_shape", "white" (255, 1, 65535, or null where it was not plain), "crop",
        "margin", "min_confidence", and "alphabet" or "classes"; values other than names are JSON.

        Parameters
        ----------
        path : path-like
            The file, by convention with the suffix ``.onnx``; one that is there is replaced, when
            the new one is whole.

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
        ValueError
            If `n_views` or `min_confidence` is not one there can be.
        OSError
            If the file cannot be written.

        Notes
        -----
        The file holds operators of opset 20, which onnxruntime runs from version 1.17 on.
        Arithmetic is float32, so that probabilities differ from `predict`'s by about 1e-6.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from onnxruntime import InferenceSession
        >>> from sksvhn import SVHNSequenceClassifier
        >>> from sksvhn.datasets import make_street_numbers
        >>> numbers = make_street_numbers(64, color=False, random_state=0)
        >>> clf = SVHNSequenceClassifier(max_epochs=1, random_state=0)
        >>> clf = clf.fit(numbers.images, numbers.target)
        >>> with TemporaryDirectory() as folder:
        ...     file = clf.export_onnx(Path(folder, "reader.onnx"))
        ...     session = InferenceSession(file.path)
        >>> reading, confidence = session.run(None, {"pictures": numbers.images})
        >>> bool((reading == clf.predict(numbers.images)).all())
        True
        """
        check_is_fitted(self)
        content = self._to_onnx()
        with written_whole(path) as part:
            part.write_bytes(content)
        return OnnxFile(Path(path), OPSET, len(content))

    def _to_onnx(self) -> bytes:
        """Content of the file."""
        check_min_confidence(self.min_confidence, type(self).__name__)
        standardizer, n_views = self._standardizer, self._n_views_seen()
        graph = Graph()
        *size, channels = self.image_shape_
        pictures = graph.input(
            "pictures",
            np.uint8 if standardizer.white == 255 else np.float32,
            (*size,) if channels == 1 else self.image_shape_,
        )
        views = add_views(
            graph, pictures, standardizer, image_shape=self.image_shape_, n_views=n_views
        )
        with torch.inference_mode():
            module = without_normalization(self.module_)
            outputs = add_network(graph, module, views, self._input_shape())
        if n_views > 1:
            outputs = [mean_of_views(graph, logits, n_views) for logits in outputs]
        about = {
            "sksvhn": version("sksvhn"),
            "estimator": type(self).__name__,
            "image_shape": json.dumps(self.image_shape_),
            "white": json.dumps(standardizer.white),
            "crop": self.crop,
            "margin": json.dumps(float(self.margin)),
            "min_confidence": json.dumps(float(self.min_confidence)),
        }
        if isinstance(self, NumberReader):
            self._keeps(np.empty(0))  # checks what can be rejected
            _add_reading(graph, outputs, self)
            about["alphabet"] = self.alphabet_
        else:
            _add_label(graph, outputs[0], self.classes_, float(self.min_confidence))
            about["classes"] = json.dumps(self.classes_.tolist())
        return graph.to_bytes(type(self).__name__, about)


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
