"""One picture of any kind to an array of grey or colour pixels."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from numbers import Integral
from os import PathLike
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, UnidentifiedImageError
from sklearn.utils._param_validation import Interval, StrOptions

from .._parameters import validate_params

Color = Literal["auto", "grey", "rgb"]
ImageSource = (
    str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | ArrayLike
)

#: Most pixels of a picture that is decoded unless asked otherwise; as the loaders of SVHN's files.
MAX_PIXELS = 2**26

# Pillow's decoders for photographs. Others would run programs (EPS) or are no pictures.
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM")

_ORIENTATION_TAG = 0x0112

# EXIF's orientations 2 to 8, and what undoes them.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@validate_params(
    {
        "source": "no_validation",
        "color": [StrOptions({"grey", "rgb"})],
        "max_pixels": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def load_image(
    source: ImageSource, *, color: Literal["grey", "rgb"] = "rgb", max_pixels: int = MAX_PIXELS
) -> NDArray[np.uint8]:
    """Load one picture of any kind as upright uint8 pixels.

    Rotation that a camera noted (EXIF) is carried out, transparency laid on white, palettes, CMYK
    and other colours converted to RGB, 16 bits cut to their upper 8. Of animations the first
    frame is taken.

    Parameters
    ----------
    source : str, path-like, bytes, file object, PIL.Image.Image or array-like
        A file's path, its content, the file open for reading in binary mode (it is read from its
        start), a picture of Pillow's, or pixels of shape (height, width) or (height, width,
        channels): grey, grey and alpha, RGB or RGBA; bool, integers from 0 to 255, uint16 from 0
        to 65535, or floats from 0 to 1. Files may be PNG, JPEG, GIF, WebP, TIFF, BMP or PPM.
    color : {"rgb", "grey"}, default="rgb"
        Whether the result has three channels, or one by the luminance of ITU-R BT.601: 0.299 red +
        0.587 green + 0.114 blue.
    max_pixels : int, default=67108864
        Largest width times height that is decoded: a small file may declare a picture that does
        not fit in memory. From about 179 million on, Pillow's own ``Image.MAX_IMAGE_PIXELS`` needs
        raising too.

    Returns
    -------
    ndarray of shape (height, width, 3) or (height, width), dtype uint8
        A copy of the pixels.

    Raises
    ------
    ValueError
        If the content is no picture of these formats, is cut off or damaged, or declares more than
        `max_pixels` pixels; if an array has another shape, no pixels or values out of range. Errors
        of the file system (`FileNotFoundError`, ...) are passed on.
    TypeError
        If `source` is none of the above.

    See Also
    --------
    NumberCropper : Many pictures of any size to one array.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> from sksvhn.preprocessing import load_image
    >>> half_red = Image.new("RGBA", (3, 2), (255, 0, 0, 128))
    >>> load_image(half_red)[0, 0]
    array([255, 127, 127], dtype=uint8)
    >>> file = io.BytesIO()
    >>> half_red.save(file, format="PNG")
    >>> load_image(file.getvalue(), color="grey")
    array([[165, 165, 165],
           [165, 165, 165]], dtype=uint8)
    """
    return np.array(read_picture(source, color=color, max_pixels=max_pixels))


def read_picture(
    source: ImageSource, *, color: Color = "auto", max_pixels: int = MAX_PIXELS
) -> Image.Image:
    """Read a picture as Pillow's mode "L" or "RGB", upright and opaque.

    Parameters
    ----------
    source, max_pixels
        As in `load_image`.
    color : {"auto", "grey", "rgb"}, default="auto"
        ``"auto"`` gives "L" where the source holds grey values only by its form (not by chance).
    """
    if isinstance(source, Image.Image):
        return _convert(lambda: source, "The PIL image", color, max_pixels)
    if isinstance(source, (str, PathLike)):
        with open(source, "rb") as file:
            return _decode(file.read(), f"The file {os.fspath(source)!r}", color, max_pixels)
    if isinstance(source, (bytes, bytearray, memoryview)):
        content = bytes(source)
        return _decode(content, f"The source of {len(content)} bytes", color, max_pixels)
    if hasattr(source, "read"):
        file_object: Any = source
        name = getattr(file_object, "name", None)
        name = "The file object" if name is None else f"The file {name!r}"
        if getattr(file_object, "seekable", bool)():
            file_object.seek(0)
        content = file_object.read()
        if not isinstance(content, bytes):
            raise TypeError(f"{name} gives text; open it in binary mode ('rb').")
        return _decode(content, name, color, max_pixels)
    pixels = _to_uint8(np.asarray(source))
    return _convert(lambda: Image.fromarray(pixels), "The array", color, max_pixels)


def _decode(content: bytes, name: str, color: Color, max_pixels: int) -> Image.Image:
    return _convert(lambda: _open(content), name, color, max_pixels, verify=True)


def _open(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content), formats=_FORMATS)


def _convert(
    open_picture: Callable[[], Image.Image],
    name: str,
    color: Color,
    max_pixels: int,
    *,
    verify: bool = False,
) -> Image.Image:
    try:
        picture = open_picture()
        _check_size(picture, max_pixels)
        if verify:
            picture.verify()  # decoding alone passes over a PNG's checksums
            picture = open_picture()
        picture.load()
        orientation = _orientation(picture)  # after loading, which turns TIFF upright
        picture = _to_plain(picture, color)
    except UnidentifiedImageError:
        raise ValueError(
            f"{name} holds no picture that can be read; expected PNG, JPEG, GIF, WebP, "
            "TIFF, BMP or PPM."
        ) from None
    except Exception as error:  # Pillow raises SyntaxError, struct.error, ... on damaged files
        raise ValueError(
            f"{name} cannot be read as a picture: {str(error).rstrip('.')}."
        ) from error
    return picture.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else picture


def _check_size(picture: Image.Image, max_pixels: int) -> None:
    width, height = picture.size
    if width * height == 0:
        raise ValueError(f"it is {width} x {height} pixels large")
    if width * height > max_pixels:
        raise ValueError(
            f"it is {width} x {height} pixels large, more than max_pixels={max_pixels}; shrink it, "
            "or raise max_pixels"
        )


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # damaged notes of the camera spoil no picture
        return 1


def _to_plain(picture: Image.Image, color: Color) -> Image.Image:
    """Opaque "L" or "RGB" of any of Pillow's modes."""
    if picture.mode.startswith(("I", "F")):
        picture = _to_eight_bits(picture)
    if color == "auto":
        color = "grey" if picture.mode in ("1", "L", "LA", "La") else "rgb"
    if picture.mode == "La":  # Pillow converts it to nothing else
        picture = picture.convert("LA")
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture.convert("RGBA"))
        picture = white.convert("RGB")
    return picture.convert("L" if color == "grey" else "RGB")


