from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st

from sksvhn._files._file_kinds import H5PY_ERRORS
from sksvhn.datasets import read_digit_struct
from sksvhn.datasets._mat73 import (
    UnforeseenLayoutError,
    read_structs,
    read_structs_by_object,
    read_structs_in_bulk,
)

from .svhn_files import Entry, NumberSet, write_digit_struct, write_tar

LAYOUTS = [
    ("contiguous", "earliest"),
    ("compact", "earliest"),
    ("chunked", "earliest"),
    ("contiguous", "latest"),
]

ENTRIES = [
    Entry("7.png", [10], [(-3, 2.5, 8, 16)]),
    Entry("1.png", [1, 10, 9], [(1, 2, 3, 4), (4, 2, 3, 4), (7, 2, 30, 40)]),
    Entry("extra-12.png", [2, 2, 1, 3, 10, 5], [(6 * k, 1, 6, 9) for k in range(6)]),
]

finite = st.floats(-1e3, 1e3)
digits = st.tuples(
    st.integers(1, 10), st.tuples(finite, finite, st.floats(0.1, 1e3), st.floats(0.1, 1e3))
)


@pytest.mark.parametrize(("layout", "libver"), LAYOUTS)
def test_reads_every_layout(tmp_path: Path, layout: str, libver: str) -> None:
    path = write_digit_struct(tmp_path / "digitStruct.mat", ENTRIES, layout=layout, libver=libver)
    frame = read_digit_struct(path)
    assert list(frame.columns) == ["filename", "number", "length", "boxes"]
    assert frame["filename"].tolist() == ["7.png", "1.png", "extra-12.png"]
    assert frame["number"].tolist() == ["0", "109", "221305"]
    assert frame["length"].tolist() == [1, 3, 6]
    assert frame.index.equals(pd.RangeIndex(3))
    for boxes, entry in zip(frame["boxes"], ENTRIES, strict=True):
        np.testing.assert_array_equal(boxes, entry.boxes)
        assert boxes.dtype == np.float64


@pytest.mark.parametrize("layout", ["contiguous", "compact"])
@given(numbers=st.lists(st.lists(digits, min_size=1, max_size=7), min_size=1, max_size=6))
@settings(deadline=None, max_examples=20)
def test_bulk_reading_equals_reading_by_object(
    tmp_path_factory: pytest.TempPathFactory, layout: str, numbers: list[list[tuple]]
) -> None:
    entries = [
        Entry(f"{7 * i}.png", [label for label, _ in number], [box for _, box in number])
        for i, number in enumerate(numbers)
    ]
    path = tmp_path_factory.mktemp("bulk") / "digitStruct.mat"
    data = write_digit_struct(path, entries, layout=layout).read_bytes()
    bulk, by_object = read_structs_in_bulk(data), read_structs_by_object(data)
    assert bulk.filenames == by_object.filenames == [e.filename for e in entries]
    assert bulk.problems == by_object.problems == {}
    np.testing.assert_array_equal(bulk.n_digits, by_object.n_digits)
    np.testing.assert_array_equal(bulk.digits, by_object.digits)


@pytest.mark.parametrize(("layout", "libver"), LAYOUTS[2:])
def test_other_layouts_are_left_to_h5py(tmp_path: Path, layout: str, libver: str) -> None:
    path = write_digit_struct(tmp_path / "digitStruct.mat", ENTRIES, layout=layout, libver=libver)
    with pytest.raises(UnforeseenLayoutError):
        read_structs_in_bulk(path.read_bytes())


def test_reads_a_folder_and_an_archive(tmp_path: Path) -> None:
    numbers = NumberSet.generate(["19", "0"])
    expected = ["19", "0"]
    assert read_digit_struct(numbers.write_folder(tmp_path / "a"))["number"].tolist() == expected
    for name in ("b.tar.gz", "c.tar"):
        archive = numbers.write_archive(tmp_path / name)
        assert read_digit_struct(str(archive))["number"].tolist() == expected


