"""Find the installed fonts for generated numbers, and draw their glyphs as small masks."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import io
import re
from collections.abc import Iterator
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageStat

from ..._warn import warn_caller

#: Height of the digits 0 and 8 in a glyph mask, in pixels.
GLYPH_HEIGHT = 48

# Distribution and import name of the packages whose .ttf/.otf files are used, all of them.
_FILE_PACKAGES = (
    ("font-amatic-sc", "font_amatic_sc"),
    ("font-caladea", "font_caladea"),
    ("font-fredoka-one", "font_fredoka_one"),
    ("font-hanken-grotesk", "font_hanken_grotesk"),
    ("font-intuitive", "font_intuitive"),
    ("font-manrope", "font_manrope"),
    ("font-roboto", "font_roboto"),
    ("font-source-sans-pro", "font_source_sans_pro"),
    ("font-source-serif-pro", "font_source_serif_pro"),
    ("fontpkg-abril-fatface", "fontpkg_abril_fatface"),
    ("fontpkg-anton", "fontpkg_anton"),
    ("fontpkg-caveat", "fontpkg_caveat"),
    ("fontpkg-dm-serif-display", "fontpkg_dm_serif_display"),
    ("fontpkg-jost", "fontpkg_jost"),
    ("fontpkg-lobster", "fontpkg_lobster"),
    ("fontpkg-oswald", "fontpkg_oswald"),
    ("fontpkg-playfair-display", "fontpkg_playfair_display"),
    ("fontpkg-zilla-slab", "fontpkg_zilla_slab"),
)

# matplotlib's other fonts have no digits, or digits that no house wears.
_MATPLOTLIB_FILES = re.compile(r"(DejaVuSans|DejaVuSerif)(-\w+)?|STIXGeneral\w*|cm(r|b|ss|tt|ti)10")

# pymupdf-fonts holds fonts as bytes under these keys, family by family. Its monospaced fonts are
# for programmers: their zeros are slashed or dotted.
_PYMUPDF_FAMILIES = {
    "FiraGO": ("figo", "figit", "figbo", "figbi"),
    "NotoSans": ("notos", "notosit", "notosbo", "notosbi"),
    "Ubuntu": ("ubuntu", "ubuntuit", "ubuntubo", "ubuntubi"),
}

_PYMUPDF_KEYS = frozenset(key for keys in _PYMUPDF_FAMILIES.values() for key in keys)

# Digits that tell a font's height.
_MEASURED = "08"
_PILLOW = "Pillow"
_PYMUPDF = "pymupdf-fonts"
_WEIGHT_AXIS = "Weight"
_N_WEIGHTS = 4
# Share of the box round a 0 that is ink; hairline faces have half of it.
_LEAST_COVERAGE = 0.27
_MOST_EMBOLDENED = 4
# A code point that no font may define: its picture is the font's "no such character".
_NO_CHARACTER = "\ufffe"


class FontFace(NamedTuple):
    """One style of one font, cheap to pickle."""

    #: What the styles of one design have in common.
    family: str
    name: str
    #: Distribution and version it came with, or the user's folder.
    origin: str
    #: Path of the file, or key of pymupdf-fonts; None is Pillow's own font.
    location: str | None
    #: Position on a variable font's weight axis.
    weight: float | None = None
    #: Whether it is an italic.
    slanted: bool = False


class Glyph(NamedTuple):
    """A character's coverage, 0 to 255, and where it stands on its baseline."""

    mask: Image.Image
    #: Of the mask's upper left corner from the pen position on the baseline, in pixels.
    left: int
    top: int
    #: Distance to the next character's pen position.
    advance: float


_PILLOW_FACE = FontFace("Pillow", "Pillow default", _PILLOW, None)


