from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from sksvhn.datasets import load_mnist
from sksvhn.datasets._idx import read_idx

from .svhn_files import png


def idx(array: np.ndarray) -> bytes:
    """An idx file of unsigned bytes."""
    array = np.asarray(array, np.uint8)
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def characters(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    images = np.random.RandomState(seed).randint(0, 256, (n, 28, 28)).astype(np.uint8)
    return images, np.arange(n) * 3 % 10


def write_pair(
    folder: Path, prefix: str, n: int, *, separator: str = "-", ending: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    images, labels = characters(n, seed=n)
    pack = gzip.compress if ending else bytes
    for name, array in ((f"images{separator}idx3", images), (f"labels{separator}idx1", labels)):
        (folder / f"{prefix}-{name}-ubyte{ending}").write_bytes(pack(idx(array)))
    return images, labels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_pair(tmp_path, "train", 7)
    write_pair(tmp_path, "t10k", 4)
    return tmp_path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two pictures of each letter; the first is of brightness 20 times the letter's place."""
    for place, letter in enumerate("ABCDEFGHIJ"):
        (tmp_path / letter).mkdir()
        for name, brightness in (("x", 20 * place), ("y", 255)):
            picture = Image.new("L", (28, 28), brightness)
            (tmp_path / letter / f"{name}.png").write_bytes(png(picture))
    (tmp_path / "A" / "Thumbs.db").write_bytes(b"")
    return tmp_path


FIELDS = {"images", "target", "frame", "n_skipped", "skipped", "DESCR"}

# --- idx files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", ["-", "."])
@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize(("subset", "prefix"), [("train", "train"), ("test", "t10k")])
def test_folder(tmp_path: Path, separator: str, ending: str, subset: str, prefix: str) -> None:
    images, labels = write_pair(tmp_path, prefix, 5, separator=separator, ending=ending)
    data = load_mnist(tmp_path, subset=subset)
    assert set(data) == FIELDS
    np.testing.assert_array_equal(data.images, images)
    assert data.images.dtype == np.uint8
    assert data.images.flags.writeable
    np.testing.assert_array_equal(data.target, labels)
    assert data.target.dtype == np.int64
    assert data.frame.columns.tolist() == ["label"]
    assert data.frame["label"].tolist() == data.target.tolist()
    assert data.n_skipped == 0
    assert data.skipped.shape == (0, 2)
    assert "notMNIST" in data.DESCR


def test_train_is_the_default(folder: Path) -> None:
    assert len(load_mnist(folder).images) == 7
    assert len(load_mnist(folder, subset="test").images) == 4


def test_forms_of_the_answer(folder: Path) -> None:
    data = load_mnist(folder)
    images, target = load_mnist(folder, return_X_y=True)
    np.testing.assert_array_equal(images, data.images)
    np.testing.assert_array_equal(target, data.target)
    series = load_mnist(folder, as_frame=True).target
    pd.testing.assert_series_equal(series, data.frame["label"])


@pytest.mark.parametrize("letters", [False, True])
def test_letters(folder: Path, letters: bool) -> None:
    expected = ["A", "D", "G", "J", "C", "F", "I"] if letters else [0, 3, 6, 9, 2, 5, 8]
    data = load_mnist(folder, letters=letters)
    assert data.target.tolist() == expected
    assert data.target.dtype == (object if letters else np.int64)
    assert load_mnist(folder, letters=letters, as_frame=True).target.tolist() == expected


@pytest.mark.parametrize("endings", [("", ""), (".gz", ".gz"), (".gz", ""), ("", ".gz")])
@pytest.mark.parametrize("names", [("my-images", "my-labels"), ("images.idx3", "labels.idx1")])
def test_single_file(tmp_path: Path, endings: tuple[str, str], names: tuple[str, str]) -> None:
    arrays = characters(3)
    for name, ending, array in zip(names, endings, arrays, strict=True):
        content = idx(array)
        (tmp_path / (name + ending)).write_bytes(gzip.compress(content) if ending else content)
    data = load_mnist(tmp_path / (names[0] + endings[0]))
    np.testing.assert_array_equal(data.images, arrays[0])
    np.testing.assert_array_equal(data.target, arrays[1])


@settings(deadline=None, max_examples=40)
@given(
    array=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=3, max_side=6)),
    compressed=st.booleans(),
    n_cut=st.integers(0, 300),
    n_added=st.integers(0, 2),
)
def test_idx_round_trip_and_damage(
    tmp_path_factory: pytest.TempPathFactory,
    array: np.ndarray,
    compressed: bool,
    n_cut: int,
    n_added: int,
) -> None:
    path = tmp_path_factory.getbasetemp() / "some-images"
    content = idx(array)
    content = content[: len(content) - n_cut % len(content)] + bytes(n_added)
    path.write_bytes(gzip.compress(content) if compressed else content)
    if content == idx(array):
        np.testing.assert_array_equal(read_idx(path, array.ndim), array)
    elif len(content) != len(idx(array)):
        with pytest.raises(ValueError, match="some-images"):
            read_idx(path, array.ndim)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_cut_off_file(tmp_path: Path, ending: str) -> None:
    write_pair(tmp_path, "train", 2, ending=ending)
    path = tmp_path / f"train-images-idx3-ubyte{ending}"
    content = path.read_bytes()
    for size in (8, 20, 700, len(content) - 1):
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match="is cut off") as caught:
            load_mnist(tmp_path)
        assert str(path) in str(caught.value)


