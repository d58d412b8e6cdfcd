"""Single digits with a fully connected network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import StrOptions

from .._crop import CropStyle
from ._digit import DigitClassifier


class SVHNMLPClassifier(DigitClassifier):
    """Reads single digits from pictures with a multi-layer perceptron.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of ints, default=(512, 256, 128)
        Widths of the fully connected layers.
    activation : {"relu", "leaky_relu", "gelu", "tanh", "logistic"}, default="relu"
        Activation behind every layer but the last.
    negative_slope : float in [0, 1], default=0.01
        Slope of "leaky_relu" below zero.
    normalization : {"batch", "group"} or None, or a sequence of them, default="batch"
        Normalisation of each hidden layer, or one a hidden layer.
    normalization_position : {"before_activation", "after_activation"}, default="before_activation"
        Where it stands. Before the activation, batch and group normalisation replace the bias.
    dropout : float in [0, 1), or a sequence of them, default=0.0
        Share of each hidden layer's outputs left out in training, or one a hidden layer.
    weight_init : {"he", "xavier"}, default="he"
        Start of all weights but the output layer's: normal [1]_ or uniform [2]_.
    bias_init : float, default=0.0
        Start of the biases, except the output layer's.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in the loss; "balanced" gives all classes the same share in all. None:
        all weigh 1.
    image_shape : tuple of 2 or 3 ints, default=None
        (height, width[, channels]) of pictures that come flattened to rows. None infers a square,
        grey or else colour (192 features are 8x8 colour, not 12x16 grey); rows that are neither are
        taken as pictures one pixel high.
    crop : {"stretch", "square"}, default="square"
        How training pictures were cut from larger ones, as
        :class:`~sksvhn.preprocessing.NumberCropper` has it; the defaults are SVHN's format 2.
        `read` and `crops` do the same to photographs; nothing else depends on it.
    margin : float >= 0, default=0.0
        Share of surroundings that training pictures were given, as there. Also only for `read` and
        `crops`.
    input_size : int, default=48
        Longer sides of pictures are shrunk to this many pixels on their way into the network. None
        leaves them as they are.
    per_image_standardization : "auto" or bool, default="auto"
        Whether each picture is brought to mean 0 and standard deviation 1 by itself. "auto": where
        both sides have at least 16 pixels.
    augmentation : "auto" or float >= 0, default="auto"
        Strength of the random changes of training pictures: scale, shift, shear, rotation,
        contrast, brightness, polarity, colour and an erased rectangle. 0 is none and 1 the full
        ranges. "auto" is 0.5 where both sides have at least 16 pixels, otherwise 0.
    n_views : int in [1, 5], default=5
        Views of each picture (as it is, nearer, farther, from the left and the right) whose
        logits a prediction averages; time grows with them. 1 where training was not augmented.
    optimizer : {"sgd", "momentum", "nesterov", "adagrad", "adam", "adamw"}, default="nesterov"
        "sgd" is plain stochastic gradient descent; "momentum" and "nesterov" add momentum.
    lr : float, default=0.1
        Learning rate, which the schedule starts from or peaks at.
    lr_schedule : {"constant", "exponential", "staircase", "one_cycle"}, default="one_cycle"
        How the rate changes. "exponential" multiplies it by `lr_decay` over every `lr_decay_steps`
        steps, "staircase" at the end of them; "one_cycle" [3]_ rises for a fifth of the steps and
        then falls towards 0. In `partial_fit` "one_cycle" is constant.
    lr_decay : float in (0, 1], default=0.95
        Factor of "exponential" and "staircase".
    lr_decay_steps : int, default=None
        Optimiser steps between two factors. None: an epoch.
    momentum : float in (0, 1), default=0.9
        Of "momentum" and "nesterov".
    max_epochs : int, default=40
        Passes over the data in `fit`.
    batch_size : int, default=128
        Pictures in a training step.
    weight_decay : float, default=5e-4
        L2 penalty on weights; biases and normalisation are exempt. "adamw" decouples it from the
        gradient.
    ema_decay : float in [0, 1), default=0.998
        Decay per step of the exponential moving average of the weights that predicts. 0: the last
        weights.
    early_stopping : bool, default=False
        Stop when the validation accuracy has not risen for `n_iter_no_change` epochs, and keep the
        best epoch's weights. "one_cycle" is planned for `max_epochs`, so an early stop cuts its
        end off.
    validation_fraction : float in (0, 1), default=0.1
        Share of the data, stratified by label, that is held out for early stopping where `fit` gets
        no ``X_val``.
    n_iter_no_change : int, default=10
        Epochs without a better validation score before stopping.
    warm_start : bool, default=False
        Whether `fit` goes on from the present weights.
    callbacks : list of skorch callbacks, default=None
        Called in training: those that look at epochs or batches, such as ``EarlyStopping``,
        ``Checkpoint`` and, with a constant schedule, ``LRScheduler``. Scores are recorded without.
    checkpoint_dir : path-like, default=None
        Folder in which `fit` keeps its state, one file, after every epoch until it ends. The same
        fit called again after Ctrl-C, a crash or in a new process goes on after the last whole
        epoch and ends as if never interrupted, on a CPU at an equal number of threads to the bit.
        Other data or other parameters start anew. Callbacks begin anew; what they themselves
        counted is lost. Fits without a seed that run at once each need a folder of their own.
    device : str, default="auto"
        A torch device. "auto" is "cuda" where there is a GPU, otherwise "cpu".
    amp : "auto" or bool, default="auto"
        Whether training multiplies in bfloat16. "auto": where the hardware does so natively,
        unless the network is too small to gain by it. float64 pictures are never trained so, and
        prediction never is.
    random_state : int, RandomState instance or None, default=None
        Seed of weights, batches, augmentation and dropout. Refits with the same int are identical
        to the bit on a CPU at an equal number of threads.
    verbose : int, default=0
        1 prints a line an epoch: loss and score (the share right) of training and validation
        pictures, and its seconds (`dur`). 2 shows a bar over its batches as well.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Distinct labels.
    image_shape_ : tuple of 3 ints
        (height, width, channels) of a picture.
    module_ : torch.nn.Module
        The network.
    net_ : skorch.NeuralNet
        The network as a skorch net, made when it is first asked for: `predict` and `predict_proba`
        answer as the estimator does, `forward` returns the network's outputs.
    history_ : list of dict
        One entry an epoch: "epoch", "dur" (seconds), "train_loss", "train_score", "lr" and, where
        there is validation data, "valid_loss" and "valid_score". Scores are accuracies; those of
        training are on augmented pictures. ``pandas.DataFrame`` takes it.
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
    SVHNCNNClassifier : More accurate and slower.
    SVHNLogisticRegression : The baseline.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren, J. Sun (2015). Delving Deep into Rectifiers. arXiv:1502.01852,
       section 2.2.
    .. [2] X. Glorot, Y. Bengio (2010). Understanding the difficulty of training deep feedforward
       neural networks. AISTATS, section 4.2.1.
    .. [3] L. Smith, N. Topin (2017). Super-Convergence. arXiv:1708.07120.

    Examples
    --------
    >>> from sksvhn import SVHNMLPClassifier
    >>> from sksvhn.datasets import make_street_numbers
    >>> digits = make_street_numbers(100, color=False, max_length=1, random_state=0)
    >>> clf = SVHNMLPClassifier(max_epochs=1, random_state=0).fit(digits.images, digits.target)
    >>> clf.predict_proba(digits.images).shape
    (100, 10)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **DigitClassifier._parameter_constraints,
        "normalization": [None, StrOptions({"batch", "group"}), "array-like"],
        "normalization_position": [StrOptions({"before_activation", "after_activation"})],
    }

    def __init__(
        self,
        *,
        hidden_layer_sizes: int | Sequence[int] = (512, 256, 128),
        activation: str = "relu",
        negative_slope: float = 0.01,
        normalization: str | Sequence[str | None] | None = "batch",
        normalization_position: str = "before_activation",
        dropout: float | Sequence[float] = 0.0,
        weight_init: str = "he",
        bias_init: float = 0.0,
        class_weight: dict[Any, float] | str | None = None,
        image_shape: tuple[int, ...] | None = None,
        crop: CropStyle = "square",
        margin: float = 0.0,
        input_size: int | None = 48,
        per_image_standardization: str | bool = "auto",
        augmentation: str | float = "auto",
        n_views: int = 5,
        optimizer: str = "nesterov",
        lr: float = 0.1,
        lr_schedule: str = "one_cycle",
        lr_decay: float = 0.95,
        lr_decay_steps: int | None = None,
        momentum: float = 0.9,
        max_epochs: int = 40,
        batch_size: int = 128,
        weight_decay: float = 5e-4,
        ema_decay: float = 0.998,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        callbacks: list[Any] | None = None,
        checkpoint_dir: str | os.PathLike[str] | None = None,
        device: str = "auto",
        amp: str | bool = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.negative_slope = negative_slope
        self.normalization = normalization
        self.normalization_position = normalization_position
        self.dropout = dropout
        self.weight_init = weight_init
        self.bias_init = bias_init
        self.class_weight = class_weight
        self.image_shape = image_shape
        self.crop = crop
        self.margin = margin
        self.input_size = input_size
        self.per_image_standardization = per_image_standardization
        self.augmentation = augmentation
        self.n_views = n_views
        self.optimizer = optimizer
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.lr_decay = lr_decay
        self.lr_decay_steps = lr_decay_steps
        self.momentum = momentum
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.ema_decay = ema_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.checkpoint_dir = checkpoint_dir
        self.device = device
        self.amp = amp
        self.random_state = random_state
        self.verbose = verbose

    # A fully connected network has to learn every place anew: at full strength it learned less.
    _auto_augmentation = 0.5
