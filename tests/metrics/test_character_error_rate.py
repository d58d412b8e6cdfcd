from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.metrics import make_scorer

from sksvhn.metrics import character_error_rate

from ._cases import cases, padded


@cache
def brute_distance(a: str, b: str) -> int:
    """Levenshtein's recursion as it is written, one pair at a time."""
    if not a or not b:
        return len(a) + len(b)
    return min(
        brute_distance(a[1:], b) + 1,
        brute_distance(a, b[1:]) + 1,
        brute_distance(a[1:], b[1:]) + (a[0] != b[0]),
    )


def searched_distances(start: str, alphabet: str, longest: int) -> dict[str, int]:
    """Distances found by editing: breadth first through all strings, no recursion on prefixes."""
    found, edge = {start: 0}, [start]
    while edge:
        reached = []
        for s in edge:
            edits = [s[:i] + s[i + 1 :] for i in range(len(s))]
            edits += [s[:i] + c + s[i + 1 :] for i in range(len(s)) for c in alphabet]
            edits += [s[:i] + c + s[i:] for i in range(len(s) + 1) for c in alphabet]
            for edit in edits:
                if len(edit) <= longest and edit not in found:
                    found[edit] = found[s] + 1
                    reached.append(edit)
        edge = reached
    return found


@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_equals_brute_force(case):
    rows = list(zip(*case.columns(), strict=True))
    errors = sum(brute_distance(t, r) * w for t, r, w, _ in rows)
    rate = character_error_rate(*case.scores_input, sample_weight=case.weight)
    characters = sum(len(t) * w for t, _, w, _ in rows)
    assert rate == pytest.approx(float(Fraction(errors, characters)))


def test_equals_a_search_through_all_short_strings():
    strings = ["".join(s) for n in range(5) for s in product("01", repeat=n)]
    for true in ("0", "01", "110", "0101"):
        found = searched_distances(true, "01", longest=5)
        for read in strings:
            assert character_error_rate([true], [read]) == pytest.approx(found[read] / len(true))


LETTERS = "0123456789ABab-é中"


@given(a=st.text(LETTERS, min_size=1, max_size=6), b=st.text(LETTERS, min_size=1, max_size=6))
@settings(deadline=None, max_examples=40)
def test_any_characters(a, b):
    assert character_error_rate([a], [b]) == pytest.approx(brute_distance(a, b) / len(a))


@given(case=cases(), data=st.data())
@settings(deadline=None, max_examples=40)
def test_invariances(case, data):
    expected = pytest.approx(character_error_rate(*case.scores_input, sample_weight=case.weight))
    shuffled = case.rows(data.draw(st.permutations(range(len(case.true)))))
    assert character_error_rate(*shuffled.scores_input, sample_weight=shuffled.weight) == expected
    assert character_error_rate(*case.repeated().scores_input) == expected


def test_forms_agree():
    true, read = ["19", "210", "7"], ["19", "20", ""]
    expected = character_error_rate(true, read)
    for y_true in (true, [19, 210, 7], padded(true, spare=2)):
        for y_pred in (read, [19, 20, -1], padded(read)):
            assert character_error_rate(y_true, y_pred) == expected
    assert type(expected) is float


def test_nothing_wrong_and_nothing_read():
    assert character_error_rate(["19", "7"], ["19", "7"]) == 0
    assert character_error_rate(["19", "7"], ["", ""]) == 1


def test_the_rate_can_exceed_one():
    assert character_error_rate(["7"], ["1234"]) == 4


def test_works_as_an_error_to_make_small():
    reader = DummyClassifier(strategy="constant", constant="1").fit([[0], [1]], ["1", "3"])
    scorer = make_scorer(character_error_rate, greater_is_better=False)
    assert scorer(reader, [[0], [1]], ["1", "3"]) == -0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y_true": ["19"], "y_pred": ["19", "7"]}, "inconsistent numbers of samples"),
        ({"y_true": [], "y_pred": []}, "y_true must hold at least one number"),
        ({"y_true": ["19", ""], "y_pred": ["19", "7"]}, "y_true element 1 is an empty number"),
        ({"y_true": ["19"], "y_pred": ["19"], "sample_weight": [-1.0]}, "[Nn]egative"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        character_error_rate(**arguments)