def test_damaged_gzip(tmp_path: Path) -> None:
    write_pair(tmp_path, "train", 2, ending=".gz")
    path = tmp_path / "train-images-idx3-ubyte.gz"
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # in the checksum
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cut off or damaged"):
        load_mnist(tmp_path)


IMAGES, LABELS = map(idx, characters(3))


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (b"", LABELS, "an idx file of pictures, which starts with 0x00000803; it is an empty file"),
        (b"\x89PNG...", LABELS, "it is a picture .PNG."),
        (LABELS, IMAGES, "its first bytes are 0x00000801"),
        (
            IMAGES,
            IMAGES,
            "an idx file of labels, which starts with 0x00000801; its first bytes are",
        ),
        (b"\0\0\x0d\x03" + IMAGES[4:], LABELS, "its first bytes are 0x00000d03"),
        (IMAGES[:10], LABELS, "is cut off in its header"),
        (IMAGES[:-1], LABELS, "it declares 3 x 28 x 28 bytes and holds only 2351"),
        (IMAGES + b"\0", LABELS, "it declares 3 x 28 x 28 bytes and holds more"),
        (IMAGES[:4] + b"\xff" * 12, LABELS, "x 4294967295 bytes and holds only 0"),
        (
            idx(np.empty((0, 28, 28))),
            LABELS,
            r"at least one picture or label; its shape is \(0, 28, 28\)",
        ),
        (IMAGES, idx(np.arange(4)), "holds 3 pictures, .*labels-idx1-ubyte 4 labels"),
    ],
)
def test_wrong_content(tmp_path: Path, images: bytes, labels: bytes, message: str) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(images)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    with pytest.raises(ValueError, match=message) as caught:
        load_mnist(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_labels_that_are_no_letters(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((2, 28, 28))))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.array([3, 25])))
    assert load_mnist(tmp_path).target.tolist() == [3, 25]
    with pytest.raises(ValueError, match=r"labels must be 0 to 9, .* holds 25"):
        load_mnist(tmp_path, letters=True)


