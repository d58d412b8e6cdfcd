"""Scale of pixels: whether white is 1, 255 or 65535."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._warn import warn_caller

WHITES = (1, 255, 65535)
# Smaller pictures are tables, whose features may have any range.
MIN_SIDE = 8
# Up to here, white could be 15 or 16, as in scikit-learn's digits.
DARKEST = 16
# Below this share of white a picture is black, whatever white is.
BLACK = 1 / 16
# Share of pictures that must agree on what white is.
MAJORITY = 0.9
# Pixels looked at together.
_CHUNK = 2**20


def is_white(value: object) -> bool:
    """Whether it can have been learned as white."""
    return value is None or (type(value) is int and value in WHITES)


class WhiteVotes:
    """Learn what white is: each picture votes, so a few odd ones decide nothing.

    The maximum alone is no evidence: a feature scaled separately can have rare far pixels.
    """

    def __init__(self) -> None:
        self._n_lit = 0
        # Pictures that are plainly of another scale than those of WHITES.
        self._n_others = 0
        self._plain = dict.fromkeys(WHITES, 0)
        self._likely = dict.fromkeys(WHITES, 0)
        self._n_pictures = 0
        self._n_blank = 0

    def add(self, pictures: NDArray[Any]) -> None:
        """Count the votes of pictures (n, height, width, channels)."""
        if min(pictures.shape[1:3]) < MIN_SIDE:
            return
        for rows in _chunks(pictures):
            low, high = rows.min(axis=1), rows.max(axis=1)
            self._n_pictures += len(rows)
            self._n_blank += int((low == high).sum())
            self._n_lit += int((high > 0).sum())
            signed = low < -np.maximum(high, 0).astype(np.float64) / 4
            to_one = ~signed & (high <= 1) & (high > 0)
            to_255 = ~signed & (high > DARKEST) & (high <= 2 * 255)
            beyond = ~signed & (high > 2 * 255)
            whole = _are_whole(rows, to_one | to_255)
            self._plain[1] += int((to_one & ~whole & (high > BLACK)).sum())
            self._likely[1] += int((to_one & whole).sum())
            plain = to_255 & (whole | _exceed(rows, 4, to_255 & ~whole))
            self._plain[255] += int(plain.sum())
            self._likely[255] += int((to_255 & ~plain).sum())
            to_65535 = beyond & (high >= 2**14) & (high < 2**16) & _exceed(rows, 255, beyond)
            self._plain[65535] += int(to_65535.sum())
            self._n_others += int((signed | (beyond & ~to_65535)).sum())

    def settle(self) -> int | None:
        """1, 255 or 65535, or None where it is not plain; warn of pictures that can't be meant."""
        if self._n_blank == self._n_pictures > 1:
            _warn_of_blank("training picture")
        n_plain = sum(self._plain.values())
        if min(self._plain[1], n_plain - self._plain[1]) > (1 - MAJORITY) * n_plain:
            warn_caller(
                f"The training pictures must have one scale; {self._plain[1]} hold pixels from 0 "
                f"to 1 and {n_plain - self._plain[1]} go to 255 or beyond; rescale all to one "
                "range.",
            )
        n_votes = n_plain + self._n_others
        for white in WHITES:
            votes = self._plain[white]
            if votes and votes >= max(MAJORITY * n_votes, (1 - MAJORITY) * self._n_lit):
                return white
        for white in WHITES:
            if n_votes == 0 < self._likely[white] and self._likely[white] >= MAJORITY * self._n_lit:
                return white
        return None


def is_mask(pictures: Any) -> bool:
    """Whether it is an array of booleans, in which True is white."""
    return isinstance(dtype := getattr(pictures, "dtype", None), np.dtype) and dtype.kind == "b"


def white_of(pictures: NDArray[Any]) -> int | None:
    """Learn white from pictures (n, height, width, channels); None where it is not plain."""
    votes = WhiteVotes()
    votes.add(pictures)
    return votes.settle()