def test_one_row_a_digit_as_documented(tmp_path: Path) -> None:
    frame = read_digit_struct(write_digit_struct(tmp_path / "digitStruct.mat", ENTRIES))
    table = frame.assign(digit=frame["number"].map(list)).explode(["digit", "boxes"])
    table[["left", "top", "width", "height"]] = table.pop("boxes").tolist()
    assert len(table) == 10
    assert table["digit"].tolist() == list("0109221305")
    assert table["width"].tolist()[:4] == [8, 3, 3, 30]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (Entry("1.png", [11], [(0, 0, 1, 1)]), r"label 11, not 1 to 10"),
        (Entry("1.png", [1, 0], [(0, 0, 1, 1)] * 2), r"label 0, not 1 to 10"),
        (Entry("1.png", [1.5], [(0, 0, 1, 1)]), r"label 1.5"),
        (Entry("1.png", [np.nan], [(0, 0, 1, 1)]), r"label nan"),
        (Entry("1.png", [1], [(0, 0, 0, 1)]), r"the box \[0.0, 0.0, 0.0, 1.0\]: no area"),
        (Entry("1.png", [1], [(0, np.inf, 1, 1)]), r"the box \[0.0, inf"),
        (Entry("1.png", [], []), "has no digits"),
        (Entry("../1.png", [1], [(0, 0, 1, 1)]), "has no plain file name"),
        (Entry("a\\1.png", [1], [(0, 0, 1, 1)]), "has no plain file name"),
        (Entry("C:1.png", [1], [(0, 0, 1, 1)]), "has no plain file name"),
        (Entry("..", [1], [(0, 0, 1, 1)]), "has no plain file name"),
        (Entry("1\0.png", [1], [(0, 0, 1, 1)]), "has no plain file name"),
        (Entry("\ud800.png", [1], [(0, 0, 1, 1)]), "cannot be read"),
        (Entry("0.png", [1], [(0, 0, 1, 1)]), "is listed more than once"),
    ],
)
def test_bad_entries_are_named(tmp_path: Path, entry: Entry, message: str) -> None:
    good = Entry("0.png", [1, 2], [(0, 0, 1, 1)] * 2)
    path = write_digit_struct(
        tmp_path / "digitStruct.mat", [good, entry, Entry("9.png", [3], [(0, 0, 1, 1)])]
    )
    with pytest.raises(ValueError, match=rf"(?s)picture .* \(entry 2 of 3\) .*{message}"):
        read_digit_struct(path)


def test_a_single_picture_is_stored_without_references(tmp_path: Path) -> None:
    path = tmp_path / "digitStruct.mat"
    with h5py.File(path, "w") as file:
        file["digitStruct/name"] = np.array([[ord(c)] for c in "5.png"], np.uint16)
        for name, value in (("label", 10), ("left", 1), ("top", 2), ("width", 3), ("height", 4)):
            file[f"digitStruct/bbox/{name}"] = np.array([[value]], np.float64)
    frame = read_digit_struct(path)
    assert frame[["filename", "number"]].to_numpy().tolist() == [["5.png", "0"]]
    assert frame["boxes"][0].tolist() == [[1, 2, 3, 4]]


def hdf5(path: Path, **datasets: object) -> bytes:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name.replace("__", "/")] = values
    return path.read_bytes()


def matlab5(path: Path, **arrays: object) -> bytes:
    scipy.io.savemat(path, arrays)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: b"", "that MATLAB 7.3 file; it is a"),
        (lambda p: b"<html>404</html>" * 99, "that MATLAB 7.3 file; it is a"),
        (lambda p: matlab5(p, X=np.zeros(3)), "it is a MATLAB 5 file"),
        (lambda p: hdf5(p, X=np.zeros(3)), "must hold the struct 'digitStruct'"),
        (lambda p: hdf5(p, digitStruct=np.zeros(3)), "must hold the struct 'digitStruct'"),
        (lambda p: hdf5(p, digitStruct__name=[1, 2]), "must hold the struct 'digitStruct'"),
        (lambda p: hdf5(p, digitStruct__name=[1], digitStruct__bbox=[1]), "are not structs"),
        (lambda p: write_digit_struct(p, ENTRIES).read_bytes()[:9000], "is damaged"),
        (lambda p: write_digit_struct(p, []).read_bytes(), "must list at least one picture"),
    ],
)
def test_what_is_no_digit_struct_is_refused(tmp_path: Path, make, message: str) -> None:
    path = tmp_path / "digitStruct.mat"
    path.write_bytes(make(tmp_path / "other.mat"))
    with pytest.raises(ValueError, match=message) as caught:
        read_digit_struct(path)
    assert str(path) in str(caught.value)


