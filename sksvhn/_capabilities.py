"""Tell what the package's estimators can do."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

# torch takes seconds to import: whoever holds an estimator has paid for it already.


def reads_numbers(estimator: Any) -> bool:
    """Whether it is an estimator that reads whole numbers, and not one label per picture."""
    from .estimators import PositionwiseClassifier, SVHNSequenceClassifier, VotingReader

    return isinstance(estimator, (PositionwiseClassifier, SVHNSequenceClassifier, VotingReader))


def is_network(estimator: Any) -> bool:
    """Whether it is a classifier that trains a network: it has `module_`, `summary`, ONNX."""
    from .estimators import SVHNCNNClassifier, SVHNMLPClassifier, SVHNSequenceClassifier

    return isinstance(estimator, (SVHNCNNClassifier, SVHNMLPClassifier, SVHNSequenceClassifier))


def reads_photographs(estimator: Any) -> bool:
    """Whether it is an estimator that crops pictures of any size itself, as `read` does."""
    from .estimators import SVHNLogisticRegression

    return is_network(estimator) or isinstance(estimator, SVHNLogisticRegression)


def locates_numbers(estimator: Any) -> bool:
    """Whether it is an estimator that finds numbers in pictures, with a network as well."""
    from .estimators import NumberLocator

    return isinstance(estimator, NumberLocator)


def is_estimator(estimator: Any) -> bool:
    """Whether it is an estimator of the package, which can be saved."""
    return reads_numbers(estimator) or reads_photographs(estimator) or locates_numbers(estimator)


def check_network(estimator: Any) -> None:
    """Raise TypeError if it trains no network, or NotFittedError."""
    if not is_network(estimator):
        raise TypeError(
            "estimator must be a fitted SVHNSequenceClassifier, SVHNCNNClassifier or "
            f"SVHNMLPClassifier; got a {type(estimator).__name__}; pass the last step of a "
            "pipeline."
        )
    check_is_fitted(estimator)


def has_attention(network: Any) -> bool:
    """Whether a fitted estimator's network has an attention head."""
    return bool(network._config["architecture"].head == "attention")
