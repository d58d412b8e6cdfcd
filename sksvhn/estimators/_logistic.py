"""The baseline everyone compares with."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from .._pictures import check_pictures


class SVHNLogisticRegression(ClassifierMixin, BaseEstimator):
    """Scaled pixels into multinomial logistic regression: one digit, no feature learned.

    Parameters
    ----------
    C : float, default=0.01
        Inverse of the strength of the L2 penalty.
    class_weight : dict, "balanced" or None, default=None
        As in :class:`~sklearn.linear_model.LogisticRegression`.
    tol : float, default=0.01
        Largest gradient at which L-BFGS stops. On SVHN's numbers 1e-4 took three times as long
        and gained nothing.
    max_iter : int, default=500
        Most iterations of L-BFGS.
    image_shape : tuple of 2 or 3 ints, default=None
        (height, width[, channels]) of pictures that come flattened to rows.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Distinct labels.
    pipeline_ : sklearn.pipeline.Pipeline
        The fitted :class:`~sklearn.preprocessing.StandardScaler` and
        :class:`~sklearn.linear_model.LogisticRegression`.
    image_shape_ : tuple of 3 ints
        (height, width, channels) of a picture.
    n_features_in_ : int
        Pixels of a picture times channels.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, where X was a DataFrame with string columns.

    See Also
    --------
    PositionwiseClassifier : Makes it a baseline for whole numbers.

    Examples
    --------
    >>> from sksvhn import SVHNLogisticRegression
    >>> from sksvhn.datasets import make_street_numbers
    >>> digits = make_street_numbers(100, color=False, max_length=1, random_state=0)
    >>> clf = SVHNLogisticRegression().fit(digits.images, digits.target)
    >>> clf.predict(digits.images).shape
    (100,)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "C": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "tol": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "image_shape": [None, tuple, list],
    }

    def __init__(
        self,
        *,
        C: float = 0.01,
        class_weight: dict[Any, float] | str | None = None,
        tol: float = 0.01,
        max_iter: int = 500,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        self.C = C
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter
        self.image_shape = image_shape

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn scaling and weights.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures of single digits.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample, in scaling too.

        Returns
        -------
        self : SVHNLogisticRegression
            The fitted estimator.
        """
        rows = self._rows(X, reset=True)
        self.pipeline_ = make_pipeline(
            StandardScaler(),
            LogisticRegression(
                C=self.C, class_weight=self.class_weight, tol=self.tol, max_iter=self.max_iter
            ),
        )
        self.pipeline_.fit(
            rows,
            y,
            standardscaler__sample_weight=sample_weight,
            logisticregression__sample_weight=sample_weight,
        )
        self.classes_ = self.pipeline_.classes_
        self.n_iter_ = int(self.pipeline_[-1].n_iter_.max())
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the label of each picture.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        check_is_fitted(self)
        return self.pipeline_.predict(self._rows(X, reset=False))

    def predict_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the probability of each label in ``classes_``.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In [0, 1]; rows sum to 1.
        """
        check_is_fitted(self)
        return self.pipeline_.predict_proba(self._rows(X, reset=False))

    def predict_log_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Natural logarithm of `predict_proba`.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            At most 0.
        """
        check_is_fitted(self)
        return self.pipeline_.predict_log_proba(self._rows(X, reset=False))

    def decision_function(self, X: ArrayLike) -> NDArray[Any]:
        """Signed distance to each label's hyperplane.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            Scores before the softmax.
        """
        check_is_fitted(self)
        return self.pipeline_.decision_function(self._rows(X, reset=False))

    def _rows(self, X: ArrayLike, *, reset: bool) -> NDArray[Any]:
        pictures = check_pictures(self, X, reset=reset, image_shape=self.image_shape)
        rows = pictures.reshape(len(pictures), -1)
        return rows.astype(np.float32) if rows.dtype == np.uint8 else rows

    def __sklearn_tags__(self) -> Tags:
        """Pictures, or rows."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
