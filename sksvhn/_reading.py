"""Read pictures with a model, and report those that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._capabilities import locates_numbers, reads_numbers, reads_photographs
from ._images._crop import blankness, crop_picture
from ._images._load import MAX_PIXELS, PictureError, warn_of_notes
from ._labels import codes_of, numbers_to_strings
from .estimators._picture_reader import crop_settings_of, in_range

# Answers that are told of each picture.
N_TOP = 3


class Reading(NamedTuple):
    """Reading of one picture; None stands for rejected, unread, or without candidates.

    `top_readings` are the most probable answers; `error` says why a picture could not be read.
    """

    reading: str | None = None
    confidence: float | None = None
    top_readings: Sequence[str] = ()
    top_probability: Sequence[float] = ()
    in_list: float | None = None
    error: str | None = None


class Picture(NamedTuple):
    """Path or row of a picture, its boxes, and its candidates (None for those of all pictures)."""

    key: str | int
    boxes: Any = None
    candidates: Sequence[str] | None = None


class PictureBatchReader:
    """Read batches of pictures with a fitted model; one that can't be read stops no other.

    `common` are candidates of pictures without their own; `min_confidence` None is the model's.
    """

    def __init__(
        self,
        clf: Any,
        *,
        has_candidates: bool = False,
        common: Sequence[str] = (),
        min_confidence: float | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        if locates_numbers(clf):
            raise ValueError(
                f"model must read numbers; got a {type(clf).__name__}, which finds them and reads "
                "none; pass it as the locator."
            )
        if not reads_photographs(clf):
            raise ValueError(
                f"model must read photographs; got a {type(clf).__name__}, which reads only "
                "cropped pictures; pass one of the neural classifiers."
            )
        if has_candidates and not reads_numbers(clf):
            raise ValueError(
                "model must read whole numbers if candidates are given; got a "
                f"{type(clf).__name__}, which reads single digits."
            )
        self.clf = clf
        self.settings = crop_settings_of(clf, max_pixels)
        self.has_candidates = has_candidates
        self.min_confidence: float = (
            clf.min_confidence if min_confidence is None else min_confidence
        )
        self._common = self._in_form(common) if has_candidates else None

    def read(self, pictures: Sequence[Picture], sources: Iterable[Any]) -> list[Reading]:
        """Read pictures, whose content `sources` gives in the same order."""
        notes: dict[str, str] = {}
        found: list[Any] = [
            self._prepared(picture, source, notes)
            for picture, source in zip(pictures, sources, strict=True)
        ]
        warn_of_notes(notes)
        prepared = [entry for entry in found if not isinstance(entry, str)]
        answers = self.answers(prepared)
        return [Reading(error=e) if isinstance(e, str) else next(answers) for e in found]

    def _prepared(
        self, picture: Picture, source: Any, notes: dict[str, str]
    ) -> tuple[NDArray[np.uint8], Any] | str:
        """Crop a picture and make its candidates labels, or say why that can't be."""
        try:
            cropped = crop_picture(source, picture.boxes, self.settings)
            note = cropped.note or blankness(cropped)
            if note is not None:
                notes[f"picture {picture.key}"] = note
            return cropped.pixels, self.candidates_of(picture)
        except (ValueError, TypeError, OSError, MemoryError) as error:
            return reason(error, source)

    def candidates_of(self, picture: Picture) -> NDArray[Any] | None:
        """Candidates of a picture as labels, if there are any; ValueError if they can be none."""
        own = picture.candidates
        return self._common if own is None else self._in_form(own)

    def answers(self, prepared: list[tuple[NDArray[np.uint8], Any]]) -> Iterator[Reading]:
        """Read crops, each with its candidates."""
        if not prepared:
            return iter(())
        crops = in_range(self.clf, [crop for crop, _ in prepared])
        if self.has_candidates:
            return self._ranked(crops, [candidates for _, candidates in prepared])
        if reads_numbers(self.clf):
            best = self.clf.top_k(crops, N_TOP)
            labels = best.numbers.reshape(-1, *best.numbers.shape[2:])
            names = labels_as_strings(self.clf, labels).reshape(best.probability.shape)
            probability = best.probability
        else:
            probability = self.clf.predict_proba(crops)
            order = np.argsort(-probability, axis=1, kind="stable")[:, :N_TOP]
            names = labels_as_strings(self.clf, self.clf.classes_)[order]
            probability = np.take_along_axis(probability, order, axis=1)
        return map(self._reading, names.tolist(), probability.tolist())

    def _ranked(self, crops: NDArray[Any], candidates: list[Any]) -> Iterator[Reading]:
        ranked = self.clf.rank_candidates(crops, candidates)
        for labels, posterior, in_list in zip(
            candidates, ranked.posterior, ranked.in_list.tolist(), strict=True
        ):
            order = np.argsort(-posterior, kind="stable")[:N_TOP]
            names = labels_as_strings(self.clf, labels[order]) if len(order) else order
            yield self._reading(names.tolist(), posterior[order].tolist(), in_list)

    def _reading(
        self, names: list[str], probability: list[float], in_list: float | None = None
    ) -> Reading:
        sure = probability[0] if names else 0.0
        kept = bool(names) and sure >= self.min_confidence
        return Reading(names[0] if kept else None, sure, names, probability, in_list)

    def _in_form(self, candidates: Sequence[str]) -> NDArray[Any]:
        """Candidates in the form of the labels that the model was trained on, each once."""
        codec = self.clf._codec
        names = np.array(list(dict.fromkeys(map(str, candidates))), dtype=object)
        try:
            labels = codec.from_strings(names)
        except ValueError:
            raise ValueError(
                "candidates must be numbers that the model can read: of the characters "
                f"{self.clf.alphabet_}, in the form {codec.form!r}; some of these are not: "
                f"{', '.join(names[:5])}{', ...' if len(names) > 5 else ''}; leave them out"
            ) from None
        codec.check_candidates(names)
        if len(names) == 0:
            codec.check_rejection()
            return labels
        # "07" and "7" are one integer.
        first = np.unique(labels_as_strings(self.clf, labels), return_index=True)[1]
        return labels[np.sort(first)]


def labels_as_strings(clf: Any, labels: NDArray[Any]) -> NDArray[np.object_]:
    """Write a model's labels as strings, rejected readings as empty ones."""
    if not reads_numbers(clf):
        known = set(clf.classes_.tolist())
        return np.array([str(v) if v in known else "" for v in labels.tolist()], dtype=object)
    return numbers_to_strings(labels, **codes_of(clf))


def reason(error: Exception, source: Any) -> str:
    """Why a picture can't be read, in one line, without its path, which stands beside it."""
    if isinstance(error, PictureError):
        return " ".join(f"it {error.problem}".split())
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, MemoryError):
        return f"there is not enough memory ({error})" if str(error) else "not enough memory"
    text = " ".join(str(error).split()) or type(error).__name__
    text = text.rstrip(".")
    return text.replace(repr(source), "it", 1) if isinstance(source, str) else text
