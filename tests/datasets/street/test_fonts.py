from __future__ import annotations

import importlib.util
import shutil

import numpy as np
import pytest

from sksvhn.datasets import make_street_numbers
from sksvhn.datasets._street import _fonts
from sksvhn.datasets._street._fonts import (
    GLYPH_HEIGHT,
    FontFace,
    draw_glyph,
    find_fonts,
    least_boldness,
)

DIGITS = "0123456789"
PILLOW = FontFace("Pillow", "Pillow default", "Pillow", None)


@pytest.fixture
def no_packages(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: (
            None if name.startswith(("font", "matplotlib", "pymupdf")) else find_spec(name)
        ),
    )
    _fonts._installed_faces.cache_clear()
    yield
    _fonts._installed_faces.cache_clear()


@pytest.fixture(scope="module")
def font_file():
    folder = _fonts._package_folder("matplotlib")
    if folder is None:
        pytest.skip("matplotlib, whose fonts these tests copy, is not installed")
    return folder / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"


def test_families_hold_faces_of_one_design_in_a_fixed_order():
    families = find_fonts(DIGITS)
    names = [family[0].family for family in families]
    assert names == sorted(set(names))
    for family in families:
        assert {face.family for face in family} == {family[0].family}
    assert families == find_fonts(DIGITS)


def test_every_face_draws_ten_different_digits_of_equal_height():
    for family in find_fonts(DIGITS):
        for face in family:
            glyphs = [draw_glyph(face, digit, 0, 0) for digit in DIGITS]
            assert len({glyph.mask.tobytes() + bytes(glyph.mask.size) for glyph in glyphs}) == 10
            tallest = max(glyphs[0].mask.height, glyphs[8].mask.height)
            assert abs(tallest - GLYPH_HEIGHT) <= 2, face
            assert all(glyph.advance > 0 for glyph in glyphs)


def test_hairline_faces_are_emboldened():
    for family in find_fonts(DIGITS):
        for face in family:
            boldness = least_boldness(face)
            assert np.asarray(draw_glyph(face, "0", boldness, 0).mask).mean() > 0.25 * 255
    faces = {face.name: face for family in find_fonts(DIGITS) for face in family}
    if "Roboto-Thin" in faces:
        assert least_boldness(faces["Roboto-Thin"]) > least_boldness(faces["Roboto-Bold"])


def test_italics_are_known():
    faces = {face.name: face for family in find_fonts(DIGITS) for face in family}
    if "DejaVuSans" in faces:
        assert not faces["DejaVuSans"].slanted
        assert faces["DejaVuSans-Oblique"].slanted


def test_symbol_fonts_are_left_out():
    names = {face.name for family in find_fonts(DIGITS) for face in family}
    assert not names & {"cmsy10", "cmex10", "STIXSizOneSymReg", "music", "symbol1", "LastResort"}


@pytest.mark.parametrize(("boldness", "swelling"), [(2, 0), (0, 3), (1, 2)])
def test_bold_and_swollen_glyphs_have_more_ink(boldness, swelling):
    thin, thick = draw_glyph(PILLOW, "1", 0, 0), draw_glyph(PILLOW, "1", boldness, swelling)
    assert np.asarray(thick.mask, dtype=int).sum() > np.asarray(thin.mask, dtype=int).sum()
    assert thick.advance == pytest.approx(thin.advance + 2 * boldness + swelling)


def test_only_pillows_font_is_used_with_a_warning(no_packages):
    with pytest.warns(UserWarning, match=r"pip install 'sksvhn\[fonts\]'") as told:
        numbers = make_street_numbers(2, random_state=0)
    assert set(numbers.frame["font"]) == {"Pillow default"}
    assert "Pillow" in numbers.DESCR
    assert told[0].filename == __file__


def test_font_dir_adds_fonts(no_packages, font_file, tmp_path):
    (tmp_path / "more").mkdir()
    shutil.copy(font_file, tmp_path / "more" / "Mine-Regular.ttf")
    families = find_fonts(DIGITS, tmp_path)
    assert [face.name for family in families for face in family] == ["Mine-Regular"]
    numbers = make_street_numbers(2, font_dir=tmp_path, random_state=0)
    assert set(numbers.frame["font"]) == {"Mine-Regular"}
    assert str(tmp_path) in numbers.DESCR


def test_of_two_formats_of_a_font_one_is_used(no_packages, font_file, tmp_path):
    for suffix in (".ttf", ".otf"):
        shutil.copy(font_file, tmp_path / f"Mine{suffix}")
    (family,) = find_fonts(DIGITS, tmp_path)
    assert [face.location for face in family] == [str(tmp_path / "Mine.ttf")]


def test_variable_fonts_give_several_weights():
    families = {family[0].family: family for family in find_fonts(DIGITS)}
    if "Oswald" not in families:
        pytest.skip("fontpkg-oswald, a variable font, is not installed")
    ink = [
        np.asarray(draw_glyph(face, "1", 0, 0).mask, dtype=int).sum() for face in families["Oswald"]
    ]
    assert len(ink) == 4
    assert ink == sorted(ink)
    assert ink[-1] > 1.5 * ink[0]


def test_characters_that_no_font_has():
    with pytest.raises(ValueError, match="font_dir"):
        find_fonts("\U0001f3e0")


def test_fonts_without_a_character_are_left_out():
    latin = {face.name for family in find_fonts("0") for face in family}
    greek = {face.name for family in find_fonts("0\u03a9") for face in family}
    assert greek < latin or len(latin) == 1


def subset(font_file, characters, folder):
    """Write a font with some of the characters of another."""
    subsetter = pytest.importorskip("fontTools.subset")
    folder.mkdir()
    subsetter.main([str(font_file), f"--text={characters}", f"--output-file={folder / 'Part.ttf'}"])
    return folder


def test_a_character_that_a_font_lacks_is_one_of_pillows(font_file, tmp_path):
    folder = subset(font_file, DIGITS, tmp_path / "digits")
    face = next(family[0] for family in find_fonts(DIGITS, folder) if family[0].family == "Part")
    assert draw_glyph(face, "A", 0, 0) == draw_glyph(PILLOW, "A", 0, 0)
    assert draw_glyph(face, "7", 0, 0) != draw_glyph(PILLOW, "7", 0, 0)


def test_a_font_without_digits_is_left_out(no_packages, font_file, tmp_path):
    folder = subset(font_file, "ABC", tmp_path / "letters")
    with pytest.raises(ValueError, match="at least one font must have 0, 8 and all characters of"):
        find_fonts("ABC", folder)


def test_a_folder_may_have_the_name_of_a_package(no_packages, font_file, tmp_path, monkeypatch):
    subset(font_file, DIGITS, tmp_path / "pymupdf-fonts")
    monkeypatch.chdir(tmp_path)
    ((face,),) = find_fonts(DIGITS, "pymupdf-fonts")
    assert draw_glyph(face, "7", 0, 0).mask.height > 0


def test_damaged_font_is_named(tmp_path):
    (tmp_path / "Broken.ttf").write_bytes(b"no font")
    with pytest.raises(ValueError, match=r"Broken\.ttf must be a font"):
        find_fonts(DIGITS, tmp_path)


def test_folder_without_fonts(tmp_path):
    with pytest.raises(ValueError, match=r"must hold \.ttf or \.otf"):
        find_fonts(DIGITS, tmp_path)


def test_font_dir_that_is_a_file(font_file):
    with pytest.raises(NotADirectoryError, match="must be a folder"):
        find_fonts(DIGITS, font_file)
