"""Readings as they are written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksvhn.cli._app import printable
from sksvhn.cli._rows import Row, writer

READINGS = [
    Row("a.png", "210", 0.99996),
    Row("b.png", None, 0.4),
    Row("c.png", error="it is no picture"),
]


@given(st.text())
def test_printable_text_steers_nothing(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    if text.isprintable():
        assert shown == text


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    write = writer("table", width=3)
    write(READINGS[:2])
    write(READINGS[2:])
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "Number     Sure  Picture",
        "210      >99.9%  a.png",
        "?         40.0%  b.png",
        "                 c.png  it is no picture",
    ]


def test_names_steer_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [Row("\x1b[2J\n.png", "1", 0.5)]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    for shown in ("table", "csv"):
        writer(shown, width=3)(rows)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert out.count("\\x1b[2J\\n.png") == 2


def test_csv(capsys: pytest.CaptureFixture[str]) -> None:
    writer("csv", width=3)(READINGS)
    assert capsys.readouterr().out == (
        "path,reading,confidence,error\na.png,210,0.999960,\nb.png,,0.400000,\n"
        "c.png,,,it is no picture\n"
    )


def test_probability_of_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [Row("a.png", "210", 0.9, in_list=0.25)]
    for shown in ("csv", "json", "table"):
        writer(shown, has_candidates=True, width=3)(rows)
    header, csv, line, titles, cells = capsys.readouterr().out.splitlines()
    assert header == "path,reading,confidence,in_list,error"
    assert csv == "a.png,210,0.900000,0.250000,"
    assert json.loads(line)["in_list"] == 0.25
    assert titles.split() == ["Number", "Sure", "In", "list", "Picture"]
    assert cells.split() == ["210", "90.0%", "25.0%", "a.png"]
