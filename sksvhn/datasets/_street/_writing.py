"""Write on what a street scene shows: numbers, and everything that is no house number."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from ._characters import blend, mount_sign, paint_number
from ._choice import pick
from ._colors import LUMINANCE, Colors, draw_colors, draw_hue, draw_ink
from ._fonts import GLYPH_HEIGHT, FontFace, draw_glyph
from ._lettering import Hand, Lettering, Surroundings, draw_face, draw_hand, letter
from ._paint import Box, Color, Site, as_color, clip, darker, disc, draw_color, near, rectangle
from ._surfaces import Field

Families = tuple[tuple[FontFace, ...], ...]

#: Least difference of luminance, of 1, between characters and their ground when painted.
CONTRAST = 0.2
# The least that is drawn on a sign.
_SIGN_CONTRAST = 0.16
_TRIES = 4

_WORDS = (
    *("PUSH", "PULL", "OPEN", "CLOSED", "ENTRANCE", "EXIT", "PRIVATE", "RECEPTION", "OFFICE"),
    *("PARKING", "NO PARKING", "TO LET", "SOLD", "CAFE", "BAKERY", "BOOKS", "HOTEL", "PHARMACY"),
    *("FLOWERS", "SALON", "BANK", "POST", "LIBRARY", "SCIENCE", "Engineering", "Health Sciences"),
    *("School of Law", "Lecture Theatre", "Student Centre", "Humanities", "Workshop", "Reception"),
    *("THE COTTAGE", "Rose Villa", "Hillside", "Oak House", "The Old School", "Welcome", "Home"),
    *("No Junk Mail", "Beware of the dog", "Deliveries", "Ring bell", "Please knock", "Letters"),
)
_STREETS = ("STREET", "ROAD", "AVENUE", "LANE", "Street", "Road", "Way", "Drive", "Close", "rue")
_ONSETS = ("b", "br", "c", "ch", "d", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "r", "s")
_RIMES = ("a", "an", "ar", "e", "el", "en", "er", "i", "in", "o", "on", "or", "ow", "u", "ill")
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def draw_words(rng: np.random.Generator) -> str:
    """Draw the name of a street, a shop, a family or a building."""
    kind = rng.random()
    if kind < 0.45:
        return pick(rng, _WORDS)
    n_syllables = int(rng.integers(1, 4))
    name = "".join(pick(rng, _ONSETS) + pick(rng, _RIMES) for _ in range(n_syllables))
    name = name.upper() if rng.random() < 0.5 else name.capitalize()
    if kind < 0.75:
        name += " " + pick(rng, _STREETS)
    return name


def draw_code(rng: np.random.Generator) -> str:
    """Draw writing with digits that is no house number: telephones, hours, prices, years, codes."""
    digits = "".join(map(str, rng.integers(0, 10, 11).tolist()))
    letters = "".join(_LETTERS[i] for i in rng.integers(len(_LETTERS), size=4))
    hour, end = rng.integers(6, 12), rng.integers(13, 23)
    forms = (
        f"{digits[:4]}-{digits[4:]}",
        f"({digits[:3]}) {digits[3:6]}-{digits[6:10]}",
        f"+{digits[:2]}.{digits[2:5]}.{digits[5:]}",
        f"Tel. {digits[:9]}",
        f"{hour}:00-{end}:{rng.choice(('00', '30'))}",
        f"Mon-Fri {hour}:00-{end}:00",
        f"${digits[0]}.{digits[1:3]}",
        f"EST. {rng.integers(1850, 2022)}",
        f"Since {rng.integers(1850, 2022)}",
        f"{letters[0]}{digits[:2]}-{digits[3]}",
        f"{letters[:3]}{digits[:3]}{letters[3]}",
        f"{letters[:2]} {digits[:2]} {letters[2:]}",
        f"www.{letters.lower()}.com",
    )
    return pick(rng, forms)


def is_no_number(text: str, alphabet: str) -> bool:
    """Whether nobody could take a text for a number of the alphabet."""
    known = {*alphabet.lower(), *alphabet.upper()}
    return any(c not in known for c in text if c.isalnum()) or (
        any(not c.isalnum() and not c.isspace() and c not in known for c in text)
        and not any(c.isalpha() for c in alphabet)
    )


def lay_text(
    rng: np.random.Generator,
    text: str,
    hand: Hand,
    height: float,
    padding: float,
    *,
    announced: bool = False,
) -> Lettering:
    """Lay out a number, with "No" before it or not, or other writing."""
    surroundings = Surroundings("0", "", 0.0, announced)
    return letter(rng, text, hand, height, round(padding), surroundings)


def stamp(
    rng: np.random.Generator,
    site: Site,
    lettering: Lettering,
    corner: tuple[int, int],
    digit: float,
    *,
    on_sign: bool,
    at_night: bool = False,
) -> bool:
    """Paint characters, on a sign or not, their canvas at `corner`, unless they hide a number."""
    height, width = lettering.mask.shape
    seen = clip(site, (*corner, corner[0] + width, corner[1] + height))
    if seen is None:
        return False
    left, top = seen[0] - corner[0], seen[1] - corner[1]
    mask = lettering.mask[top : top + seen[3] - seen[1], left : left + seen[2] - seen[0]]
    part = Lettering(mask, lettering.boxes - (left, top, left, top))
    before: Field = np.asarray(site.picture.crop(seen), dtype=np.float32) / 255
    wall: Field = before @ np.array(LUMINANCE, np.float32)
    middle = _inside(part)
    if not wall[middle].size:
        return False
    others = np.asarray(site.ink.crop(seen)) > 0
    for _ in range(_TRIES):
        colors = _colors_on(rng, float(wall[middle].mean()), on_sign=on_sign, at_night=at_night)
        face = np.zeros_like(wall)
        ground = wall
        if on_sign:
            ground, face = mount_sign(rng, wall, part, digit, colors)
        painted = paint_number(rng, ground, part, digit, colors)
        if contrast(painted[middle], mask[middle]) >= CONTRAST:
            break
    else:
        ink = 0.97 if float(ground[middle].mean()) < 0.5 else 0.03
        painted = blend(ground, mask, ink)
    if (np.maximum(face, mask)[others] > 0).any():
        return False
    hue: Field = np.minimum(before / np.maximum(wall, 0.04)[..., None], 3)
    hue = hue + face[..., None] * (draw_hue(rng) - hue)
    hue = hue + mask[..., None] * (draw_hue(rng) - hue)
    pixels = (np.clip(painted[..., None] * hue, 0, 1) * 255).astype(np.uint8)
    site.picture.paste(Image.fromarray(pixels), seen[:2])
    return True


def as_mask(lettering: Lettering) -> Image.Image:
    """Picture of the characters' coverage."""
    return Image.fromarray((lettering.mask * 255).astype(np.uint8))


