"""Read the raw contents of a digitStruct.mat (MATLAB 7.3, which is HDF5), all pictures at once.

MATLAB spreads a number over some twenty HDF5 objects, and opening each through the library is what
makes the file slow to read. :func:`read_structs_in_bulk` follows the file's own layout with numpy
instead, all objects of a level at a time, and checks every field it relies on; a file laid out
differently is read object by object through h5py.

References
----------
.. [1] The HDF Group, "HDF5 File Format Specification Version 3.0": sections III.A (B-trees),
   III.B (symbol tables), III.D (local heaps) and IV.A (object headers and their messages).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

import h5py
import numpy as np
from h5py import h5d, h5g, h5o, h5r, h5s, h5t
from numpy.typing import NDArray

from .._files._file_kinds import H5PY_ERRORS

#: Fields of a digit, in the order in which HDF5 sorts them.
FIELDS = ("height", "label", "left", "top", "width")

_MAX_ELEMENTS = 10_000

_Integers = NDArray[np.int64]


class NumberStructs(NamedTuple):
    """Contents of a digitStruct.mat, one entry per picture."""

    filenames: list[str]
    #: Digits of each entry.
    n_digits: _Integers
    #: Array of shape (n_digits.sum(), 5): the digits of all entries, columns as in `FIELDS`.
    digits: NDArray[np.float64]
    #: Why an entry (by its position) could not be read; it then has no digits.
    problems: dict[int, str]


class UnforeseenLayoutError(Exception):
    """The file may be valid HDF5, but is not laid out as MATLAB lays out digitStruct.mat."""


def read_structs(data: bytes) -> NumberStructs:
    """Read a digitStruct.mat held in memory; raise one of `H5PY_ERRORS` if it is something else."""
    try:
        return read_structs_in_bulk(data)
    except UnforeseenLayoutError:
        return read_structs_by_object(data)


# --- object by object, through the library ---------------------------------------------------


def read_structs_by_object(data: bytes) -> NumberStructs:
    """Open every HDF5 object on its own: slow, but for every layout that the library reads."""
    filenames: list[str] = []
    digits: list[NDArray[np.float64]] = []
    problems: dict[int, str] = {}
    with h5py.File(io.BytesIO(data), "r") as opened:
        file = opened.id
        for i, (name, bbox) in enumerate(_entries(file, len(data))):
            filenames.append("")
            digits.append(np.empty((0, len(FIELDS))))
            try:
                filenames[i] = _text(_opened(name, file))
                digits[i] = _digits(_opened(bbox, file), file)
            except H5PY_ERRORS as error:
                problems[i] = f"cannot be read ({error})"
    n_digits = np.array([len(d) for d in digits], dtype=np.int64)
    return NumberStructs(
        filenames, n_digits, np.concatenate([np.empty((0, len(FIELDS))), *digits]), problems
    )


def _entries(file: Any, n_bytes: int) -> Iterator[tuple[Any, Any]]:
    """Name and boxes of each picture, as references or, for a single picture, the objects."""
    structs = h5g.open(file, b"digitStruct")
    names, boxes = h5o.open(structs, b"name"), h5o.open(structs, b"bbox")
    if isinstance(boxes, h5g.GroupID):
        return iter([(names, boxes)])
    if not (_holds_references(names) and _holds_references(boxes)):
        raise ValueError("its fields name and bbox are not structs")
    if names.shape != boxes.shape or prod(names.shape) * 8 > n_bytes:
        raise ValueError(f"it declares {names.shape} names and {boxes.shape} sets of boxes")
    return zip(_references(names), _references(boxes), strict=True)


def _opened(item: Any, file: Any) -> Any:
    return h5r.dereference(item, file) if isinstance(item, h5r.Reference) else item


def _text(dataset: Any) -> str:
    codes = np.empty(_small_shape(dataset), np.uint16)
    dataset.read(h5s.ALL, h5s.ALL, codes, h5t.NATIVE_UINT16)
    return codes.astype("<u2").tobytes().decode("utf-16-le")


def _digits(bbox: Any, file: Any) -> NDArray[np.float64]:
    if not isinstance(bbox, h5g.GroupID):  # how MATLAB stores an empty struct array
        return np.empty((0, len(FIELDS)))
    columns = [_numbers(h5d.open(bbox, field.encode()), file) for field in FIELDS]
    if len({len(column) for column in columns}) > 1:
        sizes = ", ".join(f"{len(c)} {f}" for f, c in zip(FIELDS, columns, strict=True))
        raise ValueError(f"its fields differ in size: {sizes}")
    return np.stack(columns, axis=1)


def _numbers(dataset: Any, file: Any) -> NDArray[np.float64]:
    if not _holds_references(dataset):
        values = np.empty(_small_shape(dataset))
        dataset.read(h5s.ALL, h5s.ALL, values, h5t.NATIVE_DOUBLE)
        return values.ravel()
    values = np.empty((prod(_small_shape(dataset)), 1))
    for value, reference in zip(values, _references(dataset), strict=True):
        element = h5r.dereference(reference, file)
        if element.shape != (1, 1):
            raise ValueError(f"a digit's field has the shape {element.shape}, not (1, 1)")
        element.read(h5s.ALL, h5s.ALL, value, h5t.NATIVE_DOUBLE)
    return values[:, 0]


def _holds_references(dataset: Any) -> bool:
    return isinstance(dataset, h5d.DatasetID) and dataset.get_type() == h5t.STD_REF_OBJ


def _references(dataset: Any) -> NDArray[Any]:
    references = np.empty(dataset.shape, h5py.ref_dtype)
    dataset.read(h5s.ALL, h5s.ALL, references)
    return references.ravel()


def _small_shape(dataset: Any) -> tuple[int, ...]:
    shape: tuple[int, ...] = dataset.shape
    if prod(shape) > _MAX_ELEMENTS:
        raise ValueError(f"a field declares the shape {shape}")
    return shape


# --- all objects of a level at a time, from the file's bytes ---------------------------------

_DATASPACE, _DATATYPE, _LAYOUT, _CONTINUATION, _SYMBOL_TABLE = 0x01, 0x03, 0x08, 0x10, 0x11
_MAX_MESSAGES = 64

# First four bytes of a datatype message (class, version, byte order and sign), and its size.
_UINT16 = (0x00000010, 2)
_FLOAT64 = (0x003F2011, 8)
_REFERENCE = (0x00000017, 8)

_TREE, _NODE, _HEAP = (int.from_bytes(name, "little") for name in (b"TREE", b"SNOD", b"HEAP"))


def read_structs_in_bulk(data: bytes) -> NumberStructs:
    """Follow MATLAB's layout through the bytes of the file.

    Raises `UnforeseenLayoutError` for another layout, or one of `H5PY_ERRORS`.
    """
    names, boxes, base = _top_level(data)
    file = _FileBytes(data, base)

    name_data = _datasets(file, file.to_offsets(names))
    _expect(name_data.is_a(_UINT16))
    _expect(name_data.n_elements <= _MAX_ELEMENTS)
    codes = file.field(_element_offsets(name_data.offset, name_data.n_elements, 2), "<u2")
    texts = np.split(codes, np.cumsum(name_data.n_elements)[:-1])
    try:
        filenames = [text.tobytes().decode("utf-16-le") for text in texts]
    except UnicodeDecodeError:
        raise UnforeseenLayoutError from None

    fields = _datasets(file, _group_members(file, file.to_offsets(boxes)).ravel())
    counts = fields.n_elements.reshape(-1, len(FIELDS))
    n_digits = counts[:, 0]
    _expect(counts == n_digits[:, None])
    _expect(n_digits <= _MAX_ELEMENTS)
    inline = np.repeat(fields.is_a(_FLOAT64), fields.n_elements)
    referenced = np.repeat(fields.is_a(_REFERENCE), fields.n_elements)
    _expect(inline | referenced)
    offsets = _element_offsets(fields.offset, fields.n_elements, 8)
    elements = _datasets(file, file.addresses(offsets[referenced]))
    _expect(elements.is_a(_FLOAT64) & (elements.n_elements == 1))
    offsets[referenced] = elements.offset
    values = file.field(offsets, "<f8")

    # The values lie picture by picture, then field by field, then digit by digit.
    first = np.repeat(np.cumsum(n_digits) - n_digits, n_digits)
    position = np.arange(n_digits.sum()) - first
    stride = np.repeat(n_digits, n_digits)
    order = (len(FIELDS) * first + position)[:, None] + stride[:, None] * np.arange(len(FIELDS))
    return NumberStructs(filenames, n_digits, values[order], {})


def _top_level(data: bytes) -> tuple[_Integers, _Integers, int]:
    """Addresses of all names and of all boxes, and the offset that addresses count from."""
    with h5py.File(io.BytesIO(data), "r") as file:
        structs = h5g.open(file.id, b"digitStruct")
        columns = [h5o.open(structs, b"name"), h5o.open(structs, b"bbox")]
        for column in columns:
            _expect(_holds_references(column) and prod(column.shape) * 8 <= len(data))
        _expect(columns[0].shape == columns[1].shape and prod(columns[0].shape) > 0)
        names, boxes = (np.empty(column.shape, np.int64) for column in columns)
        columns[0].read(h5s.ALL, h5s.ALL, names, h5t.STD_REF_OBJ)
        columns[1].read(h5s.ALL, h5s.ALL, boxes, h5t.STD_REF_OBJ)
        creation = file.id.get_create_plist()
        _expect(creation.get_version()[0] in (0, 1) and creation.get_sizes() == (8, 8))
        return names.ravel(), boxes.ravel(), creation.get_userblock()


class _FileBytes:
    """Integers and floats at many offsets of a file at once."""

    def __init__(self, data: bytes, base: int) -> None:
        self._bytes = np.frombuffer(data, np.uint8)
        self._base = base

    def field(self, offsets: _Integers, dtype: str) -> NDArray[Any]:
        """Values of one type at `offsets`."""
        size = np.dtype(dtype).itemsize
        _expect((offsets >= 0) & (offsets <= self._bytes.size - size))
        values: NDArray[Any] = self._bytes[offsets[:, None] + np.arange(size)].view(dtype)[:, 0]
        return values

    def addresses(self, offsets: _Integers) -> _Integers:
        """Where the addresses stored at `offsets` lead to, as offsets."""
        return self.to_offsets(self.field(offsets, "<i8"))

    def to_offsets(self, addresses: _Integers) -> _Integers:
        """Offsets in the file of HDF5 addresses, of which -1 is the undefined one."""
        _expect((addresses > 0) & (addresses < self._bytes.size))
        return addresses + self._base


class _Datasets(NamedTuple):
    """Many datasets: the type of each, its number of elements and where its data begin."""

    type_code: _Integers
    type_size: _Integers
    n_elements: _Integers
    offset: _Integers

    def is_a(self, datatype: tuple[int, int]) -> NDArray[np.bool_]:
        """Which of them are of a type."""
        matches: NDArray[np.bool_] = (self.type_code == datatype[0]) & (
            self.type_size == datatype[1]
        )
        return matches


def _datasets(file: _FileBytes, headers: _Integers) -> _Datasets:
    space, datatype, layout = _messages(file, headers, (_DATASPACE, _DATATYPE, _LAYOUT))
    _expect(file.field(space, "u1") == 1)
    _expect(file.field(space + 1, "u1") == 2)
    n_rows, n_columns = file.field(space + 8, "<i8"), file.field(space + 16, "<i8")
    _expect((n_rows > 0) & (n_columns > 0) & (n_rows < 2**20) & (n_columns < 2**20))
    n_elements = n_rows * n_columns
    type_code, type_size = file.field(datatype, "<u4"), file.field(datatype + 4, "<u4")

    layout_class = file.field(layout + 1, "u1")
    compact, contiguous = layout_class == 0, layout_class == 1
    _expect((file.field(layout, "u1") == 3) & (compact | contiguous))
    offset, n_bytes = np.empty_like(layout), np.empty_like(layout)
    offset[compact] = layout[compact] + 4
    n_bytes[compact] = file.field(layout[compact] + 2, "<u2")
    offset[contiguous] = file.addresses(layout[contiguous] + 2)
    n_bytes[contiguous] = file.field(layout[contiguous] + 10, "<i8")
    _expect(n_bytes == n_elements * type_size)
    return _Datasets(type_code.astype(np.int64), type_size.astype(np.int64), n_elements, offset)


def _group_members(file: _FileBytes, headers: _Integers) -> _Integers:
    """Header of each of the fields of groups that hold just these; shape (n_groups, n_fields)."""
    (table,) = _messages(file, headers, (_SYMBOL_TABLE,))
    tree, heap = file.addresses(table), file.addresses(table + 8)
    _expect(file.field(tree, "<u4") == _TREE)
    _expect(file.field(tree + 4, "<u2") == 0)  # a leaf of a tree of groups
    _expect(file.field(tree + 6, "<u2") == 1)
    node = file.addresses(tree + 32)
    _expect(file.field(node, "<u4") == _NODE)
    _expect(file.field(node + 6, "<u2") == len(FIELDS))
    _expect(file.field(heap, "<u4") == _HEAP)
    names = file.addresses(heap + 24)
    members = np.empty((len(headers), len(FIELDS)), np.int64)
    for i, field in enumerate(FIELDS):
        entry = node + 8 + 40 * i
        name = names + file.field(entry, "<i8")
        for k, character in enumerate(field.encode() + b"\0"):
            _expect(file.field(name + k, "u1") == character)
        members[:, i] = file.addresses(entry + 8)
    return members


def _messages(file: _FileBytes, headers: _Integers, wanted: tuple[int, ...]) -> list[_Integers]:
    """For each wanted type of message, where each object header's message of that type begins."""
    _expect(file.field(headers, "u1") == 1)
    found = {kind: np.full(len(headers), -1) for kind in wanted}
    position = headers + 16
    end = position + file.field(headers + 8, "<u4")
    continued, continued_end = np.full(len(headers), -1), np.full(len(headers), -1)
    rows = np.arange(len(headers))
    for _ in range(_MAX_MESSAGES):
        ended = rows[position[rows] >= end[rows]]
        _expect(continued[ended] >= 0)
        position[ended], end[ended], continued[ended] = continued[ended], continued_end[ended], -1

        kind, size = file.field(position[rows], "<u2"), file.field(position[rows] + 2, "<u2")
        for wanted_kind in wanted:
            hit = rows[kind == wanted_kind]
            found[wanted_kind][hit] = position[hit] + 8
        hit = rows[kind == _CONTINUATION]
        _expect(continued[hit] < 0)
        continued[hit] = file.addresses(position[hit] + 8)
        continued_end[hit] = continued[hit] + file.field(position[hit] + 16, "<i8")
        position[rows] += 8 + size.astype(np.int64)

        rows = rows[np.any([found[kind][rows] < 0 for kind in wanted], axis=0)]
        if rows.size == 0:
            return list(found.values())
    raise UnforeseenLayoutError


def _element_offsets(starts: _Integers, counts: _Integers, size: int) -> _Integers:
    """Offset of every element of arrays that begin at `starts`, one array after the other."""
    first = np.repeat(np.cumsum(counts) - counts, counts)
    offsets: _Integers = np.repeat(starts, counts) + size * (np.arange(counts.sum()) - first)
    return offsets


def _expect(condition: NDArray[np.bool_] | bool) -> None:
    if not np.all(condition):
        raise UnforeseenLayoutError
