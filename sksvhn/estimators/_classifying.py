"""What the neural classifiers share: layers by parameters, mean logits of views, ONNX files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from inspect import signature
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from .._images._lazy import in_chunks
from .._parameters import as_python
from ._architecture import ACTIVATIONS, NORMALIZATIONS, NetworkSpec
from ._augmentation import ADAPTIVE, N_FIRST_VIEWS, VIEWS, View
from ._batches import EVALUATION_BATCH
from ._memory import keep_freed_memory
from ._network import in_evaluation, in_training, without_normalization
from ._neural import NeuralEstimator
from ._onnx import OnnxFile, write_onnx
from ._picture_reader import READING_CONSTRAINTS
from ._reader import NumberReader
from ._second_look import Look
from ._settings import Architecture, settings_of

#: Views of pictures from which on normalisation is folded into the layers before it.
FOLDED_FROM = 8

#: Of the parameters that all of them have.
CLASSIFIER_CONSTRAINTS: dict[str, list[Any]] = {
    **READING_CONSTRAINTS,
    **NeuralEstimator._parameter_constraints,
    "image_shape": [None, "array-like"],
    "hidden_layer_sizes": [Interval(Integral, 1, None, closed="left"), "array-like"],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "normalization": [None, StrOptions(set(NORMALIZATIONS)), "array-like"],
    "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
    "n_views": [Interval(Integral, 1, len(VIEWS), closed="both")],
    "architecture": [Architecture, None],
}


def network_spec(clf: Any) -> NetworkSpec:
    """Layers that the parameters name."""
    names = signature(NetworkSpec.from_parameters).parameters.keys() - clf._without_effect
    params = vars(settings_of(clf))
    return NetworkSpec.from_parameters(**{n: params[n] for n in names & params.keys()})


def mean_outputs(
    clf: Any,
    X: ArrayLike,
    revise: Callable[[list[NDArray[Any]], NDArray[Any], Look], list[NDArray[Any]]] | None = None,
) -> list[NDArray[Any]]:
    """Mean logits over `n_views` of each picture, as float64 arrays, of a fitted classifier.

    `revise` may look at some pictures of a batch again, and replace their logits.
    """
    pictures = clf._known_pictures(X)
    n_views = n_views_seen(clf)
    preparation = clf._preparation()
    batches = []

    def look(part: NDArray[Any], views: Sequence[View]) -> list[NDArray[Any]]:
        seen = [module(view) for view in preparation.views(part, views)]
        return [_mean(outputs) for outputs in zip(*seen, strict=True)]

    keep_freed_memory()
    with torch.inference_mode():
        module = clf.module_
        # For few pictures, folding takes longer than what it saves.
        if len(pictures) * n_views >= FOLDED_FROM:
            module = without_normalization(module)
        elif in_training(module):
            module = in_evaluation(module)
        for part in in_chunks(pictures, EVALUATION_BATCH):
            outputs = look(part, VIEWS[:n_views])
            batches.append(revise(outputs, part, look) if revise else outputs)
    return [np.concatenate(parts) for parts in zip(*batches, strict=True)]


def _mean(outputs: tuple[Tensor, ...]) -> NDArray[np.float64]:
    mean = outputs[0] if len(outputs) == 1 else torch.stack(outputs).mean(dim=0)
    array: NDArray[np.float64] = mean.double().cpu().numpy()
    return array


def n_views_seen(clf: Any) -> int:
    """Return the number of views that a prediction averages, checked."""
    n_views = as_python(clf.n_views)
    if n_views == ADAPTIVE and isinstance(clf, NumberReader):
        n_views = N_FIRST_VIEWS
    if n_views not in range(1, len(VIEWS) + 1):
        choices = f"an integer from 1 to {len(VIEWS)}"
        if isinstance(clf, NumberReader):
            choices += f" or {ADAPTIVE!r}"
        raise ValueError(f"n_views must be {choices}; got {clf.n_views!r}.")
    # A network that saw every picture in one place only would misread it from another.
    return int(n_views) if clf._strength > 0 else 1


def looks_again(clf: Any) -> bool:
    """Whether a prediction looks again at pictures whose reading is not sure."""
    return as_python(clf.n_views) == ADAPTIVE and clf._strength > 0


def export_onnx(self: Any, path: str | os.PathLike[str]) -> OnnxFile:
    """Write `predict` to one ONNX file, for onnxruntime in any language.

    The file holds everything from the pixels to the answer, as it is now: standardisation, the
    `n_views` views or second looks, the network, temperatures, the search over all numbers, and
    `min_confidence`. It does not crop, as `crops` does, and does not check pixels.

    The file has one input:

    - ``pictures``, of shape (n, height, width) for grey and (n, height, width, 3) for colour
      pictures, with n of at least 1: uint8 if white was 255 in the training pictures, else
      float32.

    Outputs of a reader of numbers:

    - ``reading``, the numbers as strings of shape (n,), in whatever form the labels were;
      ``""`` if rejected;
    - ``confidence``, P(S|X) of the readings, float32 of shape (n,), also of rejected ones.

    Outputs of a classifier of single digits:

    - ``label``, of shape (n,): int64, double, bool or string like the labels; -1 or ``""`` if
      rejected;
    - ``probability``, float32 of shape (n, n_classes).

    Its metadata describe the pictures it takes: "estimator" and "sksvhn" (class and
    version), "image_shape", "white" (255, 1, 65535, or null if it was not plain), "crop",
    "margin", "min_confidence", and "alphabet" or "classes"; values other than names are JSON.

    Parameters
    ----------
    path : path-like
        The file, by convention with the suffix ``.onnx``. An existing file is replaced when
        the new one is complete.

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
        If `n_views` or `min_confidence` is invalid.
    OSError
        If the file cannot be written.

    Notes
    -----
    The file holds operators of opset 20, which onnxruntime runs from version 1.17 on.
    Arithmetic is float32, so that probabilities differ from `predict`'s by about 1e-6. With
    ``n_views="adaptive"``, another look may count where two are equally sure to that difference.

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
    return write_onnx(self, path, n_views_seen(self), looks_again=looks_again(self))
