"""Convert NumPy's numbers, arrays and other sequences in parameters to Python's own values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, KeysView, Mapping, ValuesView
from functools import wraps
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import _param_validation, check_scalar
from sklearn.utils.validation import _check_sample_weight


def as_python(value: Any) -> Any:
    """Convert numbers to bool, int or float, and sequences of values to tuples."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if hasattr(value, "tolist"):  # arrays, and what pandas and torch have
        value = value.tolist()
    if isinstance(value, (tuple, list, range)):
        return tuple(map(as_python, value))
    return value


def python_params(estimator: Any) -> SimpleNamespace:
    """Return the parameters of an estimator as Python's numbers.

    torch refuses some of NumPy's, and small ones overflow in products.
    """
    params: Mapping[str, Any] = estimator.get_params(deep=False)
    return SimpleNamespace(**{name: as_python(value) for name, value in params.items()})


def validate_params(
    constraints: Mapping[str, Any], *, prefer_skip_nested_validation: bool
) -> Any:  # as scikit-learn's, which says nothing of what it decorates
    """Check parameters as scikit-learn's decorator does, and convert scalars and views of dicts."""
    check = _param_validation.validate_params(
        constraints, prefer_skip_nested_validation=prefer_skip_nested_validation
    )

    def decorate(function: Callable[..., Any]) -> Any:
        checked = check(function)

        @wraps(checked)
        def call(*args: Any, **kwargs: Any) -> Any:
            return checked(*map(_settled, args), **{k: _settled(v) for k, v in kwargs.items()})

        return call

    return decorate


def positive_int(value: Any, name: str) -> int:
    """Check a count, and return it as Python's number."""
    check_scalar(value, name, Integral, min_val=1)
    return int(value)


def check_no_iterator(value: Any, name: str) -> None:
    """Raise if a value can be read only once, or only in a loop."""
    if isinstance(value, (Iterator, KeysView, ValuesView)):
        raise TypeError(
            f"{name} must be an array-like; got a {type(value).__name__}; pass list({name})."
        )


def check_not_masked(value: Any, name: str) -> None:
    """Raise if an array has masked elements, whose values NumPy would use all the same."""
    if np.ma.is_masked(value):
        n_masked = np.ma.getmaskarray(value).sum()
        raise ValueError(
            f"{name} must have no masked elements; got {n_masked}; fill them, "
            "such as by filled(0), or drop what they belong to."
        )


def check_weights(sample_weight: Any, X: Any, **options: Any) -> NDArray[np.float64]:
    """Check weights as scikit-learn does, which knows nothing of masks and iterators."""
    check_no_iterator(sample_weight, "sample_weight")
    check_not_masked(sample_weight, "sample_weight")
    weights: NDArray[np.float64] = _check_sample_weight(
        sample_weight, X, dtype=np.float64, **options
    )
    return weights


def _settled(value: Any) -> Any:
    """Convert NumPy's scalars to Python's, and the views of dicts, which are no sequences."""
    if isinstance(value, (KeysView, ValuesView)):
        return list(value)
    return as_python(value) if isinstance(value, np.generic) else value