def find_fonts(
    alphabet: str, font_dir: str | PathLike[str] | None = None
) -> tuple[tuple[FontFace, ...], ...]:
    """Return families of installed fonts, and of `font_dir`, with their faces of the alphabet.

    The order does not depend on the machine. Warns if only Pillow's own font is installed.
    """
    faces = [*_installed_faces()]
    if font_dir is not None:
        faces += _folder_faces(Path(font_dir))
    if not faces:
        warn_caller(
            "No font package is installed, so every number is drawn in Pillow's one font, which "
            "makes poor training data. Install more fonts with: pip install 'sksvhn[fonts]'",
        )
        faces = [_PILLOW_FACE._replace(origin=_origin(_PILLOW))]
    families: dict[str, list[FontFace]] = {}
    for face in faces:
        if has_characters(face, alphabet + _MEASURED):
            slanted = face._replace(slanted=_is_slanted(face))
            families.setdefault(face.family, []).append(slanted)
    if not families:
        raise ValueError(
            f"at least one font must have 0, 8 and all characters of {alphabet!r}; none of "
            f"{len(faces)} has; pass a folder with one as font_dir."
        )
    return tuple(tuple(families[family]) for family in sorted(families))


@lru_cache(maxsize=16384)
def draw_glyph(face: FontFace, character: str, boldness: int, swelling: int) -> Glyph:
    """Draw a character of a font whose digits are `GLYPH_HEIGHT` pixels high.

    Its outline moves outwards by `boldness`, and uprights get `swelling` broader, in pixels.
    """
    # Another font's letter is better than a digit without the letter beside it.
    known = character.isspace() or has_characters(face, character)
    font = _load_at_height(face if known else _PILLOW_FACE)
    left, top, right, bottom = font.getbbox(character, anchor="ls", stroke_width=boldness)
    mask = Image.new("L", (max(round(right - left), 1) + swelling, max(round(bottom - top), 1)))
    ImageDraw.Draw(mask).text(
        (-left, -top), character, 255, font, anchor="ls", stroke_width=boldness
    )
    for _ in range(swelling):
        mask = ImageChops.lighter(mask, ImageChops.offset(mask, 1, 0))
    advance = font.getlength(character) + 2 * boldness + swelling
    return Glyph(mask, round(left), round(top), advance)


@lru_cache(maxsize=512)
def least_boldness(face: FontFace) -> int:
    """Boldness from which a face's strokes are visible across a street."""
    for boldness in range(_MOST_EMBOLDENED):
        mask = draw_glyph(face, "0", boldness, 0).mask
        if ImageStat.Stat(mask).mean[0] > _LEAST_COVERAGE * 255:
            return boldness
    return _MOST_EMBOLDENED


def list_fonts(families: tuple[tuple[FontFace, ...], ...]) -> str:
    """List the packages that fonts come from, for a description."""
    origins: dict[str, set[str]] = {}
    for family in families:
        for face in family:
            origins.setdefault(face.origin, set()).add(face.family)
    lines = [f"{origin}: {', '.join(sorted(names))}" for origin, names in sorted(origins.items())]
    return "\n" + "\n".join(f"    {line}" for line in lines) + "\n"


def _origin(distribution: str) -> str:
    return f"{distribution} {importlib.metadata.version(distribution)}"


def _package_folder(module: str) -> Path | None:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


@lru_cache(maxsize=1)
def _installed_faces() -> tuple[FontFace, ...]:
    return (*_packaged_faces(), *_matplotlib_faces(), *_pymupdf_faces())


def _packaged_faces() -> Iterator[FontFace]:
    for distribution, module in _FILE_PACKAGES:
        folder = _package_folder(module)
        if folder is not None:
            for path in _font_files(folder):
                yield from _file_faces(path, _origin(distribution))


def _matplotlib_faces() -> Iterator[FontFace]:
    folder = _package_folder("matplotlib")
    if folder is not None:
        for path in _font_files(folder / "mpl-data" / "fonts" / "ttf"):
            if _MATPLOTLIB_FILES.fullmatch(path.stem):
                yield from _file_faces(path, _origin("matplotlib"))


def _pymupdf_faces() -> Iterator[FontFace]:
    if importlib.util.find_spec("pymupdf_fonts") is not None:
        for family, keys in _PYMUPDF_FAMILIES.items():
            for key in keys:
                yield FontFace(family, key, _origin(_PYMUPDF), key)


