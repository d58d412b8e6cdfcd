"""Damaged, odd and hostile files: what each loader makes of them.

Every case ends in a clear error, in pictures that are left out and counted, or, where the file is
odd but fine, in the right array; never in a crash, a hang, or an array that is silently wrong.
"""

from __future__ import annotations

import gzip
import io
import os
import signal
import struct
import tarfile
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.io import savemat

from sksvhn.datasets import (
    load_mnist,
    load_svhn_digits,
    load_svhn_h5,
    load_svhn_numbers,
    read_digit_struct,
)

from .svhn_files import Entry, NumberSet, png, write_digit_struct, write_tar

posix = pytest.mark.skipif(os.name != "posix", reason="makes links, pipes or long names")

NUMBERS = ["19", "0210", "7"]
BOX = (3, 2, 12, 16)


class HangError(BaseException):
    """A loader that does not come back. (TimeoutError would count as an OSError.)"""


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise HangError

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def flipped(content: bytes, at: int, bit: int = 2) -> bytes:
    """With one bit changed."""
    changed = bytearray(content)
    changed[at] ^= 1 << bit
    return bytes(changed)


# --- load_svhn_numbers: one picture of three is bad -----------------------------------------------


def jpeg(**options: object) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "jpeg", **options)
    return buffer.getvalue()


def png_with(chunk: bytes, *, spoilt: bool = False) -> bytes:
    """A picture with one more chunk before its pixels, its checksum right or spoilt."""
    content = png(Image.new("L", (60, 40), 90))
    checksum = zlib.crc32(chunk) ^ spoilt
    extra = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", checksum)
    at = content.index(b"IDAT") - 4
    return content[:at] + extra + content[at:]


def replace(content: bytes) -> Callable[[NumberSet], None]:
    return lambda numbers: numbers.files.update({"2.png": content})


def entry(
    filename: str = "2.png", labels: Any = (1,), boxes: Any = (BOX,)
) -> Callable[[NumberSet], None]:
    def change(numbers: NumberSet) -> None:
        numbers.entries[1] = Entry(filename, labels, boxes)

    return change


SOUND = png(Image.fromarray(np.arange(2400, dtype=np.uint8).reshape(40, 60)))

# What is said of files of another kind, and of damaged ones.
NO_PICTURE, UNREADABLE = "holds no picture that can be read", "cannot be read as a picture"

