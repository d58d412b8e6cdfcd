"""Take over the results of a fit as a whole or not at all."""

from __future__ import annotations

from typing import TypeVar

from sklearn.base import BaseEstimator

Estimator = TypeVar("Estimator", bound=BaseEstimator)


def twin_of(estimator: Estimator, *, fitted: bool) -> Estimator:
    """Make an estimator with the same parameters for a fit to fill, and what was learned if asked.

    The fit that fails or is interrupted then leaves nothing behind.
    """
    twin = object.__new__(type(estimator))
    values = vars(estimator)
    vars(twin).update(values if fitted else _not_learned(estimator))
    return twin


def take_fit(estimator: Estimator, fitted: Estimator) -> None:
    """Take all that another estimator learned, in place of what this one did."""
    learned = vars(fitted).keys() - _not_learned(fitted).keys()
    # One assignment, which no Ctrl-C can cut in two.
    estimator.__dict__ = _not_learned(estimator) | {name: vars(fitted)[name] for name in learned}


def _not_learned(estimator: BaseEstimator) -> dict[str, object]:
    """Parameters, and what scikit-learn or a user keeps with them."""
    learned = {*estimator._kept, "_net"}
    return {name: value for name, value in vars(estimator).items() if name not in learned}
