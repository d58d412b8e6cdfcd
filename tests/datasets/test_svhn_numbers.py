from __future__ import annotations

import gzip
import struct
import tarfile
import warnings
import zlib
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sksvhn.datasets import load_svhn_numbers, read_digit_struct

from .svhn_files import Entry, NumberSet, png, write_tar

NUMBERS = ["19", "0210", "7", "123456", "55"]


@pytest.fixture
def numbers() -> NumberSet:
    return NumberSet.generate(NUMBERS)


@pytest.fixture
def folder(numbers: NumberSet, tmp_path: Path) -> Path:
    return numbers.write_folder(tmp_path / "train")


def assert_same(a, b) -> None:
    np.testing.assert_array_equal(a.images, b.images)
    np.testing.assert_array_equal(a.target, b.target)
    pd.testing.assert_frame_equal(a.frame, b.frame)
    pd.testing.assert_frame_equal(a.skipped, b.skipped)


def test_fields(folder: Path) -> None:
    data = load_svhn_numbers(folder, image_size=(32, 48))
    assert data.images.shape == (5, 32, 48)
    assert data.images.dtype == np.uint8
    assert data.images.flags.c_contiguous
    assert data.target.dtype == object
    assert data.target.tolist() == NUMBERS
    assert data.frame.columns.tolist() == [
        "filename", "number", "length", "boxes", "picture_height", "picture_width",
    ]  # fmt: skip
    for row in data.frame.itertuples():
        with Image.open(folder / row.filename) as picture:
            assert picture.size == (row.picture_width, row.picture_height)
    assert data.frame["length"].tolist() == [2, 4, 1, 6, 2]
    assert data.n_skipped == 0
    assert data.skipped.shape == (0, 2)
    assert "Netzer" in data.DESCR


def test_crops_show_the_digits_in_their_order(folder: Path) -> None:
    data = load_svhn_numbers(folder, image_size=(16, 120), margin=0)
    for image, number in zip(data.images, data.target, strict=True):
        centres = ((np.arange(len(number)) * 14 + 6) / (14 * len(number) - 2) * 120).astype(int)
        assert image[8, centres].tolist() == [40 + 20 * int(digit) for digit in number]


def test_margin_shows_the_surroundings(folder: Path) -> None:
    tight = load_svhn_numbers(folder, margin=0).images[0]
    wide = load_svhn_numbers(folder, margin=0.2).images[0]
    assert tight[3, 3] == 60
    assert wide[3, 3] == 10


@pytest.mark.parametrize("name", ["train.tar.gz", "train.tar"])
@pytest.mark.parametrize("table_first", [False, True])
def test_archive_equals_folder(
    numbers: NumberSet, folder: Path, tmp_path: Path, name: str, table_first: bool
) -> None:
    before = set(tmp_path.rglob("*"))
    archive = numbers.write_archive(tmp_path / name, table_first=table_first)
    assert_same(load_svhn_numbers(archive), load_svhn_numbers(folder))
    assert set(tmp_path.rglob("*")) - before == {archive}


@pytest.mark.parametrize("crop", ["stretch", "square"])
def test_n_jobs_does_not_change_the_result(tmp_path: Path, crop: str) -> None:
    many = NumberSet.generate([str(n) for n in range(130)])
    many.files["70.png"] = many.files["70.png"][:40]
    archive = many.write_archive(tmp_path / "train.tar.gz")
    with pytest.warns(UserWarning, match="left out 1 of 130"):
        one = load_svhn_numbers(archive, crop=crop, on_error="skip")
    with pytest.warns(UserWarning, match="left out 1 of 130"):
        two = load_svhn_numbers(archive, crop=crop, on_error="skip", n_jobs=2)
    assert_same(one, two)
    with joblib.parallel_config("threading", n_jobs=2), pytest.warns(UserWarning, match="1 of 130"):
        assert_same(one, load_svhn_numbers(archive, crop=crop, on_error="skip"))


