from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sksvhn._labels import as_labels, label_form, numbers_to_strings
from sksvhn._number_codec import NumberCodec

numbers = st.lists(st.text("0123456789", min_size=1, max_size=6), min_size=1, max_size=8)


def padded(strings: list[str], width: int, blank: int = 10) -> np.ndarray:
    rows = [[int(c) for c in s] + [blank] * (width - len(s)) for s in strings]
    return np.array(rows, dtype=np.int64).reshape(len(strings), width)


@given(strings=numbers)
@settings(deadline=None, max_examples=40)
def test_strings_stay_as_they_are(strings):
    for y in (strings, np.array(strings), np.array(strings, dtype=object), pd.Series(strings)):
        result = numbers_to_strings(y)
        assert result.dtype == object
        assert result.tolist() == strings


@given(values=st.lists(st.integers(0, 10**9), min_size=1, max_size=8))
@settings(deadline=None, max_examples=40)
def test_integers_are_written_out(values):
    expected = [str(value) for value in values]
    for y in (values, np.array(values), np.array(values, dtype=object), pd.Series(values)):
        assert numbers_to_strings(y).tolist() == expected
    assert numbers_to_strings(np.array(values, dtype=np.float64)).tolist() == expected


@given(strings=numbers, spare=st.integers(0, 3), blank=st.sampled_from([10, -1, 99]))
@settings(deadline=None, max_examples=40)
def test_padded_rows_are_read_up_to_their_blanks(strings, spare, blank):
    y = padded(strings, max(map(len, strings)) + spare, blank)
    assert numbers_to_strings(y, blank=blank).tolist() == strings
    assert numbers_to_strings(y.tolist(), blank=blank).tolist() == strings
    assert numbers_to_strings(y.astype(np.float32), blank=blank).tolist() == strings


def test_every_form_can_be_rejected():
    assert numbers_to_strings(["19", ""]).tolist() == ["19", ""]
    assert numbers_to_strings([19, -1]).tolist() == ["19", ""]
    assert numbers_to_strings([[1, 9], [10, 10]]).tolist() == ["19", ""]
    assert numbers_to_strings(np.zeros((2, 0), dtype=int)).tolist() == ["", ""]


def test_minus_one_is_a_rejected_reading_unless_other_integers_are_negative():
    assert numbers_to_strings([-5, -1, 4]).tolist() == ["-5", "-1", "4"]
    assert numbers_to_strings([-1, 1]).tolist() == ["-1", "1"]
    assert numbers_to_strings([-1, 1, 2]).tolist() == ["", "1", "2"]
    assert numbers_to_strings([-1]).tolist() == [""]
    assert numbers_to_strings([-1, 2], signed=True).tolist() == ["-1", "2"]
    assert numbers_to_strings([-5, -1], signed=False).tolist() == ["-5", ""]


def test_a_code_just_beyond_the_alphabet_is_refused():
    with pytest.raises(ValueError, match="must be in"):
        numbers_to_strings([[9, 10]], blank=-1)


def test_padded_rows_over_another_alphabet():
    y = [[0, 2, 3], [1, 3, 3]]
    assert numbers_to_strings(y, blank=3, alphabet="ABC").tolist() == ["AC", "B"]


