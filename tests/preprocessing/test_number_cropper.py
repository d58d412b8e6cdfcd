"""Pictures of any size to one array of crops."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from packaging.version import Version
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sksvhn.datasets import load_svhn_numbers
from sksvhn.preprocessing import NumberCropper, load_image
from tests.datasets.svhn_files import NumberSet


def noise(*shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def flatten(pictures: NDArray[Any]) -> NDArray[Any]:
    return pictures.reshape(len(pictures), -1)


def crop_by_hand(
    picture: NDArray[np.uint8], boxes: list[tuple[int, int, int, int]], margin: float
) -> tuple[float, float, float, float]:
    height, width = picture.shape[:2]
    left, top, right, bottom = np.inf, np.inf, -np.inf, -np.inf
    for x, y, w, h in boxes:
        left, top = min(left, x), min(top, y)
        right, bottom = max(right, x + w), max(bottom, y + h)
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    dx, dy = (right - left) * margin / 2, (bottom - top) * margin / 2
    return max(left - dx, 0), max(top - dy, 0), min(right + dx, width), min(bottom + dy, height)


@given(
    boxes=st.lists(
        # At least half of each lies in the picture.
        st.tuples(
            st.integers(-5, 10), st.integers(-5, 5), st.integers(20, 30), st.integers(20, 30)
        ),
        min_size=1,
        max_size=4,
    ),
    margin=st.sampled_from([0, 0.3, 1]),
    channels=st.sampled_from([(), (3,)]),
)
@settings(deadline=None)
def test_crop_against_a_loop_over_boxes(
    boxes: list[tuple[int, int, int, int]], margin: float, channels: tuple[int, ...]
) -> None:
    picture = noise(30, 40, *channels)
    crop = NumberCropper(image_size=(12, 10), margin=margin).fit_transform([picture], boxes=[boxes])
    box = crop_by_hand(picture, boxes, margin)
    expected = Image.fromarray(picture).resize((10, 12), Image.Resampling.BILINEAR, box=box)
    assert crop.shape == (1, 12, 10, *channels)
    assert np.abs(crop[0].astype(int) - np.asarray(expected)).max() <= 1


def test_same_pixels_as_the_loader(tmp_path: Path) -> None:
    NumberSet.generate(["19", "0210", "7"], color=True).write_folder(tmp_path)
    for crop in ("stretch", "square"):
        for color in ("auto", "grey", "rgb"):
            settings: dict[str, Any] = {"image_size": (20, 24), "crop": crop, "margin": 0.5}
            data = load_svhn_numbers(tmp_path, color=color, **settings)
            frame = data.frame[["filename", "boxes"]].assign(
                filename=[tmp_path / name for name in data.frame["filename"]]
            )
            crops = NumberCropper(color=color, **settings).fit_transform(frame)
            np.testing.assert_array_equal(crops, data.images)


def test_without_boxes_the_whole_picture() -> None:
    pictures = [noise(20, 33, 3), noise(50, 8, 3)]
    crops = NumberCropper(image_size=(16, 16)).fit_transform(pictures)
    for crop, picture in zip(crops, pictures, strict=True):
        resized = Image.fromarray(picture).resize((16, 16), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(crop, resized)


def test_square_keeps_the_aspect_and_repeats_the_border() -> None:
    picture = np.full((8, 16), 9, np.uint8)
    picture[:2, :8] = 200
    crop = NumberCropper(image_size=(16, 16), crop="square").fit_transform([picture])[0]
    np.testing.assert_array_equal(crop, np.pad(picture, [(4, 4), (0, 0)], mode="edge"))


@pytest.mark.parametrize("missing", [None, np.nan, float("nan")])
def test_some_pictures_without_boxes(missing: Any) -> None:
    pictures = noise(2, 20, 20)
    crops = NumberCropper(image_size=(20, 20)).fit_transform(
        pictures, boxes=[missing, [5, 5, 4, 4]]
    )
    np.testing.assert_array_equal(crops[0], pictures[0])
    assert (crops[1] != pictures[1]).any()


def test_every_form_of_pictures_and_boxes(tmp_path: Path) -> None:
    pictures = noise(2, 20, 30, 3)
    files = []
    for row, picture in enumerate(pictures):
        files.append(tmp_path / f"{row}.png")
        Image.fromarray(picture).save(files[-1])
    boxes = np.array([[2, 3, 10, 12], [8, 1, 9, 15]])
    cropper = NumberCropper(image_size=(8, 8))
    expected = cropper.fit_transform(pictures, boxes=boxes)
    for X in (
        list(pictures),
        tuple(pictures),
        files,
        [str(file) for file in files],
        np.array([str(file) for file in files]),
        pd.Series(files, index=[7, 3]),
        [file.read_bytes() for file in files],
        [io.BytesIO(files[0].read_bytes()), Image.open(files[1])],
    ):
        np.testing.assert_array_equal(cropper.fit_transform(X, boxes=boxes), expected)
    for form in (
        boxes.tolist(),
        boxes[:, None],
        [[box] for box in boxes],
        pd.DataFrame(boxes, columns=["left", "top", "width", "height"], index=[5, 0]),
        pd.Series(list(boxes), index=[5, 0]),
    ):
        np.testing.assert_array_equal(cropper.transform(pictures, boxes=form), expected)
    frame = pd.DataFrame({"boxes": list(boxes), "photo": list(pictures)}, index=[5, 0])
    np.testing.assert_array_equal(cropper.transform(frame), expected)
    np.testing.assert_array_equal(
        cropper.transform(frame[["photo"]]), cropper.transform(list(pictures))
    )


def test_auto_color_is_learned() -> None:
    grey, color = noise(9, 9), noise(9, 9, 3)
    cropper = NumberCropper(image_size=(4, 4))
    assert cropper.fit_transform([grey, grey]).shape == (2, 4, 4)
    assert cropper.transform([color]).shape == (1, 4, 4)
    assert cropper.fit_transform([grey, color]).shape == (2, 4, 4, 3)
    assert cropper.transform([grey]).shape == (1, 4, 4, 3)
    assert NumberCropper(image_size=(4, 4), color="grey").fit_transform([color]).shape == (1, 4, 4)


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([None, [1, 1, 0, 5]], r"Picture 1: digit boxes must have a positive width"),
        ([None, [[1, 1, 5, 5], [1, 1, 5, -2]]], r"Picture 1: digit boxes must have a positive"),
        ([None, [np.nan, 1, 5, 5]], "Picture 1: digit boxes must be finite"),
        ([None, [30, 1, 5, 5]], "Picture 1: digit boxes .* lie outside the picture"),
        ([None, [1, 2, 3]], r"Picture 1: .* shape \(1, 3\)"),
        ([None, []], "Picture 1: digit boxes must be"),
        ([None, "ab"], "Picture 1: digit boxes must be rows of"),
        ([None], "one entry per picture; got 1 for 2 pictures"),
    ],
)
def test_wrong_boxes_are_refused(boxes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NumberCropper().fit_transform(noise(2, 20, 20), boxes=boxes)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("house.png", "X must be a sequence of pictures; it is a str, one picture; pass "),
        (b"x", "it is a bytes, one picture"),
        (Image.new("L", (3, 3)), "it is a Image, one picture"),
        (noise(8, 8), r"it has shape \(8, 8\), one picture; pass \[X\]"),
        (noise(8, 9, 1), r"it has shape \(8, 9, 1\), one picture"),
        (noise(8, 9, 2), r"it has shape \(8, 9, 2\), one picture"),
        (noise(8, 9, 3), r"it has shape \(8, 9, 3\), one picture"),
        (torch.from_numpy(noise(8, 9, 4)), r"it has shape .*\[8, 9, 4\]\), one picture"),
        (noise(8, 9, 3).tolist(), "it is a list, one picture"),
        (iter([noise(8, 9)]), r"got a .*iterator; pass list\(X\)"),
        ([], "X must hold at least one picture"),
        ([noise(8, 8), b"no picture"], "Picture 1: The source of 10 bytes holds no picture"),
        (pd.DataFrame({"a": [1], "b": [2]}), "must have one column of pictures"),
    ],
)
def test_wrong_pictures_are_refused(X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NumberCropper(color="rgb").fit(noise(1, 8, 8)).transform(X)


def test_an_array_that_can_be_one_picture_is_no_start() -> None:
    three = noise(3, 9, 8)
    with pytest.raises(
        ValueError, match=r"may be 3 grey pictures, or one picture with channels first"
    ):
        NumberCropper().fit(three)
    cropper = NumberCropper(image_size=(9, 8)).fit(list(three))
    # From here on the first axis counts samples, however many there are.
    np.testing.assert_array_equal(cropper.transform(three), three)
    np.testing.assert_array_equal(cropper.transform(three[:1]), three[:1])


def test_boxes_of_any_iterable(tmp_path: Path) -> None:
    pictures, boxes = noise(5, 20, 30), [[1 + i, 2, 9, 12] for i in range(5)]
    cropper = NumberCropper(image_size=(8, 8))
    expected = cropper.fit_transform(pictures, boxes=boxes)
    by_name = dict(enumerate(boxes))
    disordered = pd.DataFrame(boxes, columns=["left", "top", "width", "height"])
    for form in (
        iter(boxes),
        map(tuple, boxes),
        (box for box in boxes),
        by_name.values(),
        (iter([box]) for box in boxes),
        disordered[["top", "height", "left", "width"]],
    ):
        np.testing.assert_array_equal(cropper.transform(pictures, boxes=form), expected)
    with pytest.raises(TypeError, match="boxes must be the boxes of each picture, in"):
        cropper.transform(pictures, boxes=by_name)
    with pytest.raises(ValueError, match="There are 4 boxes, but more pictures"):
        cropper.transform(pictures, boxes=iter(boxes[:4]))
    with pytest.raises(ValueError, match="boxes must have the columns left, top, width, height"):
        cropper.transform(pictures, boxes=disordered.rename(columns={"left": "x"}))


@pytest.mark.parametrize("many", [False, True])
def test_pictures_that_may_be_wrong_are_told_of_once(many: bool) -> None:
    deep = [noise(9, 9).astype(np.uint16)] * (2 if many else 1)
    message = "2 pictures may be wrong; the first, picture 1, has" if many else "^Picture 1 has"
    with pytest.warns(UserWarning, match=message) as told:
        crops = NumberCropper(image_size=(9, 9), color="grey").fit_transform([noise(9, 9), *deep])
    assert [warning.filename for warning in told] == [__file__]
    np.testing.assert_array_equal(crops, [noise(9, 9)] * len(crops))


def test_boxes_twice_are_refused() -> None:
    frame = pd.DataFrame({"picture": list(noise(1, 9, 9)), "boxes": [[1, 1, 5, 5]]})
    with pytest.raises(ValueError, match="drop one of them"):
        NumberCropper().fit_transform(frame, boxes=[[1, 1, 5, 5]])


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match=r"Picture 1: a picture must be .* got dtype object"):
        NumberCropper().fit([noise(4, 4), {}])


def lit_squares(n: int = 24) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Pictures half light: only the box says which half is meant."""
    pictures = np.zeros((n, 20, 40), np.uint8)
    pictures[:, :, 20:] = 255
    y = np.arange(n) % 2
    boxes = np.stack([22 * y + 4, np.full(n, 5), np.full(n, 10), np.full(n, 10)], axis=1)
    return pictures, boxes, y


