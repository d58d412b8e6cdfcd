"""Find the house numbers in photographs, and read them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from numbers import Real
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from sklearn.utils import check_scalar
from tqdm import tqdm

from ._boxes import coverage
from ._capabilities import reads_numbers, reads_photographs
from ._files._csv_lines import BOX_COLUMNS
from ._images._crop import number_region, resize_region
from ._images._load import MAX_PIXELS, check_size, read_picture, warn_of_notes
from ._images._one_or_many import named_pictures
from ._parameters import positive_int
from ._reading import Picture, PictureBatchReader, Reading, reason
from ._warn import warn_caller

#: Lowest confidence of a number, unless asked otherwise. On photographs, numbers at 0.4 to 0.5 are
#: more often right than confidences say, which were calibrated on generated pictures.
LEAST_CONFIDENCE = 0.4

COLUMNS = ("picture", "number", "confidence", *BOX_COLUMNS)

# Photographs that are located together: so many, or the first that make up so many pixels, which
# are 100 MB. Nothing is kept of them but crops.
GROUP = 32
GROUP_PIXELS = 2**25

# Steps of a pixel by which crops are cut: a box that another processor finds 1e-5 pixels away gives
# the same crop.
_STEPS = 64

# Unreadable pictures that a warning names.
_N_NAMED = 5

NOTHING_READ = "nothing is read there"
PART = "a part of a longer number"

# A number is a part of a longer one that contains it if so much of its box lies in the other's, and
# the other has at least this confidence.
_COVERED = 0.6
_LEAST_WHOLE = 0.1

_LOADING = Lock()


class Found(NamedTuple):
    """A box of a photograph, its reading, and why that is no number where it is `rejected`.

    The reading's probabilities are that there is a number and that it is this one.
    """

    box: tuple[float, float, float, float]
    reading: Reading
    rejected: str | None = None


class _Photograph(NamedTuple):
    picture: Image.Image
    candidates: Any


class PhotographBatchReader:
    """Find numbers with a fitted locator, and read them with another reader's model and candidates.

    A photograph that can't be read stops no other. Rejected boxes are told if `with_rejected`.
    """

    def __init__(
        self,
        reader: PictureBatchReader,
        locator: Any,
        *,
        min_confidence: float = LEAST_CONFIDENCE,
        with_rejected: bool = False,
    ) -> None:
        if (
            not callable(getattr(locator, "predict", None))
            or reads_numbers(locator)
            or reads_photographs(locator)
        ):
            raise TypeError(
                "locator must be a fitted NumberLocator, or have its method predict, which finds "
                f"the boxes of numbers; got a {type(locator).__name__}; pass what reads the boxes "
                "as the reader."
            )
        self.reader = reader
        self.locator = locator
        self.min_confidence = min_confidence
        self.with_rejected = with_rejected

    def read(self, photographs: Iterable[tuple[Picture, Any]]) -> Iterator[list[Found] | str]:
        """Yield what is found in each, the surest first, or why it cannot be read.

        With each picture comes its source, or the error that stands in its place.
        """
        notes: dict[str, str] = {}
        group: list[_Photograph | str] = []
        n_pixels = 0
        for picture, source in photographs:
            group.append(photograph := self._decoded(picture, source, notes))
            if not isinstance(photograph, str):
                n_pixels += photograph.picture.width * photograph.picture.height
            del photograph
            if len(group) == GROUP or n_pixels >= GROUP_PIXELS:
                yield from self._read_group(group)
                group, n_pixels = [], 0
        yield from self._read_group(group)
        warn_of_notes(notes)

    def _decoded(self, picture: Picture, source: Any, notes: dict[str, str]) -> _Photograph | str:
        if isinstance(source, Exception):
            return reason(source, picture.key)
        max_pixels = self.reader.settings.max_pixels
        try:
            decoded = read_picture(source, color="rgb", max_pixels=max_pixels)
            check_size(decoded.picture, max_pixels)  # of an array, which needs no decoding
            candidates = self.reader.candidates_of(picture)
        except (ValueError, TypeError, OSError, MemoryError) as error:
            return reason(error, source)
        if decoded.note is not None:
            notes[f"picture {picture.key}"] = decoded.note
        return _Photograph(decoded.picture, candidates)

    def _read_group(self, group: list[_Photograph | str]) -> Iterator[list[Found] | str]:
        shown = [entry for entry in group if not isinstance(entry, str)]
        boxes = self._located([photograph.picture for photograph in shown]) if shown else []
        crops = list(map(self._crops, shown, boxes))
        prepared = [
            (crop, photograph.candidates)
            for photograph, of_picture in zip(shown, crops, strict=True)
            for crop in of_picture
            if crop is not None
        ]
        answers = iter(self.reader.answers(prepared))
        found = (
            self._judged(
                of_picture, [Reading() if crop is None else next(answers) for crop in of_crops]
            )
            for of_picture, of_crops in zip(boxes, crops, strict=True)
        )
        for entry in group:
            if isinstance(entry, str):
                yield entry
                continue
            surest_first = sorted(next(found), key=_rank)
            yield [one for one in surest_first if self.with_rejected or one.rejected is None]

    def _located(self, pictures: list[Image.Image]) -> list[NDArray[np.float64]]:
        """Boxes and confidences of each, without those that can only be rejected."""
        found = self.locator.predict(pictures, max_pixels=self.reader.settings.max_pixels)
        boxes = [np.asarray(of_picture, dtype=np.float64) for of_picture in found]
        if len(boxes) != len(pictures) or not all(map(_are_boxes, boxes)):
            raise ValueError(
                "locator.predict must return an array of shape (n_boxes, 5) for each picture: left,"
                f" top, width, height and confidence in [0, 1]; got {len(boxes)} of shapes "
                f"{', '.join(str(of_picture.shape) for of_picture in boxes[:5])} for "
                f"{len(pictures)} pictures; pass a fitted NumberLocator."
            )
        if self.with_rejected:
            return boxes
        return [of_picture[of_picture[:, 4] >= self.min_confidence] for of_picture in boxes]

    def _crops(
        self, photograph: _Photograph, boxes: NDArray[np.float64]
    ) -> list[NDArray[np.uint8] | None]:
        """Crop a photograph to each box; None where too little of it is seen, or one shade."""
        settings, picture = self.reader.settings, photograph.picture
        if len(boxes) and settings.color == "grey":
            picture = picture.convert("L")
        crops: list[NDArray[np.uint8] | None] = []
        for box in np.round(boxes[:, :4] * _STEPS) / _STEPS:
            try:
                region = number_region(
                    box[np.newaxis], *picture.size, crop=settings.crop, margin=settings.margin
                )
            except ValueError:
                crops.append(None)
            else:
                crop = resize_region(picture, region, settings.image_size)
                # The reader would warn about black pictures that nobody passed.
                crops.append(crop if np.ptp(crop) > 1 else None)
        return crops

    def _judged(self, boxes: NDArray[np.float64], readings: list[Reading]) -> list[Found]:
        """Multiply the confidences of a picture's boxes and readings; reject what is no number."""
        there = boxes[:, 4]
        sure = there * np.array([reading.confidence or 0.0 for reading in readings])
        # What is only told with rejected boxes must not change what is told without.
        whole = (there >= self.min_confidence) & (sure >= _LEAST_WHOLE)
        # What the reader rejects is a number still, of which others may be parts.
        numbers = [one.reading or next(iter(one.top_readings), "") for one in readings]
        parts = _parts(numbers, boxes, whole)
        found = []
        for row, (box, reading) in enumerate(zip(boxes[:, :4].tolist(), readings, strict=True)):
            rejected = None
            if not numbers[row]:
                rejected = NOTHING_READ
            elif parts[row]:
                rejected = PART
            elif not reading.reading:
                rejected = (
                    f"rejected by the reader's min_confidence of {self.reader.min_confidence:g}"
                )
            elif sure[row] < self.min_confidence:
                rejected = f"confidence below {self.min_confidence:g}"
            top_probability = [float(there[row]) * p for p in reading.top_probability]
            reading = reading._replace(
                reading=numbers[row] or None,
                confidence=float(sure[row]),
                top_probability=top_probability,
            )
            found.append(Found(tuple(box), reading, rejected))
        return found