def test_a_table_that_declares_more_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "digitStruct.mat"
    with h5py.File(path, "w") as file:
        for name in ("name", "bbox"):
            file.create_dataset(
                f"digitStruct/{name}", (10**11, 1), h5py.ref_dtype, chunks=(1000, 1)
            )
    with pytest.raises(ValueError, match="declares"):
        read_digit_struct(path)


def test_a_number_that_declares_a_million_digits_is_refused(tmp_path: Path) -> None:
    path = write_digit_struct(tmp_path / "digitStruct.mat", ENTRIES[:1])
    with h5py.File(path, "r+") as file:
        group = file[file["digitStruct/bbox"][0, 0]]
        for name in list(group):
            del group[name]
            group.create_dataset(name, (10**6, 1), np.float64, chunks=(1000, 1))
    with pytest.raises(ValueError, match=r"declares the shape \(1000000, 1\)"):
        read_digit_struct(path)


def test_fields_of_different_size_are_refused(tmp_path: Path) -> None:
    path = write_digit_struct(tmp_path / "digitStruct.mat", ENTRIES)
    with h5py.File(path, "r+") as file:
        groups = [file[reference] for reference in file["digitStruct/bbox"][:, 0]]
        del groups[1]["left"]
        groups[1]["left"] = groups[2]["left"]
    with pytest.raises(ValueError, match=r"'1.png' .* differ in size: 3 height, 3 label, 6 left"):
        read_digit_struct(path)


def test_paths_that_hold_no_table(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no file or folder at"):
        read_digit_struct(tmp_path / "nowhere")
    with pytest.raises(
        FileNotFoundError, match=r"no digitStruct.mat; pass the folder that holds it\.$"
    ):
        read_digit_struct(tmp_path)
    NumberSet.generate(["1"]).write_folder(tmp_path / "train")
    with pytest.raises(FileNotFoundError, match=r"Did you mean .*train\?"):
        read_digit_struct(tmp_path)
    empty = write_tar(tmp_path / "a.tar.gz", [("train/1.png", b"")])
    with pytest.raises(ValueError, match=r"must hold one digitStruct.mat; it holds 0"):
        read_digit_struct(empty)


@given(data=st.data(), layout=st.sampled_from(LAYOUTS))
@settings(deadline=None, max_examples=40)
def test_damaged_bytes_give_a_table_or_a_known_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, layout: tuple[str, str]
) -> None:
    path = tmp_path_factory.getbasetemp() / f"{'-'.join(layout)}.mat"
    if not path.exists():
        write_digit_struct(path, ENTRIES, layout=layout[0], libver=layout[1])
    content = bytearray(path.read_bytes())
    end = min(len(content), 20_000)
    for at, value in data.draw(
        st.lists(st.tuples(st.integers(512, end - 1), st.integers(0, 255)), max_size=8)
    ):
        content[at] = value
    content = content[: data.draw(st.one_of(st.none(), st.integers(0, len(content))))]
    try:
        structs = read_structs(bytes(content))
    except H5PY_ERRORS:
        return
    assert len(structs.filenames) == len(structs.n_digits)
    assert structs.digits.shape == (structs.n_digits.sum(), 5)


@pytest.mark.parametrize(
    ("split", "n_pictures", "first"),
    [
        ("train", 39, ["19", "23", "25"]),
        ("test", 40, ["5", "210", "6"]),
        ("extra", 40, ["478", "71", "174"]),
    ],
)
def test_matlab_files(shared_data: Path, split: str, n_pictures: int, first: list[str]) -> None:
    path = shared_data / "matlab73" / split / "digitStruct.mat"
    frame = read_digit_struct(path)
    assert len(frame) == n_pictures
    assert frame["number"].tolist()[:3] == first
    assert frame["filename"].tolist()[:3] == ["1.png", "2.png", "3.png"]
    data = path.read_bytes()
    np.testing.assert_array_equal(
        read_structs_in_bulk(data).digits, read_structs_by_object(data).digits
    )
