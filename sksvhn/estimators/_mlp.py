"""Classifier of single digits with a fully connected network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import StrOptions

from .._images._crop import CropStyle
from ._digit import DigitClassifier
from ._settings import Architecture, Training


class SVHNMLPClassifier(DigitClassifier):
    """Reads single digits from pictures with a multi-layer perceptron.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of ints, default=(512, 256, 128)
        Widths of the fully connected layers.
    activation : {"relu", "leaky_relu", "gelu", "tanh", "logistic"}, default="relu"
        Activation after every layer except the last.
    normalization : {"batch", "group"} or None, or a sequence of them, default="batch"
        Normalisation of each hidden layer, or a list with one per hidden layer.
    dropout : float in [0, 1), or a sequence of them, default=0.0
        Share of each hidden layer's outputs left out in training, or a list with one per layer.
    architecture : Architecture, default=None
        Details of the network: :class:`Architecture`, or None for its defaults. Searches can set
        them, such as ``architecture__kernel_size``.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in the loss. "balanced" gives all classes the same total share. None
        gives all classes weight 1.
    min_confidence : float in [0, 1], default=0.0
        `predict` rejects labels with a lower confidence, as ``""`` if labels are strings and ``-1``
        if they are numbers. :func:`~sksvhn.model_selection.min_confidence_for_accuracy` finds the
        value for an accuracy.
    image_shape : tuple of 2 or 3 ints, default=None
        (height, width[, channels]) of pictures that are flattened to rows. None infers a grey
        square, or else a colour square (192 features are 8x8 colour, not 12x16 grey). Other rows
        are treated as pictures one pixel high.
    crop : {"stretch", "square"}, default="square"
        How training pictures were cropped from larger ones, as in
        :class:`~sksvhn.preprocessing.NumberCropper`. `read` and `crops` do the same to photographs;
        nothing else depends on it. The defaults are those of SVHN's format 2.
    margin : float >= 0, default=0.0
        Share by which the number's box was enlarged for the training pictures, as there. Only
        `read` and `crops` use it.
    augmentation : "auto" or float >= 0, default="auto"
        Strength of the random changes of training pictures: scale, shift, shear, rotation,
        contrast, brightness, polarity, colour and an erased rectangle. 0 means none, and 1 the full
        ranges. "auto" is 0.5 if both sides have at least 16 pixels, otherwise 0.
    n_views : int in [1, 5], default=5
        Number of views of each picture (unchanged, nearer, farther, from the left and from the
        right) whose logits a prediction averages. Time grows with it. Without augmentation in
        training, it is 1.
    optimizer : {"sgd", "momentum", "nesterov", "adagrad", "adam", "adamw"}, default="nesterov"
        "sgd" is plain stochastic gradient descent; "momentum" and "nesterov" add momentum.
    lr : float, default=0.1
        Learning rate at the start of the schedule, or at its peak. The default schedule is
        "one_cycle" of :class:`Training`.
    max_epochs : int, default=40
        Number of passes over the data in `fit`.
    batch_size : int, default=128
        Number of pictures per training step.
    weight_decay : float, default=5e-4
        L2 penalty on weights; biases and normalisation are exempt. "adamw" decouples it from the
        gradient.
    training : Training, default=None
        Details of the training: :class:`Training`, or None for its defaults. Searches can set them,
        such as ``training__momentum``.
    early_stopping : bool, default=False
        Whether to stop when the validation accuracy has not risen for 10 epochs, and keep the
        weights of the best epoch. "one_cycle" is planned for `max_epochs`, so an early stop cuts
        off its end.
    warm_start : bool, default=False
        Whether `fit` continues from the current weights.
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
    classes_ : ndarray of shape (n_classes,)
        Distinct labels.
    image_shape_ : tuple of 3 ints
        (height, width, channels) of a picture.
    module_ : torch.nn.Module
        The network.
    net_ : skorch.NeuralNet
        The network as a skorch net, made when it is first used. `predict` and `predict_proba`
        answer like the estimator, and `forward` returns the network's outputs.
    history_ : list of dict
        One entry per epoch: "epoch", "dur" (seconds), "train_loss", "train_score", "lr" and, if
        there is validation data, "valid_loss" and "valid_score". Scores are accuracies; those of
        training are on augmented pictures. ``pandas.DataFrame(history_)`` makes it a table.
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
    SVHNCNNClassifier : More accurate and slower.
    SVHNLogisticRegression : The baseline.

    Examples
    --------
    >>> from sksvhn import SVHNMLPClassifier
    >>> from sksvhn.datasets import make_street_digits
    >>> digits = make_street_digits(100, color=False, random_state=0)
    >>> clf = SVHNMLPClassifier(max_epochs=1, random_state=0).fit(digits.images, digits.target)
    >>> clf.predict_proba(digits.images).shape
    (100, 10)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **DigitClassifier._parameter_constraints,
        "normalization": [None, StrOptions({"batch", "group"}), "array-like"],
    }
    _constraints_of_settings: ClassVar[dict[str, list[Any]]] = {
        "normalization_position": [StrOptions({"before_activation", "after_activation"})],
    }
    _without_effect = frozenset({"kernel_size", "stem", "pooling", "head", "blank_class"})

    def __init__(
        self,
        *,
        hidden_layer_sizes: int | Sequence[int] = (512, 256, 128),
        activation: str = "relu",
        normalization: str | Sequence[str | None] | None = "batch",
        dropout: float | Sequence[float] = 0.0,
        architecture: Architecture | None = None,
        class_weight: dict[Any, float] | str | None = None,
        min_confidence: float = 0.0,
        image_shape: tuple[int, ...] | None = None,
        crop: CropStyle = "square",
        margin: float = 0.0,
        augmentation: str | float = "auto",
        n_views: int = 5,
        optimizer: str = "nesterov",
        lr: float = 0.1,
        max_epochs: int = 40,
        batch_size: int = 128,
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
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.normalization = normalization
        self.dropout = dropout
        self.architecture = architecture
        self.class_weight = class_weight
        self.min_confidence = min_confidence
        self.image_shape = image_shape
        self.crop = crop
        self.margin = margin
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

    # A fully connected network has to learn every place again: at full strength it learned less.
    _auto_augmentation = 0.5
