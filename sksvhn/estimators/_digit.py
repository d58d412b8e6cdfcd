"""Base of the neural classifiers of single digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from .._images._crop import CropStyle
from .._labels import single_labels
from .._parameters import check_no_iterator
from . import _classifying, _picture_reader
from ._fitting import fit, validation_set
from ._log_softmax import log_softmax
from ._network import DigitNetwork, Network
from ._neural import NeuralEstimator
from ._rejection import MIN_CONFIDENCE, labels_of
from ._saved_network import KEPT_OF_NETWORK
from ._saving import check
from ._settings import SETTINGS, Architecture


class DigitClassifier(ClassifierMixin, NeuralEstimator):
    """A neural classifier of pictures with one label each."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_classifying.CLASSIFIER_CONSTRAINTS,
        **MIN_CONFIDENCE,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    _kept = (*KEPT_OF_NETWORK, "classes_")
    _estimators = tuple(SETTINGS)

    crop: CropStyle
    margin: float
    min_confidence: float
    image_shape: Sequence[int] | None
    n_views: int
    architecture: Architecture | None
    class_weight: dict[Any, float] | str | None

    classes_: NDArray[Any]

    crops = _picture_reader.crops
    read = _picture_reader.read
    export_onnx = _classifying.export_onnx

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
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample in the loss; samples of weight 0 are left out.
        X_val : array-like of shape (n_val, ...), default=None
            Validation pictures: ``history_`` records their loss and score, and early stopping uses
            them instead of a share of X.
        y_val : array-like of shape (n_val,), default=None
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
        y : array-like of shape (n_samples,)
            Labels, as for `fit`.
        classes : array-like, default=None
            All labels that any part may hold; needed in the first call.
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

    def _module_config(self) -> dict[str, Any]:
        return {
            "image_shape": self._input_shape(),
            "architecture": _classifying.network_spec(self),
            "n_classes": len(self.classes_),
        }

    @staticmethod
    def _make_module(**config: Any) -> Network:
        return DigitNetwork(**config)

    def _encode(
        self,
        y: ArrayLike,
        rows: NDArray[np.int64],
        *,
        reset: bool,
        incremental: bool,
        classes: ArrayLike | None,
    ) -> tuple[NDArray[np.int64], ...]:
        if incremental and self.class_weight == "balanced":
            raise ValueError(
                "class_weight must not be 'balanced' for partial_fit, which never sees all labels "
                "at once; pass a dict of weights."
            )
        labels = single_labels(y, "y", self)
        check_no_iterator(classes, "classes")
        if classes is not None and pd.isna(np.asarray(classes, dtype=object)).any():
            raise ValueError(
                f"classes must hold labels, neither NaN nor None; got {classes!r}; leave these out."
            )
        if reset:
            if incremental and classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit.")
            known = np.unique(labels if classes is None else np.asarray(classes))
            if len(known) < 2:
                raise ValueError(
                    f"{type(self).__name__} needs at least 2 classes; got 1 class: "
                    f"{known.tolist()[0]!r}."
                )
            self.classes_ = known
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes must be those of the first call, {self.classes_!r}; got {classes!r}."
            )
        return (self._codes(labels, "y")[rows],)

    def _check_state(self, state: dict[str, Any]) -> None:
        super()._check_state(state)
        classes = state["classes_"]
        check(
            classes.ndim == 1
            and len(classes) >= 2
            and np.array_equal(np.unique(classes), classes)
            and state["_config"]["n_classes"] == len(classes),
            "classes don't fit the network",
        )

    def _encode_known(self, y: ArrayLike, name: str) -> tuple[NDArray[np.int64], ...]:
        return (self._codes(single_labels(y, name, self), name),)

    def _codes(self, labels: NDArray[Any], name: str) -> NDArray[np.int64]:
        """Columns of labels in ``classes_``."""
        index = {label: code for code, label in enumerate(self.classes_.tolist())}
        distinct, inverse = np.unique(labels, return_inverse=True)
        unknown = [label for label in distinct.tolist() if label not in index]
        if unknown:
            raise ValueError(
                f"{name} must hold labels of the classes {self.classes_.tolist()}; got "
                f"{unknown[0]!r}."
            )
        return np.array([index[label] for label in distinct.tolist()], dtype=np.int64)[inverse]

    def _symbols(self) -> list[str]:
        return [str(label) for label in self.classes_.tolist()]

    def _strata(self, targets: tuple[NDArray[np.int64], ...]) -> NDArray[np.int64] | None:
        return targets[0]

    def _label_weights(
        self, targets: tuple[NDArray[np.int64], ...], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        (codes,) = targets
        by_class = np.ones(len(self.classes_))
        if self.class_weight == "balanced":
            # scikit-learn's compute_class_weight takes no weights of samples before 1.7.
            present = np.unique(codes)
            sums = np.bincount(codes, weights)[present]
            by_class[present] = sums.sum() / (len(present) * sums)
        elif isinstance(self.class_weight, dict):
            labels = np.array(list(self.class_weight))
            by_class[self._codes(labels, "class_weight")] = list(self.class_weight.values())
            if not (by_class >= 0).all() or not np.isfinite(by_class).all():
                raise ValueError(
                    "class_weight must hold finite numbers of at least 0; got "
                    f"{self.class_weight!r}."
                )
        return by_class[codes]

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predict the logits, the input of the softmax.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            Logits of ``classes_``; for two classes, the logit of the second minus that of the
            first.
        """
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    @overload
    def predict(self, X: ArrayLike, return_confidence: Literal[False] = False) -> NDArray[Any]: ...
    @overload
    def predict(
        self, X: ArrayLike, return_confidence: Literal[True]
    ) -> tuple[NDArray[Any], NDArray[np.float64]]: ...
    def predict(
        self, X: ArrayLike, return_confidence: bool = False
    ) -> NDArray[Any] | tuple[NDArray[Any], NDArray[np.float64]]:
        """Predict the label of each picture.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.
        return_confidence : bool, default=False
            Whether to return the confidence as well, from the same pass over the pictures.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Labels. Those whose confidence is below `min_confidence` are rejected: ``""`` or ``-1``.
        confidence : ndarray of shape (n_samples,)
            Only if `return_confidence`. The probability of the best label, also of rejected ones,
            in [0, 1].

        Raises
        ------
        ValueError
            If X does not match the training data, or if `min_confidence` is above 0 and the labels
            are neither all strings nor all numbers, or include the one that marks a rejection.
        """
        logits = self._logits(X)
        confidence = np.exp(log_softmax(logits)).max(axis=1)
        labels = labels_of(
            self.classes_,
            logits.argmax(axis=1),
            confidence,
            self.min_confidence,
            type(self).__name__,
        )
        return (labels, confidence) if return_confidence else labels

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predict the probability of each label in ``classes_``.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In [0, 1]; rows sum to 1.
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predict the natural logarithm of the probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            At most 0.
        """
        return log_softmax(self._logits(X))

    def _logits(self, X: ArrayLike) -> NDArray[np.float64]:
        check_is_fitted(self)
        return _classifying.mean_outputs(self, X)[0]
