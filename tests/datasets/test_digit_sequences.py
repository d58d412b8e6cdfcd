from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sksvhn.datasets import make_digit_sequences

# Picture i shows the character i // 3 as a plain tile of its own shade.
SHADES = np.arange(1, 31, dtype=np.uint8) * 8
TILES = np.broadcast_to(SHADES[:, None, None], (30, 6, 4)).copy()
DIGITS = np.arange(30) // 3
COLORS = np.stack([TILES, 255 - TILES, TILES // 2], axis=-1)


def characters_of(shades: np.ndarray) -> list[int]:
    return (DIGITS[np.searchsorted(SHADES, shades)]).tolist()


@given(
    numbers=st.lists(st.text("0123456789", min_size=1, max_size=6), min_size=1, max_size=9),
    room=st.integers(0, 2),
    color=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=40)
def test_a_row_shows_its_number_and_blanks(
    numbers: list[str], room: int, color: bool, seed: int
) -> None:
    max_length = max(map(len, numbers)) + room
    data = make_digit_sequences(
        COLORS if color else TILES, DIGITS, numbers=numbers, max_length=max_length,
        random_state=seed,
    )  # fmt: skip
    assert data.images.shape == (len(numbers), 6, 4 * max_length, 3)[: 4 if color else 3]
    assert data.images.dtype == np.uint8
    assert data.target.tolist() == data.frame["number"].tolist() == numbers
    assert data.target.dtype == object
    for image, number, boxes in zip(data.images, numbers, data.frame["boxes"], strict=True):
        channel = image[..., 0] if color else image
        tiles = channel.reshape(6, max_length, 4)
        assert (tiles == tiles[:1, :, :1]).all()
        assert characters_of(tiles[0, : len(number), 0]) == [int(c) for c in number]
        assert not image[:, 4 * len(number) :].any()
        assert boxes.tolist() == [[4 * i, 0, 4, 6] for i in range(len(number))]


@given(
    numbers=st.lists(st.text("0123456789", min_size=1, max_size=5), min_size=1, max_size=6),
    size=st.tuples(st.integers(3, 40), st.integers(5, 70)),
    background=st.sampled_from([0, 100, 255]),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=40)
def test_a_canvas_shows_its_number_where_the_boxes_say(
    numbers: list[str], size: tuple[int, int], background: int, seed: int
) -> None:
    white = np.full((10, 6, 4), 255, np.uint8)
    data = make_digit_sequences(
        white, range(10), numbers=numbers, layout="canvas", canvas_size=size,
        background=background, random_state=seed,
    )  # fmt: skip
    assert data.images.shape == (len(numbers), *size)
    for image, number, boxes in zip(data.images, numbers, data.frame["boxes"], strict=True):
        assert boxes.shape == (len(number), 4)
        np.testing.assert_allclose(np.diff(boxes[:, 0]), boxes[1:, 2])
        left, top = boxes[0, :2].astype(int)
        right, bottom = np.rint(boxes[-1, :2] + boxes[-1, 2:]).astype(int)
        assert 0 <= left < right <= size[1]
        assert 0 <= top < bottom <= size[0]
        expected = np.full(size, background)
        expected[top:bottom, left:right] = 0 if background >= 128 else 255
        np.testing.assert_array_equal(image, expected)


def test_places_and_sizes_vary_over_the_canvas() -> None:
    data = make_digit_sequences(
        TILES, DIGITS, n_samples=400, layout="canvas", length_distribution=[0, 1], random_state=0
    )
    first = np.stack([boxes[0] for boxes in data.frame["boxes"]])
    # The largest size at which two tiles of 6 x 4 fit on 64 x 64 pixels is 48 x 32.
    assert first[:, 3].min() == pytest.approx(0.6 * 48, abs=1)
    assert first[:, 3].max() == pytest.approx(48, abs=1)
    assert np.ptp(first[:, 0]) > 20
    assert np.ptp(first[:, 1]) > 20


def test_color_digits_cover_the_background() -> None:
    data = make_digit_sequences(
        np.full((1, 6, 4, 3), (9, 90, 200), np.uint8), [7], layout="canvas", n_samples=5,
        background=50, length_distribution=[1], random_state=0,
    )  # fmt: skip
    assert data.images.shape == (5, 64, 64, 3)
    assert {tuple(c) for c in data.images.reshape(-1, 3).tolist()} == {(9, 90, 200), (50, 50, 50)}
    row = make_digit_sequences(COLORS, DIGITS, numbers=["1"], background=50, random_state=0)
    assert (row.images[:, :, 4:] == 50).all()


def test_grey_in_a_row_on_white_is_inverted() -> None:
    black = make_digit_sequences(TILES, DIGITS, n_samples=20, random_state=0)
    white = make_digit_sequences(TILES, DIGITS, n_samples=20, background=255, random_state=0)
    np.testing.assert_array_equal(white.images, 255 - black.images)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [0.25] * 4),
        ({"max_length": 3}, [0.5] * 2),
        ({"max_length": 1}, [1.0]),
        ({"length_distribution": "uniform"}, [0.2] * 5),
        ({"length_distribution": [0.1, 0, 0.9]}, [0.1, 0, 0.9]),
        ({"layout": "canvas"}, [0.1538, 0.5428, 0.2602, 0.0429, 0.0003]),
        ({"length_distribution": "svhn"}, [0.1538, 0.5428, 0.2602, 0.0429, 0.0003]),
    ],
)
def test_lengths_and_characters_are_drawn_as_asked(
    options: dict[str, object], expected: list[float]
) -> None:
    data = make_digit_sequences(
        TILES[:, :1, :1], DIGITS, n_samples=20_000, random_state=0, **options
    )
    shares = np.bincount(data.frame["length"], minlength=len(expected) + 1)[1:] / 20_000
    np.testing.assert_allclose(shares, expected, atol=0.015)
    counts = pd.Series(list("".join(data.target))).value_counts(normalize=True)
    assert len(counts) == 10
    np.testing.assert_allclose(counts, 0.1, atol=0.01)


