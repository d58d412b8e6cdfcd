"""Draw boxes, numbers and confidences into copies of photographs."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .._files._atomic import written_whole
from .._files._file_kinds import check_is_file
from ._app import complain, sentence
from ._rows import Row

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}

# Of Okabe and Ito's colours, as in plots: numbers, and what is rejected.
_NUMBER, _REJECTED = "#0072B2", "#D55E00"

# Shares of the mean of width and height of a picture, which show at any size; pixels at least.
_TEXT, _LEAST_TEXT = 1 / 28, 12
_LINE, _LEAST_LINE = 1 / 250, 2


class Drawings:
    """Where drawings go: to one file, or to a folder that is new or empty."""

    def __init__(
        self, out: Path, pictures: Sequence[str], max_pixels: int | None, *, recursive: bool
    ) -> None:
        self.out = out
        self.max_pixels = max_pixels
        suffix = out.suffix.lower()
        # A suffix of figures is a folder's, such as 2024.05.01.
        self.is_file = any(map(str.isalpha, suffix)) and not out.is_dir()
        self._taken: set[str] = set()
        problem = None
        if self.is_file and suffix not in _FORMATS:
            problem = f"must end in {', '.join(_FORMATS)}, or be a folder without suffix; got {out}"
        elif self.is_file and not _is_one(pictures):
            problem = f"must be a folder if there may be several pictures; got {out}"
        elif self.is_file and (out.exists() or not out.absolute().parent.is_dir()):
            problem = f"must be a new file in an existing folder; got {out}"
        elif not self.is_file and out.exists() and not (out.is_dir() and not any(out.iterdir())):
            problem = f"must be a new folder, or an empty one; got {out}"
        elif not self.is_file and _is_read(out, pictures, recursive=recursive):
            problem = f"must lie outside the folders that are searched; got {out}"
        if problem is not None:
            raise typer.BadParameter(f"{problem}; choose another name.", param_hint="--draw")
        if not self.is_file:
            out.mkdir(parents=True, exist_ok=True)

    def draw(self, rows: Sequence[Row]) -> bool:
        """Draw the rows of one picture, unless it could not be read; False if that fails."""
        if rows[0].error is None:
            try:
                self._draw(rows)
            except (ValueError, TypeError, OSError, MemoryError) as error:
                complain(f"{rows[0].path}: it cannot be drawn: {sentence(error)}")
                return False
        return True

    def _draw(self, rows: Sequence[Row]) -> None:
        from .._images._load import MAX_PIXELS, read_picture

        path = rows[0].path
        # A pipe would give nothing the second time, or wait for ever.
        check_is_file(path, "a picture that can be read twice")
        max_pixels = self.max_pixels or MAX_PIXELS
        picture = read_picture(path, color="rgb", max_pixels=max_pixels).picture
        draw_rows(picture, rows)
        target = self.out if self.is_file else self.out / self._name(Path(path))
        with written_whole(target) as part:
            picture.save(part, _FORMATS[target.suffix.lower()], quality=92)

    def _name(self, path: Path) -> str:
        """Name of the picture itself if it is free; pictures of several folders may share one."""
        suffix = path.suffix if path.suffix.lower() in _FORMATS else ".png"
        name, n = path.stem + suffix, 1
        while name.lower() in self._taken:  # as some systems see them
            n += 1
            name = f"{path.stem}-{n}{suffix}"
        self._taken.add(name.lower())
        return name


def draw_rows(picture: Image.Image, rows: Sequence[Row]) -> None:
    """Draw boxes with number and confidence into an RGB picture, the surest on top."""
    from PIL import ImageDraw, ImageFont

    side = (picture.width + picture.height) / 2
    font = ImageFont.load_default(max(_LEAST_TEXT, side * _TEXT))
    line = max(_LEAST_LINE, round(side * _LINE))
    canvas = ImageDraw.Draw(picture)
    for row in reversed(rows):
        if row.left is None or row.top is None or row.width is None or row.height is None:
            continue  # no number was found
        color = _NUMBER if row.rejected is None else _REJECTED
        box = (row.left, row.top, row.left + row.width, row.top + row.height)
        canvas.rectangle(box, outline=color, width=line)
        sure = row.confidence or 0.0
        text = f"{row.reading or '?'}  {f'{sure:.0%}' if sure < 0.995 else '>99%'}"
        _label(canvas, picture.size, text, font, color, box)


def _label(
    canvas: ImageDraw.ImageDraw,
    size: tuple[int, int],
    text: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    color: str,
    box: tuple[float, float, float, float],
) -> None:
    """Write a text above a box, or below it where there is no room, or at the picture's edge."""
    left, top, _, bottom = box
    x0, y0, x1, y1 = canvas.textbbox((0, 0), text, font)
    rim = (y1 - y0) / 4
    width, height = x1 - x0 + 2 * rim, y1 - y0 + 2 * rim
    y = top - height if top >= height else bottom
    x, y = (
        max(0.0, min(start, size[axis] - length))
        for axis, (start, length) in enumerate(((left, width), (y, height)))
    )
    canvas.rectangle((x, y, x + width, y + height), fill=color)
    canvas.text((x + rim - x0, y + rim - y0), text, "white", font)


def _is_read(out: Path, pictures: Sequence[str], *, recursive: bool) -> bool:
    """Whether drawings in a folder would be listed among the pictures, and read as well."""
    folder = Path(os.path.realpath(out))
    searched = [folder, *folder.parents] if recursive else [folder]
    names = list(map(os.path.realpath, pictures))
    # A pattern may match a folder that is to be made.
    return any(str(one) == name or fnmatch(str(one), name) for one in searched for name in names)


def _is_one(pictures: Sequence[str]) -> bool:
    """Whether these names can be those of one picture only."""
    if len(pictures) > 1 or pictures[0] == "-" or os.path.isdir(pictures[0]):
        return False
    return os.path.lexists(pictures[0]) or not glob.has_magic(pictures[0])
