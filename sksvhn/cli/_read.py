"""``sksvhn read``: read the numbers in pictures."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .._files._csv_lines import BOX_COLUMNS, Box, box_of, csv_lines, csv_rows
from .._images._paths import find_pictures
from ._app import (
    Locator,
    MaxPixels,
    Quiet,
    Whole,
    complain,
    counted,
    in_options,
    is_model,
    model_path,
    shows_progress,
    warn,
)
from ._draw import Drawings
from ._rows import Row, Shown, writer

if TYPE_CHECKING:
    from .._photographs import PhotographBatchReader
    from .._reading import Picture, PictureBatchReader

# Pictures that are cropped, predicted and written together, and photographs that are located.
_BATCH, _FEW = 256, 32

_STDIN = "-"

# From paths to the rows of each.
ReadPaths = Callable[[Sequence[str]], list[list[Row]]]


def read(
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURE",
            help="Files, folders, patterns such as 'photos/*.jpg', or - for paths on the standard "
            "input, one per line. PNG, JPEG, GIF, WebP, TIFF, BMP, PPM.",
        ),
    ],
    model: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            callback=model_path,
            help="What reads the numbers: a file that `train` or `clf.save` wrote. Default: the "
            "reader that comes with sksvhn.",
        ),
    ] = Path("numbers"),
    locator: Locator = None,
    whole: Whole = False,
    box: Annotated[
        list[str] | None,
        typer.Option(
            metavar="L,T,W,H",
            help="Box of the number in every picture: left, top, width, height in pixels of the "
            "upright picture. Repeat it for one box per digit.",
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Box of the number in each picture: a CSV file with the columns "
            "path,left,top,width,height.",
        ),
    ] = None,
    candidates: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Numbers that can be right, of which the best match is shown: one per line, or a "
            "CSV file with the columns path,candidate.",
        ),
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            metavar="P",
            help="Leave out numbers with a lower confidence. Default: 0.4. With --whole, --box or "
            '--boxes, show "?" instead; default: as the model was saved.',
        ),
    ] = None,
    draw: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT",
            help="Draw boxes, numbers and confidences into copies of the pictures: a file (.jpg, "
            ".png) for one picture, or a new folder.",
        ),
    ] = None,
    all_boxes: Annotated[
        bool, typer.Option("--all", help="Show rejected boxes too, and why they are rejected.")
    ] = False,
    max_pixels: MaxPixels = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON object per line.")] = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV with a header, on a terminal as well.")
    ] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Include subfolders.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Find the house numbers in photographs, and read them.

    Prints one line per number, the surest first within a picture, and one line for a picture
    without a number: a table on a terminal, and CSV elsewhere. An empty reading is null with
    --json.

    With --whole, --box or --boxes, it is known where the numbers are, and each picture has one
    line. The pictures are turned upright, cropped, resized and converted like the model's training
    pictures.

    If a picture cannot be read or drawn, the others are, and the exit code is 1.

    Example: sksvhn read photos/ --draw drawn
    """
    _check_no_model(pictures)
    if json and csv:
        raise typer.BadParameter("choose one of --json and --csv.", param_hint="--csv")
    is_known = _tells_places(
        {"--whole": whole, "--box": box, "--boxes": boxes},
        {"--locator": locator, "--draw": draw, "--all": all_boxes},
    )
    same = [parse_box(text) for text in box] if box else None
    table = None if boxes is None else Boxes(boxes)
    listed = None if candidates is None else Candidates(candidates)
    drawings = None if draw is None else Drawings(draw, pictures, max_pixels, recursive=recursive)
    from .._capabilities import reads_numbers
    from .._images._load import MAX_PIXELS
    from .._photographs import LEAST_CONFIDENCE, PhotographBatchReader, pretrained_model
    from .._reading import Picture, PictureBatchReader
    from ..estimators import load

    clf = load(model)
    reader = PictureBatchReader(
        clf,
        has_candidates=listed is not None,
        common=(listed and listed.common) or (),
        min_confidence=min_confidence if is_known else None,
        max_pixels=max_pixels or MAX_PIXELS,
    )

    def picture_of(path: str) -> Picture:
        return Picture(
            path,
            same if table is None else table.of(path),
            None if listed is None else listed.of(path),
        )

    read_paths: ReadPaths = partial(_read_known, reader, picture_of)
    if not is_known:
        finder = PhotographBatchReader(
            reader,
            pretrained_model("locator") if locator is None else load(locator),
            min_confidence=LEAST_CONFIDENCE if min_confidence is None else min_confidence,
            with_rejected=all_boxes,
        )
        read_paths = partial(_read_located, finder, picture_of)
    shown: Shown = "json" if json else "csv" if csv or not sys.stdout.isatty() else "table"
    write = writer(
        shown,
        width=clf.max_length_ if reads_numbers(clf) else 1,
        has_boxes=not is_known,
        has_candidates=listed is not None,
        has_rejected=all_boxes,
    )
    n_read, n_failed, n_undrawn = _read_all(
        _named(pictures, recursive=recursive),
        read_paths,
        write,
        drawings,
        size=_BATCH if is_known else _FEW,
        with_errors=shown != "table",
        # On one terminal a bar would go through the readings.
        with_bar=shows_progress(quiet) and not sys.stdout.isatty(),
    )
    if table is not None and table.n_without:
        warn(f"{boxes} has no box for {table.n_without:,} of the pictures; they were read whole.")
    if listed is not None and listed.n_without:
        warn(f"{candidates} has no candidates for {listed.n_without:,} of the pictures.")
    if n_failed:
        complain(f"{n_failed:,} of {counted(n_read + n_failed, 'picture')} could not be read.")
    if n_undrawn:
        complain(f"{n_undrawn:,} of {counted(n_read, 'picture')} could not be drawn.")
    if n_failed or n_undrawn:
        raise typer.Exit(1)


