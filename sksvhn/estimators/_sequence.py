"""Classifier of whole numbers with a convolutional network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils import Tags, _safe_indexing
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _num_samples

from .._images._crop import CropStyle
from .._labels import BLANK, as_labels
from . import _classifying, _picture_reader
from ._augmentation import ADAPTIVE
from ._batches import Preparation, TrainingData
from ._decoding import SequenceFactors
from ._fitting import fit, validation_set
from ._log_softmax import log_softmax
from ._network import FEATURES, Network, SequenceNetwork
from ._neural import NeuralEstimator, Pictures
from ._reader import NumberReader
from ._saved_network import KEPT_OF_NETWORK
from ._saving import check
from ._second_look import surest_look
from ._settings import SETTINGS, Architecture, Training, settings_of
from ._without_number import SHARE, letters_outside

CHANNELS = ((32, 32), (64, 64), (128, 128))


class SVHNSequenceClassifier(NumberReader, ClassifierMixin, NeuralEstimator):
    """Reads whole numbers from pictures with one convolutional network.

    A shared trunk feeds a length head and one head per position, each with its own attention map.
    The answer is the exact most probable number over all lengths. The method is Goodfellow
    et al.'s [1]_; attention heads replace its wide dense layers and make the network about a
    hundred times smaller.

    Parameters
    ----------
    alphabet : str, default=None
        The characters of the numbers. None infers them from the labels: all ten digits if one
        occurs, and the other characters seen.
    max_length : int, default=None
        Greatest number of characters. None infers it from the labels.
    blank : int, default=10
        Code after the last character in padded integer labels.
    min_confidence : float in [0, 1], default=0.0
        `predict` rejects readings with a lower confidence, as ``""``, ``-1`` or an all-blank row.
        :func:`~sksvhn.model_selection.min_confidence_for_accuracy` finds the value for an accuracy.
    image_shape : tuple of 2 or 3 ints, default=None
        (height, width[, channels]) of pictures that are flattened to rows. None infers a grey
        square, or else a colour square (192 features are 8x8 colour, not 12x16 grey). Other rows
        are treated as pictures one pixel high.
    crop : {"stretch", "square"}, default="stretch"
        How training pictures were cropped from larger ones, as in
        :func:`~sksvhn.datasets.load_svhn_numbers` and :class:`~sksvhn.preprocessing.NumberCropper`.
        `read` and `crops` do the same to photographs; nothing else depends on it.
    margin : float >= 0, default=0.3
        Share by which the number's box was enlarged for the training pictures, as there. Only
        `read` and `crops` use it.
    channels : sequence of sequences of ints, default=((32, 32), (64, 64), (128, 128))
        Widths of the convolutions, stage by stage. 2x2 pooling comes between stages and, unless the
        architecture's `head` is "attention", after the last one. Empty, with another head: no
        convolution.
    hidden_layer_sizes : int or sequence of ints, default=()
        Widths of the fully connected layers between the head and the outputs.
    activation : {"relu", "leaky_relu", "gelu", "tanh", "logistic"}, default="relu"
        Activation after every layer except the last.
    normalization : {"batch", "group", "lrn"} or None, or a sequence of them, default="batch"
        Normalisation of each convolution and each fully connected layer, or a list with one per
        stage and then one per fully connected layer. "lrn", local response normalisation [2]_, has
        no effect on fully connected layers.
    dropout : float in [0, 1), or a sequence of them, default=0.0
        Share of features after each pool (or of attended features), and of each fully connected
        layer's outputs, that is left out in training; or a list with one per stage and then one per
        fully connected layer.
    architecture : Architecture, default=None
        Details of the network: :class:`Architecture`, or None for its defaults. Searches can set
        them, such as ``architecture__kernel_size``.
    augmentation : "auto" or float >= 0, default="auto"
        Strength of the random changes of training pictures: scale, shift, shear, rotation,
        contrast, brightness, polarity, colour and an erased rectangle. 0 means none, and 1 the full
        ranges. "auto" is 1 if both sides have at least 16 pixels, otherwise 0. With augmentation,
        up to 15 % of the training pictures, from step 500 on and in full from step 1,000, are made
        to show no number: a letter outside `alphabet` is put
        after the number or over a part of it, characters are torn, or only a small part of the
        picture is left. The network learns to be less confident on such pictures.
    n_views : int in [1, 5] or "adaptive", default=5
        Number of views of each picture (unchanged, nearer, farther, from the left and from the
        right) whose logits a prediction averages. Time grows with it. "adaptive" takes three. Where
        the confidence in a reading, before `temperatures_`, is then below 0.6, it looks at the
        picture again, twice from much nearer and twice from much farther, and all answers come from
        the look whose reading is the surest. This helps where numbers fill pictures less or more
        than in training. Without augmentation in training, there is one view.
    optimizer : {"sgd", "momentum", "nesterov", "adagrad", "adam", "adamw"}, default="nesterov"
        "sgd" is plain stochastic gradient descent; "momentum" and "nesterov" add momentum.
    lr : float, default=0.1
        Learning rate at the start of the schedule, or at its peak. The default schedule is
        "one_cycle" of :class:`Training`.
    max_epochs : int, default=80
        Number of passes over the data in `fit`.
    batch_size : int, default=64
        Number of pictures per training step.
    weight_decay : float, default=5e-4
        L2 penalty on weights; biases and normalisation are exempt. "adamw" decouples it from the
        gradient.
    training : Training, default=None
        Details of the training: :class:`Training`, or None for its defaults. Searches can set them,
        such as ``training__momentum``.
    early_stopping : bool, default=False
        Whether to stop when the validation accuracy of whole numbers has not risen for 10 epochs,
        and keep the weights of the best epoch. "one_cycle" is planned for `max_epochs`, so an early
        stop cuts off its end.
    warm_start : bool, default=False
        Whether `fit` continues from the current weights, for example to train on generated numbers
        first and then on real ones.
    callbacks : list of skorch callbacks, default=None
        Callbacks of the training that look at epochs or batches, such as ``EarlyStopping``,
        ``Checkpoint`` and, with a constant schedule, ``LRScheduler``. Scores are recorded without
        them.
    checkpoint_dir : path-like, default=None
        Folder in which `fit` writes its state to one file after every epoch, until it ends. The
        same fit, called again after Ctrl-C, a crash or in a new process, resumes after the last
        complete epoch. On a CPU, with the same number of threads, it ends with the same weights to
        the bit as an uninterrupted fit. With other data or other parameters, training starts from
        the beginning. Callbacks always do, and lose their own counts. Fits without a seed that run
        at the same time need separate folders.
    device : str, default="auto"
        A torch device. "auto" is "cuda" if there is a GPU, otherwise "cpu".
    random_state : int, RandomState instance or None, default=None
        Seed of weights, batches, augmentation and dropout. On a CPU, refits with the same int and
        the same number of threads are identical to the bit.
    verbose : int, default=0
        1 prints one line per epoch: loss and score (the share right) of training and validation
        pictures, and its seconds (`dur`). 2 also shows a bar over the batches.

    Attributes
    ----------
    classes_ : ndarray, or list of ndarrays for padded labels
        Distinct labels seen in `fit`; for padded labels, one array per column of `predict`.
        `predict` may answer others.
    alphabet_ : str
        The characters a reading can have.
    blank_ : int
        Code after the last character in padded integer labels.
    max_length_ : int
        Number of characters of the longest reading.
    temperatures_ : tuple of 2 floats
        Temperatures of the length and of the characters; 1 unless `calibrate` was called.
    image_shape_ : tuple of 3 ints
        (height, width, channels) of a picture.
    module_ : torch.nn.Module
        The network.
    net_ : skorch.NeuralNet
        The network as a skorch net, made when it is first used. `predict` and `predict_proba`
        answer like the estimator, and `forward` returns the network's outputs.
    history_ : list of dict
        One entry per epoch: "epoch", "dur" (seconds), "lr", "train_loss" and "train_score", the
        whole-number accuracy; for each head "train_length_loss", "train_length_score",
        "train_position_1_loss", "train_position_1_score" and so on, over the numbers that reach
        the position; and the same with "valid" if there is validation data. Training scores are on
        augmented pictures without those made to show no number; "train_loss" includes these.
        ``pandas.DataFrame(history_)`` makes it a table.
    n_iter_ : int
        Epochs trained.
    device_ : str
        Device of the network.
    amp_ : bool
        Whether training used bfloat16 for matrix products.
    n_features_in_ : int
        Pixels of a picture times channels.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, if X was a DataFrame with string columns.

    See Also
    --------
    PositionwiseClassifier : Whole numbers with any single-label classifier.

    References
    ----------
    .. [1] I. Goodfellow, Y. Bulatov, J. Ibarz, S. Arnoud, V. Shet (2014). Multi-digit Number
       Recognition from Street View Imagery using Deep Convolutional Neural Networks.
       arXiv:1312.6082, section 4.
    .. [2] A. Krizhevsky, I. Sutskever, G. Hinton (2012). ImageNet Classification with Deep
       Convolutional Neural Networks. NIPS, section 3.3; here alpha 0.1, beta 0.75, radius 5.

    Examples
    --------
    >>> from sksvhn import SVHNSequenceClassifier
    >>> from sksvhn.datasets import make_street_numbers
    >>> numbers = make_street_numbers(64, color=False, random_state=0)
    >>> clf = SVHNSequenceClassifier(max_epochs=1, random_state=0)
    >>> clf.fit(numbers.images, numbers.target).predict(numbers.images).shape
    (64,)
    """

    _learns_empty = True
    _kept = (*KEPT_OF_NETWORK, *NumberReader._kept_of_labels)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_classifying.CLASSIFIER_CONSTRAINTS,
        **NumberReader._parameter_constraints,
        "n_views": [*_classifying.CLASSIFIER_CONSTRAINTS["n_views"], StrOptions({ADAPTIVE})],
        "channels": ["array-like"],
    }

    _estimators = tuple(SETTINGS)

    #: Whether labels of the present fit say that pictures show no number.
    _shows_empty = False

    crops = _picture_reader.crops
    read = _picture_reader.read
    export_onnx = _classifying.export_onnx

    @staticmethod
    def _make_module(**config: Any) -> Network:
        return SequenceNetwork(**config)

    def __init__(
        self,
        *,
        alphabet: str | None = None,
        max_length: int | None = None,
        blank: int = BLANK,
        min_confidence: float = 0.0,
        image_shape: tuple[int, ...] | None = None,
        crop: CropStyle = "stretch",
        margin: float = 0.3,
        channels: Sequence[Sequence[int]] = CHANNELS,
        hidden_layer_sizes: int | Sequence[int] = (),
        activation: str = "relu",
        normalization: str | Sequence[str | None] | None = "batch",
        dropout: float | Sequence[float] = 0.0,
        architecture: Architecture | None = None,
        augmentation: str | float = "auto",
        n_views: int | str = 5,
        optimizer: str = "nesterov",
        lr: float = 0.1,
        max_epochs: int = 80,
        batch_size: int = 64,
        weight_decay: float = 5e-4,
        training: Training | None = None,
        early_stopping: bool = False,
        warm_start: bool = False,
        callbacks: list[Any] | None = None,
        checkpoint_dir: str | os.PathLike[str] | None = None,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.alphabet = alphabet
        self.max_length = max_length
        self.blank = blank
        self.min_confidence = min_confidence
        self.image_shape = image_shape
        self.crop = crop
        self.margin = margin
        self.channels = channels
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.normalization = normalization
        self.dropout = dropout
        self.architecture = architecture
        self.augmentation = augmentation
        self.n_views = n_views
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
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train on pictures and their labels.

        Ctrl-C ends the training. The estimator is then fitted with the weights so far or, with
        early stopping, with those of the best epoch. With `checkpoint_dir`, `fit` called again
        resumes.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Grey or colour (3 channels) pictures, or either flattened to rows. uint8 stays uint8
            in memory until its batch; floats can have any range, which is learned. Pictures that
            don't fit into memory can be a memory map, an array on disk (an open h5py dataset, or
            anything with its ``shape``, ``dtype`` and slices) or a sequence whose items are arrays
            of pictures. The latter two are read block by block, and shuffled across and within
            blocks.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            Numbers: strings, ints, or int codes padded with `blank`. ``""``, ``-1`` or a row of
            blanks says that a picture shows no number. The network learns to give every number a
            low probability there, so that `min_confidence` rejects what it reads.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample in the loss; samples of weight 0 are left out.
        X_val : array-like of shape (n_val, ...), default=None
            Validation pictures: ``history_`` records their loss and score, and early stopping uses
            them instead of a share of X.
        y_val : array-like of shape (n_val,) or (n_val, max_length), default=None
            Labels of the validation pictures.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the validation pictures.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If pictures or labels are empty, hold NaN, or don't match each other or the parameters.
        """
        fresh = not (self.warm_start and self.__sklearn_is_fitted__())
        validation = validation_set(X_val, y_val, sample_weight_val)
        fit(self, X, y, sample_weight, fresh=fresh, validation=validation)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on a part of the data.

        The scale of the pixels is learned from the first part. The learning rate is constant if the
        schedule is "one_cycle", because its end is not known here; other schedules count the steps
        of all calls. `lr` and `batch_size` can change between calls. Sample weights are used as
        they are, whereas `fit` scales them to a mean of 1. Pickles hold the averaged weights of the
        network, but neither the state of the optimiser nor the position in the schedule.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            Labels, as for `fit`.
        classes : array-like of shape (n_classes,) or (n_classes, max_length), default=None
            Numbers that later parts can hold, if the first part does not have all lengths and
            characters.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample in the loss.

        Returns
        -------
        self : object
            The estimator, fitted so far.
        """
        fresh = not self.__sklearn_is_fitted__()
        fit(self, X, y, sample_weight, fresh=fresh, incremental=True, classes=classes)
        return self

    def _encode(
        self,
        y: ArrayLike,
        rows: NDArray[np.int64],
        *,
        reset: bool,
        incremental: bool,
        classes: ArrayLike | None,
    ) -> tuple[NDArray[np.int64], ...]:
        y = y if len(rows) == _num_samples(y) else _safe_indexing(y, rows)
        codes, lengths = self._learn_labels(
            y, reset=reset, keep_classes=incremental and not reset, classes=classes
        )
        self._shows_empty = not lengths.all()
        if self._shows_empty and not reset and not self._tells_others():
            raise ValueError(
                "y must hold numbers only, because the network was not made to recognise pictures "
                "without one; got empty numbers. Train a new one on y, with warm_start=False."
            )
        return codes, lengths

    def _check_state(self, state: dict[str, Any]) -> None:
        super()._check_state(state)
        codec, config = self._check_labels(state), state["_config"]
        numbers = (codec.max_length, len(codec.alphabet))
        found = (config["max_length"], config["n_characters"])
        check(
            found == numbers
            and type(config["blank_class"]) is bool
            and type(config.get("other_character", False)) is bool,
            "numbers don't fit the network",
        )

    def _encode_known(self, y: ArrayLike, name: str) -> tuple[NDArray[np.int64], ...]:
        codec = self._codec.for_labels(as_labels(y, name), name)
        return codec.encode(codec.strings_of(y, name), name, empty=self._tells_others())

    def _shows_numbers(self, targets: tuple[NDArray[Any], ...]) -> bool:
        _, lengths = targets
        return bool(lengths.any())

    def _symbols(self) -> list[str]:
        return list(self.alphabet_)

    def _learn_pictures(self, pictures: Pictures, data: TrainingData) -> None:
        super()._learn_pictures(pictures, data)
        multiple = FEATURES[settings_of(self).head].width_multiple(self.max_length_)
        self._standardizer = self._standardizer.widened(multiple)

    def _module_config(self) -> dict[str, Any]:
        config = {
            "image_shape": self._input_shape(),
            "architecture": _classifying.network_spec(self),
            "max_length": self.max_length_,
            "n_characters": len(self.alphabet_),
            "blank_class": settings_of(self).blank_class,
        }
        return config | {"other_character": True} if self._tells_others() else config

    def _tells_others(self) -> bool:
        """Whether the network recognises that a character is none of the alphabet."""
        # Augmentation or labels show it some. A network that is trained on stays as it is.
        config = getattr(self, "_config", None)
        if config is None:
            return self._strength > 0 or self._shows_empty
        return bool(config.get("other_character", False))

    def _preparation(self) -> Preparation:
        preparation = super()._preparation()
        if not self._tells_others():
            return preparation
        share = SHARE * min(1.0, self._strength)
        return replace(preparation, foreign_share=share, letters=letters_outside(self.alphabet_))

    def _log_factors(self, X: ArrayLike) -> SequenceFactors:
        again = _classifying.looks_again(self)
        revise = partial(surest_look, patterns=self._patterns()) if again else None
        length_logits, position_logits = _classifying.mean_outputs(self, X, revise)
        return SequenceFactors(log_softmax(length_logits), log_softmax(position_logits))

    def __sklearn_tags__(self) -> Tags:
        """Take numbers as 1-D labels, or one character per column."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
