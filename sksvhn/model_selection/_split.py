"""Cross-validation folds for pictures of whole numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import (
    BaseCrossValidator,
    GroupKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)
from sklearn.utils import indexable

from .._labels import numbers_to_strings
from .._parameters import as_python, check_no_iterator


class NumberKFold(BaseCrossValidator):
    """K-fold splitter that stratifies by number length and keeps groups together.

    scikit-learn's ``StratifiedKFold`` treats every distinct number as a class, most of which have
    one member; here the class is the length of the number. Lengths with fewer than `n_splits`
    members count as the nearest shorter length (the shortest one as the nearest longer), so rare
    long numbers neither fail nor warn.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=False
        Whether to shuffle before making folds. If not, folds take the pictures in their order.
        Before version 1.8, scikit-learn balances the lengths of shuffled groups less well.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling; needs ``shuffle=True``.

    See Also
    --------
    sklearn.model_selection.StratifiedKFold : Used if there are no groups.
    sklearn.model_selection.StratifiedGroupKFold : Used if there are groups.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn.model_selection import NumberKFold
    >>> y = ["7", "19", "3", "84", "210", "5", "66", "1", "30", "9"]
    >>> for train, test in NumberKFold(n_splits=2).split(np.zeros((10, 1)), y):
    ...     print([y[i] for i in test])
    ['7', '19', '3', '84', '5']
    ['210', '66', '1', '30', '9']

    Pictures of one house stay together:

    >>> house = [0, 1, 2, 3, 4, 4, 3, 2, 1, 0]
    >>> for train, test in NumberKFold(n_splits=2).split(np.zeros((10, 1)), y, house):
    ...     print([house[i] for i in test])
    [0, 3, 4, 4, 3, 0]
    [1, 2, 2, 1]
    """

    # Asks scikit-learn's metadata routing for groups, as its own group splitters do.
    __metadata_request__split = {"groups": True}  # noqa: RUF012

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: int | RandomState | None = None,
    ) -> None:
        # As in scikit-learn, a splitter refuses bad parameters when it is made.
        StratifiedKFold(n_splits, shuffle=as_python(shuffle), random_state=random_state)
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state

    def split(
        self, X: Any, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Generate the indices of training and test pictures, fold by fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Pictures; only their number matters.
        y : array-like of shape (n_samples,) or (n_samples, max_length)
            Numbers, in any form that :func:`~sksvhn.metrics.as_number_strings` takes.
        groups : array-like of shape (n_samples,), default=None
            Group of each picture, for instance the house or the photograph it was cut from. No
            group is split between folds.

        Yields
        ------
        train : ndarray of shape (n_train,)
            Indices of the training pictures.
        test : ndarray of shape (n_test,)
            Indices of the test pictures. Every picture is in the test set of one fold.

        Raises
        ------
        ValueError
            If `y` is missing or holds something else than numbers, or if there are fewer pictures
            or groups than folds.
        """
        if y is None:
            raise ValueError(
                "y must be passed to NumberKFold: the numbers, whose lengths it stratifies by."
            )
        check_no_iterator(y, "y")
        check_no_iterator(groups, "groups")
        X, y, groups = indexable(X, y, groups)
        lengths = np.array([len(number) for number in numbers_to_strings(y)])
        if len(lengths) < self.n_splits:
            raise ValueError(
                f"n_splits must be at most the number of pictures, {len(lengths)}; got "
                f"{self.n_splits}."
            )
        strata = merge_rare(lengths, self.n_splits)
        settings = {"shuffle": as_python(self.shuffle), "random_state": self.random_state}
        if groups is None:
            yield from StratifiedKFold(self.n_splits, **settings).split(X, strata)
            return
        codes = group_codes(groups)
        splits = list(StratifiedGroupKFold(self.n_splits, **settings).split(X, strata, codes))
        if any(len(test) == 0 for _, test in splits):
            # It can leave a fold empty where there are hardly more groups than folds.
            splits = list(GroupKFold(self.n_splits, **settings).split(X, strata, codes))
        yield from splits

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups : object, default=None
            Ignored; present for compatibility with scikit-learn.

        Returns
        -------
        int
            The number of folds.
        """
        return self.n_splits


def merge_rare(lengths: NDArray[np.int64], min_members: int) -> NDArray[np.int64]:
    """Make classes of lengths, of at least `min_members` each, by merging neighbours."""
    _, strata, counts = np.unique(lengths, return_inverse=True, return_counts=True)
    for longer in range(len(counts) - 1, 0, -1):
        if counts[longer] < min_members:
            counts[longer - 1] += counts[longer]
            counts[longer] = 0
            strata[strata == longer] = longer - 1
    if counts[0] < min_members and counts.any():
        rest = np.flatnonzero(counts[1:])
        strata[strata == 0] = rest[0] + 1 if len(rest) else 0
    return strata


def group_codes(groups: ArrayLike) -> NDArray[np.intp]:
    # pandas groups anything hashable and keeps missing values apart.
    codes, _ = pd.factorize(pd.Series(groups))
    if (codes < 0).any():
        raise ValueError(
            f"groups must have a value for every picture; picture {int((codes < 0).argmax())} has "
            "none; give a picture without a group one of its own."
        )
    return codes
