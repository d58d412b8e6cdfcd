"""Classifier of whole numbers made from any single-label classifier."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.dummy import DummyClassifier
from sklearn.utils import Tags, _safe_indexing, check_consistent_length, get_tags
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.metadata_routing import UNUSED, MetadataRouter, _raise_for_params
from sklearn.utils.validation import (
    _check_method_params,
    _num_samples,
    has_fit_parameter,
)

from .._images._arrays import as_array, as_frame, check_no_files
from .._images._pixel_range import KnownScale, is_mask, is_white, white_of
from .._labels import BLANK, as_labels
from .._parameters import check_no_iterator, check_weights
from ._decoding import SequenceFactors
from ._fit_result import take_fit, twin_of
from ._reader import NumberReader
from ._routing import params_of_fit, router, routing_is_enabled
from ._saving import Saved, check, check_shape


class PositionwiseClassifier(
    NumberReader, Saved, MetaEstimatorMixin, ClassifierMixin, BaseEstimator
):
    """Reads whole numbers with clones of a classifier: one for the length and one per position.

    Each clone learns from whole pictures; the clone of position i learns from the numbers that
    reach it. Their probabilities are decoded as in `SVHNSequenceClassifier`.

    Parameters
    ----------
    estimator : classifier
        Any classifier of single labels with ``predict_proba``. Pictures are flattened to rows
        for it unless its tags say that it takes more dimensions. `predict` refuses pictures whose
        pixels have another scale than those of the training pictures, such as 0 to 1 instead of 0
        to 255; the classifier itself has to check rows.
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
    n_jobs : int, default=None
        Number of clones fitted in parallel. ``None`` means 1 unless in a
        :class:`joblib.parallel_config` context, ``-1`` all processors.

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
    length_estimator_ : classifier
        Predicts the length.
    position_estimators_ : list of classifiers
        Predict the character of each position: a :class:`~sklearn.dummy.DummyClassifier` if it
        never varies, None if no training number reaches it.
    image_shape_ : tuple of 3 ints
        (height, width, channels), only if pictures were flattened for the classifier.
    n_features_in_ : int
        Number of features of the clones.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, if X was a DataFrame with string columns.

    Examples
    --------
    >>> from sksvhn import PositionwiseClassifier, SVHNLogisticRegression
    >>> from sksvhn.datasets import make_street_numbers
    >>> numbers = make_street_numbers(100, color=False, random_state=0)
    >>> clf = PositionwiseClassifier(SVHNLogisticRegression())
    >>> clf.fit(numbers.images, numbers.target).predict(numbers.images).shape
    (100,)
    """

    # Weights are the classifier's to request.
    __metadata_request__fit: ClassVar[dict[str, str]] = {"sample_weight": UNUSED}
    _estimators = ("estimator", "length_estimator_", "position_estimators_")
    _kept = (
        *Saved._kept,
        "image_shape_",
        "_white",
        *NumberReader._kept_of_labels,
        *_estimators[1:],
    )
    #: 1, 255 or 65535, where training pictures made it plain.
    _white: int | None = None
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        **NumberReader._parameter_constraints,
        "n_jobs": [None, Integral],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        alphabet: str | None = None,
        max_length: int | None = None,
        blank: int = BLANK,
        min_confidence: float = 0.0,
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.alphabet = alphabet
        self.max_length = max_length
        self.blank = blank
        self.min_confidence = min_confidence
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        **fit_params: Any,
    ) -> Self:
        """Fit a clone for the length and one for every position.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            Numbers: strings, ints, or int codes padded with `blank`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each number, if the classifier takes weights; numbers of weight 0 are left
            out. With scikit-learn's metadata routing the classifier must request it by
            ``set_fit_request(sample_weight=True)``; for a pipeline, its steps must.
        **fit_params : dict
            Other metadata that the classifier requests, with metadata routing. Each clone gets the
            entries of the numbers it learns from.

        Returns
        -------
        self : PositionwiseClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If labels are empty or don't fit `alphabet` or `max_length`, weights are given that the
            classifier doesn't take, all weights are zero, or `fit_params` are given without
            metadata routing.
        """
        _raise_for_params(fit_params, self, "fit")
        given = self._pictures_or_rows(X)
        check_consistent_length(given, as_labels(y))
        if sample_weight is not None:
            self._check_takes_weights()
            weights = check_weights(sample_weight, given, ensure_non_negative=True)
            fit_params["sample_weight"] = weights
            rows = np.flatnonzero(weights)
            if len(rows) < len(weights):
                fit_params = _check_method_params(given, fit_params, indices=rows)
                given, y = _safe_indexing(given, rows), _safe_indexing(y, rows)
        params = params_of_fit(self, fit_params, ["estimator"])["estimator"]
        new = twin_of(self, fitted=False)
        seen, image_shape = self._features(given)
        if image_shape is not None:
            new.image_shape_ = image_shape
        codes, lengths = new._learn_labels(y)
        fit = delayed(_fit_clone)
        new.length_estimator_, *new.position_estimators_ = Parallel(n_jobs=self.n_jobs)(
            [
                fit(self.estimator, seen, lengths, params),
                *(
                    fit(self.estimator, seen, codes[:, i], params, np.flatnonzero(lengths > i))
                    for i in range(new.max_length_)
                ),
            ]
        )
        learned = [new.length_estimator_, *new.position_estimators_]
        # A dummy sees no features.
        real = [clf for clf in learned if not isinstance(clf, DummyClassifier | None)]
        first = (real or learned)[0]
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(first, name):
                setattr(new, name, getattr(first, name))
        # After the fits, which refuse what is not finite.
        new._white = white_of(given) if _are_pixels(given) else None
        take_fit(self, new)
        return self

    def _check_takes_weights(self) -> None:
        """Raise if the classifier takes no weights and no routing leads them to its parts."""
        if routing_is_enabled() or has_fit_parameter(self.estimator, "sample_weight"):
            return
        raise ValueError(
            f"sample_weight must be None if {type(self.estimator).__name__}.fit takes none; leave "
            "it out or use another classifier. For steps of a pipeline, enable metadata routing, "
            "sklearn.set_config(enable_metadata_routing=True), and request it, "
            "step.set_fit_request(sample_weight=True)."
        )

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata requests, which for `fit` are those of the classifier.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRouter
            Routing information.
        """
        return router(self, estimator=self.estimator)

    def _check_state(self, state: dict[str, Any]) -> None:
        super()._check_state(state)
        self._check_labels(state)
        if "image_shape_" in state:
            check_shape(state)
        check(is_white(state.get("_white")), "white must be 1, 255 or 65535")
        positions = state["position_estimators_"]
        otherwise = "the classifiers don't fit the numbers"
        check(len(positions) == state["max_length_"], otherwise)
        codes = range(len(state["alphabet_"]))
        learned = [(state["length_estimator_"], range(1, len(positions) + 1))]
        learned += [(position, codes) for position in positions if position is not None]
        check(all(set(labels).issuperset(clf.classes_) for clf, labels in learned), otherwise)
        # A dummy sees no features.
        seen = {clf.n_features_in_ for clf, _ in learned if type(clf) is not DummyClassifier}
        check(len(seen) <= 1, "the classifiers saw different features")

    def _log_factors(self, X: ArrayLike) -> SequenceFactors:
        seen, image_shape = self._features(self._in_scale(self._pictures_or_rows(X)))
        if image_shape is not None and image_shape != getattr(self, "image_shape_", image_shape):
            raise ValueError(
                f"X must hold pictures of shape {self.image_shape_} (height, width, channels), "
                f"with which {type(self).__name__} was fitted; got {image_shape}; resize or "
                "convert them to that shape."
            )
        length = _spread(self.length_estimator_, seen, np.arange(1, self.max_length_ + 1))
        characters = np.arange(len(self.alphabet_))
        positions = [_spread(clf, seen, characters) for clf in self.position_estimators_]
        return SequenceFactors(length, np.stack(positions, axis=1))

    def _pictures_or_rows(self, X: Any) -> Any:
        """Make an array of pictures; leave rows in the form they have."""
        check_no_iterator(X, "X")
        if sparse.issparse(X):
            return X.tocsr()  # the only common format whose rows can be picked
        if not get_tags(self.estimator).input_tags.one_d_array:  # a pipeline may crop files
            check_no_files(self, X)
        X = as_frame(X)
        if hasattr(X, "iloc"):
            return X
        X = as_array(X)
        return X.astype(np.float64) if X.ndim > 2 and X.dtype.kind == "O" else X

    def _in_scale(self, X: Any) -> Any:
        """Pictures of the scale of the training pictures, or raise ValueError."""
        pictures = X
        if isinstance(X, np.ndarray) and X.ndim == 2:  # rows, of which a fit on rows says nothing
            shape = getattr(self, "image_shape_", None)
            if shape is not None and X.shape[1] == math.prod(shape):
                pictures = X.reshape(-1, *shape)
        if not _are_pixels(pictures):
            return X
        scale = KnownScale(self._white)
        if is_mask(X):
            pictures = scale.of_masks(pictures.astype(np.float32))
        scale.check(pictures)
        return pictures.reshape(X.shape)

    def _features(self, X: Any) -> tuple[Any, tuple[int, ...] | None]:
        """Features for the classifier, and the shape of pictures that were flattened for it."""
        if X.ndim <= 2 or get_tags(self.estimator).input_tags.three_d_array:
            return X, None
        if X.size == 0:
            raise ValueError(
                f"X has shape {X.shape}; at least one picture of at least 1 pixel is required."
            )
        return X.reshape(len(X), -1), (*X.shape[1:], 1)[:3]

    def __sklearn_tags__(self) -> Tags:
        """Take what the classifier takes; answer numbers of one or more characters."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.target_tags.multi_output = True
        tags.classifier_tags.poor_score = inner.classifier_tags.poor_score
        return tags


def _are_pixels(X: Any) -> bool:
    """Whether X is an array of pictures, and not of rows."""
    return isinstance(X, np.ndarray) and X.ndim > 2 and X.dtype.kind in "biuf"


def _fit_clone(
    estimator: Any,
    X: Any,
    labels: NDArray[np.int64],
    params: dict[str, Any],
    rows: NDArray[np.int64] | None = None,
) -> Any:
    """Fit a clone on some rows; most classifiers refuse labels that never vary."""
    if rows is not None:
        if len(rows) == 0:
            return None
        params = _check_method_params(X, params, indices=rows)
        X, labels = _safe_indexing(X, rows), labels[rows]
    if len(np.unique(labels)) == 1:
        # Its one answer needs no weights, nor what the classifier requests.
        return DummyClassifier(strategy="prior").fit(X, labels)
    return clone(estimator).fit(X, labels, **params)


def _spread(classifier: Any, X: Any, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Logarithms of a classifier's probabilities in the columns of `labels`."""
    probability = np.zeros((_num_samples(X), len(labels)))
    if classifier is None:
        probability += 1 / len(labels)
    else:
        columns = np.searchsorted(labels, classifier.classes_)
        probability[:, columns] = classifier.predict_proba(X)
    # A label never seen stays possible, which keeps its logarithm finite.
    return np.log(np.maximum(probability, np.finfo(np.float64).tiny))
