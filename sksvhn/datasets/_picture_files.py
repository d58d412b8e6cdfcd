"""Decode pictures from the bytes of their files."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
from PIL import Image, UnidentifiedImageError

Color = Literal["auto", "grey", "rgb"]

#: Largest picture that is decoded; SVHN's own have at most half a million pixels.
MAX_PICTURE_PIXELS = 2**26


def decode_picture(content: bytes, color: Color) -> Image.Image | str:
    """Decode a PNG or JPEG as "L" or "RGB", or say why that cannot be done."""
    try:
        return _decode(content, color)
    except UnidentifiedImageError:
        return "cannot be decoded: it is not a PNG or JPEG picture, or is damaged"
    except Exception as error:  # Pillow also raises SyntaxError, struct.error, ... on damaged files
        return f"cannot be decoded: {str(error).rstrip('.')}"


def _decode(content: bytes, color: Color) -> Image.Image:
    with _open_picture(content) as picture:
        picture.verify()  # decoding alone passes over a PNG's checksums
    with _open_picture(content) as picture:
        width, height = picture.size
        if width * height > MAX_PICTURE_PIXELS:
            raise ValueError(f"it declares {width} x {height} pixels, more than any of SVHN's")
        is_grey = picture.mode in ("1", "L", "LA", "La") or picture.mode.startswith("I")
        if picture.mode.startswith("I"):
            picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
        if color == "auto":
            return picture.convert("L" if is_grey else "RGB")
        return picture.convert("L" if color == "grey" else "RGB")


def _open_picture(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