def test_boxes_are_routed_through_pipelines_and_cross_validation() -> None:
    pictures, boxes, y = lit_squares()
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(
            NumberCropper(image_size=(4, 4)).set_transform_request(boxes=True),
            FunctionTransformer(flatten),
            LogisticRegression(),
        )
        assert pipeline.fit(pictures, y, boxes=boxes).predict(pictures, boxes=boxes).tolist() == (
            y.tolist()
        )
        if Version(sklearn.__version__) < Version("1.8"):
            return  # they score without boxes
        scores = cross_val_score(pipeline, pictures, y, cv=3, params={"boxes": boxes})
    assert (scores == 1).all()


def test_boxes_in_a_column_go_through_cross_validation() -> None:
    pictures, boxes, y = lit_squares()
    frame = pd.DataFrame({"picture": list(pictures), "boxes": list(boxes)})
    pipeline = make_pipeline(
        NumberCropper(image_size=(4, 4)), FunctionTransformer(flatten), LogisticRegression()
    )
    assert (cross_val_score(pipeline, frame, y, cv=3) == 1).all()


def test_real_photographs(shared_data: Path) -> None:
    paths = sorted((shared_data / "photos").glob("*.jpg"))
    crops = NumberCropper(image_size=(48, 48)).fit_transform(paths)
    assert crops.shape == (9, 48, 48, 3)
    for crop, path in zip(crops, paths, strict=True):
        assert abs(crop.mean() - load_image(path).mean()) < 3


def test_rows_of_tables_and_tensors_are_boxes() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    table = pd.DataFrame({"width": [20.0], "height": [30.0], "left": [10.0], "top": [5.0]})
    cropper = NumberCropper()
    expected = cropper.fit_transform([picture], boxes=[[10, 5, 20, 30]])
    for box in (table, table.loc[0], torch.tensor([10.0, 5, 20, 30])):
        np.testing.assert_array_equal(cropper.fit_transform([picture], boxes=[box]), expected)
    with pytest.raises(ValueError, match="must have the columns left, top, width, height"):
        cropper.fit_transform([picture], boxes=[table.rename(columns={"left": "x"})])
