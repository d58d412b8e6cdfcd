"""Inspect a network: its filters, its feature maps, and where it looks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._capabilities import check_network, has_attention, reads_numbers
from .._images._lazy import in_chunks

# torch takes seconds to import: whoever passes a fitted network has paid for it already.
if TYPE_CHECKING:
    from torch import Tensor

# Pictures at a time; gradients need all features of all of them.
_BATCH = 64


def first_layer_filters(estimator: Any) -> NDArray[Any]:
    """Return the weights of a network's first layer, as pictures of what it looks for.

    Parameters
    ----------
    estimator : fitted SVHNSequenceClassifier, SVHNCNNClassifier or SVHNMLPClassifier
        For a pipeline, its last step.

    Returns
    -------
    ndarray of shape (n_filters, height, width, channels), dtype float32 or float64
        The kernels of a convolution; for a fully connected layer, the weights of each unit, laid
        out as the picture (or tile) that the network sees. They multiply standardised pixels, which
        are above 0 where the picture is lighter than most.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If the estimator is of another kind.
    ValueError
        If the network has no layer in front of its outputs.

    See Also
    --------
    sksvhn.plotting.FiltersDisplay : Draws them.

    Examples
    --------
    >>> from sksvhn import SVHNCNNClassifier
    >>> from sksvhn.datasets import make_street_digits
    >>> from sksvhn.inspection import first_layer_filters
    >>> digits = make_street_digits(100, color=False, random_state=0)
    >>> clf = SVHNCNNClassifier(max_epochs=1, random_state=0).fit(digits.images, digits.target)
    >>> first_layer_filters(clf).shape
    (32, 5, 5, 1)
    """
    from torch import nn

    features = _network(estimator).features
    if len(features.trunk) > 0:
        weights = next(layer for layer in features.trunk if isinstance(layer, nn.Conv2d)).weight
    elif len(features.hidden) > 0:
        height, width, channels = estimator._config["image_shape"]
        weights = features.hidden[0].weight
        weights = weights.reshape(len(weights), channels, height, width // features.n_tiles)
    else:
        raise ValueError(
            "estimator must have a layer before its outputs to show filters; this "
            f"{type(estimator).__name__} has none; fit one with channels or hidden_layer_sizes."
        )
    # A copy: changing it must not change the network.
    return np.array(weights.detach().permute(0, 2, 3, 1).cpu().numpy(), order="C")


def activations(estimator: Any, X: ArrayLike) -> list[NDArray[Any]]:
    """Compute the feature maps of pictures after each stage of a convolutional network.

    Parameters
    ----------
    estimator : fitted SVHNSequenceClassifier or SVHNCNNClassifier
        For a pipeline, its last step.
    X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
        Pictures, as for ``predict``. Each is seen once, as it is, whatever `n_views` says.

    Returns
    -------
    list of ndarray of shape (n_samples, n_maps, height, width), dtype float32 or float64
        One array per stage: its output after pooling. Maps of tiles are joined from left to right.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If the estimator is of another kind.
    ValueError
        If the network has no convolutions, or if X is not what ``predict`` takes.

    See Also
    --------
    sksvhn.plotting.ActivationsDisplay : Draws those of one picture.

    Examples
    --------
    >>> from sksvhn import SVHNCNNClassifier
    >>> from sksvhn.datasets import make_street_digits
    >>> from sksvhn.inspection import activations
    >>> digits = make_street_digits(100, color=False, random_state=0)
    >>> clf = SVHNCNNClassifier(max_epochs=1, random_state=0).fit(digits.images, digits.target)
    >>> [maps.shape for maps in activations(clf, digits.images[:2])]
    [(2, 32, 8, 8), (2, 64, 4, 4), (2, 128, 4, 4)]
    """
    import torch
    from torch import nn

    features = _network(estimator).features
    if len(features.trunk) == 0:
        raise ValueError(
            "estimator must have convolutions to show feature maps; this "
            f"{type(estimator).__name__} has none; fit an SVHNCNNClassifier, or an "
            "SVHNSequenceClassifier with channels."
        )
    stages = estimator._config["architecture"].channels
    # Which of all convolutions are the first of a stage behind another.
    starts = np.cumsum([len(stage) for stage in stages])[:-1].tolist()

    def look(view: Tensor) -> list[Tensor]:
        tiles = view.reshape(*view.shape[:3], features.n_tiles, -1).movedim(3, 1)
        maps, found, n_convolutions = tiles.flatten(0, 1), [], 0
        for layer in features.trunk:
            if isinstance(layer, nn.Conv2d):
                if n_convolutions in starts:
                    found.append(maps)
                n_convolutions += 1
            maps = layer(maps)
        found.append(maps)
        # (n * n_tiles, n_maps, height, width) -> (n, n_maps, height, n_tiles * width)
        by_tile = [maps.reshape(*tiles.shape[:2], *maps.shape[1:]) for maps in found]
        return [maps.movedim(1, 3).flatten(3) for maps in by_tile]

    with torch.no_grad():
        return _stacked(look(view) for view in _views(estimator, X))


def attention_maps(estimator: Any, X: ArrayLike) -> NDArray[Any]:
    """Compute where a network with ``head="attention"`` looks.

    A map gives the weight of each place in the reading; where it is 0, the features of the picture
    are not used. The features of a place also depend on its surroundings, and a digit may be read
    from a part of it.

    Parameters
    ----------
    estimator : fitted SVHNSequenceClassifier or SVHNCNNClassifier
        With ``head="attention"``, the default. For a pipeline, its last step.
    X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
        Pictures, as for ``predict``. Each is seen once, as it is, whatever `n_views` says.

    Returns
    -------
    ndarray of shape (n_samples, n_maps, height, width), dtype float32 or float64
        Maps of each picture, at the size of the picture. A reader of numbers has a map for the
        length (unless it has a ``blank_class``) and one for each of ``max_length_`` positions, even
        beyond the end of the number; a classifier of single digits has one map. Values are at least
        0, and each map sums to 1. They are computed on a coarse grid and interpolated.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If the estimator is of another kind.
    ValueError
        If the network has no attention, or if X is not what ``predict`` takes.

    See Also
    --------
    saliency_maps : Works for every network.
    sksvhn.plotting.AttentionDisplay : Draws them.

    Examples
    --------
    >>> from sksvhn import SVHNSequenceClassifier
    >>> from sksvhn.datasets import make_street_numbers
    >>> from sksvhn.inspection import attention_maps
    >>> numbers = make_street_numbers(64, color=False, random_state=0)
    >>> clf = SVHNSequenceClassifier(max_length=5, max_epochs=1, random_state=0)
    >>> clf = clf.fit(numbers.images, numbers.target)
    >>> attention_maps(clf, numbers.images[:2]).shape
    (2, 6, 64, 64)
    """
    import torch
    from torch import nn
    from torch.nn import functional as F

    features = _network(estimator).features
    if not has_attention(estimator):
        raise ValueError(
            "estimator must have head='attention' to show attention; this "
            f"{type(estimator).__name__} has another head; call saliency_maps to see what it looks "
            "at."
        )
    strides = [
        int(np.max(layer.stride))
        for layer in features.trunk
        if isinstance(layer, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d))
    ]
    cell = math.prod(strides)

    def look(view: Tensor) -> list[Tensor]:
        maps = features.attention.maps(features.trunk(view))
        maps = F.interpolate(maps, scale_factor=cell, mode="bilinear")
        # The grid's last cells may reach beyond the picture.
        maps = _resized(maps[..., : view.shape[2], : view.shape[3]], estimator)
        return [maps / maps.sum(dim=(2, 3), keepdim=True)]

    with torch.no_grad():
        return _stacked(look(view) for view in _views(estimator, X))[0]


def saliency_maps(estimator: Any, X: ArrayLike) -> NDArray[Any]:
    """Compute how strongly each pixel influences the answers of a network.

    The maps are those of Simonyan et al. [1]_: the absolute derivative of the logarithm of an
    answer's probability with respect to each pixel, and the largest over its channels. It is
    computed for the reading (rejected or not), with respect to standardised pixels, on the
    unchanged picture, whatever `n_views` is, even if the reading comes from a second look.

    Parameters
    ----------
    estimator : fitted SVHNSequenceClassifier, SVHNCNNClassifier or SVHNMLPClassifier
        For a pipeline, its last step.
    X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
        Pictures, as for ``predict``.

    Returns
    -------
    ndarray of shape (n_samples, n_maps, height, width), dtype float32 or float64
        Maps of each picture, at the size of the picture. A reader of numbers has a map for the
        length and one for each of ``max_length_`` positions, all 0 after the end of the reading; a
        classifier of single digits has one map, for the label. Values are at least 0.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If the estimator is of another kind.
    ValueError
        If X is not what ``predict`` takes.

    See Also
    --------
    attention_maps : Where a network with attention looks.
    sksvhn.plotting.AttentionDisplay : Draws either.

    References
    ----------
    .. [1] K. Simonyan, A. Vedaldi, A. Zisserman (2013). Deep Inside Convolutional Networks:
       Visualising Image Classification Models and Saliency Maps. arXiv:1312.6034, section 3.

    Examples
    --------
    >>> from sksvhn import SVHNMLPClassifier
    >>> from sksvhn.datasets import make_street_digits
    >>> from sksvhn.inspection import saliency_maps
    >>> digits = make_street_digits(100, color=False, random_state=0)
    >>> clf = SVHNMLPClassifier(max_epochs=1, random_state=0).fit(digits.images, digits.target)
    >>> saliency_maps(clf, digits.images[:2]).shape
    (2, 1, 32, 32)
    """
    import torch

    module = _network(estimator)
    answers = _answers(estimator, X)

    def look(view: Tensor, start: int) -> list[Tensor]:
        rows = slice(start, start + len(view))
        targets = [torch.from_numpy(answer[rows]).to(view.device) for answer in answers]
        log_p = module.log_probabilities(module(view.requires_grad_()), targets)
        gradients = [
            torch.autograd.grad(log_p[:, i].sum(), view, retain_graph=True)[0]
            for i in range(log_p.shape[1])
        ]
        return [_resized(torch.stack(gradients, dim=1).abs().amax(dim=2), estimator)]

    parts, start = [], 0
    # Whatever mode the caller is in.
    with torch.inference_mode(False), torch.enable_grad():
        for view in _views(estimator, X):
            parts.append(look(view, start))
            start += len(view)
    return _stacked(parts)[0]


def _network(estimator: Any) -> Any:
    """Return the torch module of one of the package's fitted estimators."""
    from ..estimators._network import in_evaluation

    check_network(estimator)
    return in_evaluation(estimator.module_)


def _views(estimator: Any, X: ArrayLike) -> Iterator[Tensor]:
    """Pictures as the network sees them, (n, channels, height, width), a batch at a time."""
    for part in in_chunks(estimator._known_pictures(X), _BATCH):
        yield estimator._preparation().for_evaluation(part)


def _answers(estimator: Any, X: ArrayLike) -> tuple[NDArray[np.int64], ...]:
    """Read pictures, as targets of the loss: codes and lengths of numbers, or codes of labels."""
    if reads_numbers(estimator):
        codes, lengths, _ = estimator._read(X)
        return np.where(np.arange(codes.shape[1]) < lengths[:, None], codes, -1), lengths
    return (estimator.predict_proba(X).argmax(axis=1),)


def _resized(maps: Tensor, estimator: Any) -> Tensor:
    """Bring maps to the size of the estimator's pictures."""
    from torch.nn import functional as F

    return F.interpolate(maps, size=estimator.image_shape_[:2], mode="bilinear")


def _stacked(parts: Iterable[list[Tensor]]) -> list[NDArray[Any]]:
    """Join what was found in each batch."""
    import torch

    return [torch.cat(found).cpu().numpy() for found in zip(*parts, strict=True)]
