"""Writes small files in SVHN's own formats, good and damaged, for the tests of the loaders."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from PIL import Image

BOX_FIELDS = ("left", "top", "width", "height")


@dataclass
class Entry:
    """One picture of a digitStruct.mat."""

    filename: str
    labels: Sequence[float]
    #: Rows (left, top, width, height).
    boxes: Sequence[Sequence[float]]


@dataclass
class NumberSet:
    """A small data set in format 1: its table and its pictures' files."""

    entries: list[Entry] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def generate(cls, numbers: Iterable[str], *, color: bool = False, seed: int = 0) -> NumberSet:
        """Pictures of random size in which digit d is a plain box of brightness 20 * d + 40."""
        random_state = np.random.RandomState(seed)
        made = cls()
        for i, number in enumerate(numbers):
            width, height = (
                14 * len(number) + random_state.randint(4, 20),
                random_state.randint(20, 40),
            )
            boxes = [(3 + 14 * k, 2, 12, 16) for k in range(len(number))]
            pixels = np.full((height, width), 10, np.uint8)
            for digit, (left, top, w, h) in zip(number, boxes, strict=True):
                pixels[top : top + h, left : left + w] = 40 + 20 * int(digit)
            picture = Image.fromarray(pixels)
            filename = f"{i + 1}.png"
            made.entries.append(Entry(filename, [int(d) or 10 for d in number], boxes))
            made.files[filename] = png(picture.convert("RGB") if color else picture)
        return made

    def write_folder(self, folder: Path) -> Path:
        """Write digitStruct.mat and the pictures, as SVHN's archives unpack."""
        folder.mkdir(parents=True, exist_ok=True)
        write_digit_struct(folder / "digitStruct.mat", self.entries)
        for filename, content in self.files.items():
            (folder / filename).write_bytes(content)
        return folder

    def write_archive(self, path: Path, *, table_first: bool = False) -> Path:
        """Write a .tar.gz (or .tar) with one folder, the table last as in SVHN's own."""
        table = path.with_suffix(".mat")
        write_digit_struct(table, self.entries)
        members = [("train/" + name, content) for name, content in self.files.items()]
        members.insert(
            0 if table_first else len(members), ("train/digitStruct.mat", table.read_bytes())
        )
        table.unlink()
        return write_tar(path, members)


def png(picture: Image.Image) -> bytes:
    """Encode a picture as PNG."""
    buffer = io.BytesIO()
    picture.save(buffer, "png")
    return buffer.getvalue()


def write_tar(path: Path, members: Iterable[tuple[str | tarfile.TarInfo, bytes]]) -> Path:
    """Write an archive; a member given as TarInfo keeps its type."""
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def write_digit_struct(
    path: Path, entries: Sequence[Entry], *, layout: str = "contiguous", libver: str = "earliest"
) -> Path:
    """Write a digitStruct.mat as MATLAB 7.3 does.

    The struct array's fields are datasets of references into ``#refs#``. A picture's boxes are a
    group there: the fields of a single digit are 1 x 1 doubles, those of several digits are
    references to such. Names are uint16 characters.
    """
    with h5py.File(path, "w", userblock_size=512, libver=libver) as file:
        refs = file.create_group("#refs#")
        writer = _Writer(refs, layout)
        names, boxes = [], []
        for entry in entries:
            codes = np.frombuffer(entry.filename.encode("utf-16-le", "surrogatepass"), np.uint16)
            names.append(writer.dataset(codes[:, np.newaxis], "char").ref)
            boxes.append(writer.boxes(entry).ref)
        structs = file.create_group("digitStruct")
        structs.attrs["MATLAB_class"] = np.bytes_(b"struct")
        for name, references in (("name", names), ("bbox", boxes)):
            column = np.empty((len(references), 1), h5py.ref_dtype)
            column[:, 0] = references
            structs.create_dataset(name, data=column, dtype=h5py.ref_dtype)
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64 HDF5 schema 1.00 .".ljust(128))
    return path


class _Writer:
    def __init__(self, refs: h5py.Group, layout: str) -> None:
        self._refs = refs
        self._options: dict[str, Any] = {"chunks": (1, 1)} if layout == "chunked" else {}
        self._compact = layout == "compact"
        self._n = 0

    def _name(self) -> str:
        self._n += 1
        return f"r{self._n}"

    def dataset(
        self,
        values: np.ndarray,
        matlab_class: str | None,
        group: h5py.Group | None = None,
        name: str = "",
    ) -> h5py.Dataset:
        parent, key = (self._refs, self._name()) if group is None else (group, name)
        if self._compact:
            made = _compact_dataset(parent, key, values)
        else:
            made = parent.create_dataset(key, data=values, dtype=values.dtype, **self._options)
        if matlab_class is not None:
            made.attrs["MATLAB_class"] = np.bytes_(matlab_class.encode())
        return made

    def boxes(self, entry: Entry) -> h5py.Group | h5py.Dataset:
        if not len(entry.labels):
            return self.dataset(np.zeros((2, 1), np.uint64), "struct")
        group = self._refs.create_group(self._name())
        group.attrs["MATLAB_class"] = np.bytes_(b"struct")
        columns = dict(zip(BOX_FIELDS, np.transpose(entry.boxes), strict=True))
        for name, values in (("label", entry.labels), *columns.items()):
            column = np.asarray(values, np.float64)[:, np.newaxis]
            if len(column) == 1:
                self.dataset(column, "double", group, name)
                continue
            references = np.empty(column.shape, h5py.ref_dtype)
            references[:, 0] = [
                self.dataset(value[:, np.newaxis], "double").ref for value in column
            ]
            self.dataset(references, None, group, name)
        return group


def _compact_dataset(parent: h5py.Group, name: str, values: np.ndarray) -> h5py.Dataset:
    """As MATLAB stores small arrays since about 2016: inside the object's header."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_layout(h5py.h5d.COMPACT)
    datatype = h5py.h5t.py_create(values.dtype, logical=True)
    space = h5py.h5s.create_simple(values.shape)
    made = h5py.Dataset(h5py.h5d.create(parent.id, name.encode(), datatype, space, creation))
    made[...] = values
    return made
