"""The flagship: a classifier that reads whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax
from sklearn.utils import Tags
from torch import Tensor, nn

from .._labels import BLANK
from ._decoding import SequenceFactors
from ._network import SequenceNetwork
from ._neural import NeuralClassifier
from ._reader import NumberReader

CHANNELS = ((32, 32), (64, 64), (128, 128))


class SequenceLoss(nn.Module):
    """-log P(S|X): length and characters, positions beyond the length without gradient.

    Goodfellow et al. 2014 (arXiv 1312.6082), section 4 and appendix A.
    """

    def forward(self, outputs: tuple[Tensor, Tensor], targets: tuple[Tensor, Tensor]) -> Tensor:
        """Loss of each sample, shape (n,)."""
        length_logits, position_logits = map(_at_least_float32, outputs)
        codes, lengths = targets
        characters = F.cross_entropy(
            position_logits.flatten(0, 1), codes.flatten(), ignore_index=-1, reduction="none"
        )
        length = F.cross_entropy(length_logits, lengths - 1, reduction="none")
        return length + characters.view_as(codes).sum(dim=1)


def _at_least_float32(logits: Tensor) -> Tensor:
    return logits.float() if logits.dtype == torch.bfloat16 else logits


class SVHNSequenceClassifier(NumberReader, NeuralClassifier):
    """Reads whole numbers from pictures with one convolutional network.

    A shared trunk feeds a length head and one head per position, each with an attention map of its
    own. The answer is the exact most probable number over all lengths. The method is Goodfellow
    et al.'s [1]_; the attention heads, which replace its wide dense layers, make the network about
    a hundred times smaller.

    Parameters
    ----------
    alphabet : str, default=None
        The characters numbers are made of. None infers them from the labels: all ten digits where
        only digits occur, otherwise the characters seen.
    max_length : int, default=None
        Most characters a number has. None infers it from the labels.
    blank : int, default=10
        The code behind the last character in padded integer labels.
    image_shape : tuple of 2 or 3 ints, default=None
        (height, width[, channels]) of pictures that come flattened to rows. None infers a square,
        grey or colour; rows that are neither are taken as pictures one pixel high.
    input_size : int, default=48
        Longer sides of pictures are shrunk to this many pixels on their way into the network. None
        leaves them as they are.
    channels : sequence of sequences of ints, default=((32, 32), (64, 64), (128, 128))
        Widths of the convolutions, stage by stage; 2x2 max-pooling stands between stages, and the
        first convolution has stride 2.
    normalization : {"batch", "group"} or None, default="batch"
        What follows each convolution.
    dropout : float in [0, 1), default=0.0
        Share of feature maps between stages, and of attended features, left out in training.
    per_image_standardization : "auto" or bool, default="auto"
        Whether each picture is brought to mean 0 and standard deviation 1 by itself. "auto": where
        both sides have at least 16 pixels.
    augmentation : "auto" or float >= 0, default="auto"
        Strength of the random changes of training pictures: scale, shift, shear, rotation,
        contrast, brightness, polarity, colour and an erased rectangle. 0 is none and 1 the full
        ranges. "auto" is 1 where both sides have at least 16 pixels, otherwise 0.
    n_views : int in [1, 5], default=5
        Views of each picture (as it is, nearer, farther, from the left and the right) whose
        logits a prediction averages; time grows with them. 1 where training was not augmented.
    lr : float, default=0.1
        Learning rate of SGD with Nesterov momentum 0.9: the peak of the one-cycle schedule [2]_ in
        `fit`, constant in `partial_fit`.
    max_epochs : int, default=80
        Passes over the data in `fit`.
    batch_size : int, default=64
        Pictures in a training step.
    weight_decay : float, default=5e-4
        L2 penalty on weights; biases and normalisation are exempt.
    ema_decay : float in [0, 1), default=0.998
        Decay per step of the exponential moving average of the weights that predicts.
    early_stopping : bool, default=False
        Hold out `validation_fraction` of the data, stop when its whole-number accuracy has not
        risen for `n_iter_no_change` epochs, and keep the best epoch's weights. The one-cycle
        schedule is planned for `max_epochs`, so an early stop cuts its end off.
    validation_fraction : float in (0, 1), default=0.1
        Share held out for early stopping.
    n_iter_no_change : int, default=10
        Epochs without a better validation score before stopping.
    warm_start : bool, default=False
        Whether `fit` goes on from the present weights: train on generated numbers, then on real
        ones.
    callbacks : list of skorch callbacks, default=None
        Called by skorch's training loop.
    device : str, default="auto"
        A torch device. "auto" is "cuda" where there is a GPU, otherwise "cpu".
    amp : "auto" or bool, default="auto"
        Whether training multiplies in bfloat16. "auto": where the hardware does so natively.
        float64 pictures are never trained so, and prediction never is.
    random_state : int, RandomState instance or None, default=None
        Seed of weights, batches, augmentation and dropout. Refits with the same int are identical
        to the bit on a CPU at an equal number of threads.
    verbose : int, default=0
        1 prints a line an epoch.

    Attributes
    ----------
    classes_ : ndarray, or list of ndarrays for padded labels
        Distinct labels seen in `fit`, per column for padded labels. `predict` may answer others.
    alphabet_ : str
        The characters a reading can have.
    max_length_ : int
        The longest reading.
    image_shape_ : tuple of 3 ints
        (height, width, channels) of a picture.
    net_ : skorch.NeuralNet
        The network, in skorch's wrapping.
    history_ : list of dict
        One entry an epoch: "epoch", "dur" (seconds), "train_loss", "train_score", "lr" and, with
        early stopping, "valid_loss" and "valid_score". Scores are whole-number accuracies;
        those of training are on augmented pictures. ``pandas.DataFrame`` takes it.
    n_iter_ : int
        Epochs trained.
    device_ : str
        Device of the network.
    amp_ : bool
        Whether training multiplied in bfloat16.
    n_features_in_ : int
        Pixels of a picture times channels.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, where X was a DataFrame with string columns.

    See Also
    --------
    PositionwiseClassifier : Whole numbers with any single-label classifier.

    References
    ----------
    .. [1] I. Goodfellow, Y. Bulatov, J. Ibarz, S. Arnoud, V. Shet (2014). Multi-digit Number
       Recognition from Street View Imagery using Deep Convolutional Neural Networks.
       arXiv:1312.6082, section 4.
    .. [2] L. Smith, N. Topin (2017). Super-Convergence. arXiv:1708.07120.

    Examples
    --------
    >>> from sksvhn import SVHNSequenceClassifier
    >>> from sksvhn.datasets import make_street_numbers
    >>> numbers = make_street_numbers(64, color=False, random_state=0)
    >>> clf = SVHNSequenceClassifier(max_epochs=1, random_state=0)
    >>> clf.fit(numbers.images, numbers.target).predict(numbers.images).shape
    (64,)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **NeuralClassifier._parameter_constraints,
        **NumberReader._parameter_constraints,
    }

    _criterion = SequenceLoss

    @staticmethod
    def _make_module(**config: Any) -> nn.Module:
        return SequenceNetwork(**config)

    def __init__(
        self,
        *,
        alphabet: str | None = None,
        max_length: int | None = None,
        blank: int = BLANK,
        image_shape: tuple[int, ...] | None = None,
        input_size: int | None = 48,
        channels: Sequence[Sequence[int]] = CHANNELS,
        normalization: str | None = "batch",
        dropout: float = 0.0,
        per_image_standardization: str | bool = "auto",
        augmentation: str | float = "auto",
        n_views: int = 5,
        lr: float = 0.1,
        max_epochs: int = 80,
        batch_size: int = 64,
        weight_decay: float = 5e-4,
        ema_decay: float = 0.998,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        callbacks: list[Any] | None = None,
        device: str = "auto",
        amp: str | bool = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.alphabet = alphabet
        self.max_length = max_length
        self.blank = blank
        self.image_shape = image_shape
        self.input_size = input_size
        self.channels = channels
        self.normalization = normalization
        self.dropout = dropout
        self.per_image_standardization = per_image_standardization
        self.augmentation = augmentation
        self.n_views = n_views
        self.lr = lr
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.ema_decay = ema_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.device = device
        self.amp = amp
        self.random_state = random_state
        self.verbose = verbose

    def _encode(
        self, y: ArrayLike, *, reset: bool, keep_classes: bool, classes: ArrayLike | None
    ) -> tuple[NDArray[np.int64], ...]:
        return self._learn_labels(y, reset=reset, keep_classes=keep_classes, classes=classes)

    def _module_config(self) -> dict[str, Any]:
        if not self.channels or not all(stage and min(stage) >= 1 for stage in self.channels):
            raise ValueError(
                f"channels={self.channels!r} must hold at least one stage, and each stage at least "
                "one positive width, as in ((32, 32), (64, 64))."
            )
        height, width = self._standardizer.size
        return {
            "image_shape": (height, width, self.image_shape_[2]),
            "max_length": self.max_length_,
            "n_characters": len(self.alphabet_),
            "channels": tuple(tuple(stage) for stage in self.channels),
            "normalization": self.normalization,
            "dropout": self.dropout,
        }

    @staticmethod
    def _is_right(outputs: tuple[Tensor, Tensor], targets: tuple[Tensor, ...]) -> Tensor:
        length, positions = (logits.float().log_softmax(dim=-1) for logits in outputs)
        codes, lengths = targets
        best, read = positions.max(dim=2)
        read_lengths = (length + best.cumsum(dim=1)).argmax(dim=1) + 1
        return ((read == codes) | (codes < 0)).all(dim=1) & (read_lengths == lengths)

    def _log_factors(self, X: ArrayLike) -> SequenceFactors:
        length_logits, position_logits = self._outputs(X)
        return SequenceFactors(
            log_softmax(length_logits, axis=1), log_softmax(position_logits, axis=2)
        )

    def __sklearn_tags__(self) -> Tags:
        """Numbers as 1-D labels, or one character a column."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
