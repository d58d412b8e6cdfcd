"""The grid of photographs with their numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sksvhn.plotting import PhotographsDisplay
from sksvhn.plotting._matplotlib import RIGHT, WRONG

COLUMNS = ["picture", "number", "confidence", "left", "top", "width", "height"]
PHOTO = np.random.default_rng(0).integers(0, 256, (60, 100, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    mpl.pyplot.close("all")


def table(*rows: Any) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def titles(display: PhotographsDisplay) -> list[str]:
    return [axes.get_title() for axes in display.axes_.ravel()]


def labels(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_numbers_are_drawn_where_they_are_the_surest_on_top() -> None:
    found = table((1, "12", 0.999, 10, 20, 30, 15), (1, "7", 0.5, 60, 5, 9, 12))
    display = PhotographsDisplay.from_readings([PHOTO, PHOTO, PHOTO[..., 0]], found, n_columns=2)
    display.figure_.canvas.draw()
    assert titles(display) == ["picture 0: no number", "picture 1", "picture 2: no number", ""]
    axes = display.axes_[0, 1]
    assert labels(axes) == ["7  50%", "12  >99%"]
    assert [patch.get_bbox().bounds for patch in axes.patches] == [
        (60, 5, 9, 12),
        (10, 20, 30, 15),
    ]
    np.testing.assert_array_equal(axes.images[0].get_array(), PHOTO)


def test_files_and_what_is_no_number(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        Image.fromarray(PHOTO).save(tmp_path / name)
    (tmp_path / "c.png").write_bytes(b"")
    found = table(
        (str(tmp_path / "a.png"), "12", 0.9, 10, 20, 30, 15),
        (str(tmp_path / "b.png"), "", 0.25, 10, 20, 30, 15),
        (str(tmp_path / "c.png"), "", np.nan, *[np.nan] * 4),
        ("elsewhere.png", "3", 0.9, 10, 20, 30, 15),
    ).assign(rejected=[None, "nothing is read there", "it is empty", None])
    display = PhotographsDisplay.from_readings(tmp_path, found)
    assert titles(display) == ["a.png", "b.png: no number", "c.png: cannot be read"]
    assert [labels(axes) for axes in display.axes_[0]] == [["12  90%"], ["?  25%"], []]
    drawn = [axes.patches[0].get_edgecolor() for axes in display.axes_[0, :2]]
    assert drawn == [mpl.colors.to_rgba(color) for color in (RIGHT, WRONG)]
    absent = PhotographsDisplay.from_readings(tmp_path / "absent.png", found)
    assert titles(absent) == ["absent.png: cannot be read"]


def test_large_photographs_are_shrunk_with_their_boxes() -> None:
    large = Image.fromarray(PHOTO).resize((4096, 1000))
    figure = mpl.pyplot.figure()
    found = table((0, "12", 0.9, 400, 200, 40, 20))
    display = PhotographsDisplay.from_readings(large, found, figure=figure)
    assert display.figure_ is figure
    (axes,) = display.axes_.ravel()
    assert axes.images[0].get_array().shape == (250, 1024, 3)
    assert axes.patches[0].get_bbox().bounds == (100, 50, 10, 5)
    assert large.size == (4096, 1000)
    assert found["left"].tolist() == [400]


def test_bad_input_is_one_sentence() -> None:
    with pytest.raises(TypeError, match=r"must be the DataFrame that .* returns; got a list"):
        PhotographsDisplay.from_readings(PHOTO, [])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="it lacks left, top"):
        PhotographsDisplay.from_readings(PHOTO, table().drop(columns=["left", "top"]))
    with pytest.raises(ValueError, match="at least one picture to plot"):
        PhotographsDisplay.from_readings([], table())
    with pytest.raises(TypeError, match="pictures must be a picture"):
        PhotographsDisplay.from_readings(5, table())
