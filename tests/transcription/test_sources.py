"""Which pictures a source names, and what is known of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sksvhn._reading import Picture
from sksvhn.transcription import _sources
from sksvhn.transcription._sources import open_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.png", "a.JPG", "inner/c.png", "inner/d.txt", "0/e.tif"):
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "pictures"


def keys(source: Any) -> list[Any]:
    return [row.key for row in open_source(source).rows()]


def test_folder_pattern_and_paths_are_in_order(folder: Path) -> None:
    expected = [folder / name for name in ("a.JPG", "b.png", "0/e.tif", "inner/c.png")]
    assert keys(folder) == keys(f"{folder}/") == keys(expected) == list(map(str, expected))
    assert keys(folder / "*.*[gG]") == [str(folder / "a.JPG"), str(folder / "b.png")]
    assert keys(pd.Series(["x.png", "y.png"])) == keys(np.array(["x.png", "y.png"]))
    # Listed anew each time.
    opened = open_source(folder)
    before = opened.count()
    assert before == opened.count() == open_source(folder).count()
    (folder / "z.png").touch()
    assert opened.count()[0] == before[0] + 1


def test_tables_say_the_same_however_they_are_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sources, "ROWS", 2)
    frame = pd.DataFrame(
        {
            "path": ["1.png", "2.png", "3.png"],
            "left": [1.0, np.nan, 3.0],
            "top": [1.0, np.nan, 1.0],
            "width": [5.0, np.nan, 5.0],
            "height": [9.0, np.nan, 9.0],
            "other": [0, 0, 0],
        }
    )
    expected = [
        Picture("1.png", [1, 1, 5, 9], ["12", "07"]),
        Picture("2.png", None, []),
        Picture("3.png", [3, 1, 5, 9], ["3"]),
    ]
    lists = frame.assign(candidates=[["12", "07"], None, ["3"]])
    lists.to_parquet(tmp_path / "table.parquet")
    blanks = frame.assign(candidates=["12 07", None, "3"])
    blanks.to_csv(tmp_path / "table.csv", index=False)
    nested = pd.DataFrame(
        {
            "path": frame["path"],
            "boxes": [[1, 1, 5, 9], None, [3, 1, 5, 9]],
            "candidates": lists["candidates"],
        }
    ).set_axis([7, 7, 7])
    nested.to_parquet(tmp_path / "nested.parquet")
    for source in (lists, blanks, nested, *tmp_path.glob("*.*")):
        opened = open_source(source)
        assert list(opened.rows()) == expected
        assert opened.has_candidates
        assert [len(part.pictures) for part in opened.partitions(2)] == [2, 1]


def test_digest_tells_rows_apart() -> None:
    paths = ["1.png", "2.png"]
    boxes = [[1, 2, 3, 4], None]
    digests = [
        open_source(*arguments).count()[1]
        for arguments in (
            (paths,),
            (paths[::-1],),
            (paths, boxes),
            (paths, boxes[::-1]),
            (paths, None, ["12"]),
            (paths, None, [["12"], ["12"]]),
            (paths, None, [["12"], ["13"]]),
        )
    ]
    assert len(set(digests)) == len(digests)
    assert open_source(paths, np.array([[1, 2, 3, 4]] * 2)).count() == (
        open_source(paths, {"2.png": (1, 2, 3, 4), "./1.png": [1, 2, 3, 4]}).count()
    )


def test_files_of_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sources, "ROWS", 3)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["photos"] = np.arange(10 * 4 * 4).reshape(10, 4, 4)
        file["labels"] = np.arange(10)
    contents = [bytes([i]) for i in range(10)]
    table = pa.table({"name": contents, "path": [f"{i}.png" for i in range(10)]})
    pq.write_table(table, tmp_path / "b.parquet", row_group_size=4)
    found: list[Any] = []
    for name in ("a.h5", "b.parquet"):
        opened = open_source(tmp_path / name, candidates=[str(i) for i in range(10)])
        parts = list(opened.partitions(6))
        assert [(part.first, len(part.pictures)) for part in parts] == [(0, 6), (6, 4)]
        assert opened.count()[0] == 10
        found.append([list(part.contents("")) for part in parts])
    np.testing.assert_array_equal(found[0][1], np.arange(96, 160).reshape(4, 4, 4))
    assert found[1] == [contents[:6], contents[6:]]
    assert keys(tmp_path / "a.h5") == list(range(10))
    assert keys(tmp_path / "b.parquet") == [f"{i}.png" for i in range(10)]


def test_what_cannot_be_is_said(folder: Path, tmp_path: Path) -> None:
    pd.DataFrame({"file": ["1.png"]}).to_csv(tmp_path / "no_path.csv")
    (tmp_path / "short.csv").write_text("candidates,path\n12\n")
    with h5py.File(tmp_path / "two.h5", "w") as file:
        file["a"] = file["b"] = np.zeros((2, 4, 4))
    frame = pd.DataFrame({"path": ["1.png"], "boxes": [[1, 1, 1, 1]]})
    for arguments, error, words in (
        (
            (tmp_path / "absent",),
            FileNotFoundError,
            "there is no file or folder at .*absent; pass a folder, a patt",
        ),
        (
            (tmp_path / "no_path.csv",),
            ValueError,
            "must be a CSV file with the columns path; got the first line",
        ),
        ((tmp_path / "two.h5",), ValueError, r"must have one dataset of pictures.* got a, b"),
        ((tmp_path / "short.csv",), ValueError, "line 2 of .* must name a picture"),
        ((folder / "b.png",), ValueError, "it is an empty file; download or copy it again"),
        ((frame[["boxes"]],), ValueError, "The DataFrame must have the column 'path'; got 'boxes'"),
        ((frame.assign(left=1),), ValueError, "must have all of the columns left, top"),
        ((frame, [[1, 1, 1, 1]]), ValueError, "boxes must be given once"),
        ((["1.png", 3],), TypeError, "must hold paths of pictures; got 3, a int"),
        ((4,), TypeError, "source must be a folder, .* got a int"),
    ):
        with pytest.raises(error, match=words):
            open_source(*arguments).count()
    for boxes, words in (
        ([[1, 1, 1, 1]], "got 1 for more than 1 pictures"),
        ([[1, 1, 1, 1]] * 3, "one entry per picture; got 3 for 2 pictures"),
    ):
        with pytest.raises(ValueError, match=words):
            open_source(["1.png", "2.png"], boxes).count()


def test_pictures_that_boxes_do_not_name_are_told(folder: Path) -> None:
    box = (1, 2, 3, 4)
    opened = open_source(folder, {folder / "b.png": box, folder / "other.png": box})
    with pytest.warns(
        UserWarning, match="^boxes names only 1 of 4 pictures; the others are read whole"
    ):
        opened.count()
    assert len(list(opened.partitions(3))) == 2  # which warns no more
    open_source(["a.png", "b.png"], {"a.png": box, "./b.png": None}).count()  # named, without a box
    for boxes in ({}, {"b.png": box}):
        with pytest.raises(
            ValueError, match=r"boxes must name .* got none of these, such as .*c.png'"
        ):
            open_source(folder, boxes).count()
    open_source("*.absent", {"b.png": box}).count()  # there is no picture, as the caller says


def test_names_that_are_no_text_are_told(tmp_path: Path) -> None:
    from sksvhn._reading import Reading
    from sksvhn.transcription._output import as_table

    table = as_table(["caf\udce9.png"], [Reading(error="x")], has_candidates=False)
    assert table["path"].to_pylist() == ["caf\\xe9.png"]


def test_a_box_is_whole_or_not_there(tmp_path: Path) -> None:
    frame = pd.DataFrame({"path": ["1.png"], "left": [1], "top": [2], "width": [3], "height": None})
    frame.to_csv(tmp_path / "table.csv", index=False)
    frame.to_parquet(tmp_path / "table.parquet")
    for source in (frame, tmp_path / "table.csv", tmp_path / "table.parquet"):
        with pytest.raises(ValueError, match=r"left, top, width, height.*none of them"):
            open_source(source).count()


def test_a_file_in_place_of_the_output(tmp_path: Path) -> None:
    from sksvhn.transcription._output import OutputFolder

    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(OSError, match=r"must be a folder, or a path where one can be created"):
            OutputFolder(path, {})
