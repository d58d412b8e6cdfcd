"""Estimator that finds house numbers in photographs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from sklearn.base import _fit_context
from sklearn.utils import Tags, check_scalar
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from .._boxes import RIGHT, Boxes, check_boxes_in_pictures, inside, overlaps, surest_boxes
from .._images._arrays import check_stored_pictures
from .._images._load import MAX_PIXELS
from .._parameters import python_params
from ._batches import Preparation, TrainingData
from ._canvas import Piece, near_views, pieces_of, whole_multiple
from ._fitting import fit, validation_set
from ._initial_model import load_start
from ._locator_boxes import boxes_of_cells, candidates, with_second_look
from ._locator_confidence import (
    NOT_CALIBRATED,
    Evidence,
    check_calibration,
    confidences,
    evidence,
    learned_calibration,
)
from ._locator_network import MOST_NUMBERS, MULTIPLE, LocatorNetwork
from ._network import Network, without_normalization
from ._neural import NeuralEstimator, Pictures
from ._onnx import _locating
from ._picture_reader import PictureSources
from ._saved_network import KEPT_OF_NETWORK
from ._scene_input import read_all, training_scenes
from ._scene_preparation import ScenePreparation
from ._settings import Training
from ._standardizer import Standardizer

# Pieces of pictures that the network reads together.
_BATCH = 8


class NumberLocator(NeuralEstimator):
    """Finds house numbers in photographs of any size.

    A small fully convolutional network tells for every eighth pixel in x and y whether a number is
    there, and where its edges are. Numbers may be from about 10 pixels high, at the size that the
    network reads, to most of the picture. :func:`sksvhn.read` reads what it finds.

    Parameters
    ----------
    input_size : int, default=384
        Longer side, in pixels, that every picture is resized to before the network; the aspect is
        kept. It may be changed after `fit`: larger finds smaller numbers and takes longer. Very
        long pictures are read in pieces.
    width : int, default=16
        Number of feature maps of the first layer, which those of all others are multiples of.
    n_refined : int >= 0, default=6
        Number of boxes of a picture, the surest, that the network looks at a second time, from
        near. It does so with every other box, too, whose score at first look, before calibration,
        is 0.3 or more. As long as no second look gives a score of 0.4, so many others follow. The
        box is then what it tells there, and both looks make the confidence. 0 means that it looks
        once. It may be changed after `fit`; `calibrate` is then due.
    augmentation : "auto" or float >= 0, default="auto"
        Strength of the random changes of training pictures: zoom, stretch, shift, shear,
        rotation, contrast, brightness and colour. 0 means none, and "auto" is 1, the full ranges.
    optimizer : {"sgd", "momentum", "nesterov", "adagrad", "adam", "adamw"}, default="adamw"
        "sgd" is plain stochastic gradient descent; "momentum" and "nesterov" add momentum.
    lr : float, default=0.002
        Learning rate at the start of the schedule, or at its peak. The default schedule is
        "one_cycle" of :class:`Training`.
    max_epochs : int, default=30
        Number of passes over the pictures in `fit`.
    batch_size : int, default=16
        Number of pictures per training step.
    weight_decay : float, default=1e-3
        L2 penalty on weights; biases and normalisation are exempt. "adamw" decouples it from the
        gradient.
    training : Training, default=None
        Details of the training: :class:`Training`, or None for its defaults.
        ``training__initial_model="locator"`` begins with the weights of the one that comes with
        the package.
    early_stopping : bool, default=False
        Whether to stop when the validation score has not risen for 10 epochs, and keep the weights
        of the best epoch.
    warm_start : bool, default=False
        Whether `fit` continues from the current weights. `input_size` may be another one.
    callbacks : list of skorch callbacks, default=None
        Callbacks of the training that look at epochs or batches.
    checkpoint_dir : path-like, default=None
        Folder in which `fit` writes its state after every epoch, from which the same fit resumes,
        as in :class:`SVHNSequenceClassifier`.
    device : str, default="auto"
        A torch device. "auto" is "cuda" if there is a GPU, otherwise "cpu".
    random_state : int, RandomState instance or None, default=None
        Seed of weights, batches and augmentation. On a CPU, refits with the same int and the same
        number of threads are identical to the bit.
    verbose : int, default=0
        1 prints one line per epoch: loss, score and seconds. 2 also shows a bar over the batches.

    Attributes
    ----------
    calibration_ : tuple of 7 floats
        What `calibrate` learns: the weights, in the logit of the confidence, of the logits of the
        scores at first and second look, of the logarithms of width and height as shares of the
        longer side of what the network sees at first, of the squares of these logarithms, and the
        intercept. After `fit`, it is (0.5, 0.5, 0, 0, 0, 0, 0), the mean of both looks.
    image_shape_ : tuple of 3 ints
        (height, width, channels) of a training picture as the network read it.
    module_ : torch.nn.Module
        The network.
    net_ : skorch.NeuralNet
        The network as a skorch net.
    history_ : list of dict
        One entry per epoch: "epoch", "dur" (seconds), "train_loss", "train_score", "lr" and, if
        there is validation data, "valid_loss" and "valid_score". The score is the share of the
        pictures with numbers whose surest box overlaps one by at least 0.5; it is left out where
        no picture shows a number.
    n_iter_ : int
        Epochs trained.
    device_ : str
        Device of the network.
    amp_ : bool
        Whether training used bfloat16 for matrix products.

    See Also
    --------
    sksvhn.read : Find and read numbers.
    sksvhn.datasets.make_street_scenes : Photographs to train on.

    References
    ----------
    .. [1] Z. Tian, C. Shen, H. Chen, T. He (2019). FCOS: Fully Convolutional One-Stage Object
       Detection. arXiv:1904.01355.
    .. [2] H. Zhang, Y. Wang, F. Dayoub, N. Suenderhauf (2021). VarifocalNet: An IoU-aware Dense
       Object Detector. arXiv:2008.13367.

    Examples
    --------
    >>> from sksvhn import NumberLocator
    >>> from sksvhn.datasets import make_street_scenes
    >>> scenes = make_street_scenes(8, image_size=(128, 128), random_state=0)
    >>> locator = NumberLocator(input_size=128, max_epochs=1, random_state=0)
    >>> boxes = locator.fit(scenes.images, scenes.target).predict(scenes.images)
    >>> len(boxes), boxes[0].shape[1]
    (8, 5)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **NeuralEstimator._parameter_constraints,
        "input_size": [Interval(Integral, MULTIPLE, None, closed="left")],
        "width": [Interval(Integral, 1, None, closed="left")],
        "n_refined": [Interval(Integral, 0, None, closed="left")],
    }

    _kept: ClassVar[tuple[str, ...]] = (*KEPT_OF_NETWORK, "calibration_")

    input_size: int
    width: int
    n_refined: int
    calibration_: tuple[float, ...]

    def __init__(
        self,
        *,
        input_size: int = 384,
        width: int = 16,
        n_refined: int = 6,
        augmentation: str | float = "auto",
        optimizer: str = "adamw",
        lr: float = 0.002,
        max_epochs: int = 30,
        batch_size: int = 16,
        weight_decay: float = 1e-3,
        training: Training | None = None,
        early_stopping: bool = False,
        warm_start: bool = False,
        callbacks: list[Any] | None = None,
        checkpoint_dir: str | os.PathLike[str] | None = None,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.input_size = input_size
        self.width = width
        self.n_refined = n_refined
        self.augmentation = augmentation
        self.optimizer = optimizer
        self.lr = lr
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.training = training
        self.early_stopping = early_stopping
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.checkpoint_dir = checkpoint_dir
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: PictureSources,
        y: Sequence[ArrayLike | None],
        sample_weight: ArrayLike | None = None,
        *,
        X_val: PictureSources | None = None,
        y_val: Sequence[ArrayLike | None] | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train on photographs and the boxes of their numbers.

        All pictures are in memory at the size of the network, 0.4 MB each at the default one.
        Ctrl-C ends the training. The estimator is then fitted with the weights so far or, with
        early stopping, with those of the best epoch. With `checkpoint_dir`, `fit` called again
        resumes.

        Parameters
        ----------
        X : iterable of n_samples pictures
            Pictures of any size as :func:`~sksvhn.preprocessing.load_image` takes them: paths,
            bytes, file objects, PIL images or arrays.
        y : sequence of n_samples array-likes of shape (n_numbers, 4)
            Left, top, width and height of every number in each picture, in pixels from the upper
            left corner of the upright picture. An empty one, or None, says that there is no number.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each picture in the loss; pictures of weight 0 are left out.
        X_val : iterable of n_val pictures, default=None
            Validation pictures: ``history_`` records their loss and score, and early stopping uses
            them instead of a share of X.
        y_val : sequence of n_val array-likes, default=None
            Boxes of the validation pictures.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the validation pictures.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a picture cannot be read, boxes are not rows of four finite numbers in pixels of
            their picture, with a positive width and height, or there is no box at all.
        """
        validation = validation_set(X_val, y_val, sample_weight_val)
        fresh = not (self.warm_start and self.__sklearn_is_fitted__())
        pictures, boxes = training_scenes(X, y, "y", self._side())
        if not boxes.any():
            raise ValueError(
                "y must hold at least one box; got none; pass the boxes of the numbers, rows of "
                "(left, top, width, height)."
            )
        if validation is not None:
            validation = (*training_scenes(X_val, y_val, "y_val", self._side()), sample_weight_val)
        fit(self, pictures, boxes, sample_weight, fresh=fresh, validation=validation)
        return self

    def predict(
        self, X: PictureSources, *, max_pixels: int = MAX_PIXELS
    ) -> list[NDArray[np.float64]]:
        """Find the numbers in photographs.

        Parameters
        ----------
        X : picture or iterable of n_samples pictures
            Pictures of any size, as for `fit`. A single one counts as a list of one. They are read
            one after the other.
        max_pixels : int, default=268435456
            Largest width times height of a picture file that is decoded.

        Returns
        -------
        list of n_samples ndarrays of shape (n_numbers, 5)
            Left, top, width and height of each box, in pixels of the upright picture, and the
            confidence in [0, 1] that there is a number. Surest first, 20 at most. Boxes of little
            confidence are among them.

        Raises
        ------
        ValueError
            If a picture cannot be read.
        TypeError
            If a picture is none of what :func:`~sksvhn.preprocessing.load_image` takes.
        OSError
            If a file cannot be read.

        Warns
        -----
        UserWarning
            Once, for pictures that :func:`~sksvhn.preprocessing.load_image` warns about.
        """
        check_is_fitted(self)
        self._validate_params()
        check_scalar(max_pixels, "max_pixels", Integral, min_val=1)
        return [self._judged(*found) for found in self._located(read_all(X, max_pixels))]

    def score(self, X: PictureSources, y: Sequence[ArrayLike | None]) -> float:
        """Compute the average precision of the boxes found.

        Parameters
        ----------
        X : iterable of n_samples pictures
            Pictures, as for `fit`.
        y : sequence of n_samples array-likes of shape (n_numbers, 4)
            Boxes of their numbers, as for `fit`.

        Returns
        -------
        float
            :func:`~sksvhn.metrics.location_average_precision`, in [0, 1].
        """
        from ..metrics import location_average_precision  # only whoever scores waits for it

        found, true = self._located_and_true(X, y)
        return location_average_precision(true, [self._judged(*of_picture) for of_picture in found])

    def calibrate(self, X: PictureSources, y: Sequence[ArrayLike | None]) -> Self:
        """Learn from other pictures how often a box of each score is right.

        A logistic regression (Platt 1999) on the scores of both looks and on the size of a box
        gives the probability that the box overlaps a number by at least 0.5.

        Parameters
        ----------
        X : iterable of n_samples pictures
            Pictures that were not trained on.
        y : sequence of n_samples array-likes of shape (n_numbers, 4)
            Boxes of their numbers, as for `fit`.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If boxes are not as for `fit`, or if all that are found are right, or all are wrong.
        """
        found, true = self._located_and_true(X, y)
        right = np.concatenate(
            [
                (overlaps(boxes, of_picture) >= RIGHT).any(axis=1)
                for (boxes, *_), of_picture in zip(found, true, strict=True)
            ]
        )
        facts = np.concatenate([of_picture for _, of_picture, _ in found])
        self.calibration_ = learned_calibration(facts, right)
        return self

    export_onnx = _locating.export_onnx

    def _located_and_true(
        self, X: PictureSources, y: Sequence[ArrayLike | None]
    ) -> tuple[list[tuple[Boxes, Evidence, tuple[int, int]]], list[Boxes]]:
        """Locate numbers in each picture, and check the boxes of those that are there."""
        check_is_fitted(self)
        self._validate_params()
        found = list(self._located(read_all(X, MAX_PIXELS)))
        return found, check_boxes_in_pictures(y, [size for *_, size in found], "y")

    def _located(
        self, pictures: Iterator[Image.Image]
    ) -> Iterator[tuple[Boxes, Evidence, tuple[int, int]]]:
        """Boxes of each picture, the evidence for each box, and the picture's size."""
        with torch.inference_mode():
            module = without_normalization(self.module_)
            for picture in pictures:
                found = []
                for piece, cells in self._maps(module, picture):
                    found.append(candidates(piece, cells))
                boxes = surest_boxes(inside(np.concatenate(found), picture.size), MOST_NUMBERS)
                look = partial(self._near_maps, module, picture)
                boxes = with_second_look(boxes, look, int(self.n_refined), picture.size)
                # All pieces of a picture are of one size.
                yield boxes[:, :4], evidence(boxes, piece.longer_side), picture.size

    def _maps(
        self, module: torch.nn.Module, picture: Image.Image
    ) -> Iterator[tuple[Piece, Tensor]]:
        """Pieces of a picture, and what the network answers for each, (5, n_rows, n_columns)."""
        pieces = pieces_of(picture, int(self.input_size))
        while some := list(islice(pieces, _BATCH)):
            yield from zip(some, self._answers(module, some), strict=True)

    def _near_maps(
        self, module: torch.nn.Module, picture: Image.Image, boxes: Boxes
    ) -> Iterator[tuple[Piece, Tensor]]:
        """Return views of boxes from near, and what the network answers for each."""
        views = near_views(picture, boxes, int(self.input_size))
        return zip(views, self._answers(module, views), strict=True)

    def _answers(self, module: torch.nn.Module, pieces: list[Piece]) -> Tensor:
        """Return what the network answers for pieces of one shape, (n, 5, n_rows, n_columns)."""
        pixels = np.stack([piece.pixels for piece in pieces])
        (maps,) = module(self._preparation().for_evaluation(pixels))
        answers: Tensor = maps.cpu()
        return answers

    def _confidence_of_cells(self, piece: Piece, maps: Tensor) -> NDArray[np.float64]:
        """How sure the first look is of every cell, (n_rows, n_columns)."""
        boxes = boxes_of_cells(piece, maps)
        facts = evidence(np.column_stack([boxes, boxes[:, 4]]), piece.longer_side)
        return confidences(facts, self.calibration_).reshape(maps.shape[1:])

    def _judged(self, boxes: Boxes, facts: Evidence, size: tuple[int, int]) -> Boxes:
        """Boxes with their calibrated probabilities, surest first."""
        judged = np.column_stack([boxes, confidences(facts, self.calibration_)])
        if self.n_refined:  # two boxes may have moved to one number
            judged = surest_boxes(judged, MOST_NUMBERS)
        else:
            judged = judged[np.argsort(-judged[:, 4], kind="stable")]
        # Means of boxes that were cut may reach beyond the edge by a rounding.
        return inside(judged, size)

    def _side(self) -> int:
        return whole_multiple(int(python_params(self).input_size))

    def _learn_pictures(self, pictures: Pictures, data: TrainingData) -> None:
        self._standardizer = Standardizer.from_pictures(
            pictures, data.row_weights(), input_size=None, per_image=False
        )
        self._float64 = False
        self.calibration_ = NOT_CALIBRATED

    def _further_pictures(self, X: ArrayLike) -> Pictures:
        pictures = check_stored_pictures(self, X, reset=True)  # `input_size` may be another by now
        self._standardizer = replace(self._standardizer, size=self.image_shape_[:2])
        self._config = self._config | {"image_shape": self.image_shape_}
        self.calibration_ = NOT_CALIBRATED
        return pictures

    def _encode(
        self,
        y: ArrayLike,
        rows: NDArray[np.int64],
        *,
        reset: bool,
        incremental: bool,
        classes: ArrayLike | None,
    ) -> tuple[NDArray[Any], ...]:
        return tuple(boxes[rows] for boxes in self._encode_known(y, "y"))

    def _encode_known(self, y: ArrayLike, name: str) -> tuple[NDArray[Any], ...]:
        edges = np.asarray(y, dtype=np.float32)
        return (edges.reshape(len(edges), -1, 4),)

    def _shows_numbers(self, targets: tuple[NDArray[Any], ...]) -> bool:
        return bool(targets[0].any())

    def _symbols(self) -> list[str]:
        return []

    def _module_config(self) -> dict[str, Any]:
        return {"image_shape": self._input_shape(), "width": int(self.width)}

    @staticmethod
    def _make_module(**config: Any) -> Network:
        return LocatorNetwork(**config)

    def _load_initial(self, model: str | os.PathLike[str]) -> Any:
        start = load_start(model)
        if not isinstance(start, NumberLocator):
            raise ValueError(
                f"initial_model must be a NumberLocator; got {type(start).__name__} in {model}; "
                "pass another file."
            )
        width = start._config["width"]
        if width != self.width:
            raise ValueError(
                f"width must be that of initial_model, {width}; got {self.width}; call "
                f"set_params(width={width})."
            )
        return start

    def _take_weights(self, start: Any) -> frozenset[str]:
        weights = start.module_.state_dict()
        self.module_.load_state_dict(weights)
        return frozenset(weights)

    def _preparation(self) -> Preparation:
        return ScenePreparation(self._standardizer, torch.device(self.device_), torch.float32)

    def _check_state(self, state: dict[str, Any]) -> None:
        super()._check_state(state)
        check_calibration(state["calibration_"])

    def __sklearn_tags__(self) -> Tags:
        """Take photographs of any size; predict boxes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags
