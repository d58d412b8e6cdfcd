"""Logistic regression on pixels or gradients: the baseline for single digits."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_expit
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from .._images._arrays import check_pictures
from .._images._crop import CropStyle
from .._images._pixel_range import KnownScale, is_white, white_of
from .._labels import single_labels
from .._parameters import check_weights, python_params
from . import _picture_reader
from ._fit_result import take_fit, twin_of
from ._hog import CELL, hog_features, n_hog_features
from ._log_softmax import log_softmax
from ._rejection import MIN_CONFIDENCE, labels_of
from ._saving import Saved, check, check_shape

# What scaling and regression learn, of which they are rebuilt.
_LEARNED = (
    ("mean_", "var_", "scale_", "n_samples_seen_", "n_features_in_"),
    ("coef_", "intercept_", "classes_", "n_iter_", "n_features_in_"),
)


class SVHNLogisticRegression(Saved, ClassifierMixin, BaseEstimator):
    """Reads single digits with logistic regression on scaled features.

    On pixels, it is the baseline for other classifiers. On histograms of oriented gradients [1]_,
    computed as by SVHN's authors [2]_, it is a quick reader of digits.

    Parameters
    ----------
    features : {"pixels", "hog"}, default="pixels"
        Features of the regression. "hog" is histograms of oriented gradients: 12 undirected
        orientations in cells of at least 5 by 5 pixels, normalised in overlapping blocks of 2 by 2
        cells; they don't depend on the brightness and contrast of a picture.
    C : float, default=0.01
        Inverse of the strength of the L2 penalty. On held-out training digits of SVHN no other
        value was better by a point, for either kind of features.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class, as in :class:`~sklearn.linear_model.LogisticRegression`.
    tol : float, default=0.01
        Largest gradient at which L-BFGS stops. On SVHN's numbers 1e-4 took three times as long
        and gained nothing; for "hog", 0.003 gained a point on 13,000 grey digits
        and lost one on 5,400 colour ones.
    max_iter : int, default=500
        Largest number of iterations of L-BFGS.
    min_confidence : float in [0, 1], default=0.0
        `predict` rejects labels with a lower confidence, as ``""`` if labels are strings and ``-1``
        if they are numbers. :func:`~sksvhn.model_selection.min_confidence_for_accuracy` finds the
        value for an accuracy.
    image_shape : tuple of 2 or 3 ints, default=None
        (height, width[, channels]) of pictures that are flattened to rows.
    crop : {"stretch", "square"}, default="square"
        How training pictures were cropped from larger ones, as in
        :class:`~sksvhn.preprocessing.NumberCropper`. `read` and `crops` do the same to photographs;
        nothing else depends on it. The defaults are those of SVHN's format 2.
    margin : float >= 0, default=0.0
        Share by which the digit's box was enlarged for the training pictures, as there. Only `read`
        and `crops` use it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Distinct labels.
    pipeline_ : sklearn.pipeline.Pipeline
        The fitted :class:`~sklearn.preprocessing.StandardScaler` and
        :class:`~sklearn.linear_model.LogisticRegression`.
    image_shape_ : tuple of 3 ints
        (height, width, channels) of a picture.
    n_iter_ : int
        Number of iterations of L-BFGS.
    n_features_in_ : int
        Pixels of a picture times channels.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, if X was a DataFrame with string columns.

    See Also
    --------
    PositionwiseClassifier : Uses it as a baseline for whole numbers.

    References
    ----------
    .. [1] N. Dalal and B. Triggs, "Histograms of oriented gradients for human detection",
       CVPR 2005.
    .. [2] Y. Netzer et al., "Reading digits in natural images with unsupervised feature learning",
       NIPS Workshop on Deep Learning and Unsupervised Feature Learning 2011.

    Examples
    --------
    >>> from sksvhn import SVHNLogisticRegression
    >>> from sksvhn.datasets import make_street_digits
    >>> digits = make_street_digits(100, color=False, random_state=0)
    >>> clf = SVHNLogisticRegression().fit(digits.images, digits.target)
    >>> clf.predict(digits.images).shape
    (100,)
    >>> hog = SVHNLogisticRegression(features="hog").fit(digits.images, digits.target)
    >>> hog.score(digits.images, digits.target)
    1.0
    """

    _white: int | None
    _kept = (*Saved._kept, "image_shape_", "classes_", "_white", "pipeline_", "n_iter_")
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "features": [StrOptions({"pixels", "hog"})],
        "C": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        **MIN_CONFIDENCE,
        "tol": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "image_shape": [None, "array-like"],
        **_picture_reader.READING_CONSTRAINTS,
    }

    def __init__(
        self,
        *,
        features: str = "pixels",
        C: float = 0.01,
        class_weight: dict[Any, float] | str | None = None,
        tol: float = 0.01,
        max_iter: int = 500,
        min_confidence: float = 0.0,
        image_shape: tuple[int, ...] | None = None,
        crop: CropStyle = "square",
        margin: float = 0.0,
    ) -> None:
        self.features = features
        self.C = C
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter
        self.min_confidence = min_confidence
        self.image_shape = image_shape
        self.crop = crop
        self.margin = margin

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the scaling and the regression.

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

        Raises
        ------
        ValueError
            If pictures are too small for "hog", don't fit `image_shape`, hold NaN, or all have
            the same label, or if weights are negative.
        """
        new = twin_of(self, fitted=False)
        rows = new._rows(X, reset=True)
        y = single_labels(y, "y", self)
        if sample_weight is not None:
            check_weights(sample_weight, rows, ensure_non_negative=True)
        scaler = StandardScaler().fit(rows, sample_weight=sample_weight)
        logistic = self._regression().fit(scaler.transform(rows), y, sample_weight=sample_weight)
        new.pipeline_ = make_pipeline(scaler, logistic)
        new.classes_ = logistic.classes_
        new.n_iter_ = int(logistic.n_iter_.max())
        take_fit(self, new)
        return self

    def _n_features(self, height: int, width: int, channels: int) -> int:
        hog = self.features == "hog"
        return n_hog_features(height, width) if hog else height * width * channels

    def _regression(self) -> LogisticRegression:
        params = python_params(self)
        return LogisticRegression(
            C=params.C, class_weight=params.class_weight, tol=params.tol, max_iter=params.max_iter
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
        """Predict the label of each picture.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures.
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
        scores = self._scores(X)
        best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        confidence = np.exp(_log_proba(scores.astype(np.float64))).max(axis=1)
        labels = labels_of(
            self.classes_, best, confidence, self.min_confidence, type(self).__name__
        )
        return (labels, confidence) if return_confidence else labels

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
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the natural logarithm of the probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            At most 0.
        """
        return _log_proba(self.decision_function(X))

    def decision_function(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the score of each label, before the softmax.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            Scores before the softmax.
        """
        # Probabilities of float32 scores would not sum to one as closely as scikit-learn checks.
        return self._scores(X).astype(np.float64)

    def _scores(self, X: ArrayLike) -> NDArray[Any]:
        check_is_fitted(self)
        return self.pipeline_.decision_function(self._rows(X, reset=False))

    crops = _picture_reader.crops
    read = _picture_reader.read

    def _learned_white(self) -> int | None:
        return self._white

    def __getstate__(self) -> dict[str, Any]:
        """Arrays only: scikit-learn's own estimators are read by their own version alone."""
        state = super().__getstate__()
        if "pipeline_" in state:
            state["pipeline_"] = [
                {name: vars(step)[name] for name in names}
                for (_, step), names in zip(self.pipeline_.steps, _LEARNED, strict=True)
            ]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild scikit-learn's estimators."""
        super().__setstate__(state)
        if "pipeline_" in state:
            self.pipeline_ = make_pipeline(StandardScaler(), self._regression())
            for (_, step), learned in zip(self.pipeline_.steps, state["pipeline_"], strict=True):
                vars(step).update(learned)

    def _check_state(self, state: dict[str, Any]) -> None:
        super()._check_state(state)
        check_shape(state)
        scaler, regression = state["pipeline_"]
        check(
            (set(scaler), set(regression)) == tuple(map(set, _LEARNED)),
            "what was learned is not what scaling and regression learn",
        )
        n_features = len(scaler["mean_"])
        n_classes = len(state["classes_"])
        n_rows = n_classes if n_classes > 2 else 1
        coefficients = regression["coef_"], regression["intercept_"]
        check(
            all(scaler[name].shape == (n_features,) for name in ("mean_", "scale_", "var_"))
            and scaler["n_features_in_"] == regression["n_features_in_"] == n_features
            and regression["coef_"].shape == (n_rows, n_features)
            and regression["intercept_"].shape == (n_rows,)
            and all(
                array.dtype.kind == "f"
                for array in (*map(scaler.get, ("mean_", "scale_", "var_")), *coefficients)
            )
            and n_classes >= 2
            and np.array_equal(np.unique(state["classes_"]), regression["classes_"])
            and np.array_equal(state["classes_"], regression["classes_"])
            and is_white(state["_white"])
            and type(state["n_iter_"]) is int
            and n_features == self._n_features(*state["image_shape_"]),
            "what was learned does not fit together",
        )

    def _rows(self, X: ArrayLike, *, reset: bool) -> NDArray[Any]:
        scale = None if reset else KnownScale(self._white)
        pictures = check_pictures(self, X, reset=reset, image_shape=self.image_shape, scale=scale)
        if reset:
            self._white = white_of(pictures)
        if self.features == "hog":
            height, width, _ = self.image_shape_
            if min(height, width) < CELL:
                raise ValueError(
                    f'X must hold pictures of at least {CELL} by {CELL} pixels for features="hog"; '
                    f"got {height} by {width}; pass larger ones, set image_shape if X holds rows "
                    'of pixels, or choose features="pixels".'
                )
            return hog_features(pictures)
        rows = pictures.reshape(len(pictures), -1)
        return rows.astype(np.float32) if rows.dtype == np.uint8 else rows

    def __sklearn_tags__(self) -> Tags:
        """Pictures, or rows; gradients say little about tables that are none."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.classifier_tags.poor_score = self.features == "hog"
        return tags


def _log_proba(scores: NDArray[Any]) -> NDArray[Any]:
    """Log-probabilities of all labels, by the scores of all or of the second of two."""
    if scores.ndim == 1:
        return log_expit(np.stack([-scores, scores], axis=1))
    return log_softmax(scores)
