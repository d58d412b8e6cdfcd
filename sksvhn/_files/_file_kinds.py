"""Recognise the kind of a file by its first bytes, and name it in errors."""

from __future__ import annotations

import bz2
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

# HDF5 allows a signature at 0 and behind a block of 512 * 2**n bytes; MATLAB's is at 512.
_HEAD = 2**11 + 8
_HDF5 = b"\x89HDF\r\n\x1a\n"

#: What h5py raises on a file that is damaged, declares absurd sizes or holds something else.
H5PY_ERRORS = (
    OSError,
    LookupError,
    RuntimeError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
)


class FileKind(NamedTuple):
    """Kind of a file: a key for programs, a noun phrase for messages, and advice on it."""

    key: str
    name: str
    advice: str


_UNPACK = "unpack it, and pass what it holds"
_EMPTY = FileKind("empty", "an empty file", "download or copy it again")
_UNKNOWN = FileKind("unknown", "a file of a kind that sksvhn does not know", "pass another file")

# First bytes. The first that fits counts.
_SIGNATURES: tuple[tuple[bytes, FileKind], ...] = (
    (
        b"MATLAB 5.0",
        FileKind("mat5", "a MATLAB 5 file", "load_svhn_digits reads SVHN's format 2"),
    ),
    (b"\x89PNG", FileKind("picture", "a picture (PNG)", "")),
    (b"\xff\xd8\xff", FileKind("picture", "a picture (JPEG)", "")),
    (b"GIF8", FileKind("picture", "a picture (GIF)", "")),
    (b"II*\0", FileKind("picture", "a picture (TIFF)", "")),
    (b"MM\0*", FileKind("picture", "a picture (TIFF)", "")),
    (b"BM", FileKind("picture", "a picture (BMP)", "")),
    (b"PAR1", FileKind("parquet", "a Parquet file", "sksvhn.transcribe takes it")),
    (b"\x93NUMPY", FileKind("npy", "a NumPy file (.npy)", "numpy.load reads it")),
    (b"7z\xbc\xaf\x27\x1c", FileKind("7z", "a 7-Zip archive", _UNPACK)),
    (b"Rar!", FileKind("rar", "a RAR archive", _UNPACK)),
    (b"\x04\x22\x4d\x18", FileKind("lz4", "a file compressed with LZ4", _UNPACK)),
    (b"\x28\xb5\x2f\xfd", FileKind("zst", "a file compressed with Zstandard", _UNPACK)),
    (b"%PDF", FileKind("pdf", "a PDF document", "pass another file")),
)
_PICTURE_ADVICE = "list labelled pictures in a CSV file for load_labelled_pictures, or read them"

_MAT73 = FileKind("mat73", "a MATLAB 7.3 (HDF5) file", "load_svhn_numbers reads SVHN's format 1")
_HDF5_FILE = FileKind("hdf5", "an HDF5 file", "load_labelled and load_svhn_h5 read such files")
_TAR = FileKind("tar", "a tar archive", "load_svhn_numbers reads SVHN's format 1")
_IDX = FileKind("idx", "an idx file", "load_mnist reads it")
_MODEL = FileKind("model", "a model that sksvhn saved", "sksvhn.load reads it")
_CHECKPOINT = FileKind(
    "checkpoint", "a checkpoint that sksvhn wrote", "fit goes on from its folder, checkpoint_dir"
)
_SAFETENSORS = FileKind(
    "safetensors", "a safetensors file, but sksvhn did not write it", "use the program that did"
)
_PICKLE = FileKind(
    "pickle",
    "a pickle",
    "joblib.load reads it, and runs the code in it: do so only if you trust who made it",
)
_ONNX = FileKind("onnx", "an ONNX model", "run it with onnxruntime")
_TEXT = FileKind("text", "a text file", "pass another file")
_CSV = FileKind("csv", "a CSV file", "load_labelled_pictures reads lists of labelled pictures")
_JSON = FileKind("json", "a JSON file", "pass another file")
_UTF16 = FileKind("utf16", "text in UTF-16", "save it in UTF-8")
_HTML = FileKind("html", "a web page (HTML), as failed downloads leave", "download the file again")
_LFS = FileKind("lfs", "a pointer of Git LFS, not the file itself", "get the file: git lfs pull")

# First bytes of what compresses one file, its suffix and name, and what decompresses it.
_COMPRESSED: tuple[tuple[bytes, str, str, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", "gz", "gzip", lambda: zlib.decompressobj(31)),
    (b"BZh", "bz2", "bzip2", bz2.BZ2Decompressor),
    (b"\xfd7zXZ", "xz", "xz", lzma.LZMADecompressor),
    (b"]\0\0", "lzma", "LZMA", lzma.LZMADecompressor),
    (b"x\x01", "zlib", "zlib", zlib.decompressobj),
    (b"x^", "zlib", "zlib", zlib.decompressobj),
    (b"x\x9c", "zlib", "zlib", zlib.decompressobj),
    (b"x\xda", "zlib", "zlib", zlib.decompressobj),
)
# Bytes to look into: a block of bzip2 may be this long.
_BLOCK = 2**20
_SAVED = re.compile(rb'.{8}\{"__metadata__":\{"sksvhn":"(\w+) ', re.DOTALL)
_ONNX_START = re.compile(rb"\x08[\x01-\x20][\x12\x1a\x22\x2a\x3a\x42]")
# Protocols from 2 on, or the text that protocol 0 writes.
_PICKLE_START = re.compile(rb"\x80[\x02-\x05]|\([ld]p\d|c\w+(\.\w+)*\n\w+\n[(p]")
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1c-\x1f]")


