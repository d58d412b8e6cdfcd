"""Rank lists of candidate numbers, one list per picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .._labels import as_labels
from .._number_codec import NumberCodec
from ._decoding import SequenceFactors, log_probability_of_pairs


class RankedCandidates(NamedTuple):
    """How well each picture's candidates match it.

    Attributes
    ----------
    best : ndarray of shape (n_samples,) or (n_samples, max_length)
        The best match of each picture, in the form of the training labels; for an empty list a
        rejected reading (``""``, ``-1`` or an all-blank row).
    posterior : list of n_samples ndarrays of shape (n_candidates,)
        Probability of each candidate, in the order given, if one of its list is right. Sums to 1.
    in_list : ndarray of shape (n_samples,)
        P(the number is in the list | picture), without the prior. In [0, 1]; small if the picture
        seems to show none of the candidates.
    """

    best: NDArray[Any]
    posterior: list[NDArray[np.float64]]
    in_list: NDArray[np.float64]

    def _repr_html_(self) -> str:
        columns = {
            "best": list(self.best),
            "its posterior": [of_list.max(initial=0) for of_list in self.posterior],
            "in_list": self.in_list,
        }
        return pd.DataFrame(columns).to_html(max_rows=20, border=0, float_format="{:.3f}".format)


@dataclass(frozen=True)
class CandidateLists:
    """All lists, concatenated."""

    n_samples: int
    #: The picture that each candidate belongs to.
    rows: NDArray[np.int64]
    labels: list[Any]
    #: Weights before the picture is seen.
    prior: NDArray[np.float64]

    @classmethod
    def of(
        cls, candidates: Iterable[ArrayLike], prior: Iterable[ArrayLike] | None, n_samples: int
    ) -> CandidateLists:
        """Check the lists of `n_samples` pictures, and flatten them."""
        lists = _as_lists(candidates, "candidates", n_samples)
        sizes = [len(group) for group in lists]
        rows = np.repeat(np.arange(n_samples), sizes)
        weights = np.ones(len(rows))
        if prior is not None:
            weights = _checked_prior(_as_lists(prior, "prior", n_samples), sizes)
        return cls(n_samples, rows, [label for group in lists for label in group], weights)

    def check_distinct(self, strings: NDArray[np.object_]) -> None:
        """Raise if a list holds a number twice, whose probability would be counted twice."""
        twice = pd.DataFrame({"row": self.rows, "number": strings}).duplicated().to_numpy()
        if twice.any():
            first = int(twice.argmax())
            raise ValueError(
                f"each list of candidates must hold a number once; candidates[{self.rows[first]}] "
                f"holds {strings[first]!r} twice; pass its weight in prior."
            )

    def posterior(self, log_probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability of each candidate, given that one of its list is right.

        It is the prior if no candidate is possible.
        """
        with np.errstate(divide="ignore"):
            log_prior = np.log(self.prior)
        joint = log_probability + log_prior
        hopeless = self._greatest(joint) == -np.inf
        joint = np.where(hopeless[self.rows], log_prior, joint)
        weights = np.exp(joint - self._greatest(joint)[self.rows])
        return weights / self.sums(weights)[self.rows]

    def first_best(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Index of the first greatest value of each list; -1 where a list is empty."""
        order = np.lexsort((-values, self.rows))
        rows, first = np.unique(self.rows[order], return_index=True)
        best = np.full(self.n_samples, -1)
        best[rows] = order[first]
        return best

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum over each list."""
        sums = np.bincount(self.rows, weights=values, minlength=self.n_samples)
        return sums.astype(np.float64)  # integers where all lists are empty

    def split(self, values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Split values by list."""
        return np.split(values, np.searchsorted(self.rows, np.arange(1, self.n_samples)))

    def _greatest(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        greatest = np.full(self.n_samples, -np.inf)
        np.maximum.at(greatest, self.rows, values)
        return greatest


def rank(
    codec: NumberCodec,
    log_factors: SequenceFactors,
    candidates: Iterable[ArrayLike],
    prior: Iterable[ArrayLike] | None,
) -> RankedCandidates:
    """Rank each picture's list of candidates by Bayes' rule."""
    lists = CandidateLists.of(candidates, prior, len(log_factors.length))
    strings = np.empty(0, dtype=object)
    if lists.labels:
        codec.check_form(as_labels(lists.labels, "candidates"), "candidates")
        strings = codec.strings_of(lists.labels, "candidates")
    lists.check_distinct(strings)
    # Lists of one street hold the same numbers: each is looked at once.
    index, distinct = pd.factorize(strings)
    codec.check_candidates(distinct)
    readable = codec.readable(distinct)
    codes, lengths = codec.encode(distinct[readable])
    log_probability = np.full(len(strings), -np.inf)
    possible = readable[index]
    of_distinct = (np.cumsum(readable) - 1)[index[possible]]
    log_probability[possible] = log_probability_of_pairs(
        log_factors, lists.rows[possible], codes[of_distinct], lengths[of_distinct]
    )
    posterior = lists.posterior(log_probability)
    best = lists.first_best(posterior)
    if (best < 0).any():
        codec.check_rejection()
    answers = np.append(strings, "")[best]  # -1 takes the last
    in_list = np.minimum(lists.sums(np.exp(log_probability)), 1)
    return RankedCandidates(codec.from_strings(answers), lists.split(posterior), in_list)


def _as_lists(values: Any, name: str, n_samples: int) -> list[Sequence[Any]]:
    if isinstance(values, (str, pd.DataFrame)) or not isinstance(values, Iterable):
        raise ValueError(f"{name} must hold one list per picture; got {values!r}.")
    lists = list(values)
    for i, group in enumerate(lists):
        if (
            isinstance(group, str)
            or not hasattr(group, "__len__")
            or isinstance(group, (set, dict))
        ):
            raise ValueError(
                f"{name} must hold one list per picture; {name}[{i}] is {group!r}; pass [{name}] * "
                "len(X) if all pictures share one list."
            )
    if len(lists) != n_samples:
        raise ValueError(
            f"{name} must hold one list per picture; got {len(lists)} lists for {n_samples} "
            "pictures."
        )
    return lists


def _checked_prior(lists: list[Any], sizes: list[int]) -> NDArray[np.float64]:
    try:
        weights = [np.asarray(group, dtype=np.float64) for group in lists]
    except (TypeError, ValueError) as error:
        raise ValueError(f"prior must hold numbers ({error}).") from None
    for i, (of_list, size) in enumerate(zip(weights, sizes, strict=True)):
        if of_list.shape != (size,):
            raise ValueError(
                f"prior must hold one weight per candidate; prior[{i}] has shape {of_list.shape}, "
                f"candidates[{i}] has {size} numbers."
            )
        if size and not (np.isfinite(of_list).all() and of_list.min() >= 0 and of_list.any()):
            raise ValueError(
                f"prior must hold finite weights of at least 0, one of them positive; prior[{i}] "
                f"is {of_list.tolist()}."
            )
    return np.concatenate([*weights, np.empty(0)])
