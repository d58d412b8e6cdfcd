"""Split pictures once into a training, a validation and a test part."""

from __future__ import annotations

from math import ceil
from numbers import Integral
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing, check_random_state, indexable
from sklearn.utils._param_validation import Interval, RealNotInt

from .._labels import numbers_to_strings
from .._parameters import check_no_iterator, validate_params
from ._split import group_codes, merge_rare

_Part = NDArray[np.intp]

_SIZE = [
    Interval(RealNotInt, 0, 1, closed="neither"),
    Interval(Integral, 1, None, closed="left"),
]


@validate_params(
    {
        "X": "no_validation",
        "y": "no_validation",
        "test_size": _SIZE,
        "validation_size": _SIZE,
        "groups": "no_validation",
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def train_validation_test_split(
    X: Any,
    y: Any,
    *,
    test_size: float | int = 0.2,
    validation_size: float | int = 0.1,
    groups: ArrayLike | None = None,
    random_state: int | RandomState | None = None,
) -> tuple[Any, Any, Any, Any, Any, Any]:
    """Split pictures at random into a training, a validation and a test set.

    Numbers of every length, or single digits of every kind, have the same share in all three.
    Settings are chosen by the validation set; the test set is used once, at the end.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
        Pictures: an array, a memory map, a list, a DataFrame.
    y : array-like of shape (n_samples,) or (n_samples, max_length)
        Numbers, in any form that :func:`~sksvhn.metrics.as_number_strings` takes. If all have one
        character, parts are stratified by the character, otherwise by the length.
    test_size, validation_size : float or int, default=0.2 and 0.1
        Share (between 0 and 1, rounded up) or number of pictures. With `groups`, sizes are as near
        as whole groups allow.
    groups : array-like of shape (n_samples,), default=None
        Group of each picture, for instance the house or the photograph it was cut from. No group
        is split between parts.
    random_state : int, RandomState instance or None, default=None
        Seed of the split.

    Returns
    -------
    X_train, X_validation, X_test, y_train, y_validation, y_test : same types as `X` and `y`
        The parts, in random order. Parts of arrays and memory maps are copies in memory.

    Raises
    ------
    ValueError
        If `y` holds something else than numbers, sizes leave no picture for training, there are
        fewer than three groups, or a picture has none.

    See Also
    --------
    NumberKFold : Folds for cross-validation, stratified in the same way.
    sklearn.model_selection.train_test_split : Two parts; used if there are no groups.

    Notes
    -----
    Rare lengths count as a neighbouring length, as in :class:`NumberKFold`. Groups are taken from
    the largest to the smallest, in random order among equals, and each goes where it adds least to
    the sum of squared deviations from the sizes wanted, overall and for each length, divided by
    those sizes. (Folds of :class:`~sklearn.model_selection.StratifiedGroupKFold` have equal sizes
    only.)

    To leave the pictures of a memory map where they are, split their positions: pass
    ``np.arange(len(pictures))`` as `X`.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn.model_selection import train_validation_test_split
    >>> X, y = np.zeros((10, 32, 32)), ["7", "19", "3", "84", "21", "5", "66", "1", "30", "9"]
    >>> X_train, X_validation, X_test, y_train, y_validation, y_test = (
    ...     train_validation_test_split(X, y, test_size=0.2, validation_size=0.2, random_state=0)
    ... )
    >>> len(X_train), len(X_validation), len(X_test)
    (6, 2, 2)
    >>> [sorted(len(number) for number in part) for part in (y_train, y_validation, y_test)]
    [[1, 1, 1, 2, 2, 2], [1, 2], [1, 2]]
    """
    if y is None:
        raise ValueError(
            "y must be the numbers, whose lengths the parts are stratified by; got None."
        )
    check_no_iterator(X, "X")
    check_no_iterator(y, "y")
    check_no_iterator(groups, "groups")
    X, y, groups = indexable(X, y, groups)
    strings = numbers_to_strings(y)
    n_test, n_validation = _part_sizes(len(strings), test_size, validation_size)
    kinds = _kinds(strings)
    rng = check_random_state(random_state)
    if groups is None:
        parts = _split_pictures(kinds, n_test, n_validation, rng)
    else:
        parts = _split_groups(kinds, group_codes(groups), n_test, n_validation, rng)
    X_train, X_validation, X_test = (_safe_indexing(X, part) for part in parts)
    y_train, y_validation, y_test = (_safe_indexing(y, part) for part in parts)
    return X_train, X_validation, X_test, y_train, y_validation, y_test


def _part_sizes(n: int, test_size: float | int, validation_size: float | int) -> tuple[int, int]:
    n_test, n_validation = (
        ceil(size * n) if size < 1 else int(size) for size in (test_size, validation_size)
    )
    if n_test + n_validation >= n:
        raise ValueError(
            f"test_size and validation_size must leave pictures for training; got {test_size} and "
            f"{validation_size}, which take {n_test} and {n_validation} of {n} pictures; lower "
            "them."
        )
    return n_test, n_validation


def _kinds(strings: NDArray[np.object_]) -> NDArray[np.int64]:
    """Lengths, or characters if all numbers have one, by which parts are stratified."""
    lengths = np.array([len(string) for string in strings], dtype=np.int64)
    if (lengths == 1).all():
        return np.array([ord(string) for string in strings], dtype=np.int64)
    return lengths


def _strata(kinds: NDArray[np.int64], n_smallest: int) -> NDArray[np.int64]:
    """Classes, each large enough to have a member in a part of `n_smallest`."""
    return merge_rare(kinds, ceil(len(kinds) / n_smallest))


def _split_pictures(
    kinds: NDArray[np.int64], n_test: int, n_validation: int, rng: RandomState
) -> tuple[_Part, _Part, _Part]:
    n_train = len(kinds) - n_test - n_validation
    strata = _strata(kinds, min(n_train, n_validation, n_test))
    rest, test = train_test_split(
        np.arange(len(kinds)), test_size=n_test, stratify=strata, random_state=rng
    )
    strata = _strata(kinds[rest], min(n_train, n_validation))
    train, validation = train_test_split(
        rest, test_size=n_validation, stratify=strata, random_state=rng
    )
    return train, validation, test


def _split_groups(
    kinds: NDArray[np.int64],
    groups: NDArray[np.intp],
    n_test: int,
    n_validation: int,
    rng: RandomState,
) -> tuple[_Part, _Part, _Part]:
    n, n_groups = len(kinds), int(groups.max()) + 1
    if n_groups < 3:
        raise ValueError(
            "groups must hold at least 3 different values, because no group is split between the "
            f"three parts; got {n_groups}."
        )
    sizes = np.array([n - n_test - n_validation, n_validation, n_test])
    strata = _strata(kinds, int(sizes.min()))
    counts = np.zeros((n_groups, strata.max() + 2))
    np.add.at(counts, (groups, strata), 1)
    counts[:, -1] = counts.sum(axis=1)
    counts = counts[:, counts.any(axis=0)]

    wanted = np.outer(sizes / n, counts.sum(axis=0))
    excess = -wanted
    part_of = np.empty(n_groups, np.int64)
    order = rng.permutation(n_groups)
    for group in order[np.argsort(-counts[order, -1], kind="stable")]:
        count = counts[group]
        added = ((2 * excess + count) * count / wanted).sum(axis=1)
        part = int(added.argmin())
        part_of[group] = part
        excess[part] += count
    _fill_empty_parts(part_of, counts[:, -1])
    parts = part_of[groups]
    train, validation, test = (rng.permutation(np.flatnonzero(parts == p)) for p in range(3))
    return train, validation, test


def _fill_empty_parts(part_of: NDArray[np.int64], sizes: NDArray[np.float64]) -> None:
    """Give a part without a group the smallest one of the part that has most groups."""
    for part in range(3):
        if not (part_of == part).any():
            donors = np.flatnonzero(part_of == np.bincount(part_of).argmax())
            part_of[donors[sizes[donors].argmin()]] = part
