"""Files of named arrays and a document."""

from __future__ import annotations

import errno
import json
import os
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.numpy import save_file

from sksvhn._files import _model_file
from sksvhn._files._model_file import _digest, in_brief, read_file, write_file

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
shapes = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
named = st.dictionaries(
    st.text(max_size=5).filter(lambda name: name != "__metadata__"),
    st.one_of(*(arrays(d, shapes) for d in ("?", "i1", "u2", ">i4", "<u8", "f2", ">f4", "f8"))),
    max_size=4,
)


def write_raw(path: Path, metadata: dict[str, str], **stored: Any) -> None:
    save_file(stored, path, metadata)


@given(document=documents, stored=named)
@settings(deadline=None, max_examples=40)
def test_what_was_written_is_read(document: Any, stored: Any, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "file"
    write_file(path, "model", document, stored)
    content = path.read_bytes()
    found, arrays_ = read_file(path, "model")
    assert found == document
    assert arrays_.keys() == stored.keys()
    for name, array in stored.items():
        assert arrays_[name].dtype == array.dtype.newbyteorder("<")
        assert arrays_[name].shape == array.shape
        np.testing.assert_array_equal(arrays_[name], array)
    write_file(path, "model", found, arrays_)
    assert path.read_bytes() == content


def test_any_layout_in_memory(tmp_path: Path) -> None:
    square = np.arange(12.0).reshape(3, 4)
    views = {"transposed": square.T, "reversed": square[::-1], "every other": square[:, ::2]}
    write_file(tmp_path / "file", "model", None, views)
    for name, array in read_file(tmp_path / "file", "model")[1].items():
        np.testing.assert_array_equal(array, views[name])


def test_arrays_can_be_changed(tmp_path: Path) -> None:
    write_file(tmp_path / "file", "model", None, {"a": np.zeros(3)})
    before = (tmp_path / "file").read_bytes()
    _, stored = read_file(tmp_path / "file", "model")
    stored["a"] = stored["a"] + 1
    assert (tmp_path / "file").read_bytes() == before


def test_it_is_a_safetensors_file(tmp_path: Path) -> None:
    write_file(tmp_path / "file", "model", {"a": [1]}, {"b": np.arange(3)})
    content = (tmp_path / "file").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert header["b"]["dtype"] == "I64"
    kind, digest, text = header["__metadata__"]["sksvhn"].split(" ", 2)
    assert (kind, len(digest), text) == ("model", 64, '{"a":[1]}')


def test_another_kind(tmp_path: Path) -> None:
    write_file(tmp_path / "file", "check point", {}, {})
    with pytest.raises(
        ValueError, match="file must be a model that sksvhn wrote; it is a check; pass"
    ):
        read_file(tmp_path / "file", "model")


def test_the_digest_covers_everything(tmp_path: Path) -> None:
    path = tmp_path / "file"
    array = np.arange(6.0).reshape(2, 3)
    digest = _digest("model", "{}", {"a": array})
    for text, name, changed in (
        ("[]", "a", array),
        ("{}", "b", array),
        ("{}", "a", array.T.copy()),
        ("{}", "a", array.reshape(3, 2)),
        ("{}", "a", array.view(np.int64)),
        ("{}", "a", -array),
    ):
        write_raw(path, {"sksvhn": f"model {digest} {text}"}, **{name: changed})
        with pytest.raises(ValueError, match="its checksum is wrong\\); copy it again"):
            read_file(path, "model")
    write_raw(path, {"sksvhn": f"model {digest} {{}}"}, a=array)
    assert read_file(path, "model")[0] == {}


@pytest.mark.parametrize("entry", ["", "model", "model ", "model  ", f"model {'0' * 64}"])
def test_metadata_that_say_little(entry: str, tmp_path: Path) -> None:
    write_raw(tmp_path / "file", {"sksvhn": entry})
    with pytest.raises(ValueError, match=r"checksum is wrong|it is a ; pass"):
        read_file(tmp_path / "file", "model")


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, "1" * 5000, "[1,]"], ids=lambda text: text[:3]
)
def test_a_document_that_is_none(text: str, tmp_path: Path) -> None:
    write_raw(tmp_path / "file", {"sksvhn": f"model {_digest('model', text, {})} {text}"})
    with pytest.raises(ValueError, match="must be a file that sksvhn wrote"):
        read_file(tmp_path / "file", "model")