def _inside(lettering: Lettering) -> tuple[slice, slice]:
    left, top = np.maximum(lettering.boxes[:, :2].min(axis=0), 0).astype(int)
    right, bottom = np.ceil(lettering.boxes[:, 2:].max(axis=0)).astype(int)
    return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))


def contrast(values: Field, mask: Field) -> float:
    """Difference between ink and ground, the largest of those of all channels."""
    is_ink, is_ground = mask > 0.7 * mask.max(initial=0.01), mask < 0.1
    if not is_ink.any() or not is_ground.any():
        return 0.0
    difference = values[is_ink].mean(axis=0) - values[is_ground].mean(axis=0)
    return float(np.abs(difference).max())


def _colors_on(rng: np.random.Generator, ground: float, *, on_sign: bool, at_night: bool) -> Colors:
    """Luminances of sign and ink; of ink alone where there is no sign."""
    if at_night:
        ground = rng.uniform(0.01, 0.1) if on_sign else ground
        return Colors(wall=ground, ground=ground, ink=rng.uniform(0.45, 1.0))
    if on_sign:
        return draw_colors(rng, least=_SIGN_CONTRAST)
    return Colors(wall=ground, ground=ground, ink=draw_ink(rng, ground, least=CONTRAST))


def write(
    rng: np.random.Generator,
    site: Site,
    text: str,
    families: Families,
    place: tuple[float, float, float],
) -> None:
    """Write what is no number at `place`: left, top and height of a digit, on a sign or not."""
    left, top, height = place
    hand = draw_hand(rng, pick(rng, families))._replace(direction="row")
    padding = 0.7 * height
    lettering = lay_text(rng, text, hand, height, padding)
    corner = (round(left - padding), round(top - padding))
    if any(c.isdigit() for c in text) and not site.shows(lettering.box_at(corner)):
        return  # cut off, it could be a number
    stamp(rng, site, lettering, corner, height, on_sign=rng.random() < 0.5)