def read(
    pictures: Any,
    *,
    reader: Any = None,
    locator: Any = None,
    min_confidence: float = LEAST_CONFIDENCE,
    all: bool = False,
    recursive: bool = False,
    max_pixels: int = MAX_PIXELS,
    verbose: int = 0,
) -> pd.DataFrame:
    """Find the house numbers in photographs and read them.

    A locator finds where numbers may be, and a reader reads each of these places. Both come with
    the package. Pictures are read in small groups, so memory does not grow with their number if
    they are paths or come from an iterator.

    Parameters
    ----------
    pictures : picture, path-like, or iterable of them
        Photographs of any size as :func:`~sksvhn.preprocessing.load_image` takes them: paths, bytes
        (contents of files), file objects, PIL images or arrays. A path may also be that of a
        folder, whose pictures are read in sorted order, or a pattern such as ``"photos/*.jpg"``.
    reader : fitted classifier, default=None
        What reads the numbers: a classifier of this package with a method ``read``. What it rejects
        by its own `min_confidence` is no number, nor is a part of that. None is
        ``load_pretrained("numbers")``, which is loaded once.
    locator : fitted locator, default=None
        What finds the numbers: a :class:`NumberLocator`, or another object whose
        ``predict(pictures, max_pixels=...)`` returns, for each picture, an array of shape
        (n_boxes, 5): left, top, width, height and the probability that a number is there. None is
        ``load_pretrained("locator")``, which is loaded once.
    min_confidence : float in [0, 1], default=0.4
        Numbers with a lower confidence are rejected.
    all : bool, default=False
        Whether rejected boxes, and pictures that could not be read, have rows too, which say why.
    recursive : bool, default=False
        Whether folders in folders are looked into, but not links to folders.
    max_pixels : int, default=268435456
        Largest width times height of a picture, be it a file or an array.
    verbose : int, default=0
        Whether to show progress.

    Returns
    -------
    DataFrame of shape (n_numbers, 7)
        One row per number, in the order of the pictures and the surest first within a picture. A
        picture in which nothing is found has no row. The columns are

        - ``picture``: its path as given or as found in a folder, otherwise its position in
          `pictures`, from 0;
        - ``number``, a string such as ``"12"``;
        - ``confidence``, in [0, 1]: the probability that it is a house number and read right, which
          is the locator's times the reader's;
        - ``left``, ``top``, ``width`` and ``height`` of its box, floats in pixels from the upper
          left corner of the upright picture.

        Of a longer number and a part of it, such as 312 and 3, the part is no number of its own if
        its box lies in the other's.

        With `all`, the column ``rejected`` says why a row is no number, and is None where it is
        one. Where nothing is read, ``number`` is empty. The row of a picture that could not be read
        has no box and no confidence (NaN).

    Raises
    ------
    ValueError
        If there are no pictures; an array may be one picture or several; `reader` is not fitted or
        was fitted on what photographs cannot be cropped to; or the locator answers something else
        than boxes.
    TypeError
        If `pictures` is no picture and no iterable of them, `reader` has no method ``read``, or
        `locator` cannot find numbers.

    Warns
    -----
    UserWarning
        Once, for pictures that could not be read, unless `all`; and once for those that
        :func:`~sksvhn.preprocessing.load_image` warns about.

    See Also
    --------
    load_pretrained : The reader and the locator that come with the package.
    SVHNSequenceClassifier.read : Read numbers whose boxes are known, or that fill their pictures.
    transcribe : Read millions of pictures with many processes.

    Examples
    --------
    >>> import numpy as np
    >>> import sksvhn
    >>> wall = np.full((240, 320, 3), 160, dtype=np.uint8)  # a path does as well
    >>> found = sksvhn.read(wall)
    >>> len(found)
    0
    >>> list(found.columns)
    ['picture', 'number', 'confidence', 'left', 'top', 'width', 'height']
    """
    check_scalar(min_confidence, "min_confidence", Real, min_val=0, max_val=1)
    if reader is not None and not reads_photographs(reader):
        raise TypeError(
            "reader must be a fitted classifier of sksvhn with a method read, such as "
            f"SVHNSequenceClassifier; got a {type(reader).__name__}."
        )
    finder = PhotographBatchReader(
        PictureBatchReader(
            pretrained_model("numbers") if reader is None else reader,
            max_pixels=positive_int(max_pixels, "max_pixels"),
        ),
        pretrained_model("locator") if locator is None else locator,
        min_confidence=float(min_confidence),
        with_rejected=all,
    )
    # Of the pictures of a group, which are there before its answers.
    keys: deque[str | int] = deque()

    def remembered() -> Iterator[tuple[Picture, Any]]:
        for key, source in named_pictures(pictures, recursive=recursive):
            keys.append(key)
            yield Picture(key), source

    rows: list[tuple[Any, ...]] = []
    errors: dict[str | int, str] = {}
    n_pictures = 0
    for found in finder.read(tqdm(remembered(), unit=" pictures", disable=not verbose)):
        key = keys.popleft()
        n_pictures += 1
        if isinstance(found, str):
            errors[key] = found
            found = [Found((np.nan,) * 4, Reading(), found)] if all else []
        rows += (
            (key, one.reading.reading or "", one.reading.confidence, *one.box, one.rejected)
            for one in found
        )
    if n_pictures == 0:
        raise ValueError("pictures must hold at least one picture; got 0.")
    if errors and not all:
        _warn_of_errors(errors, n_pictures)
    names = (*COLUMNS, "rejected")
    values = zip(*rows, strict=True) if rows else [()] * len(names)
    columns = dict(zip(names, values, strict=True))
    types = {"picture": object, "number": str, "rejected": object}
    return pd.DataFrame(
        {
            name: pd.Series(columns[name], dtype=types.get(name, np.float64))
            for name in (names if all else COLUMNS)
        }
    )