def test_every_picture_of_a_character_is_used() -> None:
    images = make_digit_sequences(TILES, DIGITS, numbers=["5"] * 100, random_state=0).images
    assert set(images[:, 0, 0]) == set(SHADES[15:18])


@pytest.mark.parametrize(
    "labels", [list("ABCDEFGHIJ"), np.array(list("ABCDEFGHIJ")), pd.Series(list("ABCDEFGHIJ"))]
)
def test_letters(labels: object) -> None:
    data = make_digit_sequences(TILES[::3], labels, numbers=["CAB", "J"], random_state=0)
    assert data.target.tolist() == ["CAB", "J"]
    assert data.images[0, 0, :12:4].tolist() == SHADES[[6, 0, 3]].tolist()


@pytest.mark.parametrize("numbers", [[19, 7], ["19", "7"], np.array([[1, 9], [7, 10]])])
def test_numbers_in_every_form(numbers: object) -> None:
    images, target = make_digit_sequences(TILES, DIGITS, numbers=numbers, return_X_y=True)
    assert target.tolist() == ["19", "7"]
    assert len(images) == 2


@pytest.mark.parametrize("layout", ["row", "canvas"])
def test_fields_and_reproducibility(layout: str) -> None:
    n = 1030  # more than one chunk

    def make(seed: int, **options: object):
        return make_digit_sequences(
            TILES, DIGITS, layout=layout, n_samples=n, random_state=seed, **options
        )

    data = make(0)
    assert set(data) == {"images", "target", "frame", "DESCR"}
    assert data.frame.columns.tolist() == [
        "filename", "number", "length", "boxes", "picture_height", "picture_width",
    ]  # fmt: skip
    assert data.frame["length"].tolist() == [len(number) for number in data.target]
    height, width = data.images.shape[1:]
    assert set(data.frame["picture_height"]) == {height}
    assert set(data.frame["picture_width"]) == {width}
    assert f"{'5 tiles' if layout == 'row' else '64 x 64'}" in data.DESCR
    again = make(0, as_frame=True)
    np.testing.assert_array_equal(again.images, data.images)
    pd.testing.assert_series_equal(again.target, data.frame["number"])
    assert make(1).target.tolist() != data.target.tolist()
    assert len(make_digit_sequences(TILES, DIGITS).images) == 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": TILES / 255.0}, r"dtype uint8 .* got float64 of shape \(30, 6, 4\)"),
        ({"images": TILES.reshape(30, -1)}, r"got uint8 of shape \(30, 24\)"),
        ({"images": TILES[..., None]}, r"got uint8 of shape \(30, 6, 4, 1\)"),
        ({"images": TILES[:0], "labels": []}, r"got uint8 of shape \(0, 6, 4\)"),
        ({"labels": DIGITS[:29]}, "inconsistent numbers of samples"),
        ({"labels": DIGITS + 1}, "element 27 is '10'. SVHN's label 10 is the digit 0"),
        ({"labels": ["ab"] * 30}, r"labels must be one character each; element 0 is 'ab'\.$"),
        ({"labels": [None] * 30}, "element 0 is None"),
        ({"numbers": ["1", ""]}, "element 1 is ''"),
        ({"numbers": ["123456"]}, "1 to max_length=5 characters; element 0 is '123456'"),
        ({"numbers": ["1", "A2"]}, r"the labels 0, 1, 2.* element 1, 'A2', holds 'A'"),
        ({"numbers": []}, "numbers must hold at least one number"),
        ({"numbers": ["1"], "n_samples": 2}, "got 1 numbers, each written once"),
        (
            {"numbers": ["1"], "length_distribution": "svhn"},
            "n_samples and length_distribution must be left out",
        ),
        ({"length_distribution": [0.5, 0.6]}, "probabilities that sum to 1"),
        ({"length_distribution": [0.2] * 5, "max_length": 4}, "1 to max_length=4 probabilities"),
        ({"length_distribution": "normal"}, "'length_distribution'"),
        (
            {"layout": "canvas", "canvas_size": (64, 4)},
            "one column of pixels per character.* max_length=5",
        ),
        ({"layout": "canvas", "canvas_size": (0, 64)}, "two positive integers"),
        ({"layout": "column"}, "'layout'"),
        ({"background": 256}, "'background'"),
        ({"n_samples": 0}, "'n_samples'"),
    ],
)
def test_bad_input_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_digit_sequences(**({"images": TILES, "labels": DIGITS} | arguments))


# --- real files -----------------------------------------------------------------------------------


def test_strips_of_mnist_keep_its_pixels(shared_data) -> None:
    from sksvhn.datasets import load_mnist

    images, labels = load_mnist(shared_data / "mnist", subset="test", return_X_y=True)
    data = make_digit_sequences(images, labels, n_samples=50, random_state=0)
    assert data.images.shape == (50, 28, 140)
    known = {image.tobytes(): str(label) for image, label in zip(images, labels, strict=True)}
    for strip, number in zip(data.images, data.target, strict=True):
        tiles = np.split(strip, 5, axis=1)[: len(number)]
        assert "".join(known[tile.tobytes()] for tile in tiles) == number
