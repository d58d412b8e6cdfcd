"""Settings of a network and its training that are seldom changed, as nested parameters."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, ClassVar

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import (
    Interval,
    StrOptions,
    validate_parameter_constraints,
)

from .._parameters import as_python, python_params
from ._architecture import HEADS, NORMALIZATION_POSITIONS, POOLINGS, WEIGHT_INITS
from ._optimization import SCHEDULES


class Settings(BaseEstimator):
    """Parameters that an estimator holds in one parameter."""

    # Nothing is learned, so a file holds only the parameters.
    _kept = ()
    _estimators = ()


class Architecture(Settings):
    """Details of a neural classifier's network.

    It is the parameter `architecture` of :class:`~sksvhn.SVHNSequenceClassifier`,
    :class:`~sksvhn.SVHNCNNClassifier` and :class:`~sksvhn.SVHNMLPClassifier`. Widths, activation,
    normalization and dropout are the classifier's own parameters; the details here are for
    reproducing published networks.

    Parameters
    ----------
    input_size : int, tuple of 2 ints or None, default=48
        Longer sides of pictures are shrunk to this many pixels before the network; a tuple holds
        the height and the width, as in (48, 64). None leaves pictures as they are.
    per_image_standardization : "auto" or bool, default="auto"
        Whether each picture is brought to mean 0 and standard deviation 1 by itself. "auto" does so
        if both sides have at least 16 pixels.
    kernel_size : int or sequence of ints, default=3
        Side of the convolutions' kernels, or a list with one per stage. Borders are padded with
        zeros, so a convolution keeps the size.
    stem : tuple of 2 ints or None, default=(5, 2)
        Kernel size and stride of the very first convolution. None makes it like the others of its
        stage.
    pooling : {"max", "average"} or None, or a sequence of them, default="max"
        2x2 pooling with stride 2, or a list with one kind per stage.
    head : {"attention", "dense", "tiles"}, default="attention"
        What follows the last stage. "attention": learned attention maps, which weight the features
        in their average over the picture: one for a digit, or one per position and one for the
        length. "dense": all features side by side, for all positions. "tiles", only for numbers:
        the picture is cut into `max_length` equal tiles from left to right, one per position, which
        the same layers read.
    blank_class : bool, default=False
        Whether a blank class at the positions after a number marks its end, instead of a head for
        the length. Only for numbers.
    negative_slope : float in [0, 1], default=0.01
        Slope of the activation "leaky_relu" below zero.
    normalization_position : {"before_activation", "after_activation", "after_pool"}, \
            default="before_activation"
        Place of the normalization: with every convolution, or once per stage, after its pool.
        Directly after a convolution or a fully connected layer, batch and group normalization
        replace its bias.
    weight_init : {"he", "xavier"}, default="he"
        Initialisation of all weights except those of attention and outputs: normal [1]_ or uniform
        [2]_.
    bias_init : float, default=0.0
        Initial value of the biases of the same layers.

    See Also
    --------
    Training : Details of the training.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren, J. Sun (2015). Delving Deep into Rectifiers. arXiv:1502.01852,
       section 2.2.
    .. [2] X. Glorot, Y. Bengio (2010). Understanding the difficulty of training deep feedforward
       neural networks. AISTATS, section 4.2.1.

    Examples
    --------
    >>> from sksvhn import Architecture, SVHNCNNClassifier
    >>> clf = SVHNCNNClassifier(architecture=Architecture(kernel_size=5, head="dense"))
    >>> clf.set_params(architecture__kernel_size=4)
    SVHNCNNClassifier(architecture=Architecture(head='dense', kernel_size=4))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "input_size": [None, Interval(Integral, 1, None, closed="left"), "array-like"],
        "per_image_standardization": [StrOptions({"auto"}), "boolean"],
        "kernel_size": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "stem": [None, "array-like"],
        "pooling": [None, StrOptions(set(POOLINGS)), "array-like"],
        "head": [StrOptions(set(HEADS))],
        "blank_class": ["boolean"],
        "negative_slope": [Interval(Real, 0, 1, closed="both")],
        "normalization_position": [StrOptions(set(NORMALIZATION_POSITIONS))],
        "weight_init": [StrOptions(set(WEIGHT_INITS))],
        "bias_init": [Interval(Real, None, None, closed="neither")],
    }

    def __init__(
        self,
        *,
        input_size: int | tuple[int, int] | None = 48,
        per_image_standardization: str | bool = "auto",
        kernel_size: int | Sequence[int] = 3,
        stem: tuple[int, int] | None = (5, 2),
        pooling: str | Sequence[str | None] | None = "max",
        head: str = "attention",
        blank_class: bool = False,
        negative_slope: float = 0.01,
        normalization_position: str = "before_activation",
        weight_init: str = "he",
        bias_init: float = 0.0,
    ) -> None:
        self.input_size = input_size
        self.per_image_standardization = per_image_standardization
        self.kernel_size = kernel_size
        self.stem = stem
        self.pooling = pooling
        self.head = head
        self.blank_class = blank_class
        self.negative_slope = negative_slope
        self.normalization_position = normalization_position
        self.weight_init = weight_init
        self.bias_init = bias_init


