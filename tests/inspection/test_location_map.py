"""How sure a locator is at each place of a photograph."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.exceptions import NotFittedError

from sksvhn import NumberLocator, SVHNCNNClassifier
from sksvhn.inspection import location_map


@pytest.fixture(scope="module")
def locator() -> NumberLocator:
    images = np.full((8, 64, 64, 3), 90, np.uint8)
    images[:, 20:40, 20:40] = 200
    clf = NumberLocator(input_size=64, width=2, max_epochs=1, random_state=0)
    return clf.fit(images, [[[20, 20, 20, 20]]] * 8)


@pytest.mark.parametrize(
    ("size", "shape"), [((64, 64), (8, 8)), ((200, 100), (4, 8)), ((1, 1), (8, 8))]
)
def test_it_covers_the_picture(
    locator: NumberLocator, size: tuple[int, int], shape: tuple[int, int]
) -> None:
    confidence = location_map(locator, Image.new("RGB", size))
    assert confidence.shape == shape
    assert ((confidence > 0) & (confidence < 1)).all()


def test_pieces_of_a_long_picture_are_one_map(locator: NumberLocator) -> None:
    confidence = location_map(locator, Image.new("RGB", (2000, 256)))
    assert confidence.shape == (4, 31)
    assert (confidence > 0).all()


def test_it_is_what_the_locator_answers_at_first_look(locator: NumberLocator) -> None:
    once = copy.deepcopy(locator).set_params(n_refined=0)
    with torch.no_grad():
        once.module_.head.bias[0] += 6  # it has learned too little to find anything
    once.calibration_ = (0.4, 0.3, 0.2, 0.1, -0.1, 0.05, 0.5)
    picture = np.full((64, 64, 3), 90, np.uint8)
    picture[20:40, 20:40] = 200
    (boxes,) = once.predict(picture)
    confidence = location_map(once, picture)
    # Boxes are means of cells' boxes, of nearly the same size.
    assert len(boxes) > 0
    assert confidence.max() == pytest.approx(boxes[:, 4].max(), rel=0.1)


def test_wrong_locators() -> None:
    with pytest.raises(TypeError, match="locator must be a NumberLocator; got a SVHNCNNClassifier"):
        location_map(SVHNCNNClassifier(), Image.new("RGB", (9, 9)))  # type: ignore[arg-type]
    with pytest.raises(NotFittedError):
        location_map(NumberLocator(), Image.new("RGB", (9, 9)))