def _folder_faces(folder: Path) -> list[FontFace]:
    if not folder.is_dir():
        raise NotADirectoryError(f"font_dir must be a folder with fonts; {folder} is not a folder.")
    paths = _font_files(folder)
    if not paths:
        raise ValueError(f"font_dir must hold .ttf or .otf files; {folder} has none.")
    return [face for path in paths for face in _file_faces(path, str(folder))]


def _font_files(folder: Path) -> list[Path]:
    """Font files by name; only the .ttf of a font in both formats."""
    by_stem: dict[Path, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (".ttf", ".otf"):
            by_stem[path.with_suffix("")] = path  # ".ttf" sorts last
    return sorted(by_stem.values(), key=lambda path: path.relative_to(folder).as_posix())


def _file_faces(path: Path, origin: str) -> Iterator[FontFace]:
    family = re.split(r"[-\[]|(?<=STIXGeneral)", path.stem)[0]
    weights = _variable_weights(path)
    if weights is None:
        yield FontFace(family, path.stem, origin, str(path))
        return
    for weight in weights:
        yield FontFace(family, f"{path.stem} {weight:g}", origin, str(path), weight)


def _variable_weights(path: Path) -> list[float] | None:
    """Positions spread over a font's weight axis, or None if it has none."""
    try:
        font = ImageFont.truetype(path)
    except OSError as error:
        raise ValueError(f"{path} must be a font; it cannot be read as one ({error}).") from error
    try:
        axes = font.get_variation_axes()
    except OSError:  # FreeType's answer for a font of one style
        return None
    for axis in axes:
        if _axis_name(axis) == _WEIGHT_AXIS:
            low, high = axis["minimum"] or 0, axis["maximum"] or 0
            return [low + (high - low) * i / (_N_WEIGHTS - 1) for i in range(_N_WEIGHTS)]
    return None


def _axis_name(axis: ImageFont.Axis) -> str:
    name = axis["name"]
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def _load(face: FontFace, size: float) -> ImageFont.FreeTypeFont:
    if face.location is None:
        font = ImageFont.load_default(size)
        if not isinstance(font, ImageFont.FreeTypeFont):
            raise ImportError(
                "make_street_numbers needs Pillow with FreeType; install a wheel of Pillow."
            )
        return font
    source: str | io.BytesIO = face.location
    if face.location in _PYMUPDF_KEYS:
        source = io.BytesIO(importlib.import_module("pymupdf_fonts").myfont(face.location))
    # The basic layout is in every build of Pillow; Raqm, where present, kerns differently.
    font = ImageFont.truetype(source, size, layout_engine=ImageFont.Layout.BASIC)
    if face.weight is not None:
        axes = font.get_variation_axes()
        font.set_variation_by_axes(
            [face.weight if _axis_name(a) == _WEIGHT_AXIS else a["default"] or 0 for a in axes]
        )
    return font


@lru_cache(maxsize=512)
def _load_at_height(face: FontFace) -> ImageFont.FreeTypeFont:
    trial = 4 * GLYPH_HEIGHT
    font = _load(face, trial)
    boxes = [font.getbbox(digit, anchor="ls") for digit in _MEASURED]
    # In old-style figures 0 is low and 8 is tall.
    height = max(bottom - top for _, top, _, bottom in boxes)
    return _load(face, trial * GLYPH_HEIGHT / max(height, 1))


@lru_cache(maxsize=512)
def _is_slanted(face: FontFace) -> bool:
    _, style = _load(face, GLYPH_HEIGHT).getname()
    return re.search("italic|oblique", f"{face.name} {style}", re.IGNORECASE) is not None


@lru_cache(maxsize=16384)
def has_characters(face: FontFace, alphabet: str) -> bool:
    font = _load(face, GLYPH_HEIGHT)
    missing = bytes(font.getmask(_NO_CHARACTER))
    pictures = [font.getmask(character) for character in alphabet]
    return all(any(picture) and bytes(picture) != missing for picture in map(bytes, pictures))