def directory(
    rng: np.random.Generator,
    site: Site,
    number: Lettering,
    place: tuple[int, int],
    families: Families,
    texts: list[str],
) -> None:
    """Paint a sign of several panels, one of which has a number, with its canvas at `place`."""
    left, top, right, bottom = number.box_at(place)
    digit = bottom - top
    gap = digit * rng.uniform(0.25, 0.6)
    ground = draw_color(rng, 0.02, 0.9)
    ink = contrasting(rng, ground)
    if rng.random() < 0.5:
        ground, ink = near(rng, (35, 35, 38), 10), near(rng, (240, 240, 235), 8)
    end = right + gap + digit * rng.choice((0.0, 0.0, rng.uniform(0.5, 4.0)))
    face = draw_face(rng, pick(rng, families))
    rectangle(site, (left - gap, top - gap, end, bottom + gap), ground)
    site.picture.paste(ink, place, as_mask(number))
    below = rng.random() < 0.8
    y = bottom + gap
    for text in texts:
        size = digit * rng.uniform(0.2, 0.75)
        if rng.random() < 0.7:
            ground = draw_color(rng, 0.05, 0.9)
            ink = contrasting(rng, ground)
        n_lines = int(rng.integers(1, 3)) if size > 0.4 * digit else int(rng.integers(1, 5))
        deep = 1.6 * size * n_lines + 0.8 * size
        breadth = max(end, left + 0.62 * size * len(text)) if rng.random() < 0.6 else end
        start = y if below else top - gap - deep
        rectangle(site, (left - gap, start, breadth, start + deep), ground)
        for i in range(n_lines):
            line = text if i == 0 else draw_words(rng)
            print_line(site, line, face, (left, start + (1.6 * i + 0.6) * size, size), ink)
        y, below = y + deep, True
    site.draw.line((left - gap, y, end, y), darker(ground, 0.5), 1)


def contrasting(rng: np.random.Generator, ground: Color) -> Color:
    """Colour that stands out from another one."""
    luminance = float(np.dot(ground, LUMINANCE)) / 255
    value = rng.uniform(0.75, 1.0) if luminance < 0.45 else rng.uniform(0.0, luminance - 0.35)
    return as_color(value * draw_hue(rng))


def print_line(
    site: Site,
    text: str,
    face: FontFace,
    place: tuple[float, float, float],
    color: Color,
) -> None:
    """Print a line at `place`: left, top and height of a digit."""
    left, top, size = place
    scale = size / GLYPH_HEIGHT
    for character in text:
        glyph = draw_glyph(face, character, 0, 0)
        if not character.isspace():
            width, height = (max(round(n * scale), 1) for n in glyph.mask.size)
            mask = glyph.mask.resize((width, height), Image.Resampling.BILINEAR)
            at = (round(left + glyph.left * scale), round(top + size + glyph.top * scale))
            site.picture.paste(color, at, mask)
        left += glyph.advance * scale
        if left > site.picture.width:
            return


def clock(rng: np.random.Generator, site: Site, x: float, y: float, families: Families) -> None:
    """Paint the dial of a clock."""
    radius = site.metre * rng.uniform(0.2, 0.5)
    dial = draw_color(rng, 0.05, 0.95)
    ink = contrasting(rng, dial)
    disc(site, x, y, 1.1 * radius, ink)
    disc(site, x, y, radius, dial)
    face = draw_face(rng, pick(rng, families))
    size = 0.2 * radius
    for hour in range(1, 13):
        angle = math.radians(30 * hour)
        left = x + 0.8 * radius * math.sin(angle) - 0.3 * size * len(str(hour))
        top = y - 0.8 * radius * math.cos(angle) - size / 2
        print_line(site, str(hour), face, (left, top, size), ink)
    for reach, angle in zip((0.5, 0.7), rng.uniform(0, 2 * math.pi, 2), strict=True):
        end = (x + reach * radius * math.sin(angle), y - reach * radius * math.cos(angle))
        site.draw.line((x, y, *end), ink, max(round(0.05 * radius), 1))


def number_plate(rng: np.random.Generator, site: Site, box: Box, families: Families) -> None:
    """Paint the plate of a car."""
    left, top, right, bottom = box
    letters = "".join(_LETTERS[i] for i in rng.integers(len(_LETTERS), size=3))
    digits = "".join(map(str, rng.integers(0, 10, 4).tolist()))
    text = (
        f"{letters[:2]}{digits[:2]} {letters}",
        f"{letters} {digits[:3]}",
        f"{letters}-{digits}",
    )
    ground = near(rng, pick(rng, ((235, 235, 230), (235, 200, 60))), 8)
    rectangle(site, box, ground)
    site.draw.rectangle(box, outline=(25, 25, 30), width=1)
    size = min(0.7 * (bottom - top), (right - left) / 6.5)
    face = draw_face(rng, pick(rng, families))
    place = (left + 0.05 * (right - left), (top + bottom - size) / 2, size)
    print_line(site, pick(rng, text), face, place, (25, 25, 30))