def test_auto_color_is_grey_only_where_every_file_is(numbers: NumberSet, tmp_path: Path) -> None:
    grey = load_svhn_numbers(numbers.write_folder(tmp_path / "grey"))
    colors = np.zeros((30, 60, 3), np.uint8)
    colors[...] = 200, 100, 50
    numbers.files["4.png"] = png(Image.fromarray(colors))
    mixed = numbers.write_folder(tmp_path / "mixed")
    auto = load_svhn_numbers(mixed)
    assert grey.images.ndim == 3
    assert auto.images.shape == (5, 64, 64, 3)
    assert (auto.images[3] == [200, 100, 50]).all()
    for row in (0, 1, 2, 4):
        np.testing.assert_array_equal(auto.images[row], np.stack([grey.images[row]] * 3, axis=-1))
    np.testing.assert_array_equal(load_svhn_numbers(mixed, color="rgb").images, auto.images)
    as_grey = load_svhn_numbers(mixed, color="grey").images
    assert as_grey.shape == (5, 64, 64)
    assert (as_grey[3] == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16"])
def test_every_kind_of_grey_is_grey(tmp_path: Path, mode: str) -> None:
    pixels = np.full((20, 30), 255, np.uint8)
    picture = (
        Image.fromarray(np.full((20, 30), 65535, np.uint16))
        if mode == "I;16"
        else Image.fromarray(pixels).convert(mode)
    )
    one = NumberSet([Entry("1.png", [1], [(2, 2, 9, 9)])], {"1.png": png(picture)})
    images = load_svhn_numbers(one.write_folder(tmp_path)).images
    assert images.shape == (1, 64, 64)
    assert (images == 255).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_every_kind_of_color_is_color(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGB", (30, 20), (255, 0, 0)).convert(mode)
    one = NumberSet([Entry("1.png", [1], [(2, 2, 9, 9)])], {"1.png": png(picture)})
    images = load_svhn_numbers(one.write_folder(tmp_path)).images
    assert images.shape == (1, 64, 64, 3)
    assert (images == [255, 0, 0]).all()


def test_forms_of_the_answer(folder: Path) -> None:
    data = load_svhn_numbers(folder, as_frame=True)
    assert isinstance(data.target, pd.Series)
    pd.testing.assert_series_equal(data.target, data.frame["number"])
    images, target = load_svhn_numbers(folder, return_X_y=True)
    assert target.tolist() == NUMBERS
    np.testing.assert_array_equal(images, data.images)
    _, series = load_svhn_numbers(folder, return_X_y=True, as_frame=True)
    pd.testing.assert_series_equal(series, data.target)


def test_table_order_and_names_rule_not_file_order(numbers: NumberSet, tmp_path: Path) -> None:
    expected = load_svhn_numbers(numbers.write_archive(tmp_path / "a.tar.gz"))
    numbers.entries.reverse()
    data = load_svhn_numbers(numbers.write_archive(tmp_path / "b.tar.gz"))
    assert data.target.tolist() == NUMBERS[::-1]
    assert data.frame["filename"].tolist() == ["5.png", "4.png", "3.png", "2.png", "1.png"]
    np.testing.assert_array_equal(data.images, expected.images[::-1])


def test_progress_is_silent_unless_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_svhn_numbers(folder)
    assert capsys.readouterr() == ("", "")
    load_svhn_numbers(folder, verbose=1)
    out, err = capsys.readouterr()
    assert out == ""
    assert "load_svhn_numbers: 100%" in err


# --- damage: one clear error, or a skip that is counted and reported ----------------------------


def bomb(side: int) -> bytes:
    """PNG of a few bytes that declares side x side pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    pixels = b"IDAT" + zlib.compress(b"\0" * 1000)
    chunks = [
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c))
        for c in (header, pixels, b"IEND")
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def flip(content: bytes) -> bytes:
    """One bit of a PNG's compressed pixels."""
    at = content.index(b"IDAT") + 10
    return content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]


DAMAGED_FILES = {
    "empty": (lambda content: b"", "holds no picture that can be read"),
    "no picture": (lambda content: b"<html>404</html>", "holds no picture that can be read"),
    "cut off": (lambda content: content[: len(content) // 2], "cannot be read as a picture"),
    "cut in its header": (lambda content: content[:20], "cannot be read as a picture"),
    "one bit flipped": (flip, "cannot be read as a picture"),
    "bomb": (lambda content: bomb(60_000), "60000 x 60000 pixels, more than max_pixels"),
    "small bomb": (lambda content: bomb(20_000), "20000 x 20000 pixels, more than max_pix"),
    "missing": (None, "is not in"),
}


DAMAGED_ENTRIES = {
    "box outside": (Entry("2.png", [4], [(500, 2, 9, 9)]), "lie outside the picture"),
    "box without area": (Entry("2.png", [4], [(5, 2, 0, 9)]), "has the box"),
    "no digits": (Entry("2.png", [], []), "has no digits"),
    "label": (Entry("2.png", [12], [(5, 2, 9, 9)]), "has the label 12"),
    "label 0": (Entry("2.png", [0], [(5, 2, 9, 9)]), "has the label 0"),
    "way out": (Entry("../train/2.png", [4], [(5, 2, 9, 9)]), "no plain file name"),
    "absolute": (Entry("/etc/passwd", [4], [(5, 2, 9, 9)]), "no plain file name"),
    "twice": (Entry("1.png", [4], [(5, 2, 9, 9)]), "is listed more than once"),
    "missing": (Entry("zwölf.png", [4], [(5, 2, 9, 9)]), "is not in"),
}


@pytest.mark.parametrize("archived", [False, True])
@pytest.mark.parametrize("case", [*DAMAGED_FILES, *(f"table: {name}" for name in DAMAGED_ENTRIES)])
def test_one_damaged_picture(numbers: NumberSet, tmp_path: Path, case: str, archived: bool) -> None:
    if case.startswith("table: "):
        numbers.entries[1], message = DAMAGED_ENTRIES[case.removeprefix("table: ")]
    else:
        damage, message = DAMAGED_FILES[case]
        content = numbers.files.pop("2.png")
        if damage is not None:
            numbers.files["2.png"] = damage(content)
    filename = numbers.entries[1].filename
    path = (
        numbers.write_archive(tmp_path / "train.tar.gz")
        if archived
        else numbers.write_folder(tmp_path / "train")
    )
    with pytest.raises(ValueError, match=message) as caught:
        load_svhn_numbers(path, n_jobs=2)
    assert repr(filename) in str(caught.value)
    assert str(path) in str(caught.value)
    with pytest.warns(UserWarning, match="left out 1 of 5 pictures") as warned:
        data = load_svhn_numbers(path, on_error="skip")
    assert len(warned) == 1
    assert warned[0].filename == __file__
    assert data.target.tolist() == [NUMBERS[i] for i in (0, 2, 3, 4)]
    assert data.frame.index.equals(pd.RangeIndex(4))
    assert data.n_skipped == 1
    assert data.skipped["filename"].tolist() == [filename]
    assert pd.Series(data.skipped["reason"]).str.contains(message).all()
    del numbers.entries[1]
    np.testing.assert_array_equal(
        data.images, load_svhn_numbers(numbers.write_folder(tmp_path / "good")).images
    )


def test_boxes_that_leave_the_picture_are_clipped_but_reported_raw(
    numbers: NumberSet, tmp_path: Path
) -> None:
    numbers.entries[2] = Entry("3.png", [7], [(-30, -30, 500, 500)])
    data = load_svhn_numbers(numbers.write_folder(tmp_path / "a"))
    assert data.frame["boxes"][2].tolist() == [[-30, -30, 500, 500]]
    height, width = data.frame.loc[2, ["picture_height", "picture_width"]]
    numbers.entries[2] = Entry("3.png", [7], [(0, 0, width, height)])
    np.testing.assert_array_equal(
        data.images, load_svhn_numbers(numbers.write_folder(tmp_path / "b")).images
    )


def test_many_missing_pictures_are_counted(numbers: NumberSet, tmp_path: Path) -> None:
    for name in ("2.png", "3.png", "5.png"):
        del numbers.files[name]
    folder = numbers.write_folder(tmp_path)
    with pytest.raises(
        ValueError, match=r"'2.png' is not in .* \(and 2 more of 5 .*on_error='skip'"
    ):
        load_svhn_numbers(folder)
    with pytest.warns(UserWarning, match=r"left out 3 of 5 .*'2.png', is not in"):
        data = load_svhn_numbers(folder, on_error="skip")
    assert data.n_skipped == 3


def test_nothing_left_is_an_error(numbers: NumberSet, tmp_path: Path) -> None:
    numbers.files = dict.fromkeys(numbers.files, b"")
    folder = numbers.write_folder(tmp_path)
    with pytest.raises(ValueError, match=r"none of the 5 pictures could be loaded; the first, '1"):
        load_svhn_numbers(folder, on_error="skip")
    for name in numbers.files:
        (folder / name).unlink()
    with pytest.raises(ValueError, match=r"none of the 5 pictures"):
        load_svhn_numbers(folder, on_error="skip")


def test_archive_cut_off_behind_its_table(tmp_path: Path) -> None:
    many = NumberSet.generate([str(n) for n in range(100)])
    whole = many.write_archive(tmp_path / "whole.tar.gz", table_first=True)
    content = whole.read_bytes()
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(content[: len(content) * 9 // 10])
    with pytest.raises(ValueError, match=r"cut.tar.gz is cut off or damaged .*Download it again"):
        load_svhn_numbers(cut)
    with pytest.warns(UserWarning, match="left out"):
        data = load_svhn_numbers(cut, on_error="skip")
    expected = load_svhn_numbers(whole)
    assert 0 < len(data.images) == 100 - data.n_skipped < 100
    rows = expected.frame.index[expected.frame["filename"].isin(data.frame["filename"])]
    np.testing.assert_array_equal(data.images, expected.images[rows])


@pytest.mark.parametrize("on_error", ["raise", "skip"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_archive_cut_off_before_its_table(
    numbers: NumberSet, tmp_path: Path, share: float, on_error: str
) -> None:
    content = numbers.write_archive(tmp_path / "whole.tar.gz").read_bytes()
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match=r"cut.tar.gz is cut off or damaged"):
        load_svhn_numbers(cut, on_error=on_error)


def test_archive_that_lacks_its_last_bytes_only(numbers: NumberSet, tmp_path: Path) -> None:
    path = numbers.write_archive(tmp_path / "train.tar.gz")
    expected = load_svhn_numbers(path)
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(ValueError, match="is cut off or damaged"):
        load_svhn_numbers(path)
    with pytest.warns(UserWarning, match="is cut off or damaged"):
        assert_same(load_svhn_numbers(path, on_error="skip"), expected)


@pytest.mark.parametrize(
    "content",
    [b"\x1f\x8b", gzip.compress(b"no archive" * 200), gzip.compress(b"")],
    ids=["two bytes", "text", "nothing"],
)
def test_a_gzip_that_is_no_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "train.tar.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"train\.tar\.gz"):
        load_svhn_numbers(path)


def test_links_and_odd_members_of_an_archive(numbers: NumberSet, tmp_path: Path) -> None:
    plain = numbers.write_archive(tmp_path / "plain.tar.gz")
    with tarfile.open(plain) as archive:
        members = [(m.name, archive.extractfile(m).read()) for m in archive]
    odd = []
    for name, kind in (
        ("train/1.png", tarfile.SYMTYPE),
        ("train/2.png", tarfile.LNKTYPE),
        ("train/3.png", tarfile.DIRTYPE),
        ("train/4.png", tarfile.FIFOTYPE),
    ):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        odd.append((info, b""))
    odd += [
        ("../../outside.png", b"x"),
        ("/absolute.png", b"x"),
        ("train/\udcff\udcfe.png", b"x"),
        ("train/._5.png", b"x"),
        ("other/1.png", members[0][1]),
        *members[4:],
    ]
    path = write_tar(tmp_path / "odd.tar.gz", odd)
    before = set(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match=r"'1.png' is a link or a folder"):
        load_svhn_numbers(path)
    with pytest.warns(UserWarning, match="left out 4 of 5"):
        data = load_svhn_numbers(path, on_error="skip")
    assert data.target.tolist() == ["55"]
    assert set(tmp_path.rglob("*")) == before


def test_an_archive_with_two_tables(numbers: NumberSet, tmp_path: Path) -> None:
    table = (numbers.write_folder(tmp_path / "a") / "digitStruct.mat").read_bytes()
    path = write_tar(
        tmp_path / "both.tar.gz",
        [("train/digitStruct.mat", table), ("test/digitStruct.mat", table)],
    )
    with pytest.raises(ValueError, match=r"must hold one digitStruct.mat; it holds 2"):
        load_svhn_numbers(path, on_error="skip")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"image_size": (64, 0)}, "image_size must be two positive integers"),
        ({"image_size": (64, 64, 3)}, "image_size must be two positive integers"),
        ({"image_size": (64.5, 64)}, "image_size must be two positive integers"),
        ({"image_size": 64}, "'image_size'"),
        ({"color": "red"}, "'color'"),
        ({"crop": "round"}, "'crop'"),
        ({"margin": -0.1}, "'margin'"),
        ({"margin": np.nan}, "'margin'"),
        ({"on_error": "ignore"}, "'on_error'"),
    ],
)
def test_parameters_are_checked(folder: Path, parameters: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_svhn_numbers(folder, **parameters)


@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_damaged_bytes_of_an_archive_give_data_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole = folder / "whole.tar"
    if not whole.exists():
        NumberSet.generate(NUMBERS).write_archive(whole)
    content = bytearray(whole.read_bytes())
    changes = st.tuples(st.integers(0, 8_000), st.integers(0, 255))
    for at, value in data.draw(st.lists(changes, min_size=1, max_size=10)):
        content[at] = value
    damaged = folder / "damaged.tar"
    damaged.write_bytes(content[: data.draw(st.one_of(st.none(), st.integers(0, len(content))))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            loaded = load_svhn_numbers(damaged, on_error="skip")
        except (ValueError, OSError):
            return
    assert len(loaded.images) == len(loaded.target) == len(loaded.frame) == 5 - loaded.n_skipped


# --- real files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("split", "numbers", "n_missing"),
    [
        ("train", ["19", "23", "25"], 36),
        ("test", ["5", "210", "6"], 37),
        ("extra", ["478", "71", "174"], 37),
    ],
)
def test_matlab_folders(shared_data: Path, split: str, numbers: list[str], n_missing: int) -> None:
    path = shared_data / "matlab73" / split
    with pytest.raises(ValueError, match=f"'4.png' is not in .* {n_missing - 1} more of"):
        load_svhn_numbers(path)
    with pytest.warns(UserWarning, match=f"left out {n_missing} of {n_missing + 3}"):
        data = load_svhn_numbers(path, on_error="skip")
    assert data.images.shape == (3, 64, 64, 3)
    assert data.target.tolist() == numbers
    assert data.n_skipped == n_missing


def test_real_archive(shared_data: Path) -> None:
    path = shared_data / "svhn" / "test.tar.gz"
    data = load_svhn_numbers(path, n_jobs=2)
    assert data.images.shape == (1000, 64, 64)
    assert data.images.std(axis=(1, 2)).min() > 0
    assert set(data.frame["length"]) == {1, 2, 3, 4, 5} & set(data.frame["length"])
    pd.testing.assert_frame_equal(
        data.frame[["filename", "number", "length", "boxes"]], read_digit_struct(path)
    )