@dataclass(frozen=True)
class KnownScale:
    """Holds later pictures to the scale of the training pictures, each by itself."""

    #: 1, 255 or 65535; None where it was not plain, and nothing can be said.
    white: int | None

    def of_masks(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Make True white, in an array (changed in place) of 0 and 1 that was boolean."""
        if self.white not in (None, 1):
            pixels *= self.white
        return pixels

    def check(self, pictures: NDArray[Any], first: int = 0) -> None:
        """Refuse pictures of another scale, and warn about black or blank ones.

        `first` is the number that messages give the first picture.
        """
        if min(pictures.shape[1:3]) < MIN_SIDE:
            return
        n_blank = 0
        black: list[float] = []
        for rows in _chunks(pictures):
            low, high = rows.min(axis=1), rows.max(axis=1)
            n_blank += int((low == high).sum())
            if self.white is not None:
                black += self._check_rows(rows, low, high, first)
            first += len(rows)
        if n_blank == len(pictures) > 1:
            _warn_of_blank("picture of X")
        if black:
            warn_caller(
                f"{len(black)} of {len(pictures)} pictures are almost black: none of their pixels "
                f"is above {max(black):g}, and white was {self.white} in the training pictures. If "
                f"their white is another value, such as 1, rescale them to 0 to {self.white}; pass "
                "masks as bool.",
            )

    def _check_rows(
        self, rows: NDArray[Any], low: NDArray[Any], high: NDArray[Any], first: int
    ) -> list[float]:
        """Refuse rows of another scale; return the greatest pixel of each that is almost black.

        Only what no dark picture can be is refused.
        """
        white = self.white
        assert white is not None
        if ((low >= 0) & (high > 2 * white / 255) & (high < 2 * white)).all():
            return []  # as nearly all; for one picture, the rest takes a fiftieth of a prediction
        size = np.maximum(high.astype(np.float64), -low.astype(np.float64))
        # Nearly all pixels beyond white: some are what scaling by columns leaves, or resizing.
        wrong = _exceed(rows, 2 * white, high > 2 * white, share=7 / 8)
        if white == 1:
            wrong |= _are_whole(rows, high >= 2)
            # Scaling by columns leaves more of a dark picture below 0.
            wrong |= _go_below(rows, np.full(len(rows), -1 / 4), low < -1 / 4, share=1 / 3)
            # 0 and 1 of 255: a mask, or a picture taken in the dark.
            black = (low >= 0) & (np.abs(high * 255.0 - 1.0) < 1e-3)
        else:
            # Resizing leaves few pixels below 0, and standardising many.
            limit = -np.where(size <= white / 64, size, white) / 8
            wrong |= _go_below(rows, limit, low < limit, share=1 / 8)
            black = (size > 0) & (size <= np.where(low < 0, white / 64, white / 255))
            wrong |= _are_levels(rows, black & (low >= 0) & (high <= 1))
            if rows.dtype == np.uint8 and white > 255:
                wrong |= black
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(
                f"X[{first + row}] holds pixels from {low[row]:g} to {high[row]:g}, but "
                + _contrast(float(low[row]), float(high[row]), white)
            )
        greatest: list[float] = high[black].tolist()
        return greatest


def _contrast(low: float, high: float, white: int) -> str:
    """Say what was learned instead, and what to do."""
    if low < 0:
        return f"the training pictures held none below 0; pass pixels from 0 to {white}."
    found = min((known for known in WHITES if high <= known), default=white)
    remedy = f"pass pixels from 0 to {white}"
    if found != white:
        change = "multiply X by" if found < white else "divide X by"
        remedy = f"{change} {max(found, white) // min(found, white)}"
    return f"in the training pictures white was {white}; {remedy}."


def _warn_of_blank(what: str) -> None:
    warn_caller(
        f"Every {what} is blank (all its pixels are equal), so nothing can be read. Check how the "
        "pictures were loaded.",
    )


def _chunks(pictures: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Rows of pixels, so many at a time that copies of them are small."""
    length = max(1, _CHUNK // max(1, pictures[:1].size))
    for start in range(0, len(pictures), length):
        part = pictures[start : start + length]
        yield part.reshape(len(part), -1)


def _are_whole(rows: NDArray[Any], which: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether rows, of those asked for, hold integers only."""
    whole = which.copy()
    if rows.dtype.kind == "f" and which.any():
        asked = rows[which]
        whole[which] = (asked == np.trunc(asked)).all(axis=1)
    return whole


def _are_levels(rows: NDArray[Any], which: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether rows, of those asked for, hold integers divided by 255 or 65535.

    Means of few pixels are such fractions, too, but their denominators are small.
    """
    levels = np.zeros(len(rows), dtype=bool)
    if rows.dtype.kind != "f" or not which.any():
        return levels
    asked = rows[which].astype(np.float64)
    for white in WHITES[1:]:
        integers = np.rint(asked * white).astype(np.int64)
        fractions = integers / white
        close = np.isclose(asked, fractions, rtol=5e-7, atol=0).all(axis=1)
        if white == 255:  # as far as half precision tells them
            close |= (asked == fractions.astype(np.float16)).all(axis=1)
        denominators = white // np.gcd(np.gcd.reduce(integers, axis=1), white)
        levels[which] |= close & (denominators > DARKEST)
    return levels


def _go_below(
    rows: NDArray[Any], limit: NDArray[np.float64], which: NDArray[np.bool_], share: float
) -> NDArray[np.bool_]:
    """Whether more than a share of the pixels of rows asked for are below each row's limit."""
    below = which.copy()
    if which.any():
        below[which] = np.mean(rows[which] < limit[which, None], axis=1) > share
    return below


def _exceed(
    rows: NDArray[Any], limit: float, which: NDArray[np.bool_], share: float = 1 / 2
) -> NDArray[np.bool_]:
    """Whether more than a share of the positive pixels of rows asked for exceed a limit."""
    exceed = which.copy()
    if which.any():
        asked = rows[which]
        n_bright = np.count_nonzero(asked > limit, axis=1)
        exceed[which] = n_bright > share * np.count_nonzero(asked > 0, axis=1)
    return exceed