def pretrained_model(name: Any) -> Any:
    """Return a model that comes with the package, which the process loads once."""
    with _LOADING:
        return _loaded(name)


@lru_cache
def _loaded(name: Any) -> Any:
    from .estimators import load_pretrained

    return load_pretrained(name)


def _warn_of_errors(errors: dict[str | int, str], n_pictures: int) -> None:
    named = [
        f"{f'picture {key}' if isinstance(key, int) else key} ({why})"
        for key, why in list(errors.items())[:_N_NAMED]
    ]
    warn_caller(
        f"{len(errors):,} of {n_pictures:,} picture{'s' * (n_pictures > 1)} could not be read: "
        f"{', '.join(named)}{', ...' if len(errors) > _N_NAMED else ''}; all=True gives each a row."
    )


def _parts(numbers: list[str], boxes: NDArray[np.float64], whole: NDArray[np.bool_]) -> list[bool]:
    """Tell which numbers are parts of longer ones: of a 312, the locator may find the 3 as well.

    `whole` tells which numbers others may be parts of.
    """
    lies_in = (coverage(boxes, boxes) >= _COVERED) & whole
    return [
        any(len(numbers[j]) > len(number) and number in numbers[j] for j in np.flatnonzero(others))
        for number, others in zip(numbers, lies_in, strict=True)
    ]


def _are_boxes(found: NDArray[np.float64]) -> bool:
    if found.ndim != 2 or found.shape[1] != 5 or not np.isfinite(found).all():
        return False
    sure = found[:, 4]
    return bool(((sure >= 0) & (sure <= 1)).all())


def _rank(found: Found) -> tuple[bool, float]:
    return found.rejected is not None, -(found.reading.confidence or 0.0)
