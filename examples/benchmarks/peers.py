"""Read house numbers with a ready-made OCR package: rapidocr, whose wheel has the weights."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from sksvhn._images._crop import clip_region, grow_region, union_region


class RapidOCRDigits:
    """rapidocr's recogniser (PP-OCRv6), decoded over digits alone, with one thread.

    Nothing is trained. Letters cannot be read, which helps it: as it comes, it takes some digits
    for letters.
    """

    def __init__(self) -> None:
        engine = _engine()
        # It loads its recogniser when it first reads.
        engine(np.full((48, 96, 3), 128, np.uint8), use_det=False, use_cls=False, use_rec=True)
        self._recogniser = engine.text_rec
        characters = self._recogniser.postprocess_op.character
        # The blank of its CTC comes first.
        self._codes = [0, *(characters.index(digit) for digit in "0123456789")]

    def read(self, pictures: list[Image.Image]) -> tuple[np.ndarray, np.ndarray]:
        """Read numbers in crops of any size, and the mean probability of their digits."""
        numbers, confidences = zip(*map(self._read_one, pictures), strict=True)
        return np.array(numbers, dtype=object), np.array(confidences)

    def _read_one(self, picture: Image.Image) -> tuple[str, float]:
        _, height, width = self._recogniser.rec_image_shape
        ratio = max(picture.width / picture.height, width / height)
        pixels = np.asarray(picture.convert("RGB"))[..., ::-1]
        batch = self._recogniser.resize_norm_img(pixels, ratio)[np.newaxis]
        probabilities = self._recogniser.session(batch)[0][:, self._codes]
        best = probabilities.argmax(axis=1)
        is_digit = (best > 0) & (best != np.append(-1, best[:-1]))
        number = "".join(str(code - 1) for code in best[is_digit])
        return number, float(probabilities.max(axis=1)[is_digit].mean()) if number else 0.0


class RapidOCRPhotographs:
    """rapidocr as it comes, with one thread: it finds text in whole photographs and reads it.

    Of what it reads, the surest text of digits alone counts.
    """

    def __init__(self) -> None:
        self._engine = _engine()

    def read(self, paths: Sequence[Path]) -> tuple[np.ndarray, np.ndarray]:
        """Read the surest number of each photograph, "" where there is none."""
        numbers, confidences = zip(*map(self._read_one, paths), strict=True)
        return np.array(numbers, dtype=object), np.array(confidences)

    def _read_one(self, path: Path) -> tuple[str, float]:
        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
        output = self._engine(np.asarray(upright)[..., ::-1])
        found = [
            (text.strip(), float(score))
            for text, score in zip(output.txts or (), output.scores or (), strict=True)
            if text.strip().isdecimal()
        ]
        return max(found, key=lambda one: one[1], default=("", 0.0))


def _engine() -> Any:
    """Return rapidocr with one thread."""
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(params={"Global.log_level": "error", **threads})


def archived_pictures(archive: Path, names: list[str]) -> list[Image.Image]:
    """Read whole pictures of one of SVHN's archives, as they are."""
    found, wanted = {}, set(names)
    with tarfile.open(archive) as files:
        for member in files:
            name = Path(member.name).name
            if name in wanted:
                content = files.extractfile(member)
                assert content is not None
                found[name] = Image.open(io.BytesIO(content.read())).convert("RGB")
    return [found[name] for name in names]


def cut(picture: Image.Image, boxes: np.ndarray, margin: float) -> Image.Image:
    """Cut the part of a picture round boxes (left, top, width, height), with its own aspect."""
    region = clip_region(grow_region(union_region(boxes), margin), *picture.size)
    return picture.crop(tuple(map(round, region)))
