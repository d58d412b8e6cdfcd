"""Measure `sksvhn.read` on whole photographs: no box is given, and the surest number counts.

Locator and reader were trained on generated pictures alone. Settings were chosen on the photographs
whose numbers fall into half 0, so the figures of half 1 are fair. ``--peer`` reads the same
photographs with rapidocr.
"""

from __future__ import annotations

import argparse
import json
import tarfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import pandas as pd
import torch
from measures import accuracy, coverage, milliseconds, share

import sksvhn
from sksvhn._boxes import RIGHT, overlaps, union_box
from sksvhn._photographs import LEAST_CONFIDENCE
from sksvhn.datasets import read_digit_struct
from sksvhn.preprocessing import load_image

# Longer side of the photograph that is timed.
N_PIXELS = 1024
# What numbers are told apart by, and from which values on: pixels, levels of grey, and degrees.
HEIGHTS = (0, 12, 24, 48, 96)
BRIGHTNESS = (0, 64, 128, 192)
CONTRAST = (0, 16, 32, 64)
SLOPES = (0, 3, 8, 15)

Read = Callable[[Sequence[Path]], tuple[np.ndarray, np.ndarray]]


class Photographs(NamedTuple):
    """Pictures of one kind, their numbers ("" for none) and, where known, the boxes of these."""

    paths: list[Path]
    numbers: np.ndarray
    boxes: list[np.ndarray] | None = None
    #: Angle in degrees between the line of the digits and the horizon; NaN for a single digit.
    slopes: np.ndarray | None = None

    def half(self, which: int | None) -> Photographs:
        """Those whose numbers fall into a half: no number is in both."""
        if which is None:
            return self
        rows = [i for i, number in enumerate(self.numbers) if half_of(number, i) == which]
        boxes = None if self.boxes is None else [self.boxes[i] for i in rows]
        slopes = None if self.slopes is None else self.slopes[rows]
        return Photographs([self.paths[i] for i in rows], self.numbers[rows], boxes, slopes)


def main() -> None:
    """Score, and print a JSON object."""
    options = parse_options()
    torch.set_num_threads(options.threads)
    kinds: dict[str, Callable[[], Photographs]] = {
        "buildings": lambda: buildings(options.data),
        "buildings without a number": lambda: buildings(options.data, without_number=True),
        "originals": lambda: originals(options.data),
        "scenes": lambda: scenes(options.data, options.folder),
        "photographs": lambda: photographs(options.data),
    }
    halves = {name: kinds[name]().half(options.half) for name in options.kinds or kinds}
    locator = loaded(options.locator, "locator")
    if options.input_size:
        locator.set_params(input_size=options.input_size)
    reader = loaded(options.reader, "numbers")
    results: dict[str, Any] = {"half": options.half}

    def read(paths: Sequence[Path]) -> tuple[np.ndarray, np.ndarray]:
        # One that is not sure counts for the accuracy, as for the peer, and not for coverage.
        found = sksvhn.read(paths, reader=reader, locator=locator, min_confidence=0.0)
        return surest(paths, found)

    results["sksvhn"] = {name: scored(kind, read) for name, kind in halves.items()}
    for name, kind in halves.items():
        if kind.boxes is not None:
            results["sksvhn"][name]["recall at 0.5"] = recall(locator, kind)
    time_name = f"ms, {N_PIXELS} pixels"
    timed = [path for kind in halves.values() for path in kind.paths]
    timed = [path for path in timed if max(load_image(path).shape) == N_PIXELS][:1]
    if timed:
        results["sksvhn"][time_name] = milliseconds(lambda: read(timed), 1, n_times=7)
    if options.peer:
        from peers import RapidOCRPhotographs

        peer = RapidOCRPhotographs()
        results["rapidocr"] = {name: scored(kind, peer.read) for name, kind in halves.items()}
        if timed:
            results["rapidocr"][time_name] = milliseconds(lambda: peer.read(timed), 1, n_times=7)
    print(json.dumps(results, indent=2))


def loaded(model: str | None, name: Any) -> Any:
    """Load a file, or the model that comes with the package."""
    return sksvhn.load_pretrained(name) if model is None else sksvhn.load(model)


