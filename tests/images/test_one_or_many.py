"""One picture or several, in any form in which users hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from sksvhn._images._one_or_many import is_one_picture, with_boxes
from sksvhn.preprocessing import load_image


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


ONE = {
    "path": "door.png",
    "Path": Path("door.png"),
    "bytes": b"x",
    "bytearray": bytearray(b"x"),
    "memoryview": memoryview(b"x"),
    "PIL image": Image.new("L", (7, 9)),
    **{
        f"{form} {shape}": make(noise(*shape))
        for shape in ((9, 70), (9, 70, 1), (9, 70, 2), (9, 70, 3), (9, 70, 4), (3, 70, 3))
        for form, make in {
            "array": np.asarray,
            "floats": lambda pixels: pixels / 255,
            "tensor": torch.from_numpy,
            "lists": np.ndarray.tolist,
            "tuples": lambda pixels: tuple(map(tuple, pixels.tolist())),
            "list of rows": list,
        }.items()
        # Rows of several channels look like pictures.
        if form != "list of rows" or len(shape) == 2
    },
}


@pytest.mark.parametrize("name", ONE)
def test_one_picture(name: str) -> None:
    assert is_one_picture(ONE[name])
    if "(" in name:
        assert load_image(ONE[name]).shape == (*np.shape(ONE[name])[:2], 3)


@pytest.mark.parametrize(
    "several",
    [
        [noise(9, 70), noise(8, 60)],
        (noise(9, 70, 3),),
        [torch.from_numpy(noise(3, 9, 70))],
        [noise(9, 70).tolist(), noise(8, 60).tolist()],
        noise(5, 9, 70),
        noise(1, 9, 70),
        noise(2, 9, 70),
        noise(5, 9, 70, 3),
        torch.from_numpy(noise(3, 3, 9, 70)),
        noise(5, 9, 70).tolist(),
        np.array(["a.png", "b.png"]),
        np.array([noise(9, 70), noise(8, 60)], dtype=object),
        pd.Series(["a.png"]),
        ["a.png"],
        [],
        {"a.png": 1}.keys(),
    ],
)
def test_several_pictures(several: Any) -> None:
    assert not is_one_picture(several)


@pytest.mark.parametrize("n", [3, 4])
@pytest.mark.parametrize("form", [np.asarray, torch.from_numpy, np.ndarray.tolist])
def test_what_can_be_both_is_refused(n: int, form: Any) -> None:
    pictures = form(noise(n, 9, 70))
    with pytest.raises(ValueError, match=rf"shape \({n}, 9, 70\) may be {n} grey pictures, or one"):
        is_one_picture(pictures)
    assert not is_one_picture(pictures, first_axis_counts=True)
    # As the message says.
    assert not is_one_picture([np.asarray(picture) for picture in pictures])
    assert not is_one_picture([pictures])


def test_boxes_come_in_step_with_their_pictures() -> None:
    boxes = {"a": [1, 2, 3, 4], "b": None}
    expected = [("a", [1, 2, 3, 4]), ("b", None)]
    for pictures in (list(boxes), iter(boxes), boxes.keys()):
        assert list(with_boxes(pictures, boxes.values())) == expected
    for form in (list(boxes.values()), iter(boxes.values()), map(boxes.get, boxes)):
        assert list(with_boxes(["a", "b"], form)) == expected


@pytest.mark.parametrize(
    ("pictures", "boxes", "message"),
    [
        ({"a.png": 1}, None, "pictures must be a picture .* or several of them; got a dict"),
        (5, None, "pictures must be .* got a int"),
        (np.array("a.png"), None, "pictures must be .* got a 0-d ndarray"),
        (
            ["a.png"],
            {"a.png": (1, 2, 3, 4)},
            "boxes must be the boxes of each picture, .* got a dict",
        ),
        (["a.png"], 5, "boxes must be .* got a int"),
        (["a.png"], "1,2,3,4", "boxes must be .* got a str"),
    ],
)
def test_what_is_no_sequence_is_refused(pictures: Any, boxes: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        with_boxes(pictures, boxes)