def test_small_and_unusual_types():
    assert numbers_to_strings(np.array([[1, 10], [2, 3]], dtype=np.uint8)).tolist() == ["1", "23"]
    assert numbers_to_strings(np.array([2**64 - 1], dtype=np.uint64)).tolist() == [str(2**64 - 1)]
    assert numbers_to_strings(pd.Series([19, 210], dtype="Int64")).tolist() == ["19", "210"]
    assert numbers_to_strings(np.array([["19"], ["0210"]])).tolist() == ["19", "0210"]
    assert numbers_to_strings([]).tolist() == []


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["19", None], "element 1 is None"),
        (["19", np.nan], "element 1 is nan"),
        (pd.Series(["19", None]), "element 1 is"),
        (["19", 7], "element 1 is 7"),
        (["19\n", "7\n"], "white space.* holds '19.n'"),
        (["19", " 7"], "white space.* holds ' 7'"),
        (["19", "\u200b7"], "nor hold invisible characters"),
        (["19\t7"], "nor hold invisible characters"),
        (["19", "nan"], "got 'nan', a missing value written as a string"),
        (pd.Series(["19", None]).astype(object).map(str), "a missing value written as a string"),
        (np.eye(10, dtype=int)[[3, 1]], "one label per picture; got one-hot rows"),
        (np.eye(11, dtype=np.float32), "one-hot rows"),
        (np.eye(3, dtype=bool), "one-hot rows"),
        (
            np.array([19, 7])[:, None],
            "codes in .* got 19 in .* 1-D array, such as y_true.r",
        ),
        ([19.0, np.nan], "contains NaN, None or infinity"),
        ([19.0, np.inf], "contains NaN, None or infinity"),
        (pd.Series([19, None], dtype="Int64"), "contains NaN, None or infinity"),
        ([19.5], "integers; got 19.5"),
        ([[1.5, 10]], "integers; got 1.5"),
        ([[1, 2], [1]], "rows of different lengths"),
        ([[1, 10, 2]], "after the last character of a number; row 0"),
        ([[1, 2], [3, 11]], r"must be in \[0, 9\] .* row 1 is"),
        ([[1, -2]], r"must be in \[0, 9\] .* row 0 is"),
        (np.array([b"19"]), "must be a 1-D array of strings"),
        (np.array([["1", "2"]]), "must be a 1-D array of strings"),
        (np.zeros((1, 2, 3), dtype=int), "must be a 1-D array of strings"),
        ("19", "must be a 1-D array of strings"),
        (19, "must be a 1-D array of strings"),
    ],
)
def test_bad_labels_get_one_clear_error(y, message):
    with pytest.raises(ValueError, match=message) as caught:
        numbers_to_strings(y, name="y_true")
    assert "y_true" in str(caught.value)


def test_rows_that_might_be_one_hot_and_are_not():
    assert numbers_to_strings([[1, 0], [0, 1]]).tolist() == ["10", "01"]
    assert numbers_to_strings([[0, 1, 0]]).tolist() == ["010"]
    assert numbers_to_strings([[1, 0, 0]] * 3).tolist() == ["100"] * 3
    assert numbers_to_strings([[1, 0, 0], [0, 0, 1]]).tolist() == ["100", "001"]
    assert numbers_to_strings([[1, 0, 10], [0, 1, 10]]).tolist() == ["10", "01"]
    # A column of single digits says the same either way.
    assert numbers_to_strings([[7], [0]]).tolist() == ["7", "0"]


@pytest.mark.parametrize(
    ("labels", "alphabet"),
    [
        (["1A", "2B", "39", "7"], "0123456789AB"),
        (["A", "C", "B"], "ABC"),
        (["7"], "0123456789"),
        (["12-14", "3"], "0123456789-"),
    ],
)
def test_all_digits_are_learned_as_soon_as_one_occurs(labels, alphabet):
    y = np.array(labels, dtype=object)
    codec = NumberCodec.from_labels(y, y, alphabet=None, max_length=None, blank=10)
    assert codec.alphabet == alphabet


@pytest.mark.parametrize(
    "label", ["12.0", "12.", "1e3", "1E+05", "1,234", "1 9", "\uff11\uff12", "\u0663", "1\u00b2"]
)
def test_unlikely_labels_need_a_named_alphabet(label):
    y = np.array(["19", label], dtype=object)
    with pytest.raises(
        ValueError,
        match=f"what pictures show; got {label!r}.*with all characters".replace("+", "."),
    ):
        NumberCodec.from_labels(y, y, alphabet=None, max_length=None, blank=10)
    alphabet = "".join(sorted(set("19" + label)))
    codec = NumberCodec.from_labels(y, y, alphabet=alphabet, max_length=None, blank=10)
    assert codec.to_strings(*codec.encode(y)).tolist() == y.tolist()


