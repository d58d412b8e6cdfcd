"""Readings as they are written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksvhn.cli._console import printable
from sksvhn.cli._tables import Reading, make_writer

READINGS = [
    Reading("a.png", "210", 0.99996),
    Reading("b.png", None, 0.4),
    Reading("c.png", error="it is no picture"),
]


@given(st.text())
def test_printable_text_steers_nothing(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    if text.isprintable():
        assert shown == text


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    writer = make_writer("table", has_candidates=False, width=3)
    writer.write(READINGS[:2])
    writer.write(READINGS[2:])
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "Number     Sure  Picture",
        "210      >99.9%  a.png",
        "?         40.0%  b.png",
        "                 c.png  it is no picture",
    ]


def test_lines_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    make_writer("tsv", has_candidates=False, width=3).write(READINGS)
    assert capsys.readouterr().out == "a.png\t210\t0.999960\nb.png\t?\t0.400000\nc.png\t\t\n"


def test_probability_of_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [Reading("a.png", "210", 0.9, 0.25)]
    for form in ("tsv", "csv", "json", "table"):
        make_writer(form, has_candidates=True, width=3).write(rows)
    tsv, header, csv, line, titles, cells = capsys.readouterr().out.splitlines()
    assert tsv == "a.png\t210\t0.900000\t0.250000"
    assert header == "path,reading,confidence,in_list,error"
    assert csv == "a.png,210,0.900000,0.250000,"
    assert json.loads(line)["in_list"] == 0.25
    assert titles.split() == ["Number", "Sure", "In", "list", "Picture"]
    assert cells.split() == ["210", "90.0%", "25.0%", "a.png"]
