"""The same picture and boxes give the same pixels, whichever way they come in."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image

from sksvhn import SVHNLogisticRegression
from sksvhn._reading import Picture, PictureBatchReader
from sksvhn.datasets import load_labelled_pictures, load_svhn_numbers
from sksvhn.preprocessing import NumberCropper, load_image
from tests.datasets.svhn_files import Entry, NumberSet

SIZE = (10, 12)
BOXES = [(4, 3, 9, 14), (12, 3, 10, 15)]


def smooth(*, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((30, 24))


def with_exif(orientation: int) -> dict[str, Any]:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return {"exif": exif, "quality": 95}


def translucent() -> Image.Image:
    picture = smooth().convert("RGBA")
    picture.putalpha(smooth(seed=1).convert("L"))
    return picture


def kinds() -> dict[str, tuple[Image.Image, str, dict[str, Any]]]:
    """Pictures, formats and options of Pillow's `save`."""
    colors = smooth()
    grey = colors.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    shallow = Image.fromarray(np.asarray(grey).astype(np.uint16))
    mask = Image.fromarray((np.asarray(grey) > 127).astype(np.uint8))
    white_ink = Image.merge("LA", [Image.new("L", grey.size, 255), grey.point(lambda v: v // 2)])
    return {
        "RGB": (colors, "PNG", {}),
        "L": (grey, "PNG", {}),
        "RGBA": (translucent(), "PNG", {}),
        "RGBA, WebP": (translucent(), "WEBP", {"lossless": True}),
        "LA": (translucent().convert("LA"), "PNG", {}),
        "white ink": (white_ink, "PNG", {}),
        "P": (colors.quantize(16), "PNG", {}),
        "P, transparent": (colors.quantize(16), "PNG", {"transparency": 3}),
        "GIF": (colors.quantize(16), "GIF", {"transparency": 3}),
        "1": (grey.convert("1"), "PNG", {}),
        "0 and 1": (mask, "PNG", {}),
        "I;16": (deep, "PNG", {}),
        "I;16, TIFF": (deep, "TIFF", {}),
        "I;16 of 8 bits": (shallow, "PNG", {}),
        "CMYK": (colors.convert("CMYK"), "JPEG", {}),
        "BMP": (colors, "BMP", {}),
        "PPM": (colors, "PPM", {}),
        **{f"EXIF {i}": (colors, "JPEG", with_exif(i)) for i in range(1, 9)},
        "EXIF 6, PNG": (colors, "PNG", {"exif": with_exif(6)["exif"]}),
    }


def fitted(color: str, crop: Any) -> SVHNLogisticRegression:
    shape = (8, *SIZE) if color == "grey" else (8, *SIZE, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    return SVHNLogisticRegression(crop=crop, margin=0.2).fit(pixels, np.arange(8) % 2)


def doors(content: bytes, boxes: Any, color: Any, crop: Any, folder: Path) -> dict[str, Any]:
    """Crops of one picture file by every way in."""
    path = folder / "1.png"  # whatever is in it: content counts
    path.write_bytes(content)
    settings: dict[str, Any] = {"image_size": SIZE, "color": color, "crop": crop, "margin": 0.2}
    cropper = NumberCropper(**settings)
    clf = fitted(color, crop)
    pixels = load_image(content, color=color)
    if boxes is None:
        height, width = pixels.shape[:2]
        rows = [(0, 0, width, height)]
    else:
        rows = boxes
    lines = ["path,number,left,top,width,height"]
    lines += [f"1.png,12,{','.join(map(str, row))}" for row in rows]
    (folder / "labels.csv").write_text("\n".join(lines))
    NumberSet([Entry("1.png", [1] * len(rows), rows)], {"1.png": content}).write_folder(
        folder / "svhn"
    )
    reader = PictureBatchReader(clf)
    prepared: Any = reader._prepared(Picture("1.png", boxes), str(path), {})
    given = None if boxes is None else [boxes]
    return {
        "NumberCropper": cropper.fit_transform([path], boxes=given),
        "NumberCropper, frame": cropper.fit_transform(
            pd.DataFrame({"picture": [content], "boxes": [boxes]})
        ),
        "crops, path": clf.crops(path, boxes),
        "crops, file": clf.crops(io.BytesIO(content), boxes),
        "crops, PIL": clf.crops(Image.open(path), boxes),
        "crops, array": clf.crops(pixels, boxes),
        "transcription": prepared[0][np.newaxis],
        "load_labelled_pictures": load_labelled_pictures(folder / "labels.csv", **settings).images,
        "load_svhn_numbers": load_svhn_numbers(folder / "svhn", **settings).images,
    }


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("crop", ["stretch", "square"])
@pytest.mark.parametrize("color", ["grey", "rgb"])
@pytest.mark.parametrize("boxes", [None, BOXES], ids=["whole", "boxes"])
def test_every_door_gives_the_same_pixels(
    kind: str, crop: str, color: str, boxes: Any, tmp_path: Path
) -> None:
    picture, form, options = kinds()[kind]
    file = io.BytesIO()
    picture.save(file, form, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of masks and of 16 bits that hold 8
        crops = doors(file.getvalue(), boxes, color, crop, tmp_path)
    first: NDArray[np.uint8] = next(iter(crops.values()))
    assert first.shape == (1, *SIZE) if color == "grey" else (1, *SIZE, 3)
    assert len(np.unique(first)) > 1
    for name, others in crops.items():
        np.testing.assert_array_equal(others, first, err_msg=name, strict=True)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32])
def test_masks_in_memory_are_masks_in_files(dtype: Any, tmp_path: Path) -> None:
    mask = np.asarray(smooth().convert("L")) > 127
    Image.fromarray(mask).save(tmp_path / "mask.png")
    clf = fitted("grey", "square")
    expected = clf.crops(tmp_path / "mask.png")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tells of 0 and 1
        np.testing.assert_array_equal(clf.crops(mask.astype(dtype)), expected)


WRONG_BOXES: dict[str, tuple[Any, str]] = {
    "shares": ((0.1, 0.2, 0.5, 0.3), "in pixels; got .* multiply shares by its width and height"),
    "whole in shares": ((0, 0, 1, 1), "in pixels; got .* multiply shares"),
    "corners": ((16, 12, 29, 23), "in pixels; got .* pass right - left as the width"),
    "negative": ((9, 9, -5, 5), "positive width and height"),
    "NaN": ((9, np.nan, 5, 5), "must be finite"),
    "outside": ((90, 9, 5, 5), r"\(left, top, width, height\) in pixels"),
}


@pytest.mark.parametrize("name", WRONG_BOXES)
def test_wrong_boxes_are_refused_at_every_door(name: str, tmp_path: Path) -> None:
    box, message = WRONG_BOXES[name]
    path = tmp_path / "1.png"
    smooth().save(path)
    (tmp_path / "labels.csv").write_text(
        f"path,number,left,top,width,height\n1.png,12,{','.join(map(str, box))}\n"
    )
    files = {"1.png": path.read_bytes()}
    NumberSet([Entry("1.png", [1], [box])], files).write_folder(tmp_path / "svhn")
    clf = fitted("grey", "stretch")
    calls: list[Callable[[], Any]] = [
        lambda: NumberCropper().fit_transform([path], boxes=[box]),
        lambda: clf.crops(path, box),
        lambda: clf.read(path, box),
        lambda: clf.read(iter([path]), iter([box])),
        lambda: load_labelled_pictures(tmp_path / "labels.csv"),
        lambda: load_svhn_numbers(tmp_path / "svhn"),
    ]
    # The table of SVHN's own files is checked before its pictures.
    in_table = {"negative": "has the box", "NaN": "has the box"}.get(name, message)
    for call, expected in zip(calls, [message] * 5 + [in_table], strict=True):
        with pytest.raises(ValueError, match=expected):
            call()
    reading = PictureBatchReader(clf).read([Picture("1.png", box)], [str(path)])[0]
    assert reading.error is not None
    assert reading.reading is None


def test_what_one_picture_gets_does_not_depend_on_its_neighbours(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    night = rng.integers(0, 200, (24, 30)).astype(np.uint16)
    pictures: list[Any] = [
        night * np.uint16(257),
        night,
        (night > 90).astype(np.uint8),
        night > 90,
        night / 255,
        translucent(),
    ]
    clf = fitted("grey", "stretch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        together = clf.crops(pictures)
        alone = np.concatenate([clf.crops([picture]) for picture in pictures])
    np.testing.assert_array_equal(together, alone)


def test_large_pictures_are_refused_everywhere_and_taken_where_allowed(tmp_path: Path) -> None:
    path = tmp_path / "1.png"
    smooth().save(path)
    (tmp_path / "labels.csv").write_text("path,number\n1.png,12\n")
    files = {"1.png": path.read_bytes()}
    NumberSet([Entry("1.png", [1], [(0, 0, 30, 24)])], files).write_folder(tmp_path / "svhn")
    clf = fitted("grey", "stretch")
    calls: list[Callable[[int], Any]] = [
        lambda n: load_image(path, max_pixels=n),
        lambda n: NumberCropper(max_pixels=n).fit_transform([path]),
        lambda n: clf.crops(path, max_pixels=n),
        lambda n: clf.read(path, max_pixels=n),
        lambda n: load_labelled_pictures(tmp_path / "labels.csv", max_pixels=n),
        lambda n: load_svhn_numbers(tmp_path / "svhn", max_pixels=n),
    ]
    for call in calls:
        call(720)
        with pytest.raises(ValueError, match="30 x 24 pixels, more than max_pixels=719; shri"):
            call(719)
        with pytest.raises(ValueError, match="max_pixels"):
            call(0)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_pictures_are_told_of_where_they_are_read(level: int, tmp_path: Path) -> None:
    blank, other = np.full((24, 30), level, np.uint8), np.asarray(smooth())
    clf = fitted("grey", "stretch")
    with pytest.warns(UserWarning, match=f"^Picture 1 is blank: all pixels are {level}") as told:
        clf.read([other, blank, other])
    assert [warning.filename for warning in told] == [__file__]
    with pytest.warns(UserWarning, match="2 pictures may be wrong; the first, picture 0, is blank"):
        clf.crops([blank, blank])
    with pytest.warns(UserWarning, match=r"Picture a\.png is blank"):
        PictureBatchReader(clf).read([Picture("a.png")], [blank])
