"""A model, and what is known of the pictures it is to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..estimators import load
from ..transcription._reading import Picture, PictureBatchReader
from ._lists import Box, PictureTable
from ._sources import Source
from ._tables import Reading


class Reader:
    """Reads pictures a batch at a time; those that can't be read don't stop the others.

    Parameters
    ----------
    model : Path
        The model's file.
    boxes : PictureTable, list of boxes or None
        Where the number is, in each picture or in all.
    candidates : PictureTable or None
        Numbers that can be right.
    min_confidence : float or None
        Less sure readings are rejected. None: as the model says.

    Raises
    ------
    OSError, ValueError
        If the model cannot be loaded, or reads no photographs, or no candidates.
    """

    def __init__(
        self,
        model: Path,
        *,
        boxes: PictureTable | list[Box] | None,
        candidates: PictureTable | None,
        min_confidence: float | None,
    ) -> None:
        clf = load(model)
        self.boxes = boxes
        self.candidates = candidates
        self.longest_number = int(getattr(clf, "max_length_", 1))
        self._reader = PictureBatchReader(
            clf,
            has_candidates=candidates is not None,
            common=(candidates.common or ()) if candidates is not None else (),
            min_confidence=min_confidence,
        )

    def read(self, sources: Sequence[Source]) -> list[Reading]:
        """Read some pictures, in their order."""
        paths = [path for path, error in sources if error is None]
        found = iter(self._reader.read(list(map(self._picture, paths)), paths))
        readings = []
        for path, error in sources:
            if error is not None:
                readings.append(Reading(path, error=error))
                continue
            one = next(found)
            readings.append(Reading(path, one.reading, one.confidence, one.in_list, one.error))
        return readings

    def _picture(self, path: str) -> Picture:
        boxes: Any = self.boxes
        if isinstance(boxes, PictureTable):
            boxes = boxes.boxes_of(path)
        candidates = None
        if self.candidates is not None and self.candidates.common is None:
            candidates = self.candidates.candidates_of(path)
        return Picture(path, boxes, candidates)
