"""Open the files of SVHN's format 1, in a folder or in a .tar.gz that is not unpacked."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import IO, cast

import h5py

from .._files._file_kinds import check_is_file, kind_of_file, wrong_file

DIGIT_STRUCT = "digitStruct.mat"
#: Far above SVHN's own files (0.4 GB and 1 MB), far below what would exhaust the memory.
MAX_DIGIT_STRUCT_BYTES = 2**31
MAX_PICTURE_BYTES = 2**28
#: Bytes that one byte of a compressed file can stand for: zlib's documented limit.
MAX_DEFLATION = 1032


class NumberFolder:
    """A digitStruct.mat and the pictures that lie beside it."""

    #: What is wrong with the storage as a whole.
    damage: str | None = None

    def __init__(self, digit_struct: Path) -> None:
        self.digit_struct_name = str(digit_struct)
        self.location = str(digit_struct.parent)
        self._digit_struct = digit_struct

    def digit_struct(self) -> bytes:
        """Bytes of digitStruct.mat."""
        with self._digit_struct.open("rb") as file:
            return _read_digit_struct(file, self.digit_struct_name)

    def missing(self, filenames: Iterable[str]) -> dict[str, str]:
        """Why each of those files that is not here cannot be had."""
        folder = self._digit_struct.parent
        reason = f"is not in {self.location}"
        return {name: reason for name in filenames if not is_regular_file(folder / name)}

    def pictures(self, filenames: Iterable[str]) -> Iterator[tuple[str, bytes | str]]:
        """Each file's name, with its bytes or the reason why they cannot be had."""
        for name in filenames:
            try:
                with (self._digit_struct.parent / name).open("rb") as file:
                    picture = read_file(file)
            except OSError as error:
                picture = f"cannot be read: {error}"
            yield name, picture


class NumberArchive:
    """A .tar.gz (or .tar) that holds digitStruct.mat, usually as its last member, and pictures.

    It is read twice from start to end, and nothing is written to disk.
    """

    def __init__(self, path: Path) -> None:
        self.location = str(path)
        self.damage: str | None = None
        self._path = path
        self._members: dict[PurePosixPath, str | None] = {}
        self._digit_structs: list[tuple[PurePosixPath, bytes]] = []
        try:
            for member, content in _members(path):
                self._note(member, content)
        except _DAMAGE as error:
            self.damage = f"the archive {path} is cut off or damaged ({error})"

    @property
    def digit_struct_name(self) -> str:
        """How messages call digitStruct.mat."""
        return f"{self._digit_struct_member()} in {self.location}"

    def digit_struct(self) -> bytes:
        """Bytes of digitStruct.mat."""
        self._digit_struct_member()
        return self._digit_structs[0][1]

    def missing(self, filenames: Iterable[str]) -> dict[str, str]:
        """Why each of those files that is not here cannot be had."""
        folder = self._digit_struct_member().parent
        absent = f"is not in {self.location}"
        reasons = {name: self._members.get(folder / name, absent) for name in filenames}
        return {name: reason for name, reason in reasons.items() if reason is not None}

    def pictures(self, filenames: Iterable[str]) -> Iterator[tuple[str, bytes | str]]:
        """Each file's name, with its bytes or the reason why they cannot be had."""
        folder = self._digit_struct_member().parent
        wanted = {folder / name: name for name in filenames}
        reason = "cannot be found again"
        try:
            for member, content in _members(self._path):
                path = PurePosixPath(member.name)
                if content is not None and path in wanted:
                    picture = read_file(content)
                    yield wanted.pop(path), picture
        except _DAMAGE as error:
            reason = f"cannot be read: the archive is cut off or damaged ({error})"
        for name in wanted.values():
            yield name, reason

    def _note(self, member: tarfile.TarInfo, content: IO[bytes] | None) -> None:
        name = PurePosixPath(member.name)
        if name in self._members:
            self._members[name] = f"is in {self.location} more than once"
        elif content is None:
            self._members[name] = "is a link or a folder, not a file"
        else:
            self._members[name] = None
        if content is not None and name.name == DIGIT_STRUCT:
            self._digit_structs.append((name, _read_digit_struct(content, self.location)))

    def _digit_struct_member(self) -> PurePosixPath:
        if len(self._digit_structs) == 1:
            return self._digit_structs[0][0]
        if self.damage is not None:
            raise ValueError(
                f"{self.damage} and no {DIGIT_STRUCT} was found in it; download or copy it again."
            )
        raise ValueError(
            f"{self.location} must hold one {DIGIT_STRUCT}; it holds {len(self._digit_structs)}."
        )