def surest(paths: Sequence[Path], found: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return reading and confidence of the surest number of each picture, "" if there is none."""
    first = found.drop_duplicates("picture").set_index("picture").reindex(map(str, paths))
    return first["number"].fillna("").to_numpy(object), first["confidence"].fillna(0).to_numpy()


def scored(kind: Photographs, read: Read) -> dict[str, Any]:
    """Share read right, coverage, and alarms where there is no number."""
    answers, confidence = read(kind.paths)
    if not any(kind.numbers):
        return {"alarms": int((confidence >= LEAST_CONFIDENCE).sum()), "pictures": len(confidence)}
    right = answers == kind.numbers
    result = accuracy(kind.numbers, answers)
    result["coverage at 98 %"] = coverage(kind.numbers, answers, confidence)
    if kind.boxes is not None:
        heights, brightness, contrast = looks(kind)
        result["by height"] = by_value(heights, HEIGHTS, right)
        result["by brightness"] = by_value(brightness, BRIGHTNESS, right)
        result["by contrast"] = by_value(contrast, CONTRAST, right)
    if kind.slopes is not None:
        result["by slope"] = by_value(kind.slopes, SLOPES, right)
    result["wrong"] = [
        f"{path.name}: {number} as {answer or '-'} ({sure:.2f})"
        for path, number, answer, sure in zip(
            kind.paths, kind.numbers, answers, confidence, strict=True
        )
        if number != answer
    ][:40]
    return result


def by_value(values: np.ndarray, starts: Sequence[int], right: np.ndarray) -> dict[str, Any]:
    """Shares of numbers whose values begin at each start and end before the next."""
    edges = [*starts, np.inf]
    return {
        f"from {low}": share(right[within])
        for low, high in pairwise(edges)
        if (within := (values >= low) & (values < high)).any()
    }


def looks(kind: Photographs) -> np.ndarray:
    """Heights of numbers, and mean and standard deviation of the grey levels in their boxes.

    A height is in pixels, once the longer side has 512 of them.
    """
    assert kind.boxes is not None
    found = []
    for path, boxes in zip(kind.paths, kind.boxes, strict=True):
        grey = load_image(path, color="grey")
        left, top, width, height = np.rint(boxes[0]).astype(int).clip(min=0)
        number = grey[top : top + height, left : left + width]
        level = (number.mean(), number.std()) if number.size else (np.nan, np.nan)
        found.append((512 * boxes[0, 3] / max(grey.shape), *level))
    return np.array(found).T


def recall(locator: Any, kind: Photographs) -> dict[str, Any]:
    """Share of the numbers that the surest boxes find."""
    assert kind.boxes is not None
    found = locator.predict(kind.paths)
    hits = [
        overlaps(boxes[: max(1, len(true))], true).max(axis=0, initial=0.0) >= RIGHT
        for boxes, true in zip(found, kind.boxes, strict=True)
    ]
    return share(np.concatenate(hits))


def buildings(data: Path, *, without_number: bool = False) -> Photographs:
    """Photographs of a campus, up to 1024 pixels, with one number of digits or none."""
    folder = data / "buildings"
    table = pd.read_csv(folder / "numbers.csv", dtype={"number": str})
    known = table["number"].fillna("")
    table = table[known == ""] if without_number else table[known.str.fullmatch("[0-9]+")]
    boxes = table[["left", "top", "width", "height"]].to_numpy()[:, np.newaxis]
    return Photographs(
        [folder / path for path in table["path"]],
        table["number"].fillna("").to_numpy(object),
        None if without_number else list(boxes),
    )


def originals(data: Path) -> Photographs:
    """Whole pictures of SVHN's test set, about 100 pixels wide."""
    folder = data / "originals"
    frame = read_digit_struct(folder / "digitStruct.mat")
    boxes = [union_box(digits)[np.newaxis] for digits in frame["boxes"]]
    return Photographs(
        [folder / name for name in frame["filename"]],
        frame["number"].to_numpy(object),
        boxes,
        np.array(list(map(slope, frame["boxes"]))),
    )


def slope(digits: np.ndarray) -> float:
    """Angle in degrees of the line from the first to the last of a number's digits."""
    (x0, y0), (x1, y1) = (digit[:2] + digit[2:4] / 2 for digit in np.asarray(digits)[[0, -1]])
    return float(np.degrees(np.arctan2(abs(y1 - y0), abs(x1 - x0)))) if len(digits) > 1 else np.nan


def scenes(data: Path, folder: Path) -> Photographs:
    """Close-ups of plates, as far as two people agreed on their numbers."""
    if not folder.exists():
        with tarfile.open(data / "scenes.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    (labels,) = folder.rglob("labels.csv")
    table = pd.read_csv(labels, dtype=str)
    return Photographs([labels.parent / f for f in table["file"]], table["number"].to_numpy(object))


def photographs(data: Path) -> Photographs:
    """Nine photographs, six of handwriting; the name of a file begins with its number."""
    paths = sorted((data / "photos").glob("*.jpg"))
    numbers = [path.name.partition("_")[0] for path in paths]
    return Photographs(paths, np.array(numbers, dtype=object))


def half_of(number: str, row: int) -> int:
    """Half of a number, or of a picture without one."""
    return crc32((number or str(row)).encode()) % 2


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of all data sets")
    parser.add_argument("--folder", type=Path, default=Path("scenes"), help="to unpack scenes to")
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--kinds", nargs="+", help="some of the kinds of photographs")
    parser.add_argument("--reader", help="a file instead of the reader that comes with sksvhn")
    parser.add_argument("--locator", help="a file instead of the locator that comes with sksvhn")
    parser.add_argument("--input-size", type=int, help="of the locator")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peer", action="store_true", help="read with rapidocr as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
