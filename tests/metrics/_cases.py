"""Random readings for the tests of metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

# Few characters and lengths, so that readings are often right, partly right and equally confident.
_numbers = st.text("019", min_size=1, max_size=4)


@dataclass(frozen=True)
class Case:
    true: list[str]
    read: list[str]
    weight: list[int]
    confidence: list[float]

    @property
    def scores_input(self) -> tuple[list[str], list[str]]:
        return self.true, self.read

    def rows(self, order: Any) -> Case:
        return Case(*([column[i] for i in order] for column in self.columns()))

    def columns(self) -> tuple[list[Any], ...]:
        return self.true, self.read, self.weight, self.confidence

    def repeated(self) -> Case:
        """Each row as often as it weighs."""
        return self.rows([i for i, times in enumerate(self.weight) for _ in range(times)])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    true = draw(st.lists(_numbers, min_size=1, max_size=12))
    read = [draw(st.one_of(st.just(t), st.just(t), _numbers, st.just(""))) for t in true]
    n = len(true)
    weight = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n).filter(any))
    levels = st.sampled_from([0.1, 0.5, 0.7, 0.9, 0.99])
    confidence = draw(st.lists(levels, min_size=n, max_size=n))
    return Case(true, read, weight, confidence)


def padded(strings: list[str], blank: int = 10, spare: int = 0) -> np.ndarray:
    width = max(map(len, strings)) + spare
    rows = [[int(c) for c in s] + [blank] * (width - len(s)) for s in strings]
    return np.array(rows, dtype=np.int64).reshape(len(strings), width)