NumberFiles = NumberFolder | NumberArchive

_DAMAGE = (EOFError, zlib.error, tarfile.TarError, OSError)


def open_number_files(path: str | PathLike[str]) -> NumberFiles:
    """Find digitStruct.mat and its pictures in a folder, an archive or beside the .mat file.

    Raises OSError if they cannot be found or read, and ValueError for another kind of file.
    """
    path = Path(path)
    if path.is_dir():
        if not (path / DIGIT_STRUCT).is_file():
            inside = sorted(str(p.parent) for p in path.glob(f"*/{DIGIT_STRUCT}"))
            hint = f" Did you mean {' or '.join(inside)}?" if inside else ""
            raise FileNotFoundError(
                f"the folder {path} holds no {DIGIT_STRUCT}; pass the folder that holds it.{hint}"
            )
        return NumberFolder(check_is_file(path / DIGIT_STRUCT, NEEDED))
    check_is_file(path, NEEDED, or_folder=True)
    if kind_of_file(path).key in ARCHIVES:
        return NumberArchive(path)
    if h5py.is_hdf5(path):
        return NumberFolder(path)
    raise wrong_file(path, NEEDED)


#: What the loaders of format 1 take.
NEEDED = "SVHN's format 1: a folder or .tar.gz that holds digitStruct.mat, or that MATLAB 7.3 file"

#: Keys of kinds that are read as archives; a damaged one is "gz".
ARCHIVES = ("tar", "tar.gz", "gz")
_GZIP_MAGIC = b"\x1f\x8b"


def _members(path: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    """Members of an archive in their order, with the content of those that are plain files."""
    try:
        yield from _read_members(path)
    except ValueError as error:  # tarfile's own, on damaged extended headers
        raise tarfile.ReadError(f"invalid header: {error}") from error


def _read_members(path: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    with path.open("rb") as file:
        is_gzip = file.read(2) == _GZIP_MAGIC
    n_bytes_at_most = path.stat().st_size * (MAX_DEFLATION if is_gzip else 1)
    opener = gzip.open if is_gzip else open
    with cast(IO[bytes], opener(path, "rb")) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            while (member := archive.next()) is not None:
                if member.size > n_bytes_at_most:  # tarfile would look for its end for days
                    raise tarfile.ReadError(f"{member.name!r} declares {member.size} bytes")
                yield member, archive.extractfile(member) if member.isreg() else None
                # It would keep 1.5 KB for each of 200,000 pictures.
                archive.members = []  # type: ignore[attr-defined]
        while stream.read(2**20):  # gzip checks length and sum at its end only
            pass


def is_regular_file(path: Path) -> bool:
    """Whether a file is there that ends: no pipe or device, and no name the system refuses."""
    try:
        return path.is_file()
    except OSError:  # longer than the system allows
        return False


def read_file(file: IO[bytes]) -> bytes | str:
    """Bytes of a picture's file, or the reason why there are none."""
    content = file.read(MAX_PICTURE_BYTES + 1)
    if len(content) > MAX_PICTURE_BYTES:
        return f"has more than {MAX_PICTURE_BYTES >> 20} MiB"
    return content


def _read_digit_struct(file: IO[bytes], name: str) -> bytes:
    content = file.read(MAX_DIGIT_STRUCT_BYTES + 1)
    if len(content) > MAX_DIGIT_STRUCT_BYTES:
        raise ValueError(
            f"digitStruct.mat must have at most {MAX_DIGIT_STRUCT_BYTES >> 20} MiB; the one in "
            f"{name} has more."
        )
    return content