def _check_no_model(pictures: list[str]) -> None:
    """Raise if the first picture is a model, as in older commands."""
    first, *others = pictures
    if is_model(first) or Path(first).suffix == ".joblib":
        raise typer.BadParameter(
            f"{first} is a model, not a picture; write: sksvhn read "
            f"{others[0] if others else 'PICTURE'}{' ...' * (len(others) > 1)} --model {first}"
        )


def _tells_places(places: dict[str, Any], of_search: dict[str, Any]) -> bool:
    """Whether options say where the numbers are; raise if others are for a search."""
    given = [name for name, value in places.items() if value]
    if len(given) > 1:
        raise typer.BadParameter(f"choose one of {' and '.join(given)}.", param_hint=given[-1])
    for name, value in of_search.items():
        if given and value:
            raise typer.BadParameter(
                f"has an effect only if numbers are looked for; leave out {name} or {given[0]}.",
                param_hint=name,
            )
    return bool(given)


def _read_known(
    reader: PictureBatchReader, picture_of: Callable[[str], Picture], paths: Sequence[str]
) -> list[list[Row]]:
    """Rows of pictures in which it is known where the numbers are."""
    return list(map(_known, paths, reader.read(list(map(picture_of, paths)), paths)))


def _known(path: str, one: Any) -> list[Row]:
    """Row of a picture whose number's place is known."""
    error = None if one.error is None else in_options(one.error)
    return [Row(path, one.reading, one.confidence, in_list=one.in_list, error=error)]


def _read_located(
    finder: PhotographBatchReader,
    picture_of: Callable[[str], Picture],
    paths: Sequence[str],
) -> list[list[Row]]:
    """Rows of photographs in which numbers are looked for."""
    found = finder.read((picture_of(path), path) for path in paths)
    return [_located(path, one) for path, one in zip(paths, found, strict=True)]


def _located(path: str, found: Any) -> list[Row]:
    """Rows of what was found in a photograph, or the row that says that nothing was."""
    if isinstance(found, str):
        return [Row(path, error=in_options(found))]
    rows = []
    for one in found:
        reading, sure, in_list = one.reading.reading, one.reading.confidence, one.reading.in_list
        row = Row(path, reading, sure, *one.box)
        rows.append(row._replace(in_list=in_list, rejected=one.rejected))
    return rows or [Row(path)]


