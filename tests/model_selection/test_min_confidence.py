from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from sksvhn.metrics import coverage_at_accuracy_score
from sksvhn.model_selection import min_confidence_for_accuracy

pytest.importorskip("mapie")

Choice = Callable[[np.ndarray, np.ndarray, float], float | None]


@dataclass(frozen=True)
class Population:
    """Readings whose probability of being wrong is known at every confidence."""

    wrong: Callable[[np.ndarray], np.ndarray]  # of a uniform number in [0, 1], the surest at 1
    steps: int | None = None  # confidences are multiples of 1 / steps

    def confidence(self, u: np.ndarray) -> np.ndarray:
        return u if self.steps is None else np.ceil(u * self.steps) / self.steps

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        u = rng.random(n)
        return self.confidence(u), rng.random(n) >= self.wrong(u)

    def accuracy(self, min_confidence: float) -> float:
        u = (np.arange(20_000) + 0.5) / 20_000
        kept = u[self.confidence(u) >= min_confidence]
        return float(1 - self.wrong(kept).mean())


POPULATIONS = {
    "falling": Population(lambda u: 0.003 + 0.4 * (1 - u) ** 4),
    "steep": Population(lambda u: np.where(u > 0.4, 0.005, 0.5)),
    "tied": Population(lambda u: 0.003 + 0.4 * (1 - u) ** 4, steps=10),
    "surest often wrong": Population(lambda u: 0.002 + 0.1 * (u > 0.97) + 0.3 * (u < 0.4)),
    # No threshold may be promised: whatever is kept is right a little too seldom.
    "never enough": Population(lambda u: np.full_like(u, 0.0201)),
}


def chosen(confidence: np.ndarray, right: np.ndarray, accuracy: float) -> float | None:
    try:
        return min_confidence_for_accuracy(*labels(right), confidence, accuracy=accuracy)
    except ValueError:
        return None


def plug_in(confidence: np.ndarray, right: np.ndarray, accuracy: float) -> float | None:
    coverage = coverage_at_accuracy_score(*labels(right), confidence, accuracy=accuracy)
    kept = round(coverage * len(right))
    return float(np.sort(confidence)[-kept]) if kept else None


