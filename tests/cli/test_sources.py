"""Which pictures are meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from sksvhn.cli._sources import Source, find_pictures


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.png", "a.JPG", "notes.txt", "[1].png", "in/c.png", "in/in/d.tiff"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def paths(*given: str, recursive: bool = False) -> list[str]:
    found = list(find_pictures(given, recursive=recursive))
    assert all(source.error is None for source in found)
    return [source.path for source in found]


def test_files_are_taken_as_they_are() -> None:
    assert paths("notes.txt", "absent", "b.png") == ["notes.txt", "absent", "b.png"]


def test_folders_give_their_pictures_in_order() -> None:
    assert paths(".") == ["./[1].png", "./a.JPG", "./b.png"]
    assert paths("in", recursive=True) == ["in/c.png", "in/in/d.tiff"]


def test_patterns() -> None:
    assert paths("*.png") == ["[1].png", "b.png"]
    assert paths("**/*.png") == ["[1].png", "b.png", "in/c.png"]
    assert paths("[1].png") == ["[1].png"]  # there is a file of this name


def test_nothing_found_is_said() -> None:
    Path("empty").mkdir()
    folder, pattern = find_pictures(["empty", "*.gif"])
    assert folder.path == "empty"
    assert folder.error is not None
    assert folder.error.startswith("this folder holds no pictures")
    assert pattern == Source("*.gif", "no file fits this pattern")