def kind_of_file(path: Path) -> FileKind:
    """Recognise the kind of a file by its content; raise OSError if it cannot be opened."""
    with path.open("rb") as file:
        kind = kind_of_content(file)
    return _CSV if kind is _TEXT and path.suffix.lower() == ".csv" else kind


def kind_of_content(file: BinaryIO) -> FileKind:
    """Tell the kind of what a file that can be sought holds from where it is."""
    start = file.tell()
    head = file.read(_HEAD)
    kind = _kind_of_head(head)
    if kind is not None:
        return kind
    file.seek(start)
    if head.startswith(b"PK"):
        return _kind_of_zip(file)
    for signature, key, name, decompressor in _COMPRESSED:
        if head.startswith(signature):
            return _kind_of_compressed(file.read(_BLOCK), decompressor(), key, name)
    return _UNKNOWN


def wrong_file(
    path: str | Path,
    needed: str,
    *,
    content: bytes | None = None,
    advice: Mapping[str, str] | None = None,
) -> ValueError:
    """Make the error that a file, or its `content`, is not what is `needed`.

    `advice` maps keys of kinds to advice that differs from the general one.
    """
    kind = kind_of_file(Path(path)) if content is None else kind_of_content(BytesIO(content))
    what_to_do = (advice or {}).get(kind.key, kind.advice)
    return ValueError(f"{path} must be {needed}; it is {kind.name}; {what_to_do}.")


def check_is_file(path: str | PathLike[str], needed: str, *, or_folder: bool = False) -> Path:
    """Return the path of a readable file, or raise an OSError that says what is `needed`.

    `or_folder` says that a folder would do as well, but a folder is an error here, too.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder; pass {needed}.")
        if not path.is_file():
            where = f"{path}, but a device or pipe" if path.exists() else f"{path}"
            what = "file or folder" if or_folder else "file"
            raise FileNotFoundError(f"there is no {what} at {where}; pass {needed}.")
        path.open("rb").close()
    except PermissionError as error:
        raise PermissionError(
            f"{path} cannot be read ({error.strerror}); change its permissions or pass another "
            "file."
        ) from None
    return path


def _kind_of_head(head: bytes) -> FileKind | None:
    """Kind of what these bytes begin, unless it has to be looked into."""
    if not head:
        return _EMPTY
    if head[257:262] == b"ustar":  # before HDF5: an archive's first file may be one, at 512
        return _TAR
    if any(head.startswith(_HDF5, start) for start in (0, 512, 1024, 2048)):
        return _MAT73 if head.startswith(b"MATLAB 7.3") else _HDF5_FILE
    if head.startswith(b"MATLAB 7.3"):
        return _MAT73
    for signature, kind in _SIGNATURES:
        if head.startswith(signature) and not (signature == b"BM" and _is_text(head)):
            return kind._replace(advice=kind.advice or _PICTURE_ADVICE)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileKind("picture", "a picture (WebP)", _PICTURE_ADVICE)
    if re.match(rb"P[1-6]\s+(#.*\s+)?\d", head):
        return FileKind("picture", "a picture (PPM)", _PICTURE_ADVICE)
    if head[8:9] == b"{" and head[5:8] == bytes(3):  # the length of a safetensors header
        saved = _SAVED.match(head)
        if saved is None:
            return _SAFETENSORS
        return {b"model": _MODEL, b"checkpoint": _CHECKPOINT}.get(saved[1], _SAFETENSORS)
    if re.match(rb"\0\0[\x08\x09\x0b-\x0e][\1-\4]", head):
        return _IDX
    if _PICKLE_START.match(head):
        return _PICKLE
    if _ONNX_START.match(head):
        return _ONNX
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _UTF16
    return _kind_of_text(head) if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    return not head.startswith(tuple(start for start, *_ in _COMPRESSED)) and not _NOT_TEXT.search(
        head
    )


def _kind_of_text(head: bytes) -> FileKind:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] == b"<":
        return _HTML
    if text.startswith(b"version https://git-lfs"):
        return _LFS
    if re.match(rb'\{\s*["}]|\[\s*[\[{"\]\d-]', text):
        return _JSON
    return _TEXT


def _kind_of_zip(file: BinaryIO) -> FileKind:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        names = []
    if "schema.json" in names:
        return FileKind("skops", "a skops file", "skops.io.load reads it")
    if any(name.endswith("/data.pkl") for name in names):
        return FileKind("torch", "a file of torch.save", "torch.load reads it")
    if names and all(name.endswith(".npy") for name in names):
        return FileKind("npz", "a NumPy file (.npz)", "numpy.load reads it")
    return FileKind("zip", "a zip archive", _UNPACK)


def _kind_of_compressed(content: bytes, decompressor: Any, key: str, name: str) -> FileKind:
    """Kind of a compressed file, with what it holds as far as that can be told."""
    try:
        head = decompressor.decompress(content, _HEAD)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        head = b""
    kind = _kind_of_head(head) if head else None
    if kind is None:
        return FileKind(key, f"a file compressed with {name}", _UNPACK)
    reads_packed = kind is _PICKLE or (key == "gz" and kind in (_TAR, _IDX))
    advice = kind.advice if reads_packed else _UNPACK
    return FileKind(f"{kind.key}.{key}", f"{kind.name}, compressed with {name}", advice)
