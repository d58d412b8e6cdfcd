from __future__ import annotations

from functools import partial
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sksvhn.metrics import (
    bootstrap_interval,
    compare_readers,
    coverage_at_accuracy_score,
    digit_accuracy_score,
    sequence_accuracy_score,
)

from ._cases import padded


def readings(n_right: int, n: int) -> tuple[list[str], list[str]]:
    return ["19"] * n, ["19"] * n_right + ["7"] * (n - n_right)


def exact_mcnemar(b: int, c: int) -> float:
    """Sum of the binomial probabilities of all outcomes no likelier than (b, c)."""
    n = b + c
    return sum(comb(n, k) for k in range(n + 1) if comb(n, k) <= comb(n, b)) / 2**n


def test_accuracy_has_the_binomial_interval():
    interval = bootstrap_interval(
        sequence_accuracy_score, *readings(300, 400), n_resamples=2000, random_state=0
    )
    # Draws of an accuracy are binomial; so close are 2,000 of them to the normal approximation.
    half = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert interval.estimate == 0.75
    assert interval.low == pytest.approx(0.75 - half, abs=0.006)
    assert interval.high == pytest.approx(0.75 + half, abs=0.006)
    assert {type(value) for value in interval} == {float}


def test_covers_the_truth_as_often_as_promised():
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(100):
        interval = bootstrap_interval(
            lambda true, read: np.mean(true == read),
            *readings(rng.binomial(200, 0.8), 200),
            confidence_level=0.9,
            n_resamples=100,
            random_state=seed,
        )
        hits += interval.low <= 0.8 <= interval.high
    assert 80 <= hits <= 98


def test_confidence_and_weight_are_drawn_with_their_numbers():
    true = [str(i) for i in range(50)]
    number = np.arange(50.0)
    calls = []

    def metric(y_true, y_pred, confidence, *, sample_weight):
        calls.append(len(y_true))
        as_numbers = np.array([float(t) for t in y_true])
        assert (y_true == y_pred).all()
        assert (as_numbers == confidence).all()
        assert (as_numbers + 1 == sample_weight).all()
        return as_numbers.mean()

    interval = bootstrap_interval(
        metric, true, true, number, sample_weight=number + 1, n_resamples=20, random_state=0
    )
    assert set(calls) == {50}
    assert len(calls) >= 21
    assert interval.low < interval.estimate == 24.5 < interval.high


def test_takes_scores_with_options_and_every_form():
    true, read = ["19", "7", "84"] * 10, ["19", "", "84"] * 10
    confidence = np.tile([0.9, 0.4, 0.8], 10)
    metric = partial(coverage_at_accuracy_score, accuracy=0.9)
    expected = bootstrap_interval(metric, true, read, confidence, n_resamples=30, random_state=1)
    assert expected.estimate == pytest.approx(2 / 3)
    for y_true in (true, [19, 7, 84] * 10, padded(true, spare=1)):
        for y_pred in ([19, -1, 84] * 10, padded(read)):
            assert expected == bootstrap_interval(
                metric, y_true, y_pred, confidence, n_resamples=30, random_state=1
            )


def test_numbers_of_no_weight_are_left_out():
    interval = bootstrap_interval(
        sequence_accuracy_score, *readings(3, 5), sample_weight=[1, 1, 1, 0, 0], n_resamples=50
    )
    assert interval == (1, 1, 1)


def test_an_integer_seed_repeats_the_interval_and_a_higher_level_widens_it():
    call = partial(bootstrap_interval, sequence_accuracy_score, *readings(60, 100))
    assert call(n_resamples=100, random_state=3) == call(n_resamples=100, random_state=3)
    wide = call(confidence_level=0.99, n_resamples=500, random_state=0)
    narrow = call(confidence_level=0.5, n_resamples=500, random_state=0)
    assert wide.low < narrow.low < narrow.high < wide.high


def readers(both: int, only_a: int, only_b: int, none: int) -> tuple[list[str], ...]:
    a = ["19"] * (both + only_a) + ["7"] * (only_b + none)
    b = ["19"] * both + ["7"] * only_a + ["19"] * only_b + [""] * none
    return ["19"] * len(a), a, b


@given(counts=st.tuples(*[st.integers(0, 15)] * 4).filter(lambda c: sum(c) > 1))
@settings(deadline=None, max_examples=40)
def test_comparison_equals_brute_force(counts):
    _, only_a, only_b, _ = counts
    true, a, b = readers(*counts)
    comparison = compare_readers(true, a, b, n_resamples=20, random_state=0)
    accuracies = [sequence_accuracy_score(true, read) for read in (a, b)]
    assert comparison.difference == pytest.approx(accuracies[0] - accuracies[1], abs=1e-12)
    assert (comparison.only_a_right, comparison.only_b_right) == (only_a, only_b)
    assert comparison.p_value == pytest.approx(exact_mcnemar(only_a, only_b))
    swapped = compare_readers(true, b, a, n_resamples=20, random_state=0)
    assert swapped.difference == -comparison.difference
    assert swapped.p_value == comparison.p_value
    assert (swapped.low, swapped.high) == pytest.approx((-comparison.high, -comparison.low))


def test_pairs_are_kept_together():
    # 200 of 400 right in each, the same ones but for eight: paired, the interval is narrow.
    comparison = compare_readers(*readers(196, 8, 0, 196), n_resamples=2000, random_state=0)
    assert comparison.difference == 0.02
    assert comparison.low == pytest.approx(0.0075, abs=0.003)
    assert comparison.high == pytest.approx(0.035, abs=0.004)
    assert comparison.p_value == 2 / 2**8


def test_equal_readers_differ_by_nothing():
    assert compare_readers(*readers(5, 0, 0, 5), n_resamples=50) == (0, 0, 0, 0, 0, 1)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"metric": "accuracy"}, "'metric' parameter"),
        ({"confidence_level": 95}, "'confidence_level' parameter"),
        ({"n_resamples": 0}, "'n_resamples' parameter"),
        ({"random_state": "x"}, "'random_state' parameter"),
        ({"y_pred": ["19"]}, "inconsistent numbers of samples"),
        ({"sample_weight": [1, 0]}, "at least two numbers of positive weight"),
        (
            {"metric": digit_accuracy_score, "y_true": ["", "7"]},
            "y_true element 0 is an empty number",
        ),
    ],
)
def test_bad_input_is_refused(changed, message):
    arguments = {"metric": sequence_accuracy_score, "y_true": ["19", "7"], "y_pred": ["19", "7"]}
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(**(arguments | changed))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["19"], ["19"], ["7"]), "at least two numbers of positive weight"),
        ((["19", "7"], ["19", "7"], ["7"]), "inconsistent numbers of samples"),
        ((["19", "7"], ["19", "7"], None), "'y_pred_b' parameter"),
    ],
)
def test_bad_comparison_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        compare_readers(*arguments)
