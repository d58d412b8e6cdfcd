"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from sksvhn._files._atomic import written_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    for content in (b"first, and longer", b"second"):
        with written_whole(str(path)) as part:
            part.write_bytes(content)
            assert part.parent == tmp_path  # where a rename is one step
        assert path.read_bytes() == content
        assert names(tmp_path) == ["model.bin"]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_the_old_file(error: BaseException, tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")
    with pytest.raises(type(error)), written_whole(path) as part:  # noqa: PT012
        part.write_bytes(b"ne")
        assert path.read_bytes() == b"old"
        raise error
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["model.bin"]


def test_an_interrupted_first_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), written_whole(tmp_path / "model.bin"):
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    with written_whole(path) as first, written_whole(path) as second:
        first.write_bytes(b"first")
        second.write_bytes(b"second")
        assert first != second
    assert path.read_bytes() == b"first"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    missing, folder = written_whole(tmp_path / "no" / "model.bin"), written_whole(tmp_path)
    with pytest.raises(FileNotFoundError, match="does not exist; create it"), missing:
        raise AssertionError
    with pytest.raises(IsADirectoryError, match="is a folder; name a file in it"), folder:
        raise AssertionError
    assert names(tmp_path) == []
