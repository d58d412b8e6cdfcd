"""Base of the neural estimators: scikit-learn's contract around the training loop."""

from __future__ import annotations

import os
from abc import ABCMeta, abstractmethod
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted
from skorch.history import History

from .._images._arrays import check_stored_pictures
from .._images._lazy import LazyPictures
from .._images._pixel_range import KnownScale
from . import _saving
from ._batches import Preparation, TrainingData
from ._fit_result import twin_of
from ._initial_model import load_initial, take_weights
from ._network import Network, in_evaluation
from ._optimization import OPTIMIZERS
from ._saved_network import (
    KEPT_OF_NETWORK,
    check_network,
    network_from_arrays,
    network_to_arrays,
)
from ._saving import state_that_was_kept, state_to_keep
from ._settings import Training, check_settings, settings_kinds, settings_of
from ._standardizer import Standardizer
from ._summary import NetworkSummary
from ._training import TrainingNet, make_net

Pictures = NDArray[Any] | LazyPictures

# Shorter sides belong to tables, not to pictures, whose treatment would destroy their features.
MIN_PICTURE_SIDE = 16


class NeuralEstimator(BaseEstimator, metaclass=ABCMeta):
    """An estimator that trains a torch module on pictures.

    Subclasses settle targets (`_encode`...) and network (`_module_config`, `_make_module`).
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "augmentation": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "warm_start": ["boolean"],
        "callbacks": [None, list],
        "checkpoint_dir": [None, str, os.PathLike],
        "device": [str],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "training": [Training, None],
    }
    #: What settings may be, where that is less than their own classes allow.
    _constraints_of_settings: ClassVar[dict[str, list[Any]]] = {}
    #: Settings that this kind of network does not know.
    _without_effect: ClassVar[frozenset[str]] = frozenset()

    augmentation: str | float
    optimizer: str
    lr: float
    max_epochs: int
    batch_size: int
    weight_decay: float
    early_stopping: bool
    warm_start: bool
    callbacks: list[Any] | None
    checkpoint_dir: str | os.PathLike[str] | None
    device: str
    random_state: int | np.random.RandomState | None
    verbose: int
    training: Training | None

    # What augmentation="auto" is for pictures.
    _auto_augmentation: ClassVar[float] = 1.0

    _kept: ClassVar[tuple[str, ...]] = KEPT_OF_NETWORK
    #: Those, and parameters, that are estimators.
    _estimators: ClassVar[tuple[str, ...]] = ("training",)

    image_shape_: tuple[int, int, int]
    module_: Network
    device_: str
    history_: list[dict[str, Any]]
    _standardizer: Standardizer
    _float64: bool
    #: Strength of augmentation in the last training.
    _strength: float
    amp_: bool
    #: Arguments of `_make_module`.
    _config: dict[str, Any]
    #: What trained the network, or a skorch net that was asked for.
    _net: TrainingNet | None

    @staticmethod
    @abstractmethod
    def _make_module(**config: Any) -> Network:
        """Build the network."""

    @abstractmethod
    def _encode(
        self,
        y: ArrayLike,
        rows: NDArray[np.int64],
        *,
        reset: bool,
        incremental: bool,
        classes: ArrayLike | None,
    ) -> tuple[NDArray[np.int64], ...]:
        """Learn the labels if `reset`, and return targets of the loss for some rows."""

    @abstractmethod
    def _encode_known(self, y: ArrayLike, name: str) -> tuple[NDArray[np.int64], ...]:
        """Return the targets of labels of which all must be known by now."""

    @abstractmethod
    def _module_config(self) -> dict[str, Any]:
        """Keyword arguments of `_make_module`: plain values, kept with the fitted model."""

    @abstractmethod
    def _symbols(self) -> list[str]:
        """Return the meaning of each code of the targets."""

    def _strata(self, targets: tuple[NDArray[np.int64], ...]) -> NDArray[np.int64] | None:
        """Return groups of which a validation split takes the same share each."""
        return None

    def _shows_numbers(self, targets: tuple[NDArray[Any], ...]) -> bool:
        """Whether there is a sample that the score counts."""
        return True

    def _label_weights(
        self, targets: tuple[NDArray[np.int64], ...], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Weights that samples have by their labels, beside their own."""
        return np.ones(len(weights))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get parameters, including those of `architecture` and `training` if these are None.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the parameters of `architecture` and `training` as well.

        Returns
        -------
        dict
            By name.
        """
        params: dict[str, Any] = super().get_params(deep=deep)
        for name, kind in settings_kinds(params):
            if deep and params[name] is None:
                params |= {f"{name}__{key}": value for key, value in kind().get_params().items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters, such as ``lr`` and ``architecture__kernel_size``.

        Parameters
        ----------
        **params : dict
            By name.

        Returns
        -------
        self : object
            The estimator.
        """
        for name, kind in settings_kinds(vars(self)):
            changes = any(key.startswith(f"{name}__") for key in params)
            if changes and params.get(name, getattr(self, name)) is None:
                params[name] = kind()
        return super().set_params(**params)

    def _validate_params(self) -> None:
        super()._validate_params()
        check_settings(self, self._constraints_of_settings, self._without_effect)

    def _check_state(self, state: dict[str, Any]) -> None:
        """Raise if `fit` cannot have left a state, as `__getstate__` writes it."""
        check_network(self._make_module, state)

    def _load_initial(self, model: str | os.PathLike[str]) -> Any:
        """Load the estimator with whose weights training begins, or raise."""
        return load_initial(model)

    def _take_weights(self, start: Any) -> frozenset[str]:
        """Give the new network the weights of a loaded estimator; names of those it takes whole."""
        return take_weights(self, start)

    def _learn_pictures(self, pictures: Pictures, data: TrainingData) -> None:
        """Learn everything about pixels from the first pictures."""
        params = settings_of(self)
        per_image = params.per_image_standardization
        self._standardizer = Standardizer.from_pictures(
            pictures,
            data.row_weights(),
            input_size=params.input_size,
            per_image=self._is_picture() if per_image == "auto" else per_image,
        )
        # float64 in means float64 through and through, as scikit-learn's checks ask.
        self._float64 = pictures.dtype == np.float64

    def _known_pictures(self, X: ArrayLike) -> Pictures:
        """Check pictures that follow the first ones."""
        scale = KnownScale(self._standardizer.white)
        return check_stored_pictures(self, X, reset=False, scale=scale)

    def _further_pictures(self, X: ArrayLike) -> Pictures:
        """Check pictures that a training goes on with."""
        return self._known_pictures(X)

    def _learned_white(self) -> int | None:
        return self._standardizer.white

    def _is_picture(self) -> bool:
        return min(self.image_shape_[:2]) >= MIN_PICTURE_SIDE

    def _input_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of what the network reads."""
        return (*self._standardizer.size, self.image_shape_[2])

    def _preparation(self) -> Preparation:
        """Return the preparation of stored pictures for the network."""
        dtype = torch.float64 if self._float64 else torch.float32
        return Preparation(self._standardizer, torch.device(self.device_), dtype)

    @property
    def net_(self) -> TrainingNet:
        """The network as a skorch net: the one that trained it, if this process did."""
        check_is_fitted(self)
        if self._net is None:
            reader = twin_of(self, fitted=True)
            reader.callbacks = None
            with torch.inference_mode(False):
                net = make_net(reader, 0, incremental=False)
            net.history = History({**epoch, "batches": []} for epoch in self.history_)
            net.goes_on = False
            self._net = net
        return self._net

    save = _saving.save

    def summary(self) -> NetworkSummary:
        """Summarise the layers of the fitted network, with output shapes and numbers of weights.

        Returns
        -------
        NetworkSummary
            It is shown as a table by ``print`` and in notebooks.
        """
        check_is_fitted(self)
        return NetworkSummary.of(in_evaluation(self.module_), self._input_shape())

    def _html_repr(self) -> str:
        diagram: str = super()._html_repr()
        return diagram + self.summary()._repr_html_() if self.__sklearn_is_fitted__() else diagram

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is a network that was trained."""
        return "module_" in vars(self)

    def __getstate__(self) -> dict[str, Any]:
        """Return the fitted state as plain values and arrays, free of device and torch."""
        return state_to_keep(network_to_arrays(super().__getstate__()))

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild the network."""
        state = state_that_was_kept(self, state)
        super().__setstate__(network_from_arrays(self._make_module, state))

    def __sklearn_tags__(self) -> Tags:
        """Take pictures; predict single labels, or one per column."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.non_deterministic = False
        return tags
