"""Load one picture of any kind as an array of grey or colour pixels."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable, Mapping
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, UnidentifiedImageError
from sklearn.utils._param_validation import Interval, StrOptions

from .._files._file_kinds import kind_of_content
from .._parameters import check_not_masked, validate_params
from .._warn import warn_caller

Color = Literal["auto", "grey", "rgb"]
ImageSource = (
    str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | ArrayLike
)

#: Most pixels that are decoded unless asked otherwise: above telephones' 200 million.
MAX_PIXELS = 2**28
#: What `max_pixels` may be.
MAX_PIXELS_CONSTRAINT = [Interval(Integral, 1, None, closed="left")]

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

# A picture on white has vanished if its levels are closer than this: an eighth of the range.
_LEAST_CONTRAST = 32
# 16-bit pictures below it would be nearly black. Cameras of 12 bits stay below it.
_DARKEST_16_BIT = 4096


class PictureError(ValueError):
    """A picture cannot be read: how messages call it, and the rest of their sentence."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.name} {self.problem}."


class Decoded(NamedTuple):
    """A picture of mode "L" or "RGB", and what users should be told of it, as a predicate."""

    picture: Image.Image
    note: str | None = None


@validate_params(
    {
        "source": "no_validation",
        "color": [StrOptions({"grey", "rgb"})],
        "max_pixels": MAX_PIXELS_CONSTRAINT,
    },
    prefer_skip_nested_validation=True,
)
def load_image(
    source: ImageSource, *, color: Literal["grey", "rgb"] = "rgb", max_pixels: int = MAX_PIXELS
) -> NDArray[np.uint8]:
    """Load one picture of any kind as upright uint8 pixels.

    Pictures are rotated according to their EXIF orientation. Palettes, CMYK and other colours are
    converted to RGB, and 16-bit values keep their upper 8 bits. Files of several frames or pages
    give the first.

    Transparent pictures are put on white. If they would vanish there (grey levels within 31 of each
    other), and less so on black, they are put on black.

    Parameters
    ----------
    source : str, path-like, bytes, file object, PIL.Image.Image or array-like
        A file's path, its content, the file open for reading in binary mode (it is read from its
        start), a Pillow image, or pixels of shape (height, width), (height, width, channels) or
        (channels, height, width): grey, grey and alpha, RGB or RGBA; bool, integers from 0 to 255,
        uint16 from 0 to 65535, or floats from 0 to 1. Tensors and nested lists are taken as arrays.
        Files may be PNG, JPEG, GIF, WebP, TIFF, BMP or PPM.
    color : {"rgb", "grey"}, default="rgb"
        Whether the result has three channels, or one by the luminance of ITU-R BT.601: 0.299 red +
        0.587 green + 0.114 blue.
    max_pixels : int, default=268435456
        Largest width times height of a file that is decoded: a small file may declare a picture
        that does not fit in memory. The default allows the pictures of 200-megapixel phones, which
        take up to 1 GB of memory. WebP and TIFF files above 179 million pixels are refused by
        Pillow unless its ``Image.MAX_IMAGE_PIXELS`` is raised too.

    Returns
    -------
    ndarray of shape (height, width, 3) or (height, width), dtype uint8
        A copy of the pixels.

    Raises
    ------
    ValueError
        If the content is no picture of these formats, is cut off or damaged, or declares more than
        `max_pixels` pixels; if an array has another shape, no pixels or values out of range.
    TypeError
        If `source` is none of the above.
    OSError
        If a file is missing or cannot be read, or a path is that of a folder.

    Warns
    -----
    UserWarning
        If integers are only 0 and 1 (treated as black and white), if a 16-bit picture has no
        value above 255 (treated as 8 bits) or above 4095 (nearly black), or if a file holds several
        frames or pages.

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
    decoded = read_picture(source, color=color, max_pixels=max_pixels)
    if decoded.note is not None:
        warn_of_notes({"the picture": decoded.note})
    return np.array(decoded.picture)


def read_picture(
    source: ImageSource, *, color: Color = "auto", max_pixels: int = MAX_PIXELS
) -> Decoded:
    """Read a picture as Pillow's mode "L" or "RGB", upright and opaque.

    With ``color="auto"`` it is "L" where the source holds grey values by its form, not by chance.
    """
    if isinstance(source, Image.Image):
        return _convert(lambda: source, "The PIL image", color, max_pixels)
    if isinstance(source, (str, PathLike)):
        if os.path.isdir(source):
            os.scandir(source).close()  # raises what keeps its files from being found
            raise IsADirectoryError(
                f"a picture must be a file; {os.fspath(source)!r} is a folder; pass the files in "
                f"it, such as sorted(Path({os.fspath(source)!r}).glob('*.jpg'))."
            )
        content = Path(source).read_bytes()
        return _decode(content, f"The file {os.fspath(source)!r}", color, max_pixels)
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
            raise TypeError(
                f"{name} must be opened in binary mode; reading it gives text; open it with mode "
                "'rb'."
            )
        return _decode(content, name, color, max_pixels)
    pixels, note = _to_uint8(_as_pixels(source))
    decoded = _convert(lambda: Image.fromarray(pixels), "The array", color, None)
    return decoded._replace(note=decoded.note or note)


def _decode(content: bytes, name: str, color: Color, max_pixels: int) -> Decoded:
    try:
        return _convert(lambda: _open(content), name, color, max_pixels, verify=True)
    except UnidentifiedImageError:
        problem = (
            "holds no picture that can be read; expected PNG, JPEG, GIF, WebP, TIFF, BMP or PPM"
        )
        kind = kind_of_content(io.BytesIO(content))
        if kind.key not in ("unknown", "picture"):
            problem += f"; it is {kind.name}; {kind.advice}"
        raise PictureError(name, problem) from None


def _open(content: bytes) -> Image.Image:
    """Open as Image.open does, but without its limit, which is one for the whole process."""
    Image.preinit()
    for name in _FORMATS:
        if name not in Image.OPEN:
            Image.init()
        factory, accept = Image.OPEN[name]
        try:
            if accept is None or accept(content[:16]) is True:
                return factory(io.BytesIO(content), "")
        except (SyntaxError, IndexError, TypeError, struct.error):  # another format, or damaged
            continue
    raise UnidentifiedImageError


def _convert(
    open_picture: Callable[[], Image.Image],
    name: str,
    color: Color,
    max_pixels: int | None,
    *,
    verify: bool = False,
) -> Decoded:
    try:
        picture = open_picture()
        check_size(picture, max_pixels)
        if verify:
            picture.verify()  # decoding alone passes over a PNG's checksums
            picture = open_picture()
        several = _has_several_frames(picture)
        picture.load()
        orientation = _orientation(picture)  # after loading, which turns TIFF upright
        picture, note = _to_plain(picture, color)
        if several:
            note = note or "holds several frames or pages, of which only the first is read"
    except UnidentifiedImageError:
        raise
    except Exception as error:  # Pillow raises SyntaxError, struct.error, ... on damaged files
        problem = str(error).rstrip(".") or type(error).__name__
        raise PictureError(name, f"cannot be read as a picture: {problem}") from error
    if orientation in _UPRIGHT:
        picture = picture.transpose(_UPRIGHT[orientation])
    picture.info = {}  # its EXIF notes would turn it again where it is read a second time
    return Decoded(picture, note)


def check_size(picture: Image.Image, max_pixels: int | None) -> None:
    """Raise ValueError if a picture has no pixels, or more than allowed."""
    width, height = picture.size
    if width * height == 0:
        raise ValueError(f"it is {width} x {height} pixels large")
    if max_pixels is not None and width * height > max_pixels:
        raise ValueError(
            f"it has {width} x {height} pixels, more than max_pixels={max_pixels}; shrink it or "
            "raise max_pixels"
        )


def _has_several_frames(picture: Image.Image) -> bool:
    try:
        return bool(getattr(picture, "is_animated", False))
    except Exception:  # damage behind the first frame spoils no picture
        return False


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # damaged notes of the camera spoil no picture
        return 1


def _to_plain(picture: Image.Image, color: Color) -> Decoded:
    """Opaque "L" or "RGB" of any of Pillow's modes."""
    note = None
    if picture.mode.startswith(("I", "F")):
        picture, note = _to_eight_bits(picture)
    if color == "auto":
        color = "grey" if picture.mode in ("1", "L", "LA", "La") else "rgb"
    if picture.mode == "La":  # Pillow converts it to nothing else
        picture = picture.convert("LA")
    if picture.has_transparency_data:
        picture = _without_transparency(picture)
    picture = picture.convert("L" if color == "grey" else "RGB")
    if _is_mask(picture):
        picture = picture.point(lambda value: value * 255)
        note = "holds only the values 0 and 1, which are taken as black and white"
    return Decoded(picture, note)


