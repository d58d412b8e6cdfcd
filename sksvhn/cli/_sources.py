"""Which pictures the user means: files, folders, patterns, and paths on the standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .._picture_paths import SUFFIXES, pictures_in_folder

STDIN = "-"


class Source(NamedTuple):
    """A picture's path, or what is wrong with what the user named."""

    path: str
    error: str | None = None


def find_pictures(
    given: Iterable[str], *, recursive: bool = False, null: bool = False
) -> Iterator[Source]:
    r"""List pictures in the order in which they are named.

    Parameters
    ----------
    given : iterable of str
        A file as it is; the pictures in a folder, sorted; the files that a pattern (``*.png``)
        fits, sorted, for shells that leave it as it is; or "-", for paths on the standard input.
    recursive : bool, default=False
        Whether folders within folders count.
    null : bool, default=False
        Whether paths on the standard input end with a null byte, not with a line.

    Yields
    ------
    Source
        One a picture, as it is asked for.
    """
    for name in given:
        if name == STDIN:
            for path in _stdin_paths(b"\0" if null else b"\n"):
                yield from _found(path, recursive)
        elif not os.path.lexists(name) and glob.has_magic(name):
            paths = sorted(glob.glob(name, recursive=True))
            if not paths:
                yield Source(name, "no file fits this pattern")
            for path in paths:
                yield from _found(path, recursive)
        else:
            yield from _found(name, recursive)


def _found(path: str, recursive: bool) -> Iterator[Source]:
    if not os.path.isdir(path):
        yield Source(path)  # whatever it is: reading it will say
        return
    n_found = 0
    for found in pictures_in_folder(path, recursive=recursive):
        n_found += 1
        yield Source(found)
    if n_found == 0:
        hint = "" if recursive else "; --recursive looks into the folders in it"
        yield Source(path, f"this folder holds no pictures ({', '.join(SUFFIXES)}){hint}")


def _stdin_paths(end: bytes) -> Iterator[str]:
    stream: Any = sys.stdin.buffer
    rest = b""
    # What is there, not a full block: somebody may type, or find may still be at work.
    while block := stream.read1(2**16):
        *lines, rest = (rest + block).split(end)
        yield from (os.fsdecode(line) for line in lines if line)
    if rest:
        yield os.fsdecode(rest)