class Training(Settings):
    """Details of a neural classifier's training.

    It is the parameter `training` of :class:`~sksvhn.SVHNSequenceClassifier`,
    :class:`~sksvhn.SVHNCNNClassifier` and :class:`~sksvhn.SVHNMLPClassifier`. The optimizer, its
    rate, epochs, batches and weight decay are the classifier's own parameters.

    Parameters
    ----------
    lr_schedule : {"constant", "exponential", "staircase", "one_cycle"}, default="one_cycle"
        How the learning rate changes. "exponential" multiplies it by `lr_decay` over every
        `lr_decay_steps` steps, and "staircase" at the end of them. "one_cycle" [1]_ rises for a
        fifth of the steps and then falls towards 0. In `partial_fit`, "one_cycle" is constant.
    lr_decay : float in (0, 1], default=0.95
        Factor of "exponential" and "staircase".
    lr_decay_steps : int or None, default=None
        Optimizer steps between two factors. None means one epoch.
    momentum : float in (0, 1), default=0.9
        Momentum of the optimizers "momentum" and "nesterov".
    ema_decay : float in [0, 1), default=0.998
        Decay per step of the exponential moving average of the weights, which predicts. With 0, the
        last weights predict.
    validation_fraction : float in (0, 1), default=0.1
        Share of the data that is held out for early stopping if `fit` gets no ``X_val``. Single
        digits are stratified by label.
    n_iter_no_change : int, default=10
        Number of epochs without a better validation score after which early stopping ends the
        training.
    initial_model : path-like or None, default=None
        File that `save` wrote, or a name that :func:`~sksvhn.load_pretrained` takes, with whose
        weights `fit` begins. Its convolutions must be those of the network to train; other layers
        keep what fits, such as the characters that both know. None begins with random weights.
        `warm_start` continues from the estimator's own weights instead.
    initial_share : float in [0, 1), default=0.0
        Share that the weights of `initial_model` keep in those that predict, which are means of
        theirs and of the trained ones [2]_. For up to some 2,000 labelled pictures of the kind that
        the model knows, 0.5 is better than 0. For pictures of another kind, it is not.
    amp : "auto" or bool, default="auto"
        Whether training multiplies in bfloat16. "auto" does so if the hardware does it natively,
        unless the network is too small to gain. Training on float64 pictures never does, and
        neither does prediction.

    See Also
    --------
    Architecture : Details of the network.

    References
    ----------
    .. [1] L. Smith, N. Topin (2017). Super-Convergence. arXiv:1708.07120.
    .. [2] M. Wortsman et al. (2022). Robust Fine-Tuning of Zero-Shot Models. CVPR.
       arXiv:2109.01903.

    Examples
    --------
    >>> from sksvhn import SVHNCNNClassifier, Training
    >>> SVHNCNNClassifier(training=Training(lr_schedule="constant", ema_decay=0))
    SVHNCNNClassifier(training=Training(ema_decay=0, lr_schedule='constant'))
    >>> grid = {"training__ema_decay": [0, 0.99]}
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "lr_schedule": [StrOptions(set(SCHEDULES))],
        "lr_decay": [Interval(Real, 0, 1, closed="right")],
        "lr_decay_steps": [None, Interval(Integral, 1, None, closed="left")],
        "momentum": [Interval(Real, 0, 1, closed="neither")],
        "ema_decay": [Interval(Real, 0, 1, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "initial_model": [None, str, os.PathLike],
        "initial_share": [Interval(Real, 0, 1, closed="left")],
        "amp": [StrOptions({"auto"}), "boolean"],
    }

    def __init__(
        self,
        *,
        lr_schedule: str = "one_cycle",
        lr_decay: float = 0.95,
        lr_decay_steps: int | None = None,
        momentum: float = 0.9,
        ema_decay: float = 0.998,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        initial_model: str | os.PathLike[str] | None = None,
        initial_share: float = 0.0,
        amp: str | bool = "auto",
    ) -> None:
        self.lr_schedule = lr_schedule
        self.lr_decay = lr_decay
        self.lr_decay_steps = lr_decay_steps
        self.momentum = momentum
        self.ema_decay = ema_decay
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.initial_model = initial_model
        self.initial_share = initial_share
        self.amp = amp


#: Parameters that are settings; None stands for all defaults.
SETTINGS: dict[str, type[Settings]] = {"architecture": Architecture, "training": Training}


def settings_kinds(params: Mapping[str, Any]) -> list[tuple[str, type[Settings]]]:
    """Names and classes of the settings among an estimator's parameters."""
    return [(name, kind) for name, kind in SETTINGS.items() if name in params]


def settings_of(estimator: Any) -> SimpleNamespace:
    """Return an estimator's parameters and those of its settings side by side, as Python values."""
    params = vars(python_params(estimator))
    for name, kind in settings_kinds(params):
        given = params.pop(name)
        params |= vars(python_params(kind() if given is None else given))
    return SimpleNamespace(**params)


def check_settings(
    estimator: Any, constraints: dict[str, list[Any]], without_effect: frozenset[str]
) -> None:
    """Check what `architecture` and `training` hold, by more constraints than their own."""
    for name, kind in settings_kinds(vars(estimator)):
        settings = getattr(estimator, name) or kind()
        validate_parameter_constraints(
            settings._parameter_constraints | constraints,
            settings.get_params(),
            f"the {name} of {type(estimator).__name__}",
        )
        for key, default in kind().get_params().items():
            value = getattr(settings, key)
            if key in without_effect and as_python(value) != default:
                raise ValueError(
                    f"{name}__{key} must be {default!r} in {type(estimator).__name__}, where it "
                    f"has no effect; got {value!r}; leave it out."
                )
