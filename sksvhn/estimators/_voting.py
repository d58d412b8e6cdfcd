"""Several readers of whole numbers, averaged."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import UNUSED, MetadataRouter, _raise_for_params

from ._decoding import SequenceFactors
from ._fit_result import take_fit, twin_of
from ._reader import NumberReader
from ._routing import params_of_fit, router
from ._saving import Saved, check


class VotingReader(NumberReader, Saved, MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Averages readers of whole numbers: soft voting on lengths and characters.

    The probabilities of each length, and of each character at each position, are averaged over the
    readers, and one number is read from the means. scikit-learn's
    :class:`~sklearn.ensemble.VotingClassifier` passes codes of labels to its classifiers, from
    which readers cannot learn how numbers are spelt.

    Parameters
    ----------
    estimators : list of readers
        At least one :class:`SVHNSequenceClassifier` or :class:`PositionwiseClassifier`, of the same
        `alphabet` and `max_length`. `fit` fits clones of them.
    weights : array-like of shape (n_readers,), default=None
        Weight of each reader, not negative. None means equal weights.
    min_confidence : float in [0, 1], default=0.0
        `predict` rejects readings with a lower confidence, as ``""``, ``-1`` or an all-blank row.
        The readers' own value has no effect.
    n_jobs : int, default=None
        Number of readers fitted in parallel. ``None`` means 1 unless in a
        :class:`joblib.parallel_config` context, ``-1`` all processors.

    Attributes
    ----------
    classes_ : ndarray, or list of ndarrays for padded labels
        Distinct labels seen in `fit`, as those of the readers.
    alphabet_ : str
        The characters a reading can have.
    blank_ : int
        Code after the last character in padded integer labels.
    max_length_ : int
        Number of characters of the longest reading.
    temperatures_ : tuple of 2 floats
        Temperatures of the mean probabilities of the length and of the characters; 1 unless
        `calibrate` was called.
    estimators_ : list of readers
        The fitted clones.
    n_features_in_ : int
        Number of features of the readers.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, if X was a DataFrame with string columns.

    See Also
    --------
    PositionwiseClassifier : Makes a reader from any classifier of single labels.

    Examples
    --------
    >>> from sksvhn import PositionwiseClassifier, SVHNLogisticRegression, VotingReader
    >>> from sksvhn.datasets import make_street_numbers
    >>> numbers = make_street_numbers(100, color=False, random_state=0)
    >>> readers = [
    ...     PositionwiseClassifier(SVHNLogisticRegression(features=features))
    ...     for features in ("pixels", "hog")
    ... ]
    >>> clf = VotingReader(readers).fit(numbers.images, numbers.target)
    >>> clf.predict(numbers.images).shape
    (100,)
    """

    # Weights are the readers' to request.
    __metadata_request__fit: ClassVar[dict[str, str]] = {"sample_weight": UNUSED}
    _estimators = ("estimators", "estimators_")
    _kept = (*Saved._kept, *NumberReader._kept_of_labels, "estimators_")
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimators": [list],
        "weights": ["array-like", None],
        "min_confidence": NumberReader._parameter_constraints["min_confidence"],
        "n_jobs": [None, Integral],
    }

    def __init__(
        self,
        estimators: list[Any],
        *,
        weights: ArrayLike | None = None,
        min_confidence: float = 0.0,
        n_jobs: int | None = None,
    ) -> None:
        self.estimators = estimators
        self.weights = weights
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
        """Fit a clone of each reader.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as all readers take them.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            Numbers, as for the readers.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each number. With scikit-learn's metadata routing the readers must request it.
        **fit_params : dict
            Other metadata that the readers request, with metadata routing.

        Returns
        -------
        self : VotingReader
            The fitted estimator.

        Raises
        ------
        TypeError
            If `estimators` holds anything but readers of numbers.
        ValueError
            If there is no reader, readers have different alphabets or greatest lengths,
            `fit_params` are given without metadata routing, or as in the readers' own `fit`.
        """
        _raise_for_params(fit_params, self, "fit")
        for estimator in self.estimators:
            if not isinstance(estimator, NumberReader):
                raise TypeError(
                    "estimators must hold readers of whole numbers, such as SVHNSequenceClassifier "
                    f"and PositionwiseClassifier; got a {type(estimator).__name__}."
                )
        if not self.estimators:
            raise ValueError("estimators must hold at least one reader; got none.")
        self._shares()
        if sample_weight is not None:
            fit_params["sample_weight"] = sample_weight
        readers = self._named()
        params = params_of_fit(self, fit_params, list(readers))
        new = twin_of(self, fitted=False)
        new.estimators_ = Parallel(n_jobs=self.n_jobs)(
            delayed(_fitted)(reader, X, y, params[name]) for name, reader in readers.items()
        )
        first = new.estimators_[0]
        for reader in new.estimators_:
            spellings = [(r.alphabet_, r.max_length_, r.blank_) for r in (first, reader)]
            if spellings[0] != spellings[1]:
                raise ValueError(
                    "estimators must be fitted with the same alphabet, greatest length and blank; "
                    f"got {spellings[0]} and {spellings[1]}; give them the same parameters "
                    "alphabet, max_length and blank."
                )
        new._codec, new.classes_ = first._codec, first.classes_
        new.alphabet_, new.max_length_ = first.alphabet_, first.max_length_
        new.temperatures_ = (1.0, 1.0)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(first, name):
                setattr(new, name, getattr(first, name))
        take_fit(self, new)
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata requests, which for `fit` are those of the readers.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRouter
            Routing information.
        """
        return router(self, **self._named())

    def _named(self) -> dict[str, Any]:
        return {f"estimators[{i}]": reader for i, reader in enumerate(self.estimators)}

    def _shares(self) -> NDArray[np.float64]:
        n = len(self.estimators)
        weights = np.ones(n) if self.weights is None else np.asarray(self.weights, dtype=np.float64)
        if weights.shape != (n,) or not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
            raise ValueError(
                f"weights must be {n} finite numbers of at least 0, one per reader and at least "
                f"one positive; got {self.weights!r}."
            )
        return weights / weights.sum()

    def _check_state(self, state: dict[str, Any]) -> None:
        super()._check_state(state)
        codec = self._check_labels(state)
        readers = state["estimators_"]
        check(
            isinstance(readers, list)
            and len(readers) == len(self.estimators)
            and all(
                isinstance(reader, NumberReader)
                and (reader.alphabet_, reader.max_length_) == (codec.alphabet, codec.max_length)
                for reader in readers
            ),
            "the readers don't fit the numbers",
        )

    def _log_factors(self, X: ArrayLike) -> SequenceFactors:
        factors = [reader.predict_factors(X) for reader in self.estimators_]
        length, positions = (
            np.tensordot(self._shares(), np.stack(parts).astype(np.float64), axes=1)
            for parts in zip(*factors, strict=True)
        )
        # What no reader thinks possible stays so, nearly, so that its logarithm is finite.
        least = np.finfo(np.float64).tiny
        return SequenceFactors(
            np.log(np.maximum(length, least)), np.log(np.maximum(positions, least))
        )

    def __sklearn_tags__(self) -> Tags:
        """Take what the first reader takes; answer numbers of one or more characters."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        if self.estimators:
            inner = get_tags(self.estimators[0])
            tags.input_tags = inner.input_tags
            tags.classifier_tags.poor_score = inner.classifier_tags.poor_score
        return tags


def _fitted(estimator: Any, X: Any, y: Any, fit_params: dict[str, Any]) -> Any:
    return clone(estimator).fit(X, y, **fit_params)
