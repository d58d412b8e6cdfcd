"""Methods of readers of whole numbers, computed from their factors."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Iterable
from numbers import Integral
from typing import Any, ClassVar, Literal, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from sklearn.utils import check_scalar
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from .._labels import DIGITS, as_labels, label_form, numbers_to_strings
from .._number_codec import NumberCodec
from .._parameters import check_weights, python_params
from ._candidates import RankedCandidates, rank
from ._decoding import (
    Pattern,
    SequenceFactors,
    TopReadings,
    best_readings,
    integer_patterns,
    log_marginals,
    log_probability_of,
    string_patterns,
    top_readings,
)
from ._encoded_labels import warn_if_encoded, warn_if_rows_are_encoded
from ._rejection import MIN_CONFIDENCE, check_min_confidence
from ._saving import check
from ._temperature import best_temperatures, tempered


class NumberReader(metaclass=ABCMeta):
    """Mixin: answers about whole numbers from P(length) and P(character) at each position.

    A subclass learns its labels with `_learn_labels` and answers `_log_factors`.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "alphabet": [None, str],
        "max_length": [None, Interval(Integral, 1, None, closed="left")],
        "blank": [Integral],
        **MIN_CONFIDENCE,
    }

    #: Whether labels may say that a picture shows no number.
    _learns_empty: ClassVar[bool] = False
    _kept_of_labels = ("_codec", "alphabet_", "max_length_", "classes_", "temperatures_")

    alphabet: str | None
    max_length: int | None
    blank: int
    min_confidence: float
    classes_: Any  # one array, or one per column
    #: Of the length and of the characters, which `calibrate` learns.
    temperatures_: tuple[float, float]
    _codec: NumberCodec

    @property
    def blank_(self) -> int:
        """Code after the last character in padded integer labels."""
        return self._codec.blank

    @abstractmethod
    def _log_factors(self, X: ArrayLike) -> SequenceFactors:
        """Logarithms of the factors of every picture.

        Behind the characters a position may have one more: that none of them stands there.
        """

    def _check_labels(self, state: dict[str, Any]) -> NumberCodec:
        """Raise if labels cannot have left these attributes, as `__getstate__` writes them."""
        codec = NumberCodec.from_dict(state["_codec"])
        check(
            (codec.alphabet, codec.max_length) == (state["alphabet_"], state["max_length_"])
            and isinstance(state["temperatures_"], tuple)
            and len(state["temperatures_"]) == 2
            and all(type(t) is float and 0 < t < np.inf for t in state["temperatures_"]),
            "alphabet, lengths and temperatures must be consistent",
        )
        classes = state["classes_"]
        if codec.form == "padded":
            codes = {codec.blank, *range(len(codec.alphabet))}
            columns = classes
            fit = len(classes) == codec.n_columns and all(
                codes.issuperset(column.tolist()) for column in columns
            )
        else:
            columns = [classes]
            strings = codec.strings_of(classes, "classes_")
            fit = label_form(classes) == codec.form and bool(codec.readable(strings).all())
        fit = fit and all(
            column.ndim == 1 and len(column) > 0 and np.array_equal(np.unique(column), column)
            for column in columns
        )
        check(fit, "classes must fit the description of the labels")
        return codec

    def _learn_labels(
        self,
        y: ArrayLike,
        *,
        reset: bool = True,
        keep_classes: bool = False,
        classes: ArrayLike | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Codes and lengths of labels, without those of weight 0.

        `reset` settles characters and lengths; `keep_classes` adds the labels to ``classes_``.
        """
        labels = as_labels(y)
        # From y itself: as an array, a missing value among strings is the text "nan".
        strings = self._strings(y, "y") if reset else self._codec.strings_of(y)
        if len(labels) == 0:
            raise ValueError("y must hold at least one number; got 0.")
        # Pictures without a number say nothing about numbers.
        shown = strings != "" if self._learns_empty else np.ones(len(strings), dtype=bool)
        if reset and not shown.any():
            raise ValueError("y must hold at least one number; got empty numbers only.")
        known, known_strings = labels[shown], strings[shown]
        if classes is not None:
            named = as_labels(classes, "classes")
            if label_form(named) != label_form(labels) or named.shape[1:] != labels.shape[1:]:
                raise ValueError(
                    f"classes and y must have one form; classes has shape {named.shape} and dtype "
                    f"{named.dtype}, y has shape {labels.shape} and dtype {labels.dtype}; convert "
                    "one of them."
                )
            known = np.concatenate([known, named])
            named_strings = (
                self._strings(classes, "classes")
                if reset
                else self._codec.strings_of(classes, "classes")
            )
            known_strings = np.concatenate([known_strings, named_strings])
        if reset:
            params = python_params(self)
            codec = NumberCodec.from_labels(
                known,
                known_strings,
                alphabet=params.alphabet,
                max_length=params.max_length,
                blank=params.blank,
            )
            if codec.form == "int":
                warn_if_encoded(known_strings)
            elif codec.form == "padded":
                warn_if_rows_are_encoded(labels, codec.alphabet)
        else:
            codec = self._codec.for_labels(labels)
        encoded = codec.encode(strings, empty=self._learns_empty)
        all_encoded = codec.encode(known_strings, "classes")
        if codec.form == "padded":
            known = codec.to_form(*all_encoded)  # with as many columns as readings have
        self._codec = codec
        self.temperatures_ = (1.0, 1.0)
        self.alphabet_ = codec.alphabet
        self.max_length_ = codec.max_length
        self.classes_ = _distinct(known, self.classes_ if keep_classes else None)
        return encoded

    def _strings(self, labels: ArrayLike, name: str) -> NDArray[np.object_]:
        return numbers_to_strings(
            labels, blank=self.blank, alphabet=self.alphabet or DIGITS, name=name
        )

    @overload
    def predict(self, X: ArrayLike, return_confidence: Literal[False] = False) -> NDArray[Any]: ...
    @overload
    def predict(
        self, X: ArrayLike, return_confidence: Literal[True]
    ) -> tuple[NDArray[Any], NDArray[np.float64]]: ...
    def predict(
        self, X: ArrayLike, return_confidence: bool = False
    ) -> NDArray[Any] | tuple[NDArray[Any], NDArray[np.float64]]:
        """Predict the most probable number of each picture, over all possible numbers.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.
        return_confidence : bool, default=False
            Whether to return the confidence as well, from the same pass over the pictures.

        Returns
        -------
        numbers : ndarray of shape (n_samples,) or (n_samples, max_length)
            Numbers in the form of the training labels. If these are integers, no number has a
            leading zero. Readings with a confidence below `min_confidence` are rejected: ``""``,
            ``-1`` or all blank.
        confidence : ndarray of shape (n_samples,)
            Only if `return_confidence`. The probability of each reading, also of rejected ones, in
            [0, 1].

        Raises
        ------
        ValueError
            If X does not match the training data, or if `min_confidence` is above 0 and some labels
            are negative integers, because -1 would be ambiguous.
        """
        codes, lengths, confidence = self._read(X)
        numbers = self._codec.to_form(codes, np.where(self._keeps(confidence), lengths, 0))
        return (numbers, confidence) if return_confidence else numbers

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
            reaches that position. Both in [0, 1]. Lengths sum to 1. The characters of a position
            sum to 1 minus the probability of "none of the characters", if the reader was trained to
            predict it.
        """
        return SequenceFactors(*map(np.exp, self._checked_log_factors(X)))

    def confidence(self, X: ArrayLike) -> NDArray[Any]:
        """Predict P(S|X), the probability that the whole reading of each picture is right.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
            In [0, 1].
        """
        return self._read(X)[2]

    def top_k(self, X: ArrayLike, k: int = 5) -> TopReadings:
        """Read the k most probable numbers of each picture.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.
        k : int, default=5
            Number of readings per picture.

        Returns
        -------
        TopReadings
            ``numbers`` of shape (n_samples, k) or (n_samples, k, max_length), in the form of the
            training labels, and ``probability`` of shape (n_samples, k), P(S|X), descending. The
            first column is what `predict` returns without rejection. There are fewer columns if
            fewer than `k` numbers are possible.

        Raises
        ------
        ValueError
            If X does not match the training data, or k is below 1.
        TypeError
            If k is not an integer.

        Notes
        -----
        The search is exact: P(S|X) is a product over length and positions, so the k best numbers of
        a length start with one of the k best prefixes.

        Examples
        --------
        >>> from sksvhn import SVHNSequenceClassifier
        >>> from sksvhn.datasets import make_street_numbers
        >>> numbers = make_street_numbers(64, color=False, random_state=0)
        >>> clf = SVHNSequenceClassifier(max_epochs=1, random_state=0)
        >>> clf = clf.fit(numbers.images, numbers.target)
        >>> clf.top_k(numbers.images, 3).probability.shape
        (64, 3)
        """
        check_scalar(k, "k", Integral, min_val=1)
        return top_readings(self._codec, self._checked_log_factors(X), self._patterns(), int(k))

    def rank_candidates(
        self,
        X: ArrayLike,
        candidates: Iterable[ArrayLike],
        prior: Iterable[ArrayLike] | None = None,
    ) -> RankedCandidates:
        """Rank the candidates of each picture: a list of numbers that it can show.

        The candidates can be the addresses of a street. The posterior of each is its probability
        given the picture, times its prior, normalised over the list (Bayes' rule). `min_confidence`
        has no effect here.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.
        candidates : sequence of n_samples array-likes of shape (n_candidates[, max_length])
            One list of different numbers per picture, in the form of the training labels. Lists can
            differ in length and can be empty. Numbers that the reader cannot read, because of their
            length or characters, have probability 0.
        prior : sequence of n_samples array-likes of shape (n_candidates,), default=None
            Prior weight of each candidate, not negative. None means equal weights.

        Returns
        -------
        RankedCandidates
            ``best``, ``posterior`` and ``in_list``. Of equally probable candidates, the first is
            the best. If all have probability 0, the posterior is the prior, and ``in_list`` is 0.

        Raises
        ------
        ValueError
            If there is not one list per picture, a list holds a number twice or a number of another
            form, or weights are invalid.

        Examples
        --------
        >>> from sksvhn import SVHNSequenceClassifier
        >>> from sksvhn.datasets import make_street_numbers
        >>> numbers = make_street_numbers(64, color=False, random_state=0)
        >>> clf = SVHNSequenceClassifier(max_epochs=1, random_state=0)
        >>> clf = clf.fit(numbers.images, numbers.target)
        >>> ranked = clf.rank_candidates(numbers.images[:2], [["12", "14", "16"], ["7"]])
        >>> ranked.posterior[1]
        array([1.])
        """
        return rank(self._codec, self._checked_log_factors(X), candidates, prior)

    def calibrate(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Calibrate the probabilities on pictures that were not used in training.

        It learns two temperatures [1]_, one for the length and one for the characters: those that
        make the whole numbers most probable, with a log-normal prior of median 1 and deviation log
        2. With a few dozen pictures, the prior dominates; with hundreds, the pictures do. All
        answers use the temperatures: probabilities, confidences, candidates and, if another number
        becomes the most probable one, the readings. `fit` and `partial_fit` reset both to 1.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures, as for `fit`.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            Numbers of these pictures, in the form of the training labels. Pictures without a number
            (``""``, ``-1`` or a row of blanks) don't count.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each number.

        Returns
        -------
        self : object
            The estimator, with ``temperatures_``.

        Raises
        ------
        ValueError
            If X or y don't match the training data.

        References
        ----------
        .. [1] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger (2017). On Calibration of Modern Neural
           Networks. arXiv:1706.04599, section 4.2.

        Examples
        --------
        >>> from sksvhn import SVHNSequenceClassifier
        >>> from sksvhn.datasets import make_street_numbers
        >>> numbers = make_street_numbers(96, color=False, max_length=5, random_state=0)
        >>> clf = SVHNSequenceClassifier(max_length=5, max_epochs=1, random_state=0)
        >>> clf = clf.fit(numbers.images[:64], numbers.target[:64])
        >>> clf = clf.calibrate(numbers.images[64:], numbers.target[64:])
        >>> len(clf.temperatures_)
        2
        """
        check_is_fitted(self)
        codec = self._codec.for_labels(as_labels(y))
        codes, lengths = codec.encode(codec.strings_of(y), empty=True)
        log_factors = self._log_factors(X)
        check_consistent_length(log_factors.length, lengths)
        weights = check_weights(sample_weight, lengths, ensure_non_negative=True)
        self.temperatures_ = best_temperatures(log_factors, codes, lengths, weights)
        return self

    def predict_log_proba(self, X: ArrayLike) -> NDArray[Any] | list[NDArray[Any]]:
        """Predict the natural logarithm of the probabilities.

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
        for index, classes in enumerate(self.classes_):  # one per column of a reading
            if index < self.max_length_:
                seen = np.where(classes == self._codec.blank, len(self.alphabet_), classes)
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
            padded labels, one array per column of `predict`: the probabilities of its codes,
            including the blank.
        """
        log_proba = self.predict_log_proba(X)
        return list(map(np.exp, log_proba)) if isinstance(log_proba, list) else np.exp(log_proba)

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the share of numbers read right as a whole.

        Where a picture shows no number (``""``, ``-1`` or a row of blanks in y), it is right to
        reject it.

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
        codes, lengths, confidence = self._read(X)
        read = self._codec.to_strings(codes, lengths)
        true = self._codec.strings_of(y)
        check_consistent_length(read, true)
        weights = check_weights(sample_weight, read)
        answers = np.where(self._keeps(confidence), read, "")
        return float(np.average(answers == true, weights=weights))

    def _checked_log_factors(self, X: ArrayLike) -> SequenceFactors:
        if not hasattr(self, "temperatures_"):  # the check takes a fiftieth of one picture's time
            check_is_fitted(self)
        length, positions = tempered(self._log_factors(X), self.temperatures_)
        # What a position lacks is the probability that another character stands there.
        return SequenceFactors(length, positions[..., : len(self.alphabet_)])

    def _patterns(self) -> tuple[Pattern, ...]:
        """Say which numbers labels could be."""
        there_can_be = integer_patterns if self._codec.form == "int" else string_patterns
        return there_can_be(self.alphabet_, self.max_length_)

    def _read(
        self, X: ArrayLike
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Codes, lengths and confidences of the best readings, none rejected."""
        codes, lengths, log_probability = best_readings(
            self._checked_log_factors(X), self._patterns()
        )
        return codes[:, 0], lengths[:, 0], np.exp(log_probability[:, 0])

    def _keeps(self, confidence: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which readings are not rejected."""
        check_min_confidence(self.min_confidence, type(self).__name__)
        if self.min_confidence > 0:
            self._codec.check_rejection()
        return confidence >= self.min_confidence

    def _log_joint(self, log_factors: SequenceFactors) -> NDArray[Any]:
        """Log P(S|X) of every number in classes_."""
        codes, lengths = self._codec.encode(self._codec.strings_of(self.classes_, "classes_"))
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
