"""Pictures in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

#: Names of files that a folder's pictures have.
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


def pictures_in_folder(folder: str, *, recursive: bool) -> Iterator[str]:
    """Paths of a folder's pictures, sorted; then, if `recursive`, of those of folders in it."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(SUFFIXES):
                yield os.path.join(parent, name)
        if not recursive:
            break