def _without_transparency(picture: Image.Image) -> Image.Image:
    picture = picture.convert("RGBA")
    on_white = _laid_on("white", picture)
    contrast = _contrast(on_white)
    if contrast >= _LEAST_CONTRAST:
        return on_white
    on_black = _laid_on("black", picture)
    return on_black if _contrast(on_black) > contrast else on_white


def _laid_on(ground: str, picture: Image.Image) -> Image.Image:
    laid = Image.new("RGBA", picture.size, ground)
    laid.alpha_composite(picture)
    return laid.convert("RGB")


def _contrast(picture: Image.Image) -> int:
    low, high = picture.convert("L").getextrema()
    return int(high) - int(low)  # type: ignore[arg-type]


def _is_mask(picture: Image.Image) -> bool:
    """Whether an 8-bit picture holds 0 and 1 and nothing else."""
    # Few pixels tell nearly every picture from a mask.
    few = picture.resize((8, 8), Image.Resampling.NEAREST)
    return _extrema(few)[1] <= 1 and _extrema(picture) == (0, 1)


def _extrema(picture: Image.Image) -> tuple[int, int]:
    values = np.array(picture.getextrema())
    return int(values.min()), int(values.max())


def _to_eight_bits(picture: Image.Image) -> Decoded:
    """Grey of 16 bits, whose dtype Pillow may give as int32, or of floats."""
    pixels = np.asarray(picture)
    if pixels.dtype.kind in "iu":
        low, high = pixels.min(), pixels.max()
        if low < 0 or high > 65535:
            raise ValueError(
                f"its values must fit in 16 bits (0 to 65535); they go from {low} to {high}"
            )
        pixels = pixels.astype(np.uint16)
    pixels, note = _to_uint8(pixels)
    return Decoded(Image.fromarray(pixels), note)


