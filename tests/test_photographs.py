"""Numbers of photographs: what is found, read, rejected and told, with a locator of the test's."""

from __future__ import annotations

import copy
import errno
import io
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression

import sksvhn
from sksvhn import SVHNCNNClassifier, SVHNSequenceClassifier, _photographs
from sksvhn._reading import PictureBatchReader, Reading

from ._street import PLACES, Always, Finder, street
from .estimators._pictures import bar_numbers, bar_reader

COLUMNS = ["picture", "number", "confidence", "left", "top", "width", "height"]


@pytest.fixture(scope="module")
def reader() -> SVHNSequenceClassifier:
    """Read bars as they are, without a margin."""
    return bar_reader().set_params(margin=0.0)


@pytest.fixture(scope="module")
def bars() -> tuple[NDArray[np.uint8], NDArray[np.object_]]:
    return bar_numbers(12, random_state=1)


def read(pictures: Any, reader: Any, **params: Any) -> pd.DataFrame:
    params = {"locator": Finder(), "min_confidence": 0.25} | params
    return sksvhn.read(pictures, reader=reader, **params)


def test_numbers_are_read_surest_first(reader: SVHNSequenceClassifier, bars: Any) -> None:
    images, numbers = bars
    found = read([street(images[:2]), street(images[2:5]), street([])], reader)
    assert list(found.columns) == COLUMNS
    sure = reader.confidence(images[:5])
    expected = sorted(
        (i // 2 if i < 4 else 1, -there * sure[i], numbers[i], left)
        for i, (left, there) in enumerate([*list(PLACES.items())[:2], *PLACES.items()])
    )
    assert found["picture"].tolist() == [picture for picture, *_ in expected]
    assert found["number"].tolist() == [number for _, _, number, _ in expected]
    np.testing.assert_allclose(found["confidence"], [-p for _, p, *_ in expected], rtol=1e-5)
    assert found["left"].tolist() == [left for *_, left in expected]
    assert (found[["top", "width", "height"]] == [20, 16, 16]).all(axis=None)


def test_boxes_may_leave_the_picture(reader: SVHNSequenceClassifier, bars: Any) -> None:
    corner = Always([0, 0, 2, 2, 1.0], [99, 59, 2, 2, 1.0], [99.9, 59.9, 2, 2, 1.0])
    found = read(street(bars[0]), reader, locator=corner, min_confidence=0, all=True)
    assert len(found) == 3


def test_a_box_a_hair_away_is_read_the_same(reader: SVHNSequenceClassifier, bars: Any) -> None:
    left = next(iter(PLACES))
    box = np.array([left + 0.3, 20.2, 15.7, 15.8])
    found = [
        read(street(bars[0]), reader, locator=Always([*(box + move), 1.0]), min_confidence=0)
        for move in (0, 2e-5, -2e-5, 0.3)
    ]
    confidence = [one["confidence"].item() for one in found]
    assert confidence[0] == confidence[1] == confidence[2] != confidence[3]


@pytest.mark.parametrize("all", [False, True])
def test_dtypes_are_those_of_full_frames_where_nothing_is_found(
    reader: SVHNSequenceClassifier, bars: Any, all: bool
) -> None:
    full = read(street(bars[0]), reader, all=all)
    empty = read(street([]), reader, all=all)
    assert (len(full), len(empty)) == (3, 0)
    pd.testing.assert_frame_equal(full.iloc[:0], empty, check_index_type=False)
    assert (full.dtypes[COLUMNS[2:]] == np.float64).all()
    assert full["picture"].dtype == object


def test_pictures_of_every_kind(reader: SVHNSequenceClassifier, bars: Any, tmp_path: Path) -> None:
    pixels = street(bars[0])
    picture = Image.fromarray(pixels).convert("RGB")
    content = io.BytesIO()
    picture.save(content, "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(content.getvalue())
    given = [pixels, picture, content, content.getvalue(), path, str(path), np.dstack([pixels] * 3)]
    expected = read(pixels, reader).drop(columns="picture")
    found = read(iter(given), reader)
    assert found["picture"].drop_duplicates().tolist() == [0, 1, 2, 3, str(path), 6]
    for position, one in enumerate(given):
        alone = read(one, reader)
        assert set(alone["picture"]) == {str(path) if position in (4, 5) else 0}
        pd.testing.assert_frame_equal(alone.drop(columns="picture"), expected)


def test_folders_and_patterns(reader: SVHNSequenceClassifier, bars: Any, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    names = ["b.png", "a.jpg", "inner/c.png"]
    for name in names:
        Image.fromarray(street(bars[0][:1])).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")

    def found(pictures: Any, **params: Any) -> list[str]:
        paths = read(pictures, reader, **params)["picture"]
        return [Path(path).relative_to(tmp_path).as_posix() for path in paths]

    assert found(tmp_path) == ["a.jpg", "b.png"]
    assert found(str(tmp_path), recursive=True) == ["a.jpg", "b.png", "inner/c.png"]
    assert found(f"{tmp_path}/*.png") == ["b.png"]
    assert found([tmp_path / "inner", tmp_path / "b.png"]) == ["inner/c.png", "b.png"]


def test_what_is_rejected_and_why(reader: SVHNSequenceClassifier, bars: Any) -> None:
    picture = street(bars[0][[0, 2, 1]])
    boxes = [[10, 20, 16, 16, 1.0], [40, 20, 16, 16, 0.25], [70, 20, 16, 16, 0.5]]
    boxes.append([98.5, 58.5, 4, 4, 1.0])  # of which too little lies in the picture
    locator = Always(*boxes)
    limit = 0.4
    sure = reader.confidence(bars[0][:2]) * [1, 0.5]
    found = read(picture, reader, locator=locator, min_confidence=limit, all=True)
    assert list(found.columns) == [*COLUMNS, "rejected"]
    assert found["left"].tolist() == [10, 70, *found["left"][2:]]
    assert found["rejected"][:2].tolist() == [None, None]
    np.testing.assert_allclose(found["confidence"][:2], sure, rtol=1e-5)
    by_left = found.set_index("left")
    assert by_left["rejected"][40] == "confidence below 0.4"
    assert by_left["number"][40] != ""
    assert (by_left["number"][98.5], by_left["confidence"][98.5]) == ("", 0)
    assert by_left["rejected"][98.5] == "nothing is read there"
    kept = read(picture, reader, locator=locator, min_confidence=limit)
    pd.testing.assert_frame_equal(kept, found[COLUMNS][:2])


@pytest.mark.parametrize(
    ("numbers", "there", "sure", "parts"),
    [
        (["312", "3", "2"], [0.9, 0.9, 0.9], [0.6, 0.9, 0.9], [False, True, True]),
        (["312", "4", ""], [0.9, 0.9, 0.9], [0.9, 0.9, 0.9], [False, False, False]),
        (["312", "312", "31"], [0.9, 0.9, 0.9], [0.9, 0.9, 0.9], [False, False, True]),
        # Nobody believes in the longer number.
        (["312", "3", "2"], [0.9, 0.9, 0.9], [0.1, 0.9, 0.9], [False, False, False]),
        (["312", "3", "2"], [0.4, 0.9, 0.9], [0.9, 0.9, 0.9], [False, False, False]),
    ],
)
def test_parts_of_longer_numbers_are_rejected(
    numbers: list[str], there: list[float], sure: list[float], parts: list[bool]
) -> None:
    finder = _photographs.PhotographBatchReader(
        None,  # type: ignore[arg-type]
        Finder(),
        min_confidence=0.5,
    )
    boxes = np.array([[10, 10, 60, 20], [8, 10, 20, 20], [50, 10, 20, 20]], dtype=float)
    readings = [Reading(*pair) for pair in zip(numbers, sure, strict=True)]
    found = finder._judged(np.column_stack([boxes, there]), readings)
    assert [one.rejected == "a part of a longer number" for one in found] == parts


def test_a_number_beside_a_longer_one_is_none_of_its_parts() -> None:
    finder = _photographs.PhotographBatchReader(None, Finder())  # type: ignore[arg-type]
    boxes = np.array([[10, 10, 60, 20, 1], [65, 10, 20, 20, 1]], dtype=float)
    found = finder._judged(boxes, [Reading("312", 0.9), Reading("2", 0.9)])
    assert [one.rejected for one in found] == [None, None]


@pytest.mark.parametrize("shade", [0, 1, 255])
def test_nothing_is_read_where_all_is_one_shade(
    reader: SVHNSequenceClassifier, bars: Any, shade: int
) -> None:
    # Without a warning, which the reader gives for crops that somebody passes.
    picture = street(bars[0])
    picture[:, : min(PLACES) + 24] = shade
    found = read(picture, reader, all=True)
    nothing = found[found["left"] == min(PLACES)]
    assert nothing["number"].tolist() == [""]
    assert nothing["rejected"].tolist() == ["nothing is read there"]
    assert (found["number"] != "").sum() == len(PLACES) - 1


def test_what_the_reader_rejects_is_no_number(reader: SVHNSequenceClassifier, bars: Any) -> None:
    careful = copy.copy(reader).set_params(min_confidence=1.0)
    assert len(read(street(bars[0]), careful, min_confidence=0)) == 0
    found = read(street(bars[0]), careful, min_confidence=0, all=True)
    kept = read(street(bars[0]), reader, min_confidence=0)
    assert found["number"].tolist() == kept["number"].tolist()
    assert found["rejected"].tolist() == ["rejected by the reader's min_confidence of 1"] * 3
    assert (found["confidence"] > 0.5).all()


def test_a_part_of_what_the_reader_rejects_is_no_number(reader: SVHNSequenceClassifier) -> None:
    careful = copy.copy(reader).set_params(min_confidence=0.7)
    finder = _photographs.PhotographBatchReader(PictureBatchReader(careful), Finder())
    boxes = np.array([[10, 10, 60, 20, 1], [50, 10, 20, 20, 1]], dtype=float)
    readings = [Reading(None, 0.6, ["206", "200"], [0.6, 0.1]), Reading("2", 0.9, ["2"], [0.9])]
    found = finder._judged(boxes, readings)
    assert [one.reading.reading for one in found] == ["206", "2"]
    assert [one.rejected for one in found] == [
        "rejected by the reader's min_confidence of 0.7", "a part of a longer number"
    ]  # fmt: skip


def test_unreadable_pictures_are_named_and_no_other_is_lost(
    reader: SVHNSequenceClassifier, bars: Any, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.png").write_text("not a picture")
    good = street(bars[0])
    given = [tmp_path / "absent.png", good, tmp_path / "text.png", b"", tmp_path / "empty", good]
    with pytest.warns(UserWarning, match=r"^4 of 6 pictures could not be read: ") as told:
        found = read(given, reader)
    (warning,) = told
    assert warning.filename == __file__
    text = str(warning.message)
    assert f"{given[0]} (No such file or directory), {given[2]} (it holds no picture" in text
    assert "picture 3 (it holds no picture that can be read" in text
    assert f"{given[4]} (this folder holds no pictures" in text
    assert found["picture"].tolist() == [1] * 3 + [5] * 3

    rows = read(given, reader, all=True)  # which warns of nothing
    assert rows["picture"].drop_duplicates().tolist() == [
        str(given[0]), 1, str(given[2]), 3, str(given[4]), 5,
    ]  # fmt: skip
    failed = rows[rows["rejected"].notna()]
    assert failed["rejected"].iloc[0] == "No such file or directory"
    assert (failed["number"] == "").all()
    assert failed[COLUMNS[2:]].isna().all(axis=None)
    with pytest.warns(UserWarning, match=re.escape("1 of 1 picture could not be read: picture 0")):
        assert len(read([5.5], reader)) == 0


def test_a_folder_that_cannot_be_looked_into_is_told(
    reader: SVHNSequenceClassifier, bars: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "locked").mkdir()
    Image.fromarray(street(bars[0])).save(tmp_path / "a.png")
    list_folder = os.scandir

    def refuse(path: str) -> Any:
        if Path(path).name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = read(tmp_path, reader, recursive=True, all=True)
    assert found["picture"].tolist() == [str(tmp_path / "a.png")] * 3 + [str(tmp_path / "locked")]
    assert found["rejected"].tolist() == [None] * 3 + ["Permission denied"]


def test_a_warning_names_only_some_of_many(reader: SVHNSequenceClassifier) -> None:
    with pytest.warns(UserWarning, match=r"^7 of 7 .* picture 4 \([^()]*\), \.\.\.; all=True"):
        read([b"no"] * 7, reader)


def test_pictures_that_may_be_wrong_are_told(reader: SVHNSequenceClassifier, bars: Any) -> None:
    frames = [Image.fromarray(street(bars[0])) for _ in range(2)]
    content = io.BytesIO()
    frames[0].save(content, "TIFF", save_all=True, append_images=frames[1:])
    with pytest.warns(UserWarning, match="^Picture 0 holds several frames or pages"):
        assert len(read([content.getvalue()], reader)) == 3


def test_pictures_above_max_pixels_are_not_read(reader: SVHNSequenceClassifier, bars: Any) -> None:
    found = read(Image.fromarray(street(bars[0])), reader, max_pixels=5999, all=True)
    assert found["rejected"].tolist() == [
        "it cannot be read as a picture: it has 100 x 60 pixels, more than max_pixels=5999; shrink "
        "it or raise max_pixels"
    ]
    small = street(bars[0])[:, :60]
    found = read([small, street(bars[0]), small], reader, max_pixels=5999, all=True)
    assert found["picture"].tolist() == [0, 0, 1, 2, 2]
    assert found["rejected"][2] == (
        "it has 100 x 60 pixels, more than max_pixels=5999; shrink it or raise max_pixels"
    )


def test_groups_are_small_in_number_and_in_pixels(
    reader: SVHNSequenceClassifier, bars: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [street(bars[0])] * 40 + [np.full((10, 10), 128, np.uint8)] * 2
    expected = read(pictures, reader)
    finder = Finder()
    monkeypatch.setattr(_photographs, "GROUP_PIXELS", 15_000)
    found = read(iter(pictures), reader, locator=finder)
    assert [len(group) for group in finder.sizes] == [3] * 13 + [3]
    pd.testing.assert_frame_equal(found, expected, rtol=1e-5)
    monkeypatch.setattr(_photographs, "GROUP", 2)
    finder = Finder()
    read(pictures, reader, locator=finder)
    assert {len(group) for group in finder.sizes} == {2}


def test_threads(reader: SVHNSequenceClassifier, bars: Any) -> None:
    pictures = [street(bars[0][i : i + 3]) for i in range(6)]
    expected = [read(picture, reader) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda picture: read(picture, reader), pictures))
    for one, same in zip(found, expected, strict=True):
        pd.testing.assert_frame_equal(one, same, rtol=1e-5)


def test_readers_of_digits_read_as_well(bars: Any) -> None:
    images = bars[0]
    digits = np.array([int(number[0]) for number in bars[1]])
    clf = SVHNCNNClassifier(channels=((4,),), max_epochs=1, random_state=0, margin=0.0)
    clf.fit(images, digits)
    found = read(street(images[:1]), clf, min_confidence=0)
    label, sure = clf.predict(images[:1], return_confidence=True)
    assert found["number"].tolist() == [str(label[0])]
    np.testing.assert_allclose(found["confidence"], 0.75 * sure, rtol=1e-5)


def test_models_of_the_package_are_loaded_once(
    reader: SVHNSequenceClassifier, bars: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def load(name: str) -> Any:
        asked.append(name)
        return {"numbers": reader, "locator": Finder()}[name]

    monkeypatch.setattr("sksvhn.estimators.load_pretrained", load)
    _photographs._loaded.cache_clear()
    try:
        for _ in range(2):
            assert len(sksvhn.read(street(bars[0]), min_confidence=0.25)) == 3
    finally:
        _photographs._loaded.cache_clear()
    assert sorted(asked) == ["locator", "numbers"]


def test_progress_is_told_if_asked_for(
    reader: SVHNSequenceClassifier, bars: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    read(street(bars[0]), reader)
    assert capsys.readouterr() == ("", "")
    read(street(bars[0]), reader, verbose=1)
    assert "1 pictures" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"reader": LogisticRegression()}, TypeError, "reader must be a fitted classifier of sks"),
        ({"reader": SVHNCNNClassifier()}, ValueError, "not fitted"),
        ({"locator": "locator.sksvhn"}, TypeError, "locator must be a fitted NumberLocator"),
        ({"locator": SVHNCNNClassifier()}, TypeError, "pass what reads the boxes as the reader"),
        ({"locator": Always(1, 2)}, ValueError, r"locator.predict must return .* shapes \(2,\)"),
        ({"locator": Always([0, 0, 9, 9, 1.5])}, ValueError, "confidence in"),
        ({"min_confidence": 1.5}, ValueError, "min_confidence"),
        ({"max_pixels": 0}, ValueError, "max_pixels"),
        ({"pictures": []}, ValueError, "pictures must hold at least one picture; got 0"),
        ({"pictures": 5}, TypeError, "pictures must be a picture"),
        ({"pictures": np.array("a.png")}, TypeError, "pictures must be .* got a 0-d ndarray"),
        ({"pictures": {"a": 1}}, TypeError, "pictures must be a picture"),
        ({"pictures": pd.DataFrame({"path": ["a"]})}, TypeError, "got a DataFrame; pass its col"),
        ({"pictures": np.zeros((3, 20, 20))}, ValueError, "3 grey pictures, or one picture"),
    ],
)
def test_bad_input_is_one_sentence(
    reader: SVHNSequenceClassifier, params: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(**{"pictures": street([]), "reader": reader} | params)
