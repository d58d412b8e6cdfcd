"""NAME=VALUE as parameters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer import BadParameter

from sksvhn import SVHNSequenceClassifier
from sksvhn.cli._train import parse_parameters


@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.tuples(st.integers(), st.integers()),
        st.lists(st.lists(st.integers())),
    )
)
def test_python_literals(value: Any) -> None:
    assert parse_parameters([f"lr={value!r}"], SVHNSequenceClassifier) == {"lr": value}


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("null", None), ("adam", "adam"), ("a=b", "a=b"), ("", "")]
)
def test_json_and_text(text: str, value: Any) -> None:
    assert parse_parameters([f"optimizer={text}"], SVHNSequenceClassifier) == {"optimizer": value}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lr", "must be NAME=VALUE"),
        ("dropuot=0.1", "no parameter 'dropuot'; did you mean dropout"),
        ("x=1", "no parameter 'x'; it has activation, alphabet"),
        ("callbacks=[]", "callbacks cannot be set here: they are code"),
        ("margin=0", "margin cannot be set here: use --margin"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        parse_parameters([text], SVHNSequenceClassifier)


@pytest.mark.parametrize("text", ["123456789", "0123", "1e5", "[1]", "true", "0x10", "12 ", "(1,)"])
def test_text_stays_text(text: str) -> None:
    given = [f"alphabet={text}", f"device={text}"]
    assert parse_parameters(given, SVHNSequenceClassifier) == {"alphabet": text, "device": text}


def test_settings_have_a_dot() -> None:
    given = ["lr=0.05", "training.amp=false", "architecture.head=dense"]
    expected = {"lr": 0.05, "training__amp": False, "architecture__head": "dense"}
    assert parse_parameters(given, SVHNSequenceClassifier) == expected


def test_what_may_be_none_or_text() -> None:
    given = ["alphabet=null", 'device="cpu"']
    expected = {"alphabet": None, "device": "cpu"}
    assert parse_parameters(given, SVHNSequenceClassifier) == expected