def test_missing_files(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no file or folder at"):
        load_mnist(folder / "elsewhere")
    with pytest.raises(ValueError, match="with 'images' in its name"):
        load_mnist(folder / "train-labels-idx1-ubyte")
    (folder / "t10k-images-idx3-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match=r"\(subset='test'\).*: t10k-labels-idx1-ubyte, tr"):
        load_mnist(folder, subset="test")
    (folder / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match=r"beside it, as .*train-labels-idx1-ubyte\.gz"):
        load_mnist(folder / "train-images-idx3-ubyte")
    (folder / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"folders A to J .* idx files in it: none"):
        load_mnist(folder / "empty")


def test_wrong_keyword(folder: Path) -> None:
    with pytest.raises(ValueError, match="subset"):
        load_mnist(folder, subset="validation")


# --- folders of letters ---------------------------------------------------------------------------


def test_tree(tree: Path) -> None:
    data = load_mnist(tree)
    assert set(data) == FIELDS
    assert data.images.shape == (20, 28, 28)
    assert data.images.dtype == np.uint8
    assert data.images[::2, 5, 5].tolist() == [20 * place for place in range(10)]
    assert data.target.dtype == object
    assert "".join(data.target) == "AABBCCDDEEFFGGHHIIJJ"
    assert data.frame.columns.tolist() == ["filename", "label"]
    assert data.frame["filename"].tolist()[:3] == ["A/x.png", "A/y.png", "B/x.png"]
    assert data.n_skipped == 0
    assert data.skipped.shape == (0, 2)
    assert load_mnist(tree, letters=True).target.tolist() == data.target.tolist()


def test_tree_without_some_letters(tmp_path: Path) -> None:
    (tmp_path / "C").mkdir()
    (tmp_path / "C" / "x.png").write_bytes(png(Image.new("RGB", (28, 28), "white")))
    data = load_mnist(tmp_path)
    assert data.target.tolist() == ["C"]
    assert (data.images == 255).all()


def test_unreadable_pictures_are_left_out(tree: Path) -> None:
    (tree / "A" / "x.png").write_bytes(b"")
    (tree / "D" / "y.png").write_bytes(png(Image.new("L", (30, 28))))
    (tree / "J" / "z.png").mkdir()
    with pytest.warns(UserWarning, match="left out 3 of 21 pictures: A/x.png, D/y.png") as caught:
        data = load_mnist(tree)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert "J/z.png; the first holds no picture that can be read" in str(caught[0].message)
    assert data.images.shape == (18, 28, 28)
    assert "".join(data.target) == "ABBCCDEEFFGGHHIIJJ"
    assert data.images[0, 0, 0] == 255
    assert data.n_skipped == 3
    assert data.skipped["filename"].tolist() == ["A/x.png", "D/y.png", "J/z.png"]
    assert data.skipped["reason"][1] == "has 30 x 28 pixels instead of 28 x 28"


def test_warning_names_the_first_ones(tree: Path) -> None:
    for letter in "ABCDEFGHIJ":
        for name in "xz":
            (tree / letter / f"{name}.png").write_bytes(b"no picture")
    with pytest.warns(UserWarning, match="A/x.png, .*E/z.png and 10 more, see skipped; the first"):
        data = load_mnist(tree)
    assert data.n_skipped == 20


def test_tree_of_unreadable_pictures(tmp_path: Path) -> None:
    (tmp_path / "A").mkdir()
    (tmp_path / "A" / "x.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"none of the 1 pictures .* 'A/x\.png', holds no picture"):
        load_mnist(tmp_path)


def test_progress(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_mnist(tree, verbose=1)
    assert "load_mnist: 100%" in capsys.readouterr().err


# --- real files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("subset", "n", "first"), [("train", 60000, 5), ("test", 10000, 7)])
def test_real_mnist(shared_data: Path, subset: str, n: int, first: int) -> None:
    data = load_mnist(shared_data / "mnist", subset=subset)
    assert data.images.shape == (n, 28, 28)
    assert data.target[0] == first
    assert set(data.target) == set(range(10))


def test_real_notmnist(shared_data: Path) -> None:
    data = load_mnist(shared_data / "notmnist", subset="test", letters=True)
    assert data.images.shape == (10000, 28, 28)
    assert pd.Series(data.target).value_counts().to_dict() == dict.fromkeys("ABCDEFGHIJ", 1000)
    with pytest.raises(FileNotFoundError, match=r"subset='train'.*t10k-images"):
        load_mnist(shared_data / "notmnist")
