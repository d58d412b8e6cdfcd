"""Everything a reader of whole numbers answers, given its factors."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, check_is_fitted

from .._labels import DIGITS, NumberCodec, as_labels, label_form, numbers_to_strings
from ._decoding import (
    SequenceFactors,
    best_integers,
    best_readings,
    log_marginals,
    log_probability_of,
)


class NumberReader(metaclass=ABCMeta):
    """Mixin: answers about whole numbers from P(length) and P(character) at each position.

    A subclass learns its labels with `_learn_labels` and answers `_log_factors`.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "alphabet": [None, str],
        "max_length": [None, Interval(Integral, 1, None, closed="left")],
        "blank": [Integral],
    }

    alphabet: str | None
    max_length: int | None
    blank: int
    classes_: Any  # one array, or one a column
    _codec: NumberCodec

    @abstractmethod
    def _log_factors(self, X: ArrayLike) -> SequenceFactors:
        """Logarithms of the factors of every picture."""

    def _learn_labels(
        self,
        y: ArrayLike,
        *,
        reset: bool = True,
        keep_classes: bool = False,
        classes: ArrayLike | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Codes and lengths of labels, all of which count: callers leave out those of weight 0.

        `reset` settles anew which characters and lengths there are; `keep_classes` adds the labels
        to ``classes_`` instead of replacing them.
        """
        labels = as_labels(y)
        # From y itself: as an array, a missing value among strings is the text "nan".
        strings = self._strings(y, "y")
        if len(labels) == 0:
            raise ValueError("y holds 0 numbers; at least one is needed.")
        known, known_strings = labels, strings
        if classes is not None:
            named = as_labels(classes, "classes")
            if label_form(named) != label_form(labels) or named.shape[1:] != labels.shape[1:]:
                raise ValueError(
                    f"classes has shape {named.shape} and dtype {named.dtype}, but y has shape "
                    f"{labels.shape} and dtype {labels.dtype}; pass both in one form."
                )
            known = np.concatenate([labels, named])
            known_strings = np.concatenate([strings, self._strings(classes, "classes")])
        if reset:
            codec = NumberCodec.from_labels(
                known,
                known_strings,
                alphabet=self.alphabet,
                max_length=self.max_length,
                blank=self.blank,
            )
        else:
            codec = self._codec.for_labels(labels)
        encoded = codec.encode(strings)
        all_encoded = encoded if classes is None else codec.encode(known_strings, "classes")
        if codec.form == "padded":
            known = codec.to_form(*all_encoded)  # with as many columns as readings have
        self._codec = codec
        self.alphabet_ = codec.alphabet
        self.max_length_ = codec.max_length
        self.classes_ = _distinct(known, self.classes_ if keep_classes else None)
        return encoded

    def _strings(self, labels: ArrayLike, name: str) -> NDArray[np.object_]:
        return numbers_to_strings(
            labels, blank=self.blank, alphabet=self.alphabet or DIGITS, signed=True, name=name
        )

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Read the most probable number of each picture, over all numbers there can be.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, max_length)
            Numbers in the form of the training labels. Where these are integers, only what an
            integer can be is answered: no number with a leading zero.
        """
        codes, lengths, _ = self._best_readings(X)
        return self._codec.to_form(codes, lengths)

    def predict_factors(self, X: ArrayLike) -> SequenceFactors:
        """Predict the probabilities of each length, and of each character at each position.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.

        Returns
        -------
        SequenceFactors
            ``length`` of shape (n_samples, max_length_), column k for length k + 1, and
            ``positions`` of shape (n_samples, max_length_, len(alphabet_)), given that the number
            reaches that position. Both in [0, 1].
        """
        return SequenceFactors(*map(np.exp, self._checked_log_factors(X)))

    def confidence(self, X: ArrayLike) -> NDArray[Any]:
        """Predict P(S|X), the probability that the reading of each picture is right as a whole.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
            In [0, 1].
        """
        return np.exp(self._best_readings(X)[2])

    def predict_log_proba(self, X: ArrayLike) -> NDArray[Any] | list[NDArray[Any]]:
        """Natural logarithm of `predict_proba`.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or list of such
            As `predict_proba`.
        """
        log_factors = self._checked_log_factors(X)
        if self._codec.form != "padded":
            return _normalized(self._log_joint(log_factors))
        marginals = log_marginals(log_factors)
        columns = []
        for index, classes in enumerate(self.classes_):  # one a column of a reading
            if index < self.max_length_:
                seen = np.where(classes == self.blank, len(self.alphabet_), classes)
                columns.append(_normalized(marginals[:, index, seen.astype(np.int64)]))
            else:
                columns.append(np.zeros((len(marginals), len(classes))))
        return columns

    def predict_proba(self, X: ArrayLike) -> NDArray[Any] | list[NDArray[Any]]:
        """Predict the probabilities of the labels in ``classes_``.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or list of such
            For 1-D labels, P(S|X) of each number in ``classes_``, renormalised over them. For
            padded labels, one array a column of `predict`: the probabilities of its codes, blank
            included.
        """
        log_proba = self.predict_log_proba(X)
        return list(map(np.exp, log_proba)) if isinstance(log_proba, list) else np.exp(log_proba)

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Share of numbers read right as a whole.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            True numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each number.

        Returns
        -------
        float
            In [0, 1].
        """
        read = self._strings(self.predict(X), "predictions")
        true = self._strings(y, "y")
        check_consistent_length(read, true)
        weights = _check_sample_weight(sample_weight, read, dtype=np.float64)
        return float(np.average(read == true, weights=weights))

    def _checked_log_factors(self, X: ArrayLike) -> SequenceFactors:
        check_is_fitted(self)
        return self._log_factors(X)

    def _best_readings(
        self, X: ArrayLike
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
        """Codes, lengths and log-probabilities of the best numbers that labels could be."""
        log_factors = self._checked_log_factors(X)
        if self._codec.form == "int":
            return best_integers(log_factors, self.alphabet_)
        return best_readings(log_factors)

    def _log_joint(self, log_factors: SequenceFactors) -> NDArray[Any]:
        """Log P(S|X) of every number in classes_."""
        codes, lengths = self._codec.encode(self._strings(self.classes_, "classes_"))
        return log_probability_of(log_factors, codes, lengths)


def _distinct(labels: NDArray[Any], known: Any) -> Any:
    """Distinct labels, per column where there are columns, joined with those known before."""
    if label_form(labels) == "padded":
        columns = [np.unique(column) for column in labels.T]
        if known is None:
            return columns
        return [np.union1d(*pair) for pair in zip(known, columns, strict=True)]
    return np.unique(labels) if known is None else np.union1d(known, labels)


def _normalized(log_probability: NDArray[Any]) -> NDArray[Any]:
    return log_probability - logsumexp(log_probability, axis=1, keepdims=True)