def _to_eight_bits(picture: Image.Image) -> Image.Image:
    """Grey of 16 bits, whose dtype Pillow may give as int32, or of floats."""
    pixels = np.asarray(picture)
    if pixels.dtype.kind in "iu":
        low, high = pixels.min(), pixels.max()
        if low < 0 or high > 65535:
            raise ValueError(f"its values go from {low} to {high}, beyond 16 bits (0 to 65535)")
        pixels = pixels.astype(np.uint16)
    return Image.fromarray(_to_uint8(pixels))


def _to_uint8(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Pixels of an array as Pillow takes them."""
    if pixels.dtype.kind not in "biuf":
        raise TypeError(
            f"source is of dtype {pixels.dtype}; expected a path, bytes, a file object, a PIL "
            "image, or an array of numbers."
        )
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.size == 0 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] <= 4)):
        raise ValueError(
            f"The array has shape {pixels.shape}; expected one picture of shape (height, width) or "
            "(height, width, channels) with 1 to 4 channels."
        )
    if pixels.dtype == bool:
        return pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    highest = 1 if pixels.dtype.kind == "f" else 255
    low, high = pixels.min(), pixels.max()
    if not (low >= 0 and high <= highest):  # also where they are NaN
        raise ValueError(
            f"The array holds {pixels.dtype} from {low:g} to {high:g}; expected floats from 0 to "
            "1, or integers from 0 to 255."
        )
    if pixels.dtype.kind == "f":
        pixels = np.rint(pixels * 255)
    return pixels.astype(np.uint8)
