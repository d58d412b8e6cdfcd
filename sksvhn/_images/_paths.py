"""List the picture files of a folder, a pattern or a path."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator

#: Suffixes of picture files that are looked for in folders.
SUFFIXES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".webp",
    ".tif",
    ".tiff",
    ".bmp",
    ".ppm",
    ".pgm",
    ".pbm",
    ".pnm",
)


def find_pictures(name: str, *, recursive: bool) -> Iterator[str]:
    """Yield the pictures of a folder, a pattern such as ``photos/*.jpg`` or a path, in fixed order.

    Links to folders are not followed. Raises FileNotFoundError if nothing is found.
    """
    is_pattern = not os.path.lexists(name) and glob.has_magic(name)
    n_found = 0
    for path in sorted(glob.glob(name, recursive=True)) if is_pattern else [name]:
        for picture in _pictures_in(path, recursive=recursive) if os.path.isdir(path) else [path]:
            n_found += 1
            yield picture
    if n_found == 0:
        hint = "" if recursive else "; recursive=True looks into the folders in it"
        raise FileNotFoundError(
            "no file matches this pattern"
            if is_pattern
            else f"this folder holds no pictures ({', '.join(SUFFIXES)}){hint}"
        )


def _pictures_in(folder: str, *, recursive: bool) -> Iterator[str]:
    """Pictures of a folder, sorted; then, if `recursive`, those of the folders in it."""
    errors: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=errors.append):
        # Reading a folder that cannot be looked into fails with the reason.
        yield from _names_of(errors)
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(SUFFIXES):
                yield os.path.join(parent, name)
        if not recursive:
            break
    yield from _names_of(errors)


def _names_of(errors: list[OSError]) -> Iterator[str]:
    """Folders to which these errors belong, which are taken from the list."""
    while errors:
        yield errors.pop(0).filename