def test_foreign_files(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_raw(path, {"format": "pt"}, a=np.zeros(2))
    with pytest.raises(ValueError, match="safetensors file that sksvhn did not write"):
        read_file(path, "model")
    save_file({"a": np.zeros(2)}, path)
    with pytest.raises(ValueError, match="safetensors file that sksvhn did not write"):
        read_file(path, "model")
    for content in (b"short", b"GIF89a" + bytes(100), bytes(100), b"PK\3\4" + bytes(50)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="must be a model that sksvhn wrote; it is a"):
            read_file(path, "model")
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="it is an empty file"):
        read_file(path, "model")


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_pickles_are_told(compress: Any, tmp_path: Path) -> None:
    joblib.dump([1, 2], tmp_path / "file", compress=compress)
    with pytest.raises(
        ValueError, match=r"it is a pickle.*joblib.load reads it, and runs the code"
    ):
        read_file(tmp_path / "file", "model")
    (tmp_path / "file").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(ValueError, match="is a pickle"):
        read_file(tmp_path / "file", "model")


def test_no_header_is_taken_for_a_pickle(tmp_path: Path) -> None:
    # Lengths whose first byte begins pickles: 128, for one.
    for n in range(0, 264, 8):
        write_file(tmp_path / "file", "model", "x" * n, {})
        assert read_file(tmp_path / "file", "model")[0] == "x" * n


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "missing", "model")
    with pytest.raises(IsADirectoryError, match="is a folder; pass a model that sksvhn wrote"):
        read_file(tmp_path, "model")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError, match="but a device or pipe"):
        read_file(tmp_path / "pipe", "model")


@pytest.mark.parametrize("length", [1, 100, 2**26 + 1, 2**40, 2**64 - 1])
def test_absurd_headers(length: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, "model", {}, {"a": np.zeros(3)})
    path.write_bytes(length.to_bytes(8, "little") + path.read_bytes()[8:])
    with pytest.raises(ValueError, match="damaged"):
        read_file(path, "model")


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [
        ("BF16", [4]),
        ("F8_E4M3", [8]),
        ("F4", [16]),
        ("U8", [2**63]),
        ("U8", [2**32, 2**32]),
        ("U8", [0, 2**63]),
        ("U8", [0, 2**40, 2**40]),
        ("U8", [1] * 70),
        ("U8", [-1]),
    ],
)
def test_absurd_arrays(dtype: str, shape: list[int], tmp_path: Path) -> None:
    body = b"" if 0 in shape else bytes(1 if len(shape) == 70 else 8)
    entry = {"dtype": dtype, "shape": shape, "data_offsets": [0, len(body)]}
    header = json.dumps({"__metadata__": {"sksvhn": "model 0 {}"}, "a": entry}).encode()
    path = tmp_path / "file"
    path.write_bytes(len(header).to_bytes(8, "little") + header + body)
    with pytest.raises(ValueError, match="is damaged"):
        read_file(path, "model")


def test_duplicates_in_the_header(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, "model", {}, {"a": np.zeros(1)})
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    other = b'"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}'
    for header in (
        content[8:end].rstrip()[:-1] + b"," + other + b"}",
        b"{" + other + b"," + content[9:end],
    ):
        path.write_bytes(len(header).to_bytes(8, "little") + header + content[end:])
        # A parser may take either: whether it is the one that was written, the digest says.
        with suppress(ValueError):
            assert read_file(path, "model")[1]["a"].dtype == np.float64


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "file"
    write_file(path, "model", "old", {})

    def fail(part: Path, content: bytes) -> None:
        part.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="No space left"):
        write_file(path, "model", "new", {})
    assert read_file(path, "model")[0] == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_others_may_read_it_as_any_file(tmp_path: Path) -> None:
    write_file(tmp_path / "file", "model", {}, {"a": np.zeros(1)})
    (tmp_path / "other").touch()
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_what_would_not_be_read_is_not_written(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(_model_file, "MAX_HEADER", 1000)
    write_file(tmp_path / "file", "model", "x" * 500, {})
    assert read_file(tmp_path / "file", "model")[0] == "x" * 500
    with pytest.raises(ValueError, match=r"at most 1,000 bytes; .*; use joblib\.dump"):
        write_file(tmp_path / "file", "model", "x" * 1000, {})
    assert read_file(tmp_path / "file", "model")[0] == "x" * 500


def test_messages_are_a_line_without_controls() -> None:
    assert in_brief("a\nb\x1b[2J\ud800c.") == "a b [2J c"
    assert in_brief("x" * 1000) == "x" * 200
