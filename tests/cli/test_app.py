"""Texts that all commands share: counts, errors, and what is typed."""

from __future__ import annotations

import pytest
import typer

from sksvhn.cli._app import counted, in_options, parse_image_size, printable, sentence
from sksvhn.cli._read import parse_box


def test_counted() -> None:
    assert counted(1, "epoch") == "1 epoch"
    assert counted(2000, "grey picture") == "2,000 grey pictures"


def test_nothing_steers_the_terminal() -> None:
    assert printable("1.png") == "1.png"
    assert printable("a\tb\x1b[2J") == r"a\tb\x1b[2J"


def test_an_error_is_one_line() -> None:
    missing = FileNotFoundError(2, "No such file or directory", "1.png")
    assert sentence(missing) == "1.png: No such file or directory"
    assert sentence(ValueError("X is empty;\n pass pictures.")) == "X is empty; pass pictures."


def test_advice_is_for_the_shell_and_names_of_files_stay() -> None:
    advice = "a/max_pixels.png has too many pixels; raise max_pixels, or pass on_error='skip'."
    assert in_options(advice) == (
        "a/max_pixels.png has too many pixels; raise --max-pixels, or pass --on-error skip."
    )


def test_sizes_and_boxes() -> None:
    assert parse_image_size("64") == (64, 64)
    assert parse_image_size("32,48") == (32, 48)
    assert parse_box("10,20,30.5,40") == (10.0, 20.0, 30.5, 40.0)
    for text in ("10,20,30", "a,b,c,d"):
        with pytest.raises(typer.BadParameter):
            parse_box(text)