def _as_pixels(source: Any) -> NDArray[Any]:
    """Array of (height, width[, channels]) of anything that NumPy takes for numbers."""
    check_not_masked(source, "The array")
    try:
        pixels = np.asarray(source)
    except (TypeError, ValueError, RuntimeError) as error:  # a tensor elsewhere, ragged lists
        raise TypeError(
            f"a picture must be an array of pixels; got a {type(source).__name__} that cannot be "
            f"converted to one: {error}"
        ) from None
    if pixels.dtype.kind not in "biuf":
        raise TypeError(
            "a picture must be a path, bytes, a file object, a PIL image or an array of numbers; "
            f"got dtype {pixels.dtype}."
        )
    if pixels.ndim == 3 and pixels.shape[0] <= 4 < pixels.shape[2]:
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.size == 0 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] <= 4)):
        raise ValueError(
            "a picture must have shape (height, width), (height, width, channels) or (channels, "
            f"height, width) with 1 to 4 channels; got shape {np.shape(source)}."
        )
    return pixels


def _to_uint8(pixels: NDArray[Any]) -> tuple[NDArray[np.uint8], str | None]:
    """Pixels as Pillow takes them, and what users should be told of that."""
    if pixels.dtype == bool:
        return pixels.astype(np.uint8) * np.uint8(255), None
    low, high = pixels.min(), pixels.max()
    if pixels.dtype == np.uint16:
        return _of_16_bits(pixels, int(high))
    highest = 1 if pixels.dtype.kind == "f" else 255
    if not (low >= 0 and high <= highest):  # also where they are NaN
        raise ValueError(
            "a picture must hold floats from 0 to 1, or integers from 0 to 255; got "
            f"{pixels.dtype} from {low:g} to {high:g}; rescale them."
        )
    if pixels.dtype.kind == "f":
        pixels = np.rint(pixels * 255)
    return np.ascontiguousarray(pixels, dtype=np.uint8), None


def _of_16_bits(pixels: NDArray[Any], high: int) -> tuple[NDArray[np.uint8], str | None]:
    note = None
    if high > 255:
        if high < _DARKEST_16_BIT:
            note = (
                f"has 16 bits and no value above {high}, and so is nearly black; scale its values"
            )
        return (pixels >> 8).astype(np.uint8), note
    if high > 0:
        note = "has 16 bits and no value above 255, and so is taken as a picture of 8 bits"
    return pixels.astype(np.uint8), note


def warn_of_notes(notes: Mapping[str, str], *, where: str = "") -> None:
    """Warn once, where the package was called, of what users should be told of named pictures."""
    if not notes:
        return
    name, note = next(iter(notes.items()))
    if len(notes) > 1:
        message = f"{len(notes)} pictures may be wrong; the first, {name}, {note}."
    else:
        message = f"{name} {note}."
    warn_caller(where + message[0].upper() + message[1:])