@pytest.mark.parametrize(
    ("y", "form"),
    [
        (np.array(["19", "0210"]), "str"),
        (np.array(["19", "0210"], dtype=object), "str"),
        (np.array([19, 210]), "int"),
        (np.array([19, 210], dtype=object), "int"),
        (np.array([[1, 9, 10], [2, 1, 0]]), "padded"),
    ],
)
def test_labels_come_back_in_their_own_form(y, form):
    assert label_form(y) == form
    strings = numbers_to_strings(y)
    codec = NumberCodec.from_labels(y, strings, alphabet=None, max_length=None, blank=10)
    codes, lengths = codec.encode(strings)
    restored = codec.to_form(codes, lengths)
    assert restored.dtype.kind == y.dtype.kind or form == "int"
    assert restored.tolist() == y.tolist()


@given(strings=st.lists(st.text("AB7", min_size=1, max_size=4), min_size=1, max_size=6))
@settings(deadline=None, max_examples=40)
def test_codes_and_back(strings):
    y = np.array(strings, dtype=object)
    codec = NumberCodec.from_labels(y, y, alphabet=None, max_length=None, blank=10)
    codes, lengths = codec.encode(y)
    assert lengths.tolist() == [len(s) for s in strings]
    assert codes.shape == (len(strings), max(map(len, strings)))
    assert ((codes == -1) == (np.arange(codes.shape[1]) >= lengths[:, None])).all()
    assert codec.to_strings(codes, lengths).tolist() == strings


@pytest.mark.parametrize(
    ("strings", "message"),
    [
        (["19", ""], "element 1 is an empty number"),
        (["123"], "at most max_length=2 .* got '123' of length 3"),
        (["1B"], "'B' in '1B'"),
    ],
)
def test_encode_refuses_what_it_cannot_hold(strings, message):
    y = np.array(["19"], dtype=object)
    codec = NumberCodec.from_labels(y, y, alphabet=None, max_length=2, blank=10)
    with pytest.raises(ValueError, match=message):
        codec.encode(np.array(strings, dtype=object))


@pytest.mark.parametrize("y", [["19", "7"], [19, 7], [[1, 9], [7, 10]], pd.Series([19, 7])])
def test_labels_become_arrays_as_numpy_makes_them(y):
    np.testing.assert_array_equal(as_labels(y), np.asarray(y), strict=True)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (
            [[1, 2], [1]],
            "y_val must have rows of one length; .* pad them with the blank",
        ),
        (5, "y_val should be a 1d array of numbers, got 5 instead"),
        (None, "y_val should be a 1d array of numbers, got None instead"),
    ],
)
def test_labels_that_are_no_array(y, message):
    with pytest.raises(ValueError, match=message):
        as_labels(y, "y_val")


@pytest.mark.parametrize("alphabet", ["0123456789AB", "01 "])
def test_integers_over_letters_are_refused(alphabet):
    y = np.array([10, 1])
    strings = numbers_to_strings(y)
    with pytest.raises(ValueError, match=f"if y holds integers; got '{alphabet[10:] or ' '}'"):
        NumberCodec.from_labels(y, strings, alphabet=alphabet, max_length=None, blank=10)
    NumberCodec.from_labels(y, strings, alphabet="01-", max_length=None, blank=10)
    NumberCodec.from_labels(strings, strings, alphabet=alphabet, max_length=None, blank=10)


def test_readings_beyond_the_labels_dtype_are_not_wrapped():
    labels = np.array([12, 99], dtype=np.uint8)
    codec = NumberCodec.from_labels(
        labels, numbers_to_strings(labels), alphabet=None, max_length=3, blank=10
    )
    readings = codec.from_strings(np.array(["7", "999"], dtype=object))
    assert readings.tolist() == [7, 999]
    assert codec.from_strings(np.array(["7"], dtype=object)).dtype == np.uint8