def labels(right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.full(len(right), 19), np.where(right, 19, 79)


def is_kept_promise(population: Population, choose: Choice, accuracy: float = 0.98) -> bool:
    """Whether 200 validation sets agree with a failure in at most 10 % of them."""
    rng = np.random.default_rng(0)
    n_splits, failures = 200, 0
    for _ in range(n_splits):
        threshold = choose(*population.draw(600, rng), accuracy)
        failures += threshold is not None and population.accuracy(threshold) < accuracy
    return binomtest(failures, n_splits, 0.1, alternative="greater").pvalue > 0.01


@pytest.mark.parametrize("name", POPULATIONS)
def test_the_promise_is_kept(name):
    assert is_kept_promise(POPULATIONS[name], chosen)


@pytest.mark.parametrize("name", POPULATIONS)
def test_a_plug_in_threshold_breaks_it(name):
    # So that the test above can fail.
    assert not is_kept_promise(POPULATIONS[name], plug_in)


def test_keeps_nearly_what_may_be_kept():
    population = POPULATIONS["steep"]  # 0.98 is reached down to a confidence of 0.378
    confidence, right = population.draw(4000, np.random.default_rng(0))
    assert 0.378 < chosen(confidence, right, 0.98) < 0.4


def reference(confidence, right, accuracy, confidence_level):
    """Exact binomial tests one by one, in the documented order."""
    n, alpha, delta = len(right), 1 - accuracy, 1 - confidence_level
    start = n
    start, n_starts = n, 1
    for n_starts, n_wrong in ((2, 1), (1, 1), (1, 0)):
        level = delta / n_starts
        enough = [k for k in range(1, n + 1) if binom.cdf(min(n_wrong, k), k, alpha) <= level]
        if enough:
            start = max(enough[0], n // 4)
            break
    candidates = [c for c in np.unique(confidence)[::-1] if (confidence >= c).sum() >= start]
    n_starts = min(n_starts, len(candidates))
    threshold = None
    for i in range(n_starts):
        for candidate in candidates[i * (len(candidates) // n_starts) :]:
            kept = confidence >= candidate
            if binom.cdf((kept & ~right).sum(), kept.sum(), alpha) > delta / n_starts:
                break
            if threshold is None or candidate < threshold:
                threshold = candidate
    return 0.0 if threshold == confidence.min() else threshold


@given(
    n=st.integers(1, 150),
    share_right=st.sampled_from([0.7, 0.9, 0.97, 1]),
    accuracy=st.sampled_from([0.5, 0.8, 0.9, 0.95]),
    confidence_level=st.sampled_from([0.5, 0.9, 0.95]),
    decimals=st.integers(0, 4),
    seed=st.integers(0, 999),
)
@settings(deadline=None, max_examples=40)
def test_equals_exact_tests(n, share_right, accuracy, confidence_level, decimals, seed):
    rng = np.random.default_rng(seed)
    confidence = rng.random(n).round(decimals)  # 0 decimals: zeros and ones alone
    right = rng.random(n) < share_right + (1 - share_right) * confidence
    expected = reference(confidence, right, accuracy, confidence_level)
    arguments = (*labels(right), confidence)
    keywords = {"accuracy": accuracy, "confidence_level": confidence_level}
    if expected is None:
        with pytest.raises(ValueError, match="No min_confidence reaches"):
            min_confidence_for_accuracy(*arguments, **keywords)
    else:
        assert min_confidence_for_accuracy(*arguments, **keywords) == expected
        shuffled = rng.permutation(n)
        rows = [column[shuffled] for column in arguments]
        assert min_confidence_for_accuracy(*rows, **keywords) == expected


def test_number_of_pictures_that_prove_it():
    # 0.98 ** 114 < 0.1 < 0.98 ** 113: all readings right, there may just be enough of them.
    confidence = np.linspace(0, 1, 114)
    assert chosen(confidence, np.full(114, True), 0.98) == 0
    assert chosen(confidence[1:], np.full(113, True), 0.98) is None


def test_rounding_adds_no_wrong_reading():
    # 525 * (5 / 525) is more than 5 in floating point; 6 wrong ones would be too many.
    right = np.arange(525) >= 5
    assert binom.cdf(5, 525, 0.02) < 0.05 < binom.cdf(6, 525, 0.02)
    assert chosen(np.linspace(0, 1, 525), right, 0.98) == 0


def test_one_wrong_label_among_the_surest_ends_one_sequence_of_two():
    confidence = np.linspace(0, 1, 1000)
    right = confidence > 0.05
    right[[-1, -2, -3]] = False  # of the surest 250, 3 wrong are too many, of 625 they are not
    assert binom.cdf(3, 250, 0.02) > 0.1
    assert 0 < chosen(confidence, right, 0.98) < 0.1


def test_labels_in_any_form():
    confidence, right = POPULATIONS["steep"].draw(300, np.random.default_rng(0))
    y_true, y_pred = labels(right)
    expected = min_confidence_for_accuracy(y_true, y_pred, confidence, accuracy=0.95)
    assert 0.3 < expected < 0.5
    strings = np.where(right, "19", "")  # rejected readings are wrong ones
    rows = np.where(right[:, None], [1, 9], [10, 10])
    for read in (strings, strings.tolist(), rows):
        threshold = min_confidence_for_accuracy(y_true.astype(str), read, confidence, accuracy=0.95)
        assert threshold == expected


def test_no_threshold_is_a_clear_error():
    y_pred = [19] * 50 + [79] * 150
    with pytest.raises(ValueError, match=r"of the 194 surest, 25\.77% are right. Pass more valid"):
        min_confidence_for_accuracy([19] * 200, y_pred, np.linspace(1, 0, 200))


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        (
            {"confidence": [0.5, 1.5]},
            r"confidence must hold probabilities.* got 1\.5",
        ),
        (
            {"confidence": [-0.5, 1]},
            r"confidence must hold probabilities.* got -0\.5",
        ),
        ({"confidence": [0.5]}, "inconsistent numbers of samples"),
        ({"confidence": [0.5, np.nan]}, "NaN"),
        ({"accuracy": 1.0}, "'accuracy' parameter"),
        ({"confidence_level": 0.0}, "'confidence_level' parameter"),
    ],
)
def test_bad_input_is_a_clear_error(keywords, message):
    with pytest.raises(ValueError, match=message):
        min_confidence_for_accuracy([1, 2], [1, 2], **{"confidence": [0.5, 0.6], **keywords})


def test_without_mapie(monkeypatch):
    monkeypatch.setitem(sys.modules, "mapie.risk_control", None)
    with pytest.raises(ImportError, match=r"pip install 'sksvhn\[guarantee\]'"):
        min_confidence_for_accuracy([1], [1], [0.5])