def _read_all(
    named: Iterator[Row],
    read_paths: ReadPaths,
    write: Any,
    drawings: Drawings | None,
    *,
    size: int,
    with_errors: bool,
    with_bar: bool,
) -> tuple[int, int, int]:
    """Read, write and draw, `size` at a time.

    Returns how many could be read, how many not, and how many could be read but not drawn.
    """
    from tqdm import tqdm

    n_read = n_failed = n_undrawn = 0
    with tqdm(unit=" pictures", leave=False, file=sys.stderr, disable=not with_bar) as bar:
        while batch := list(islice(named, size)):
            found = iter(read_paths([row.path for row in batch if row.error is None]))
            of_pictures = [[name] if name.error is not None else next(found) for name in batch]
            rows = [row for of_picture in of_pictures for row in of_picture]
            write(rows)
            failed = [row for row in rows if row.error is not None]
            if with_errors:
                for row in failed:
                    complain(f"{row.path}: {row.error}")
            # After the rows, which no drawing that fails may cost.
            if drawings is not None:
                n_undrawn += sum(not drawings.draw(of_picture) for of_picture in of_pictures)
            n_read += len(batch) - len(failed)
            n_failed += len(failed)
            bar.update(len(batch))
    return n_read, n_failed, n_undrawn


# --- which pictures -----------------------------------------------------------------------------


def _named(given: Iterable[str], *, recursive: bool) -> Iterator[Row]:
    """List pictures in the order in which they are named, or what is wrong with a name."""
    for name in given:
        for one in _stdin_paths() if name == _STDIN else (name,):
            try:
                yield from map(Row, find_pictures(one, recursive=recursive))
            except FileNotFoundError as error:
                yield Row(one, error=in_options(str(error)))


def _stdin_paths() -> Iterator[str]:
    stream: Any = sys.stdin.buffer
    rest = b""
    # What is there, not a full block: somebody may type, or find may still be at work.
    while block := stream.read1(2**16):
        *lines, rest = (rest + block).split(b"\n")
        yield from (os.fsdecode(line) for line in lines if line)
    if rest:
        yield os.fsdecode(rest)


# --- what is known of them ----------------------------------------------------------------------


def parse_box(text: str) -> Box:
    """Read "L,T,W,H", or raise typer.BadParameter."""
    try:
        left, top, width, height = map(float, text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"must be left,top,width,height in pixels, such as 10,20,60,30; got {text!r}.",
            param_hint="--box",
        ) from None
    return left, top, width, height


class Boxes:
    """Boxes by picture, from a CSV file; paths count from where the command runs."""

    def __init__(self, path: Path) -> None:
        self.by_path: dict[str, list[Box]] = {}
        self.n_without = 0
        for line, row in csv_rows(path, ("path", *BOX_COLUMNS)):
            if not row["path"]:
                raise ValueError(f"line {line} of {path} must have a path; it is empty.")
            box = box_of(row, line, path)
            if box is None:
                raise ValueError(
                    f"line {line} of {path} must have numbers for {', '.join(BOX_COLUMNS)}."
                )
            self.by_path.setdefault(os.path.abspath(row["path"]), []).append(box)

    def of(self, picture: str) -> list[Box] | None:
        """Boxes of a picture, if there are any."""
        found = self.by_path.get(os.path.abspath(picture))
        self.n_without += found is None
        return found


class Candidates:
    """Numbers that can be right: one per line for all pictures, or by picture in a CSV file."""

    def __init__(self, path: Path) -> None:
        self.by_path: dict[str, list[str]] = {}
        #: Numbers that any picture may show.
        self.common: list[str] | None = None
        self.n_without = 0
        needed = "a list of numbers, one per line, or a CSV file with the columns path, candidate"
        lines = list(csv_lines(path, needed))
        if not lines:
            raise ValueError(f"{path} must hold at least one candidate; write one number per line.")
        header = lines[0][1]
        # Each once: a table may list a house for every household.
        if not {"path", "candidate"} <= set(header):
            for line, cells in lines:
                if len(cells) > 1:
                    raise ValueError(
                        f"{path} must hold one number per line, or be a CSV file that starts with "
                        f"path,candidate; got {','.join(cells)!r} in line {line}."
                    )
            self.common = list(dict.fromkeys(cells[0] for _, cells in lines))
            return
        for line, cells in lines[1:]:
            row = dict(zip(header, cells, strict=False))
            if not (row.get("path") and row.get("candidate")):
                raise ValueError(
                    f"each line of {path} must have a path and a candidate; got {cells} in line "
                    f"{line}."
                )
            numbers = self.by_path.setdefault(os.path.abspath(row["path"]), [])
            if row["candidate"] not in numbers:
                numbers.append(row["candidate"])

    def of(self, picture: str) -> list[str] | None:
        """Numbers that a picture may show, unless all may show the same."""
        if self.common is not None:
            return None
        found = self.by_path.get(os.path.abspath(picture), [])
        self.n_without += not found
        return found
