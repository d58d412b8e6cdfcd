from __future__ import annotations

import json
from collections import defaultdict
from itertools import zip_longest

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.metrics import classification_report

from sksvhn.metrics import (
    coverage_at_accuracy_score,
    digit_accuracy_score,
    length_accuracy_score,
    position_accuracy_scores,
    sequence_accuracy_score,
    sequence_classification_report,
)

from ._cases import Case, cases, padded


def brute_digits(case: Case) -> dict[str, tuple[float, float, float, float]]:
    """Precision, recall, F1 and support of each character, counted pair by pair."""
    both: dict[str, int] = defaultdict(int)
    in_true: dict[str, int] = defaultdict(int)
    in_read: dict[str, int] = defaultdict(int)
    for true, read, weight, _ in zip(*case.columns(), strict=True):
        for t, r in zip_longest(true, read):
            in_true[t] += weight
            in_read[r] += weight
            both[t] += weight * (t == r)
    table = {}
    for c in sorted(({*in_true} | {*in_read}) - {None}):
        if in_true[c] + in_read[c]:
            precision = both[c] / in_read[c] if in_read[c] else 0.0
            recall = both[c] / in_true[c] if in_true[c] else 0.0
            f1 = 2 * both[c] / (in_true[c] + in_read[c])
            table[c] = (precision, recall, f1, in_true[c])
    return table


@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_holds_the_scores(case):
    report = sequence_classification_report(
        *case.scores_input,
        confidence=case.confidence,
        accuracy=0.75,
        sample_weight=case.weight,
        output_dict=True,
    )
    weight = {"sample_weight": case.weight}
    assert report["sequence_accuracy"] == sequence_accuracy_score(*case.scores_input, **weight)
    assert report["length_accuracy"] == length_accuracy_score(*case.scores_input, **weight)
    assert report["digit_accuracy"] == digit_accuracy_score(*case.scores_input, **weight)
    assert report["support"] == sum(case.weight)
    rejected = sum(w for r, w in zip(case.read, case.weight, strict=True) if r == "")
    assert report["rejected"] == pytest.approx(rejected / sum(case.weight))
    assert report["coverage_at_accuracy"] == {
        "accuracy": 0.75,
        "coverage": coverage_at_accuracy_score(
            *case.scores_input, case.confidence, accuracy=0.75, **weight
        ),
    }
    positions = position_accuracy_scores(*case.scores_input, **weight)
    assert [row["accuracy"] for row in report["positions"].values()] == positions.tolist()
    assert list(report["positions"]) == [str(i + 1) for i in range(len(positions))]


@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_tables_equal_brute_force(case):
    report = sequence_classification_report(
        *case.scores_input, sample_weight=case.weight, output_dict=True
    )
    for position, row in report["positions"].items():
        longer = [len(t) >= int(position) for t in case.true]
        assert row["support"] == np.dot(longer, case.weight)
    lengths = {len(t) for t, w in zip(case.true, case.weight, strict=True) if w}
    assert list(report["lengths"]) == [str(length) for length in sorted(lengths)]
    for length, row in report["lengths"].items():
        part = case.rows([i for i, t in enumerate(case.true) if len(t) == int(length)])
        weight = {"sample_weight": part.weight}
        assert row == {
            "sequence_accuracy": sequence_accuracy_score(*part.scores_input, **weight),
            "length_accuracy": length_accuracy_score(*part.scores_input, **weight),
            "digit_accuracy": digit_accuracy_score(*part.scores_input, **weight),
            "support": sum(part.weight),
        }
    digits = {c: tuple(row.values()) for c, row in report["digits"].items() if len(c) == 1}
    expected = brute_digits(case)
    assert list(digits) == list(expected)
    for c, row in expected.items():
        assert digits[c] == pytest.approx(row)


@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_micro_average_is_the_digit_accuracy(case):
    report = sequence_classification_report(*case.scores_input, output_dict=True)
    average = report["digits"]["micro avg"]
    n_read = sum(map(len, case.read))
    n_right = average["recall"] * sum(map(len, case.true))
    assert average["recall"] == pytest.approx(report["digit_accuracy"])
    assert average["precision"] == pytest.approx(n_right / n_read if n_read else 0)


def test_equals_scikit_learn_where_all_lengths_are_right():
    true, read = ["190", "21", "00"], ["190", "91", "01"]
    report = sequence_classification_report(true, read, output_dict=True)["digits"]
    theirs = classification_report(
        list("".join(true)), list("".join(read)), output_dict=True, zero_division=0.0
    )
    assert report.pop("micro avg")["recall"] == theirs.pop("accuracy")
    assert report == theirs


def test_dict_is_plain():
    report = sequence_classification_report(
        ["19", "7"], [19, 7], confidence=np.float32([0.9, 0.8]), output_dict=True
    )
    assert json.loads(json.dumps(report)) == report


@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_text_is_aligned_and_shows_the_dict(case):
    arguments = {"confidence": case.confidence, "sample_weight": case.weight}
    text = sequence_classification_report(*case.scores_input, **arguments, digits=3)
    report = sequence_classification_report(*case.scores_input, **arguments, output_dict=True)
    lines = [line for line in text.splitlines() if line]
    assert text.endswith("\n")
    cells = [[cell.strip() for cell in line.rsplit("  ") if cell.strip()] for line in lines]
    rows = {tuple(row) for row in cells}
    support = f"{report['support']:.0f}"
    assert ("whole numbers right", f"{report['sequence_accuracy']:.3f}", support) in rows
    assert ("lengths right", f"{report['length_accuracy']:.3f}", support) in rows
    coverage = report["coverage_at_accuracy"]["coverage"]
    assert ("covered at accuracy 0.98", f"{coverage:.3f}", support) in rows
    for kind in ("positions", "lengths", "digits"):
        for name, row in report[kind].items():
            *figures, row_support = row.values()
            expected = (name, *(f"{figure:.3f}" for figure in figures), f"{row_support:.0f}")
            assert expected in rows
    # Every cell ends where a column ends.
    name_width = lines[1].index("right") + len("right")
    assert {(len(line) - name_width) % 14 for line in lines} == {0}


def test_all_forms_give_the_same_text():
    true, read = ["19", "210", "7"], ["19", "21", ""]
    expected = sequence_classification_report(true, read)
    assert sequence_classification_report(padded(true), padded(read, spare=2)) == expected
    assert sequence_classification_report([19, 210, 7], [19, 21, -1]) == expected
    assert "covered" not in expected


def test_fractional_weights_show_in_the_support():
    text = sequence_classification_report(["19", "7"], ["19", "7"], sample_weight=[0.5, 0.25])
    assert "0.7500" in text.splitlines()[2]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"digits": -1}, "'digits' parameter"),
        ({"accuracy": 98}, "'accuracy' parameter"),
        ({"output_dict": "yes"}, "'output_dict' parameter"),
        ({"y_pred": ["19"]}, "inconsistent"),
        ({"confidence": [0.1, np.nan]}, "confidence contains NaN"),
    ],
)
def test_bad_input_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        sequence_classification_report(**({"y_true": ["19", "7"], "y_pred": ["19", "7"]} | changed))
