"""Files of every kind that people have, at every door of the package that takes a path."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import joblib
import numpy as np
import pytest
import skops.io
import torch
from PIL import Image
from safetensors.numpy import save_file
from scipy.io import savemat
from sklearn.linear_model import LinearRegression

import sksvhn
from sksvhn._files._csv_lines import csv_lines
from sksvhn._files._file_kinds import check_is_file, kind_of_file
from sksvhn._files._model_file import write_file
from sksvhn.datasets import (
    load_labelled,
    load_labelled_pictures,
    load_mnist,
    load_svhn_digits,
    load_svhn_h5,
    load_svhn_numbers,
    read_digit_struct,
)


def tar(compression: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as archive:
        info = tarfile.TarInfo("train/readme.txt")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    return buffer.getvalue()


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("train/readme.txt", "abc")
    return buffer.getvalue()


def by(write: Callable[[Path], object]) -> Callable[[Path], object]:
    return write


def hdf5(path: Path, **arrays: Any) -> None:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values


def onnx_model(path: Path) -> None:
    # As protocol buffers write one: the version, and who made it.
    path.write_bytes(b"\x08\x0a\x12\x07pytorch" + bytes(range(1, 60)))


IDX = b"\0\0\x08\3" + np.array([1, 4, 4], ">u4").tobytes() + bytes(16)
PAGE = b"<!DOCTYPE html>\n<html><title>404 Not Found</title></html>"

#: Name, what is written, and how the kind is called.
FILES: dict[str, tuple[Callable[[Path], object] | bytes, str]] = {
    "a.tar": (tar(""), "a tar archive"),
    "a.tar.gz": (tar("gz"), "a tar archive, compressed with gzip"),
    "a.tar.bz2": (tar("bz2"), "a tar archive, compressed with bzip2"),
    "a.tar.xz": (tar("xz"), "a tar archive, compressed with xz"),
    "a.zip": (zipped(), "a zip archive"),
    "text.gz": (gzip.compress(b"hello"), "a text file, compressed with gzip"),
    "text.bz2": (bz2.compress(b"hello" * 99), "a text file, compressed with bzip2"),
    "text.xz": (lzma.compress(b"hello"), "a text file, compressed with xz"),
    "page.tar.gz": (PAGE, "a web page (HTML)"),
    "page.mat": (PAGE, "a web page (HTML)"),
    "empty.tar.gz": (b"", "an empty file"),
    "5.mat": (lambda path: savemat(path, {"a": 1}), "a MATLAB 5 file"),
    "7.mat": (
        b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n" + bytes(80),
        "a MATLAB 7.3 (HDF5) file",
    ),
    "other.h5": (lambda path: hdf5(path, weights=np.zeros(3)), "an HDF5 file"),
    "images.idx": (IDX, "an idx file"),
    "images.idx.gz": (gzip.compress(IDX), "an idx file, compressed with gzip"),
    "m.sksvhn": (lambda path: write_file(path, "model", {}, {}), "a model that sksvhn saved"),
    "m.checkpoint": (lambda path: write_file(path, "checkpoint", {}, {}), "a checkpoint"),
    "m.safetensors": (lambda path: save_file({"a": np.zeros(2)}, path), "a safetensors file"),
    "m.pkl": (lambda path: path.write_bytes(pickle.dumps([1])), "a pickle"),
    "m0.pkl": (lambda path: path.write_bytes(pickle.dumps([1], protocol=0)), "a pickle"),
    "m.joblib": (lambda path: joblib.dump([1], path, compress=3), "a pickle, compressed with zlib"),
    "m.joblib.gz": (lambda path: joblib.dump([1], path), "a pickle, compressed with gzip"),
    "m.skops": (lambda path: skops.io.dump(LinearRegression(), path), "a skops file"),
    "m.pt": (lambda path: torch.save({"a": 1}, path), "a file of torch.save"),
    "m.onnx": (onnx_model, "an ONNX model"),
    "a.csv": (b"a,b\n1,2\n", "a CSV file"),
    "a.json": (json.dumps([{"path": "1.png"}]).encode(), "a JSON file"),
    "braces.json": (b'{"abcd":{"efg": 1}}', "a JSON file"),
    "a.txt": (b"some notes\n", "a text file"),
    "utf16.csv": ("path,number\n1.png,1\n".encode("utf-16"), "text in UTF-16"),
    "a.npz": (lambda path: np.savez(path, a=1), "a NumPy file (.npz)"),
    "a.npy": (lambda path: np.save(path, 1), "a NumPy file (.npy)"),
    "a.parquet": (b"PAR1" + bytes(40), "a Parquet file"),
    "lfs.tar.gz": (b"version https://git-lfs.github.com/spec/v1\noid 1\n", "a pointer of Git LFS"),
    "noise.bin": (bytes(range(256)), "a file of a kind that sksvhn does not know"),
    **{
        f"a.{suffix}": (lambda path: Image.new("L", (4, 4)).save(path), "a picture (")
        for suffix in ("png", "jpg", "gif", "webp", "tif", "bmp", "ppm")
    },
}


def boxes(path: Path) -> object:
    return list(csv_lines(path, "a CSV file"))


def source(path: Path) -> object:
    return pytest.importorskip("sksvhn.transcription._sources").open_source(path)


TEXT = {"a.csv", "a.txt", "empty.tar.gz"}
#: A door, and the files whose kind it takes: what is wrong in these is said otherwise.
DOORS: dict[Callable[[Path], object], set[str]] = {
    sksvhn.load: {"m.sksvhn", "m.checkpoint", "m.safetensors"},
    load_svhn_numbers: {"a.tar", "a.tar.gz", "7.mat", "other.h5"},
    read_digit_struct: {"a.tar", "a.tar.gz", "7.mat", "other.h5"},
    load_svhn_digits: {"5.mat"},
    load_svhn_h5: {"7.mat", "other.h5"},
    load_mnist: {"images.idx", "images.idx.gz", "noise.bin"},
    load_labelled_pictures: TEXT,
    load_labelled: {"a.tar", "a.tar.gz", "5.mat", "7.mat", "other.h5", "a.csv", "utf16.csv"},
    source: {"7.mat", "other.h5", "a.csv", "utf16.csv", "a.parquet"},
    boxes: TEXT,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kinds")
    for name, (content, _) in FILES.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            content(folder / name)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_kinds_are_told(files: Path, name: str) -> None:
    assert kind_of_file(files / name).name.startswith(FILES[name][1])


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
@pytest.mark.parametrize("name", FILES)
def test_another_kind_is_named(files: Path, door: Callable[[Path], object], name: str) -> None:
    if door is boxes and name in TEXT:
        assert isinstance(door(files / name), list)
        return
    with pytest.raises((ValueError, FileNotFoundError), match=r"\.$") as caught:
        door(files / name)
    said = str(caught.value)
    assert str(files / name) in said
    assert "\n" not in said
    assert ("pickle" in said) == ("pickle" in FILES[name][1])
    if name not in DOORS[door]:
        assert f"; it is {FILES[name][1]}" in said
        needed, _, advice = said.partition("; it is ")
        assert " must be " in needed
        assert "; " in advice


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_nothing_folders_and_what_may_not_be_read(
    files: Path,
    tmp_path: Path,
    door: Callable[[Path], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no file.* at .*absent; pass "):
        door(tmp_path / "absent")
    if door is not source:  # which takes folders
        with pytest.raises(OSError, match=r"folder.*; pass "):
            door(tmp_path)

    def refuse(path: Path, *arguments: object, **options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    # Tests may run as root, whom nothing is refused.
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(
        PermissionError, match=r"cannot be read \(Permission denied\); change its permissions"
    ):
        door(files / "a.csv")


def test_a_file_that_is_there(files: Path) -> None:
    assert check_is_file(str(files / "a.csv"), "a CSV file") == files / "a.csv"