BAD_PICTURES = {
    # name: (what is done to the second of three pictures, reason)
    "picture: empty file": (replace(b""), "it is an empty file"),
    "picture: text": (replace(b"<html>404 Not Found</html>"), "it is a web page"),
    "picture: cut in its signature": (replace(SOUND[:5]), NO_PICTURE),
    "picture: cut in its header": (replace(SOUND[:30]), NO_PICTURE),
    "picture: cut in its pixels": (replace(SOUND[: len(SOUND) // 2]), UNREADABLE),
    "picture: without its end": (replace(SOUND[:-12]), UNREADABLE),
    "picture: bit in its signature": (replace(flipped(SOUND, 1)), NO_PICTURE),
    "picture: bit in its width": (replace(flipped(SOUND, 19)), NO_PICTURE),
    "picture: bit in its pixels": (replace(flipped(SOUND, 60)), UNREADABLE),
    "picture: bit in a comment": (replace(png_with(b"tEXta\0b", spoilt=True)), NO_PICTURE),
    "picture: unknown critical chunk": (
        replace(png_with(b"ABCD1234", spoilt=True)),
        NO_PICTURE,
    ),
    "picture: JPEG cut off": (replace(jpeg()[:900]), UNREADABLE),
    "picture: GIF": (replace(b"GIF89a" + bytes(50)), NO_PICTURE),
    "picture: missing": (lambda numbers: numbers.files.pop("2.png"), "is not in"),
    "box: a sliver in the picture": (entry(boxes=[(-11.999, 2, 12, 16)]), "in pixels"),
    "box: smaller than a pixel": (entry(boxes=[(3, 2, 1e-9, 1e-9)]), "in pixels"),
    "box: outside": (entry(boxes=[(900, 2, 5, 5)]), "lie outside the picture"),
    "box: left of the picture": (entry(boxes=[(-50, 2, 50, 5)]), "lie outside the picture"),
    "box: no width": (entry(boxes=[(3, 2, 0, 5)]), "no area"),
    "box: negative height": (entry(boxes=[(3, 2, 5, -5)]), "no area"),
    "box: NaN": (entry(boxes=[(np.nan, 2, 5, 5)]), "has the box"),
    "box: infinite": (entry(boxes=[(0, 0, np.inf, 5)]), "has the box"),
    "box: edge beyond all floats": (entry(boxes=[(1e308, 2, 1e308, 5)]), "has the box"),
    "box: too narrow for floats": (entry(boxes=[(3, 2, 1e-320, 5)]), "lie outside"),
    "box: one of two has no area": (entry(labels=[1, 2], boxes=[BOX, (3, 2, 0, 5)]), "no area"),
    "label: 0": (entry(labels=[0]), "has the label 0, not 1 to 10"),
    "label: 11": (entry(labels=[11]), "has the label 11"),
    "label: negative": (entry(labels=[-1]), "has the label -1"),
    "label: 266, a 10 in a byte": (entry(labels=[266]), "has the label 266"),
    "label: half": (entry(labels=[2.5]), "has the label 2.5"),
    "label: NaN": (entry(labels=[np.nan]), "has the label nan"),
    "no boxes": (entry(labels=[], boxes=[]), "has no digits"),
    "name: empty": (entry(""), "cannot be read|has no plain file name"),
    "name: way out": (entry("../../etc/passwd"), "has no plain file name"),
    "name: absolute": (entry("/etc/passwd"), "has no plain file name"),
    "name: Windows": (entry("C:\\2.png"), "has no plain file name"),
    "name: NUL": (entry("2.png\0"), "has no plain file name"),
    "name: newline": (entry("2\n.png"), "has no plain file name"),
    "name: the folder itself": (entry("."), "has no plain file name"),
    "name: no UTF-16": (entry("\udc80.png"), "cannot be read"),
    "name: longer than systems allow": (entry("2" * 300 + ".png"), "is not in"),
    "name: of another picture": (entry("1.png"), "is listed more than once"),
    "name: the table's": (entry("digitStruct.mat"), "it is a MATLAB 7.3"),
}


def assert_second_is_left_out(path: Path, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        load_svhn_numbers(path)
    assert str(path) in str(caught.value)
    with pytest.warns(UserWarning, match="left out 1 of 3 pictures") as warned:
        data = load_svhn_numbers(path, on_error="skip")
    assert len(warned) == 1
    assert data.target.tolist() == ["19", "7"]
    assert data.n_skipped == len(data.skipped) == 1
    np.testing.assert_array_equal(data.images, sound_numbers(path.parent / "sound")[[0, 2]])


def sound_numbers(folder: Path) -> np.ndarray:
    return load_svhn_numbers(NumberSet.generate(NUMBERS).write_folder(folder)).images


@pytest.mark.parametrize("archived", [False, True], ids=["folder", "archive"])
@pytest.mark.parametrize("case", BAD_PICTURES)
def test_bad_picture_is_named_or_left_out(tmp_path: Path, case: str, archived: bool) -> None:
    numbers = NumberSet.generate(NUMBERS)
    change, reason = BAD_PICTURES[case]
    change(numbers)
    path = (
        numbers.write_archive(tmp_path / "train.tar.gz")
        if archived
        else numbers.write_folder(tmp_path / "train")
    )
    assert_second_is_left_out(path, reason)


def as_folder(path: Path) -> None:
    path.mkdir()


BAD_FILES = {
    # name: (what lies in place of the second picture's file, reason)
    "folder": (as_folder, "is not in"),
    "pipe": (lambda path: os.mkfifo(path), "is not in"),
    "dangling link": (lambda path: path.symlink_to("nowhere"), "is not in"),
    "link to itself": (lambda path: path.symlink_to(path.name), "is not in"),
    "link to a device without end": (lambda path: path.symlink_to("/dev/zero"), "is not in"),
    "link to the table": (lambda path: path.symlink_to("digitStruct.mat"), "is a MATLAB 7.3"),
}


@posix
@pytest.mark.parametrize("case", BAD_FILES)
def test_what_lies_in_place_of_a_picture(tmp_path: Path, case: str) -> None:
    folder = NumberSet.generate(NUMBERS).write_folder(tmp_path / "train")
    change, reason = BAD_FILES[case]
    (folder / "2.png").unlink()
    change(folder / "2.png")
    assert_second_is_left_out(folder, reason)


# --- load_svhn_numbers: odd members of an archive -------------------------------------------------


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


BAD_MEMBERS = {
    # name: (members in place of the second picture, reason)
    "symbolic link out": ([member("train/2.png", tarfile.SYMTYPE, "/etc/passwd")], "is a link"),
    "symbolic link to a sibling": ([member("train/2.png", tarfile.SYMTYPE, "1.png")], "is a link"),
    "hard link": ([member("train/2.png", tarfile.LNKTYPE, "train/1.png")], "is a link"),
    "folder": ([member("train/2.png", tarfile.DIRTYPE)], "is a link or a folder"),
    "pipe": ([member("train/2.png", tarfile.FIFOTYPE)], "is a link or a folder"),
    "character device": ([member("train/2.png", tarfile.CHRTYPE)], "is a link or a folder"),
    "block device": ([member("train/2.png", tarfile.BLKTYPE)], "is a link or a folder"),
    "way out": (["../train/2.png"], "is not in"),
    "way out and back": (["train/../train/2.png"], "is not in"),
    "absolute": (["/train/2.png"], "is not in"),
    "no UTF-8": (["train/\udcff2.png"], "is not in"),
    "other capitals": (["train/2.PNG"], "is not in"),
    "twice": (["train/2.png", "train/2.png"], "more than once"),
    "link, then file": (
        [member("train/2.png", tarfile.SYMTYPE, "1.png"), "train/2.png"],
        "more than once",
    ),
}


def archive_of(
    path: Path, second: list[Any], table: bytes | None = None, behind: list[Any] | None = None
) -> Path:
    """The archive of three pictures, with other members in place of the second."""
    numbers = NumberSet.generate(NUMBERS)
    table = write_digit_struct(path.with_suffix(".mat"), numbers.entries).read_bytes()
    content = numbers.files["2.png"]
    members = [
        ("train/1.png", numbers.files["1.png"]),
        *((m, content if isinstance(m, str) else b"") for m in second),
        ("train/3.png", numbers.files["3.png"]),
        ("train/digitStruct.mat", table),
        *(behind or []),
    ]
    return write_tar(path, members)


@pytest.mark.parametrize("ending", ["tar", "tar.gz"])
@pytest.mark.parametrize("case", BAD_MEMBERS)
def test_odd_member_of_an_archive(tmp_path: Path, case: str, ending: str) -> None:
    members, reason = BAD_MEMBERS[case]
    path = archive_of(tmp_path / f"train.{ending}", members)
    before = set(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match=reason):
        load_svhn_numbers(path)
    assert set(tmp_path.rglob("*")) == before  # nothing is unpacked
    assert_second_is_left_out(path, reason)


def header(kind: bytes = tarfile.REGTYPE, size: int = 0, name: str = "train/1.png") -> bytes:
    info = member(name, kind)
    info.size = size
    return info.tobuf()


def extended(fields: bytes) -> bytes:
    """Extended header, the member it belongs to, and the archive's end."""
    return (
        header(tarfile.XHDTYPE, len(fields), "x")
        + fields.ljust(512, b"\0")
        + header()
        + bytes(1024)
    )


BAD_ARCHIVES = {
    "empty": (b"", "it is an empty file"),
    "no archive": (b"PK\x03\x04" + bytes(600), "it is a zip archive"),
    "gzip's first bytes": (b"\x1f\x8b\x08", "cut off or damaged"),
    "gzip of nothing": (gzip.compress(b""), "train.tar.gz"),
    "gzip of something else": (gzip.compress(b"no archive" * 99), "train.tar.gz"),
    "no member": (bytes(257) + b"ustar" + bytes(1000), "train.tar.gz"),
    "member of a petabyte": (header(size=2**50) + b"x" * 600, "declares 1125899906842624 bytes"),
    "gzip member of a petabyte": (
        gzip.compress(header(size=2**50) + b"x" * 600),
        "declares 1125899906842624 bytes",
    ),
    "long name of a petabyte": (header(tarfile.GNUTYPE_LONGNAME, 2**50), "cut off or damaged"),
    "extended header of a petabyte": (header(tarfile.XHDTYPE, 2**50), "cut off or damaged"),
    "damaged sparse map": (extended(b"20 GNU.sparse.map=a\n"), "invalid header"),
    "damaged sparse size": (extended(b"27 GNU.sparse.size=twelve\n"), "invalid header"),
    "extended header without length": (extended(b"0 path=1\n"), "cut off or damaged"),
    "tables": (None, "must hold one digitStruct.mat; it holds 2"),
    "table that is a link": (None, "must hold one digitStruct.mat; it holds 0"),
}


@pytest.mark.parametrize("on_error", ["raise", "skip"])
@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_bad_archive_is_refused(tmp_path: Path, case: str, on_error: str) -> None:
    content, message = BAD_ARCHIVES[case]
    path = tmp_path / "train.tar.gz"
    if content is not None:
        path.write_bytes(content)
    elif case == "tables":
        archive_of(path, ["train/2.png"], behind=[("train/digitStruct.mat", b"")])
    else:
        write_tar(path, [(member("train/digitStruct.mat", tarfile.SYMTYPE, "/etc/passwd"), b"")])
    with pytest.raises(ValueError, match=message) as caught:
        load_svhn_numbers(path, on_error=on_error)
    assert str(path) in str(caught.value)
    with pytest.raises(ValueError, match=message):
        read_digit_struct(path)


@pytest.mark.parametrize("behind", [b"junk", b"\x1f\x8b\x08\0"])
def test_junk_behind_an_archive(tmp_path: Path, behind: bytes) -> None:
    path = archive_of(tmp_path / "train.tar.gz", ["train/2.png"])
    path.write_bytes(path.read_bytes() + behind)
    with pytest.raises(ValueError, match="cut off or damaged"):
        load_svhn_numbers(path)
    with pytest.warns(UserWarning, match="cut off or damaged"):
        data = load_svhn_numbers(path, on_error="skip")
    np.testing.assert_array_equal(data.images, sound_numbers(tmp_path / "sound"))


def test_too_large_files_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive_of(tmp_path / "train.tar", ["train/2.png"])
    limit = max(map(len, NumberSet.generate(NUMBERS).files.values())) - 1
    monkeypatch.setattr("sksvhn.datasets._svhn_archive.MAX_PICTURE_BYTES", limit)
    with pytest.raises(ValueError, match="MiB"):
        load_svhn_numbers(path)
    monkeypatch.setattr("sksvhn.datasets._svhn_archive.MAX_DIGIT_STRUCT_BYTES", 2000)
    with pytest.raises(ValueError, match=r"digitStruct.mat must have at most"):
        load_svhn_numbers(path)


# --- odd but fine ---------------------------------------------------------------------------------


def odd_archive(path: Path, extra: list[Any]) -> Path:
    return archive_of(path, ["train/2.png"], behind=extra)


FINE_ARCHIVES = {
    "zeros behind it": lambda path: path.write_bytes(
        archive_of(path, ["train/2.png"]).read_bytes() + bytes(700)
    ),
    "in two gzip members": lambda path: path.write_bytes(
        gzip.compress(
            (raw := gzip.decompress(archive_of(path, ["train/2.png"]).read_bytes()))[:999]
        )
        + gzip.compress(raw[999:])
    ),
    "not compressed, but called so": lambda path: path.write_bytes(
        gzip.decompress(archive_of(path, ["train/2.png"]).read_bytes())
    ),
    "picture named with a dot": lambda path: archive_of(path, ["./train/./2.png"]),
    "hostile members that nobody asks for": lambda path: odd_archive(
        path,
        [
            ("../../outside", b"x"),
            ("/etc/cron.d/x", b"x"),
            ("train/\udcfe\udcff.png", b"x"),
            (member("train/link", tarfile.SYMTYPE, "/"), b""),
            (member("train/device", tarfile.CHRTYPE), b""),
            ("test/1.png", b"x"),
            ("train/._1.png", b"x"),
        ],
    ),
}


@pytest.mark.parametrize("case", FINE_ARCHIVES)
def test_odd_archive_is_read(tmp_path: Path, case: str) -> None:
    path = tmp_path / "train.tar.gz"
    FINE_ARCHIVES[case](path)
    before = set(tmp_path.rglob("*"))
    data = load_svhn_numbers(path)
    assert set(tmp_path.rglob("*")) == before
    assert data.target.tolist() == NUMBERS
    np.testing.assert_array_equal(data.images, sound_numbers(tmp_path / "sound"))


FINE_PICTURES = {
    "JPEG called PNG": replace(jpeg()),
    "progressive JPEG": replace(jpeg(progressive=True)),
    "unknown harmless chunk": replace(png_with(b"abCd1234")),
    "bytes behind its end": replace(SOUND + b"junk"),
    "boxes far outside that cover it": entry(labels=[1, 2], boxes=[(-1e300, -9, 1e301, 99), BOX]),
}


@pytest.mark.parametrize("crop", ["stretch", "square"])
@pytest.mark.parametrize("case", FINE_PICTURES)
def test_odd_picture_is_read(tmp_path: Path, case: str, crop: str) -> None:
    numbers = NumberSet.generate(NUMBERS)
    FINE_PICTURES[case](numbers)
    data = load_svhn_numbers(numbers.write_folder(tmp_path), crop=crop)
    assert data.images.shape == (3, 64, 64)
    assert data.n_skipped == 0


# --- files of a wrong kind, for every loader ------------------------------------------------------


def idx(array: Any) -> bytes:
    """An idx file of unsigned bytes."""
    array = np.asarray(array, np.uint8)
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


IMAGES = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
LOADERS = {
    # loader: the name of its file
    load_svhn_numbers: "digitStruct.mat",
    read_digit_struct: "digitStruct.mat",
    load_svhn_digits: "train_32x32.mat",
    load_svhn_h5: "SVHN_single_grey1.h5",
    load_mnist: "train-images-idx3-ubyte",
}


def sound_file(loader: Any, folder: Path) -> Path:
    """What a loader reads."""
    path = folder / LOADERS[loader]
    if loader in (load_svhn_numbers, read_digit_struct):
        NumberSet.generate(NUMBERS).write_folder(folder)
    elif loader is load_svhn_digits:
        savemat(
            path,
            {"X": np.arange(9216, dtype=np.uint8).reshape(32, 32, 3, 3), "y": [[1], [10], [2]]},
            do_compression=True,
        )
    elif loader is load_svhn_h5:
        with h5py.File(path, "w") as file:
            file["X_train"], file["y_train"] = IMAGES.astype(np.float32), [1, 2, 3]
    else:
        path.write_bytes(idx(IMAGES))
        (folder / "train-labels-idx1-ubyte").write_bytes(idx([1, 2, 3]))
    return path


WRONG_KINDS = {
    "empty": lambda: b"",
    "one byte": lambda: b"\0",
    "text": lambda: b"<html>404 Not Found</html>" * 40,
    "zeros": lambda: bytes(5000),
    "PNG": lambda: SOUND,
    "gzip of text": lambda: gzip.compress(b"abc" * 400),
    "gzip cut off": lambda: gzip.compress(b"\0\0\x08\x03" * 400)[:20],
    "zip": lambda: b"PK\x03\x04" + bytes(3000),
    "MATLAB 4": lambda: struct.pack("<5I", 0, 1, 1, 0, 2) + b"X\0" + bytes(8),
    "MATLAB 5 header alone": lambda: b"MATLAB 5.0".ljust(124) + b"\x00\x01IM",
    "HDF5 signature alone": lambda: b"\x89HDF\r\n\x1a\n" + bytes(2000),
    "idx header alone": lambda: idx(IMAGES)[:16],
    "idx of a gigantic size": lambda: b"\0\0\x08\x03" + b"\xff" * 12 + bytes(100),
}


@pytest.mark.parametrize("loader", LOADERS, ids=lambda loader: loader.__name__)
@pytest.mark.parametrize("kind", WRONG_KINDS)
def test_file_of_a_wrong_kind(tmp_path: Path, loader: Any, kind: str) -> None:
    path = sound_file(loader, tmp_path)
    loader(path)
    path.write_bytes(WRONG_KINDS[kind]())
    with pytest.raises((ValueError, OSError), match=path.name) as caught:
        loader(path)
    assert len(str(caught.value)) > len(str(path)) + 20


@pytest.mark.parametrize("loader", LOADERS, ids=lambda loader: loader.__name__)
def test_paths_that_lead_to_no_file(tmp_path: Path, loader: Any) -> None:
    path = tmp_path / LOADERS[loader]
    with pytest.raises(FileNotFoundError, match="there is no file"):
        loader(path)
    path.mkdir()
    with pytest.raises((FileNotFoundError, IsADirectoryError), match="folder"):
        loader(path)
    with pytest.raises((FileNotFoundError, IsADirectoryError), match="folder"):
        loader(tmp_path)  # which holds a folder where the file should be
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(OSError, match=r"there is no file|Not a directory"):
        loader(tmp_path / "file" / path.name)


@posix
@pytest.mark.parametrize("loader", LOADERS, ids=lambda loader: loader.__name__)
def test_a_pipe_is_no_file(tmp_path: Path, loader: Any) -> None:
    path = tmp_path / LOADERS[loader]
    os.mkfifo(path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        loader(path)


# --- load_svhn_digits, load_svhn_h5, load_mnist: wrong content ------------------------------------


def mat_element(kind: int, content: bytes, size: int | None = None) -> bytes:
    padding = bytes(-len(content) % 8)
    return struct.pack("<2I", kind, len(content) if size is None else size) + content + padding


def mat(*elements: bytes) -> bytes:
    return b"MATLAB 5.0".ljust(124) + b"\x00\x01IM" + b"".join(elements)


def mat_array(name: bytes, shape: tuple[int, ...], values: bytes, size: int | None = None) -> bytes:
    inner = (
        mat_element(6, struct.pack("<2I", 9, 0))
        + mat_element(5, struct.pack(f"<{len(shape)}i", *shape))
        + mat_element(1, name)
        + mat_element(2, values, size)
    )
    return mat_element(14, inner)


ONE = mat_array(b"X", (32, 32, 3, 1), bytes(3072))
DEEP = zlib.compress(mat_element(15, zlib.compress(ONE)))

BAD_MATS = {
    "no variable": (mat(), "got none"),
    "other names": (mat(mat_array(b"images", (1, 1), b"1")), "got images"),
    "labels missing": (mat(ONE), "must hold the variables X and y"),
    "labels of another number": (mat(ONE, mat_array(b"y", (2, 1), b"\1\2")), "must have shape"),
    "got 11": (mat(ONE, mat_array(b"y", (1, 1), b"\x0b")), "got 11"),
    "pictures of another shape": (
        mat(mat_array(b"X", (1, 32, 32, 3), bytes(3072)), mat_array(b"y", (1, 1), b"\1")),
        r"got uint8 and \(1, 32, 32, 3\)",
    ),
    "negative size": (mat(mat_array(b"X", (-32, -32, 3, 1), bytes(3072))), "cut off or damaged"),
    "gigantic shape": (mat(mat_array(b"X", (2**31 - 1,) * 4, bytes(8))), "holds 8 bytes"),
    "gigantic values": (mat(mat_array(b"X", (32, 32, 3, 1), b"", 2**32 - 1)), "ends after"),
    "no shape": (mat(mat_array(b"X", (), b"")), "cut off or damaged|must"),
    "gigantic element": (mat(mat_element(14, b"", 2**32 - 1)), "cut off or damaged"),
    "compressed in compressed": (mat(mat_element(15, DEEP)), "a compressed element has type 15"),
    "compressed nothing": (mat(mat_element(15, b"")), "cut off or damaged"),
    "compressed junk": (mat(mat_element(15, b"x" * 80)), "cut off or damaged"),
    "compressed, wrong checksum": (
        mat(mat_element(15, flipped(zlib.compress(ONE), -1))),
        "cut off or damaged",
    ),
    "compressed, without its end": (
        mat(mat_element(15, zlib.compress(ONE)[:-4])),
        "cut off or damaged",
    ),
}


@pytest.mark.parametrize("case", BAD_MATS)
def test_bad_mat_file(tmp_path: Path, case: str) -> None:
    content, message = BAD_MATS[case]
    path = tmp_path / "train_32x32.mat"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        load_svhn_digits(path)
    assert str(path) in str(caught.value)


def empty(*shape: int, **options: Any) -> Callable[[h5py.File], None]:
    """Pictures that are declared and never written."""

    def fill(file: h5py.File) -> None:
        file.create_dataset("X_train", shape, "f4", **options)
        file.create_dataset("y_train", shape[:1], "u1", chunks=True)

    return fill


def h5(X: Any, y: Any = (1, 2, 3)) -> Callable[[h5py.File], None]:
    return lambda file: file.update({"X_train": X, "y_train": y})


PIXELS = IMAGES.astype(np.float32)
LEAKY = np.where(np.arange(3)[:, None, None] == 1, np.nan, PIXELS)

BAD_H5S = {
    "nothing in it": (lambda file: None, "got none"),
    "other names": (lambda file: file.update({"x_train": PIXELS}), "got x_train"),
    "pictures as a folder": (
        lambda file: file.update({"X_train/a": PIXELS, "y_train": [1, 2, 3]}),
        "must hold the arrays",
    ),
    "flat pictures": (h5(PIXELS.reshape(3, -1)), r"got shape \(3, 784\)"),
    "complex pixels": (h5(PIXELS.astype(complex)), "dtype complex"),
    "pixels as text": (h5(np.full((3, 2, 2), b"9")), r"dtype \|S1"),
    "NaN": (h5(LEAKY), r"1 of 3 pictures hold NaN or infinity, the first is 1"),
    "infinity": (h5(np.full((3, 2, 2), np.inf)), "hold NaN or infinity, the first is 0"),
    "pixels beyond float32": (h5(np.full((3, 2, 2), 1e300)), "hold NaN or infinity"),
    "labels of another number": (h5(PIXELS, [1, 2]), r"must have shape \(3,\)"),
    "labels as text": (h5(PIXELS, [b"1", b"2", b"3"]), "got dtype"),
    "got 11": (h5(PIXELS, [1, 2, 11]), "got 11"),
    "label NaN": (h5(PIXELS, [1, 2, np.nan]), "got nan"),
    "labels of nothing": (h5(PIXELS, h5py.Empty("f")), "got None"),
    "pictures of nothing": (h5(h5py.Empty("f")), "got shape None"),
    "dangling link": (h5(h5py.SoftLink("/nowhere")), "must hold the arrays"),
    "link to another file": (h5(h5py.ExternalLink("none.h5", "/X")), "must hold the arrays"),
    "link to itself": (h5(h5py.SoftLink("/X_train")), "cut off or damaged"),
    "60 GB in 2 KB": (empty(15_000_000, 32, 32, chunks=(1, 32, 32)), "more than a file of"),
    "4 TB in 2 KB": (empty(10**9, 32, 32), "more than a file of"),
}


@pytest.mark.parametrize("case", BAD_H5S)
def test_bad_h5_file(tmp_path: Path, case: str) -> None:
    fill, message = BAD_H5S[case]
    path = tmp_path / "digits.h5"
    with h5py.File(path, "w") as file:
        fill(file)
    with pytest.raises(ValueError, match=message) as caught:
        load_svhn_h5(path)
    assert str(path) in str(caught.value)


GOOD_LABELS = idx([1, 2, 3])

BAD_IDX = {
    "labels as pictures": (GOOD_LABELS, GOOD_LABELS, "first bytes are 0x00000801"),
    "pictures as labels": (idx(IMAGES), idx(IMAGES), "first bytes are 0x00000803"),
    "floats": (flipped(idx(IMAGES), 2), GOOD_LABELS, "first bytes are 0x00000c03"),
    "cut in the header": (idx(IMAGES)[:9], GOOD_LABELS, "is cut off in its header"),
    "one byte short": (idx(IMAGES)[:-1], GOOD_LABELS, "holds only 2351"),
    "one byte too many": (idx(IMAGES) + b"\0", GOOD_LABELS, "holds more"),
    "no pictures": (idx(IMAGES[:0]), idx([]), "must hold at least one picture or label"),
    "labels of another number": (idx(IMAGES), idx([1, 2]), "2 labels"),
    "byte order of other machines": (
        b"\0\0\x08\x03" + struct.pack("<3I", *IMAGES.shape) + IMAGES.tobytes(),
        GOOD_LABELS,
        "holds only 2352",
    ),
    "gzip without its end": (gzip.compress(idx(IMAGES))[:-8], GOOD_LABELS, "cut off or damaged"),
    "gzip with a wrong checksum": (
        flipped(gzip.compress(idx(IMAGES)), -5),
        GOOD_LABELS,
        "cut off or damaged",
    ),
    "gzip in gzip": (
        gzip.compress(gzip.compress(idx(IMAGES))),
        GOOD_LABELS,
        "it is a file compressed with gzip",
    ),
}


@pytest.mark.parametrize("case", BAD_IDX)
def test_bad_idx_file(tmp_path: Path, case: str) -> None:
    images, labels, message = BAD_IDX[case]
    (tmp_path / "train-images-idx3-ubyte").write_bytes(images)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    with pytest.raises(ValueError, match=message) as caught:
        load_mnist(tmp_path)
    assert str(tmp_path) in str(caught.value)


BAD_LETTERS = {
    "folder": (as_folder, "is no file"),
    "pipe": (lambda path: os.mkfifo(path), "is no file"),
    "device without end": (lambda path: path.symlink_to("/dev/zero"), "is no file"),
    "dangling link": (lambda path: path.symlink_to("nowhere"), "is no file"),
    "empty": (lambda path: path.write_bytes(b""), NO_PICTURE),
    "bit in its pixels": (lambda path: path.write_bytes(flipped(SOUND, 60)), UNREADABLE),
    "too large": (lambda path: path.write_bytes(SOUND), "has 60 x 40 pixels"),
}


@posix
@pytest.mark.parametrize("case", BAD_LETTERS)
def test_bad_letter_is_left_out(tmp_path: Path, case: str) -> None:
    change, reason = BAD_LETTERS[case]
    for letter in "AB":
        (tmp_path / letter).mkdir()
        (tmp_path / letter / "a.png").write_bytes(png(Image.fromarray(IMAGES[0])))
    (tmp_path / "C").write_bytes(b"a file in place of a folder")
    change(tmp_path / "A" / "b.png")
    with pytest.warns(UserWarning, match=rf"left out 1 of 3 pictures: A/b.png; the first {reason}"):
        data = load_mnist(tmp_path)
    assert data.target.tolist() == ["A", "B"]
    np.testing.assert_array_equal(data.images, IMAGES[[0, 0]])
    assert data.n_skipped == 1


# --- random damage --------------------------------------------------------------------------------


def fields(data: Any) -> list[list[Any]]:
    """What was loaded, for comparison."""
    if hasattr(data, "images"):
        return [data.images.tolist(), data.target.tolist()]
    return [data["filename"].tolist(), data["number"].tolist(), [b.tolist() for b in data["boxes"]]]


def sound_archive(folder: Path) -> Path:
    return NumberSet.generate(NUMBERS).write_archive(folder / "train.tar.gz")


def sound_idx_gz(folder: Path) -> Path:
    path = sound_file(load_mnist, folder)
    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    return packed


def sound_pictures(folder: Path) -> Path:
    return sound_file(load_svhn_numbers, folder).with_name("2.png")


def small_numbers(path: Path) -> Any:
    return load_svhn_numbers(path, image_size=(8, 8))


FORMATS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Any], bool]] = {
    # format: (writer, loader of what was written, whether checksums guard every byte that matters)
    "archive": (sound_archive, small_numbers, True),
    "picture": (sound_pictures, lambda path: small_numbers(path.parent), True),
    "digitStruct": (
        lambda folder: sound_file(read_digit_struct, folder), read_digit_struct, False
    ),
    "MATLAB 5": (lambda folder: sound_file(load_svhn_digits, folder), load_svhn_digits, True),
    "HDF5": (lambda folder: sound_file(load_svhn_h5, folder), load_svhn_h5, False),
    "idx": (lambda folder: sound_file(load_mnist, folder), load_mnist, False),
    "gzip idx": (sound_idx_gz, load_mnist, True),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_random_damage(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    write, load, guarded = FORMATS[name]
    folder = tmp_path_factory.getbasetemp() / f"random-{name}"
    folder.mkdir(exist_ok=True)
    path = write(folder)
    sound = fields(load(path))
    content = path.read_bytes()
    size = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))), label="size")
    damaged = bytearray(content[:size])
    if damaged:
        flips = st.tuples(st.integers(0, size - 1), st.integers(0, 7))
        for at, bit in data.draw(st.lists(flips, max_size=3), label="flips"):
            damaged[at] ^= 1 << bit
    path.write_bytes(damaged)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = fields(load(path))
        except (ValueError, OSError) as error:
            assert str(folder) in str(error)  # noqa: PT017
            return
    if guarded:
        assert found == sound
    assert len({len(field) for field in found}) == 1
