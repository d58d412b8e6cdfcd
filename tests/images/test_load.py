"""One picture of any kind to an array."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from sksvhn._images._load import read_picture
from sksvhn.preprocessing import load_image


def encoded(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    if form == "WEBP":
        options |= {"lossless": True, "exact": True}
    picture.save(file, format=form, **options)
    return file.getvalue()


def shades(width: int = 6, height: int = 4) -> NDArray[np.uint8]:
    return np.linspace(0, 255, width * height).astype(np.uint8).reshape(height, width)


def colors(width: int = 6, height: int = 4) -> NDArray[np.uint8]:
    grey = shades(width, height)
    return np.stack([grey, 255 - grey, np.full_like(grey, 90)], axis=-1)


def in_color(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(grey[..., None], 3, axis=-1)


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM"])
def test_lossless_files(form: str) -> None:
    content = encoded(Image.fromarray(shades()), form)
    np.testing.assert_array_equal(load_image(content), in_color(shades()))
    np.testing.assert_array_equal(load_image(content, color="grey"), shades())


def test_colors_stay_in_order() -> None:
    np.testing.assert_array_equal(load_image(encoded(Image.fromarray(colors()))), colors())
    pillow = np.asarray(Image.fromarray(colors()).convert("L"))
    np.testing.assert_array_equal(
        load_image(encoded(Image.fromarray(colors())), color="grey"), pillow
    )


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(mode: str) -> None:
    smooth = Image.fromarray(colors()).resize((48, 32))
    expected = smooth.convert("L") if mode == "L" else smooth
    content = encoded(smooth.convert(mode), "JPEG", quality=95, subsampling=0)
    difference = load_image(content).astype(int) - np.asarray(expected.convert("RGB"))
    assert np.abs(difference).max() < 12


def test_every_source(tmp_path: Path) -> None:
    content = encoded(Image.fromarray(colors()))
    path = tmp_path / "house.png"
    path.write_bytes(content)
    with path.open("rb") as file:
        sources = [path, str(path), content, bytearray(content), memoryview(content), file]
        sources += [file, io.BytesIO(content), Image.open(path), colors(), colors().tolist()]
        for source in sources:
            pixels = load_image(source)
            np.testing.assert_array_equal(pixels, colors())
            assert pixels.dtype == np.uint8
            assert pixels.flags.writeable
            assert not np.shares_memory(pixels, np.asarray(source))


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "RGBX", "I", "I;16", "F"]
)
def test_black_and_white_in_every_mode(mode: str) -> None:
    grey = np.array([[0, 255], [255, 0]], np.uint8)
    if mode == "I;16":
        picture = Image.fromarray(grey.astype(np.uint16) * 257)
    elif mode == "I":
        picture = Image.fromarray(grey.astype(np.int32) * 257)
    elif mode == "F":
        picture = Image.fromarray(grey.astype(np.float32) / 255)
    else:
        picture = Image.fromarray(grey).convert("RGB").convert(mode)
    assert picture.mode == mode
    np.testing.assert_array_equal(load_image(picture), in_color(grey))
    np.testing.assert_array_equal(load_image(picture, color="grey"), grey)


@pytest.mark.parametrize("mode", ["LA", "La", "RGBA", "RGBa", "PA"])
def test_transparency_is_laid_on_white(mode: str) -> None:
    grey = np.array([[0, 100, 200]], np.uint8)
    alpha = np.array([[0, 255, 51]], np.uint8)
    straight = Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)])
    picture = straight
    if mode in ("RGBA", "RGBa"):
        picture = straight.convert("RGBA")
    elif mode == "PA":  # which Pillow 10.3 converts to without the transparency
        picture = Image.fromarray(grey).convert("P")
        picture.putalpha(Image.fromarray(alpha))
    if mode != picture.mode:
        picture = picture.convert(mode)
    assert picture.mode == mode
    expected = np.array([[255, 100, 244]])
    assert np.abs(load_image(picture, color="grey").astype(int) - expected).max() <= 2
    assert np.abs(load_image(picture).astype(int) - expected[..., None]).max() <= 2


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
def test_a_transparent_color_becomes_white(mode: str) -> None:
    picture = Image.new("RGB", (2, 1), "black")
    picture.putpixel((1, 0), (255, 0, 0))
    picture = picture.convert(mode)
    key = picture.getpixel((0, 0))
    content = encoded(picture, transparency=key)
    assert "transparency" in Image.open(io.BytesIO(content)).info
    np.testing.assert_array_equal(load_image(content)[0, 0], [255, 255, 255])


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_16_bits_are_cut_to_their_upper_8(form: str) -> None:
    deep = np.array([[0, 255, 256, 0x80FF, 0xFFFF]], np.uint16)
    content = encoded(Image.fromarray(deep), form)
    np.testing.assert_array_equal(load_image(content, color="grey"), [[0, 0, 1, 128, 255]])
    np.testing.assert_array_equal(load_image(deep, color="grey"), [[0, 0, 1, 128, 255]])


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_first_frame_of_animations(form: str) -> None:
    frames = [Image.new("RGB", (5, 4), shade) for shade in ("red", "lime", "blue")]
    content = encoded(frames[0], form, save_all=True, append_images=frames[1:])
    assert Image.open(io.BytesIO(content)).n_frames == 3
    with pytest.warns(UserWarning, match="several frames or pages, of which only the first"):
        pixels = load_image(content)
    np.testing.assert_array_equal(pixels, np.full((4, 5, 3), [255, 0, 0]))
    load_image(encoded(frames[0], form, save_all=True))  # one frame: not a word


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_photographs_come_upright(orientation: int, form: str) -> None:
    # What a camera stores that is held so: the undoing of each is in the EXIF standard.
    upright = np.asarray(Image.fromarray(colors()).resize((48, 32)))
    stored = {
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }.get(orientation, upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(np.ascontiguousarray(stored)), form, exif=exif)
    difference = load_image(content).astype(int) - upright
    assert np.abs(difference).max() <= (20 if form == "JPEG" else 0)
    # Those who take the picture from here, as a locator does, do not turn it again.
    decoded = read_picture(content, color="rgb").picture
    np.testing.assert_array_equal(load_image(decoded), load_image(content))


def test_damaged_camera_notes_spoil_no_picture() -> None:
    notes = b"Exif\0\0MM\0*" + b"\xff" * 30
    content = encoded(Image.fromarray(colors()), exif=notes)
    np.testing.assert_array_equal(load_image(content), colors())


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (shades().astype(bool), shades().astype(bool) * 255),
        (shades().astype(np.int64), shades()),
        (shades() / 255, shades()),
        ((shades() / 255).astype(np.float32), shades()),
        (np.array([[0.999, 0.001]]), np.array([[255, 0]])),
        (shades()[..., None], shades()),
        (shades()[None], shades()),
        (np.stack([shades(), np.full_like(shades(), 255)]), shades()),
        (np.dstack([shades(), np.full_like(shades(), 255)]), shades()),
    ],
)
def test_arrays(pixels: NDArray[Any], expected: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(load_image(pixels, color="grey"), expected)


def test_channels_first_or_last_and_tensors() -> None:
    for array in (colors(), torch.from_numpy(colors())):
        np.testing.assert_array_equal(load_image(array), colors())
    channels_first = colors().transpose(2, 0, 1)
    for array in (channels_first, torch.from_numpy(channels_first), channels_first.tolist()):
        np.testing.assert_array_equal(load_image(array), colors())
    np.testing.assert_array_equal(load_image(torch.from_numpy(colors() / 255)), colors())
    with pytest.raises(TypeError, match="got a Tensor that cannot be converted"):
        load_image(torch.zeros((4, 6), requires_grad=True))


@pytest.mark.parametrize("form", ["array", "PNG", "TIFF"])
def test_16_bits_that_hold_8_are_taken_for_8(form: str) -> None:
    deep = shades().astype(np.uint16)
    source = deep if form == "array" else encoded(Image.fromarray(deep), form)
    with pytest.warns(UserWarning, match="The picture has 16 bits and no value above 255") as told:
        pixels = load_image(source, color="grey")
    np.testing.assert_array_equal(pixels, shades())
    assert told[0].filename == __file__
    with pytest.warns(UserWarning, match="no value above 4080, and so is nearly black"):
        pixels = load_image(deep * np.uint16(16), color="grey")
    np.testing.assert_array_equal(pixels, shades() >> 4)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.uint16])
@pytest.mark.parametrize("form", ["array", "PNG", "BMP", "palette"])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_zeros_and_ones_are_black_and_white(dtype: Any, form: str, channels: tuple[int]) -> None:
    mask = np.eye(40, 60, dtype=dtype)
    if channels:
        mask = np.stack([mask] * 3, axis=2)
    if form != "array":
        picture = Image.fromarray(mask.astype(np.uint8))
        picture = picture.quantize(2) if form == "palette" else picture
        mask = encoded(picture, "PNG" if form == "palette" else form)
    with pytest.warns(UserWarning, match="only the values 0 and 1, which are taken as black and"):
        pixels = load_image(mask, color="grey")
    np.testing.assert_array_equal(pixels, 255 * np.eye(40, 60))


def test_a_dark_picture_is_no_mask() -> None:
    dark = np.eye(90, 70, dtype=np.uint8)
    dark[40, 41] = 2
    np.testing.assert_array_equal(load_image(dark, color="grey"), dark)
    ones = np.ones((9, 9), np.uint8)
    np.testing.assert_array_equal(load_image(ones, color="grey"), ones)
    zeros = np.zeros((9, 9), np.uint16)
    np.testing.assert_array_equal(load_image(zeros, color="grey"), zeros)


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
@pytest.mark.parametrize("ink", [0, 100, 223, 224, 255])
def test_ink_on_transparent_ground_does_not_vanish(mode: str, ink: int) -> None:
    alpha = np.zeros((9, 7), np.uint8)
    alpha[2:5, 3] = 255
    if mode == "P":
        picture = Image.new("P", (7, 9), 0)
        picture.putpalette([90, 90, 90, ink, ink, ink])
        picture.putdata((alpha.ravel() // 255).tolist())
        content = encoded(picture, transparency=0)
    else:
        picture = Image.merge("LA", [Image.new("L", (7, 9), ink), Image.fromarray(alpha)])
        content = encoded(picture.convert(mode))
    ground = 255 if ink < 224 else 0
    expected = np.where(alpha, ink, ground)
    np.testing.assert_array_equal(load_image(content, color="grey"), expected)
    np.testing.assert_array_equal(load_image(content), np.repeat(expected[..., None], 3, axis=2))


def test_array_with_alpha() -> None:
    pixels = np.dstack([colors(), np.zeros_like(shades())])
    assert (load_image(pixels) == 255).all()


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((2, 4, 5, 3)), r"shape \(2, 4, 5, 3\)"),
        (np.zeros((5, 32, 32)), r"shape \(5, 32, 32\)"),
        (np.zeros(12), r"shape \(12,\)"),
        (np.zeros((0, 4)), r"shape \(0, 4\)"),
        (np.full((4, 4), 1.5), "floats from 0 to 1"),
        (np.full((4, 4), np.nan), "floats from 0 to 1"),
        (np.full((4, 4), -1), "integers from 0 to 255"),
        (np.full((4, 4), 256), "integers from 0 to 255"),
    ],
)
def test_arrays_that_are_no_picture(pixels: NDArray[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_image(pixels)


@pytest.mark.parametrize("source", [None, {"a": 1}, object(), ["a", "b"]])
def test_other_sources_are_refused(source: Any) -> None:
    with pytest.raises(TypeError, match="must be a path, bytes, a file object"):
        load_image(source)


def test_text_files_are_refused() -> None:
    with pytest.raises(TypeError, match="binary mode"):
        load_image(io.StringIO("x"))


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_image(tmp_path / "none.png")
    with pytest.raises(IsADirectoryError, match=r"is a folder; pass the files in it, such as sort"):
        load_image(tmp_path)


def test_the_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("no picture")
    with pytest.raises(
        ValueError, match=r"The file '.*notes.png' holds no picture .* expected PNG"
    ):
        load_image(path)
    with pytest.raises(ValueError, match="The file object holds"):
        load_image(io.BytesIO(b"no picture"))
    with path.open("rb") as file, pytest.raises(ValueError, match=r"The file '.*notes.png' holds"):
        load_image(file)
    with pytest.raises(ValueError, match=r"source of 0 bytes holds no picture .* an empty file"):
        load_image(b"")
    with pytest.raises(ValueError, match=r"holds no picture .*; it is a web page"):
        load_image(b"<!DOCTYPE html><html><body>404</body></html>")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "PPM", "WEBP"])
def test_cut_files_are_refused(form: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), form)
    with pytest.raises(ValueError, match=r"The source of \d+ bytes (cannot|holds no)"):
        load_image(content[: len(content) // 2])


def test_checksums_are_looked_at() -> None:
    content = bytearray(encoded(Image.fromarray(colors())))
    content[-13] ^= 1  # in the checksum of the pixels; the end mark has 12 bytes
    assert Image.open(io.BytesIO(content)).convert("RGB").size == (6, 4)
    with pytest.raises(ValueError, match="cannot be read as a picture"):
        load_image(bytes(content))


def test_bombs_are_refused_before_they_are_decoded() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    for side in (20_000, 2**31 - 1):
        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")
        with pytest.raises(ValueError, match="pixels, more than max_pixels=268435456; shrink"):
            load_image(bomb)
    with pytest.raises(ValueError, match="6 x 4 pixels, more than max_pixels=23; shrink it"):
        load_image(encoded(Image.fromarray(colors())), max_pixels=23)
    assert load_image(encoded(Image.fromarray(colors())), max_pixels=24).shape == (4, 6, 3)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_large_photographs_are_decoded_without_a_word(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if this were of 108 megapixels, or of 200: above Pillow's first and second limit.
    content = encoded(Image.fromarray(colors(40, 30)), form)
    expected = load_image(content)
    for limit in (1_000, 500):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        np.testing.assert_array_equal(load_image(content), expected)
    monkeypatch.undo()
    with pytest.raises(ValueError, match="40 x 30 pixels, more than max_pixels=1199"):
        load_image(content, max_pixels=1199)


def test_pixels_in_memory_are_not_limited() -> None:
    np.testing.assert_array_equal(load_image(colors(), max_pixels=1), colors())


def test_lazily_opened_pillow_picture_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    path.write_bytes(encoded(Image.fromarray(colors(300, 200)), "JPEG")[:2000])
    with Image.open(path) as picture, pytest.raises(ValueError, match="The PIL image cannot"):
        load_image(picture)


SAMPLES = [
    encoded(Image.fromarray(colors(16, 12)), form, **options)
    for form, options in [
        ("PNG", {}),
        ("JPEG", {"exif": Image.Exif()}),
        ("GIF", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("BMP", {}),
        ("PPM", {}),
        ("WEBP", {}),
    ]
] + [
    encoded(Image.fromarray(colors(16, 12)).convert("P"), transparency=1),
    encoded(Image.fromarray(shades(16, 12).astype(np.uint16) * 200)),
]


@given(st.data())
@settings(deadline=None, max_examples=100)
def test_damaged_files_give_a_picture_or_one_error(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))]
    with warnings.catch_warnings():
        warnings.simplefilter(data.draw(st.sampled_from(["error", "ignore"])))
        try:
            pixels = load_image(bytes(content), max_pixels=2**16)
        except ValueError as error:
            message = str(error)
        else:
            message = ""
            assert (pixels.ndim, pixels.shape[2], pixels.dtype) == (3, 3, np.uint8)
    assert message.startswith("The source of ") or not message


@given(st.binary(max_size=60))
def test_bytes_that_are_no_picture(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"The source of \d+ bytes"):
        load_image(content)


def test_real_photographs(shared_data: Path) -> None:
    paths = sorted((shared_data / "photos").glob("*.jpg"))
    assert len(paths) == 9
    for path in paths:
        pixels = load_image(path)
        assert pixels.shape[2] == 3
        assert pixels.std() > 5
        assert load_image(path, color="grey").shape == pixels.shape[:2]
