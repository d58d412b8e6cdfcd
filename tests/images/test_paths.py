"""Which pictures a name stands for."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from sksvhn._images._paths import find_pictures
from sksvhn.preprocessing import load_image


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.png", "a.JPG", "notes.txt", "[1].png", "in/c.png", "in/in/d.tiff"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def paths(*given: str, recursive: bool = False) -> list[str]:
    return [path for name in given for path in find_pictures(name, recursive=recursive)]


def test_files_are_taken_as_they_are() -> None:
    assert paths("notes.txt", "absent", "b.png") == ["notes.txt", "absent", "b.png"]


def test_folders_give_their_pictures_in_order() -> None:
    assert paths(".") == ["./[1].png", "./a.JPG", "./b.png"]
    assert paths("in", recursive=True) == ["in/c.png", "in/in/d.tiff"]


def test_patterns() -> None:
    assert paths("*.png") == ["[1].png", "b.png"]
    assert paths("**/*.png") == ["[1].png", "b.png", "in/c.png"]
    assert paths("[1].png") == ["[1].png"]  # there is a file of this name


def test_patterns_of_folders() -> None:
    Path("empty").mkdir()
    assert paths("[ie]*") == ["in/c.png"]
    assert paths("[ie]*", recursive=True) == ["in/c.png", "in/in/d.tiff"]


def test_folders_that_cannot_be_looked_into_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("in/a").mkdir()
    Path("in/z").mkdir()
    list_folder = os.scandir

    def refuse(path: str) -> Any:
        if Path(path).name in ("a", "z"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert paths("in", recursive=True) == ["in/c.png", "in/a", "in/in/d.tiff", "in/z"]
    assert paths("in/a") == paths("in/a", recursive=True) == ["in/a"]
    with pytest.raises(PermissionError, match="Permission denied: 'in/a'"):
        load_image("in/a")


def test_links_to_folders_are_not_followed() -> None:
    Path("in/link").symlink_to(Path("in/in").absolute(), target_is_directory=True)
    assert paths("in", recursive=True) == ["in/c.png", "in/in/d.tiff"]


def test_nothing_found_is_said() -> None:
    Path("empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"holds no pictures \(.*recursive=True"):
        paths("empty")
    with pytest.raises(FileNotFoundError, match="no file matches this pattern"):
        paths("*.gif")
