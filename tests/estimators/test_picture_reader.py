"""Pictures of any size and kind, read as the training pictures were."""

from __future__ import annotations

import io
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sksvhn import (
    PositionwiseClassifier,
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
)
from sksvhn.datasets import load_svhn_numbers
from sksvhn.estimators._picture_reader import CHUNK
from sksvhn.preprocessing import NumberCropper, load_image
from tests.datasets.svhn_files import NumberSet

from .._promised import BOUND
from ._pictures import bar_numbers

SIDE = 16


def noise(*shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def make_reader(**params: Any) -> SVHNSequenceClassifier:
    defaults = {"channels": ((8,), (8,)), "max_epochs": 2, "random_state": 0, "n_views": 2}
    return SVHNSequenceClassifier(**(defaults | params))


DIGIT_CLASSIFIERS = [
    SVHNCNNClassifier(channels=((8,), (8,)), max_epochs=2, n_views=2, random_state=0),
    SVHNMLPClassifier(hidden_layer_sizes=(16,), max_epochs=2, random_state=0),
    SVHNLogisticRegression(),
    SVHNLogisticRegression(features="hog"),
]


def name_of(estimator: Any) -> str:
    return type(estimator).__name__


@pytest.fixture(scope="module")
def reader() -> SVHNSequenceClassifier:
    return make_reader().fit(*bar_numbers(64))


@pytest.fixture(scope="module")
def color_reader() -> SVHNSequenceClassifier:
    images, numbers = bar_numbers(64)
    return make_reader().fit(np.stack([images, 255 - images, images], axis=3), numbers)


@pytest.fixture(scope="module", params=DIGIT_CLASSIFIERS, ids=name_of)
def digit_reader(request: pytest.FixtureRequest) -> Any:
    images, numbers = bar_numbers(64)
    return clone(request.param).fit(images, np.array([number[0] for number in numbers]))


def photographs(n: int) -> tuple[list[NDArray[np.uint8]], list[Any]]:
    """Numbers anywhere in noise, with their boxes, and every third without."""
    images, _ = bar_numbers(n, random_state=1)
    rng = np.random.default_rng(0)
    pictures, boxes = [], []
    for row, image in enumerate(images):
        top, left = rng.integers(2, 20, 2)
        picture = noise(40, 48, seed=row)
        picture[top : top + SIDE, left : left + SIDE] = image
        pictures.append(picture)
        boxes.append(None if row % 3 == 2 else [[left, top, 8, SIDE], [left + 8, top, 8, SIDE]])
    return pictures, boxes


def assert_same(read: Any, expected: Any) -> None:
    np.testing.assert_array_equal(read, expected, strict=True)


@pytest.mark.parametrize("n", [1, CHUNK, CHUNK + 9])
def test_reads_what_is_predicted_for_the_crops(n: int, reader: Any) -> None:
    pictures, boxes = photographs(n)
    numbers, confidence = reader.predict(reader.crops(pictures, boxes), return_confidence=True)
    assert_same(reader.read(pictures, boxes), numbers)
    read, read_confidence = reader.read(pictures, boxes, return_confidence=True)
    assert_same(read, numbers)
    assert_same(read_confidence, confidence)


def test_digits_are_read_with_their_greatest_probability(digit_reader: Any) -> None:
    pictures, boxes = photographs(CHUNK + 9)
    crops = digit_reader.crops(pictures, boxes)
    assert_same(digit_reader.read(pictures, boxes), digit_reader.predict(crops))
    read, confidence = digit_reader.read(pictures, boxes, return_confidence=True)
    assert_same(read, digit_reader.predict(crops))
    greatest = digit_reader.predict_proba(crops).max(axis=1)
    # BLAS may add up large and small matrices in another order; networks read in equal batches.
    np.testing.assert_allclose(confidence, greatest, rtol=0, atol=BOUND)
    if not isinstance(digit_reader, SVHNLogisticRegression):
        assert_same(confidence, greatest)


@pytest.mark.parametrize("form", ["int", "padded", "str"])
def test_answers_have_the_form_of_the_labels(form: str) -> None:
    images, numbers = bar_numbers(64)
    labels: Any = numbers.astype(int) if form == "int" else numbers.astype(str)
    if form == "padded":
        labels = np.array([[*map(int, n), *[10] * (2 - len(n))] for n in numbers], dtype=np.int8)
    clf = make_reader(max_epochs=1).fit(images, labels)
    pictures, _ = photographs(CHUNK + 1)
    assert_same(clf.read(pictures), clf.predict(clf.crops(pictures)))


def test_unsure_answers_are_rejected_as_in_predict(reader: Any) -> None:
    pictures, _ = photographs(20)
    confidence = reader.confidence(reader.crops(pictures))
    careful = make_reader().fit(*bar_numbers(64))
    careful.set_params(min_confidence=float(np.median(confidence)))
    read, of_all = careful.read(pictures, return_confidence=True)
    assert_same(of_all, confidence)
    np.testing.assert_array_equal(read == "", confidence < careful.min_confidence)
    assert 0 < np.count_nonzero(read == "") < 20


@pytest.mark.parametrize("color", ["grey", "rgb"])
@pytest.mark.parametrize(("crop", "margin"), [("stretch", 0.3), ("square", 0.0), ("square", 0.5)])
def test_files_become_what_the_loader_made_of_them(
    color: Any, crop: Any, margin: float, tmp_path: Path
) -> None:
    numbers = ["19", "0210", "7", "3", "845"]
    NumberSet.generate(numbers, color=True).write_folder(tmp_path)
    data = load_svhn_numbers(tmp_path, image_size=(20, 24), color=color, crop=crop, margin=margin)
    clf = SVHNLogisticRegression(crop=crop, margin=margin).fit(data.images, [0, 1, 0, 1, 1])
    paths = [tmp_path / name for name in data.frame["filename"]]
    assert_same(clf.crops(paths, data.frame["boxes"]), data.images)
    boxes = data.frame["boxes"].tolist()
    frame = pd.DataFrame({"file": paths, "boxes": boxes}, index=range(9, 4, -1))
    assert_same(clf.crops(frame), data.images)
    assert_same(clf.read(frame), clf.predict(data.images))


def test_defaults_are_those_of_the_training_data(reader: Any, digit_reader: Any) -> None:
    pictures, boxes = photographs(5)
    numbers = NumberCropper(image_size=(SIDE, SIDE), color="grey").fit(pictures)
    assert_same(reader.crops(pictures, boxes), numbers.transform(pictures, boxes=boxes))
    digits = clone(numbers).set_params(crop="square", margin=0.0).fit(pictures)
    assert_same(digit_reader.crops(pictures, boxes), digits.transform(pictures, boxes=boxes))


def test_crop_and_margin_matter_to_photographs_only(reader: Any) -> None:
    images, numbers = bar_numbers(64)
    other = make_reader(crop="square", margin=0.1).fit(images, numbers)
    assert_same(other.predict(images), reader.predict(images))
    pictures, boxes = photographs(3)
    assert (other.crops(pictures, boxes) != reader.crops(pictures, boxes)).any()


@pytest.mark.parametrize("white", [1, 255])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", [make_reader, SVHNLogisticRegression])
def test_pixels_go_as_far_as_in_training(white: int, dtype: Any, make: Any) -> None:
    images, numbers = bar_numbers(64)
    labels = np.array([number[0] for number in numbers])
    pixels = images.astype(dtype) if white == 255 else images.astype(dtype) / 255
    clf = make().fit(pixels, labels)
    crops = clf.crops(list(images))
    if white == 255:
        assert_same(crops, images)
    else:
        assert_same(crops, images.astype(np.float32) / 255)
    read = clf.read(list(images))
    assert_same(read, clf.predict(crops))
    np.testing.assert_array_equal(read, clf.predict(pixels))
    # Black and white, and dark: no way to tell the range by looking at them.
    assert len(clf.read([np.diag(np.arange(9, dtype=np.uint8)), np.eye(20, dtype=bool)])) == 2


def modes() -> dict[str, Image.Image]:
    rgb = Image.fromarray(noise(30, 44, 3)).resize((22, 15))
    translucent = rgb.convert("RGBA")
    translucent.putalpha(Image.fromarray(noise(15, 22, seed=1)))
    sixteen = Image.fromarray(noise(15, 22, seed=2).astype(np.uint16) * 257)
    return {
        "RGBA": translucent,
        "P": rgb.quantize(8),
        "LA": translucent.convert("LA"),
        "I;16": sixteen,
        "1": rgb.convert("1"),
        "CMYK": rgb.convert("CMYK"),
        "L": rgb.convert("L"),
        "RGB": rgb,
    }


@pytest.mark.parametrize("mode", list(modes()))
def test_every_mode(mode: str, reader: Any, color_reader: Any) -> None:
    picture = modes()[mode]
    assert picture.mode == mode
    for clf, color in ((reader, "grey"), (color_reader, "rgb")):
        pixels = load_image(picture, color=color)
        assert_same(clf.crops(picture), clf.crops(pixels))
        assert_same(clf.read(picture), clf.predict(clf.crops([pixels])))
        assert clf.crops(picture).shape == (1, *clf.image_shape_[: 3 if color == "rgb" else 2])


def test_rotation_that_the_camera_noted(tmp_path: Path, reader: Any) -> None:
    upright = Image.fromarray(noise(20, 32))
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    box = [3, 4, 12, 10]
    assert_same(reader.crops(tmp_path / "turned.png", box), reader.crops(upright, box))


def test_every_form_of_pictures(tmp_path: Path, reader: Any) -> None:
    pictures, boxes = photographs(5)
    paths = [tmp_path / f"{row}.png" for row in range(5)]
    for path, picture in zip(paths, pictures, strict=True):
        Image.fromarray(picture).save(path)
    expected = reader.crops(pictures, boxes)
    contents = [path.read_bytes() for path in paths]
    for form in (
        tuple(paths),
        list(map(str, paths)),
        np.array(list(map(str, paths))),
        pd.Series(paths, index=[5, 3, 4, 9, 7]),
        dict.fromkeys(paths).keys(),
        torch.from_numpy(np.stack(pictures)),
        np.stack(pictures).tolist(),
        contents,
        list(map(io.BytesIO, contents)),
        list(map(Image.open, paths)),
        np.stack(pictures),
        [paths[0], contents[1], *pictures[2:]],
        iter(paths),
        (path for path in paths),
    ):
        assert_same(reader.crops(form, boxes), expected)
    assert_same(reader.crops(iter(paths), iter(boxes)), expected)
    by_path = dict(zip(paths, boxes, strict=True))
    for of_boxes in (map(by_path.get, paths), (box for box in boxes), by_path.values()):
        assert_same(reader.crops(paths, of_boxes), expected)
    assert_same(reader.crops(iter(paths)), reader.crops(paths))
    frame = pd.DataFrame({"boxes": boxes, "photo": paths})
    assert_same(reader.crops(frame), expected)
    assert_same(reader.read(frame), reader.predict(expected))


def test_one_picture_alone_is_a_list_of_one(tmp_path: Path, reader: Any) -> None:
    color = noise(30, 40, 3)
    Image.fromarray(color).save(tmp_path / "photo.png")
    content = (tmp_path / "photo.png").read_bytes()
    boxes = [[3, 4, 10, 12], [12, 5, 9, 11]]
    expected = reader.crops([color], [boxes])
    numbers, confidence = reader.predict(expected, return_confidence=True)
    with (tmp_path / "photo.png").open("rb") as file:
        for picture in (
            color,
            tmp_path / "photo.png",
            str(tmp_path / "photo.png"),
            content,
            bytearray(content),
            memoryview(content),
            io.BytesIO(content),
            file,
            Image.fromarray(color),
        ):
            assert_same(reader.crops(picture, boxes), expected)
    assert_same(reader.read(color, boxes, return_confidence=True)[1], confidence)
    assert_same(reader.read(color, boxes), numbers)
    for one in (
        torch.from_numpy(color),
        color.tolist(),
        [torch.from_numpy(color).permute(2, 0, 1)],
        np.dstack([color, np.full(color.shape[:2], 255, np.uint8)]),
    ):
        assert_same(reader.crops(one, boxes if len(one) > 1 else [boxes]), expected)
    grey = color[:, :, 0]
    assert_same(reader.crops(grey), reader.crops([grey]))
    assert_same(reader.crops(grey[:, :, None]), reader.crops([grey]))
    assert_same(reader.crops(np.dstack([grey, grey * 0 + 255])), reader.crops([grey]))
    assert_same(reader.crops(color, (iter(box) for box in boxes)), expected)
    assert_same(reader.crops(color, boxes[0]), reader.crops([color], [boxes[0]]))


def test_what_can_be_one_picture_or_several_is_refused(reader: Any) -> None:
    with pytest.raises(ValueError, match="3 grey pictures, or one picture with channels first"):
        reader.read(noise(3, 30, 40))
    with pytest.raises(ValueError, match=r"\(30, 256\) may be one picture, or flattened ones"):
        reader.read(noise(30, SIDE * SIDE))
    assert len(reader.read([noise(30, SIDE * SIDE)])) == 1


@pytest.mark.parametrize("lazily", [False, True])
@pytest.mark.parametrize("row", [1, CHUNK + 2])
def test_messages_name_the_place_in_all_the_pictures(lazily: bool, row: int, reader: Any) -> None:
    pictures: list[Any] = [noise(9, 9)] * (CHUNK + 4)

    def read(pictures: list[Any], boxes: Any = None) -> Any:
        return reader.read(iter(pictures) if lazily else pictures, boxes)

    with pytest.raises(ValueError, match=f"^Picture {row}: The source of 4 bytes holds no picture"):
        read([*pictures[:row], b"none", *pictures[row:]])
    with pytest.raises(TypeError, match=f"^Picture {row}: a picture must be .* got dtype object"):
        read([*pictures[:row], None, *pictures[row:]])
    boxes: list[Any] = [None] * len(pictures)
    boxes[row] = [20, 20, 5, 5]
    with pytest.raises(ValueError, match=f"^Picture {row}: digit boxes .* lie outside"):
        read(pictures, boxes)
    with pytest.raises(FileNotFoundError, match=r"no_such\.png"):
        read([*pictures[:row], "no_such.png"])


@pytest.mark.parametrize("ask", ["read", "crops"])
@pytest.mark.parametrize(
    ("pictures", "boxes", "message"),
    [
        ([], None, "at least one picture; got 0"),
        (lambda: iter([]), None, "at least one picture; got 0"),
        (np.empty((0, 9, 9), np.uint8), None, "at least one picture; got 0"),
        ([noise(9, 9)] * 2, [None], "one entry per picture; got 1 for 2 pictures"),
        (lambda: iter([noise(9, 9)] * 2), [None], "There are 1 boxes, but more pictures"),
        (lambda: iter([noise(9, 9)] * 2), [None] * 3, "There are 2 pictures, but more boxes"),
        (noise(2, 9, 9), [[1, 1, 3, 3]], "one entry per picture; got 1 for 2 pictures"),
        (pd.DataFrame({"a": [1], "b": [2]}), None, "must have one column of pictures"),
        (noise(9, 9), [1, 2, 3], r"Picture 0: digit boxes must be .* shape \(1, 3\)"),
    ],
)
def test_wrong_input_is_refused(
    ask: str, pictures: Any, boxes: Any, message: str, reader: Any
) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(reader, ask)(pictures() if callable(pictures) else pictures, boxes)


def test_what_is_no_picture_at_all(reader: Any) -> None:
    for nothing in (None, 5):
        with pytest.raises(
            TypeError, match=f"pictures must be a picture .* got a {type(nothing).__name__}"
        ):
            reader.read(nothing)


def test_predict_points_to_read(reader: Any, digit_reader: Any) -> None:
    for clf in (reader, digit_reader):
        for files in ("a.png", ["a.png"], [Path("a.png")]):
            with pytest.raises(ValueError, match=r"\.read takes files"):
                clf.predict(files)


def test_folders_are_refused(reader: Any, tmp_path: Path) -> None:
    for pictures in (tmp_path, str(tmp_path), [noise(9, 9), tmp_path]):
        with pytest.raises(IsADirectoryError, match=r"^Picture .: .* is a folder; pass the files"):
            reader.read(pictures)


def test_unfitted() -> None:
    for clf in (make_reader(), SVHNMLPClassifier(), SVHNLogisticRegression()):
        with pytest.raises(NotFittedError):
            clf.read(noise(9, 9))


@pytest.mark.parametrize("shape", [(20,), (7, 9), (7, 30, 3)])
def test_fitted_on_what_is_no_picture(shape: Any) -> None:
    clf = SVHNLogisticRegression().fit(noise(30, *shape), np.arange(30) % 2)
    with pytest.raises(
        ValueError,
        match=r"SVHNLogisticRegression must be fitted on pictures with sides of at least",
    ):
        clf.read(noise(30, 40))


@pytest.mark.parametrize("make", [make_reader, SVHNLogisticRegression])
@pytest.mark.parametrize("change", [lambda x: x - 90.0, lambda x: x * 9.0, lambda x: x / 17])
def test_fitted_on_pixels_of_unknown_range(make: Any, change: Any) -> None:
    images, numbers = bar_numbers(64)
    clf = make().fit(change(images), np.array([number[0] for number in numbers]))
    with pytest.raises(ValueError, match="fitted on pixels from 0 to 255 or"):
        clf.crops(noise(30, 40))


@pytest.mark.parametrize("params", [{"crop": "round"}, {"margin": -0.1}, {"margin": "0.3"}])
def test_wrong_parameters_are_refused(params: dict[str, Any], reader: Any) -> None:
    images, numbers = bar_numbers(20)
    for make in (make_reader, SVHNMLPClassifier, SVHNCNNClassifier, SVHNLogisticRegression):
        with pytest.raises(ValueError, match=f"'{next(iter(params))}' parameter"):
            make(**params).fit(images, numbers)
    changed = make_reader().fit(*bar_numbers(32)).set_params(**params)
    with pytest.raises(ValueError, match=f"'{next(iter(params))}' parameter"):
        changed.read(noise(9, 9))


def test_rows_of_pictures_that_were_stated(reader: Any) -> None:
    images, numbers = bar_numbers(64)
    rows = images[:, :, :12].reshape(64, -1)
    clf = SVHNLogisticRegression(image_shape=(16, 12)).fit(rows, [n[0] for n in numbers])
    assert clf.crops(noise(30, 40)).shape == (1, 16, 12)
    assert len(clf.read(noise(30, 40))) == 1


@pytest.mark.parametrize("with_boxes", [False, True])
def test_few_pictures_are_in_memory_at_once(with_boxes: bool, reader: Any) -> None:
    made: list[weakref.ref[Any]] = []
    most = 0

    def camera() -> Iterator[NDArray[np.uint8]]:
        nonlocal most
        for seed in range(2 * CHUNK + 3):
            picture = noise(9, 12, seed=seed)
            made.append(weakref.ref(picture))
            most = max(most, sum(there() is not None for there in made))
            yield picture

    boxes = ([2, 2, 5, 5] for _ in range(2 * CHUNK + 3)) if with_boxes else None
    assert len(reader.read(camera(), boxes)) == 2 * CHUNK + 3
    assert len(made) == 2 * CHUNK + 3
    assert most <= 3


def test_numbers_are_read_after_pickling_and_cloning(reader: Any, tmp_path: Path) -> None:
    pictures, boxes = photographs(4)
    changed = clone(reader).set_params(crop="square", margin=0.1).fit(*bar_numbers(64))
    joblib.dump(changed, tmp_path / "reader.joblib")
    loaded = joblib.load(tmp_path / "reader.joblib")
    assert_same(loaded.crops(pictures, boxes), changed.crops(pictures, boxes))
    assert_same(loaded.read(pictures, boxes), changed.read(pictures, boxes))


def test_reading_leaves_the_estimator_as_it_is(reader: Any, digit_reader: Any) -> None:
    for clf in (reader, digit_reader):
        before = dict(vars(clf))
        clf.read(noise(20, 20), return_confidence=True)
        assert vars(clf) == before


def test_one_classifier_a_position_reads_no_photographs() -> None:
    # It wraps any classifier, which need not take pictures at all.
    assert not hasattr(PositionwiseClassifier, "read")


def test_real_photographs(shared_data: Path, color_reader: Any) -> None:
    paths = sorted((shared_data / "photos").glob("*.jpg"))
    crops = color_reader.crops(paths)
    expected = NumberCropper(image_size=(SIDE, SIDE), color="rgb").fit_transform(paths)
    assert_same(crops, expected)
    assert_same(color_reader.read(paths), color_reader.predict(crops))
