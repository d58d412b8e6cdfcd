from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

from sksvhn._images._pixel_range import KnownScale, WhiteVotes, is_white, white_of


def drawn(n: int = 40, seed: int = 0) -> NDArray[np.uint8]:
    """Grey strokes on black, some brighter than others, as MNIST has them."""
    rng = np.random.default_rng(seed)
    pictures = np.zeros((n, 12, 12, 1), np.uint8)
    for picture in pictures:
        row, column = rng.integers(1, 7, 2)
        picture[row : row + 4, column : column + 4, 0] = rng.integers(60, 256, (4, 4))
    return pictures


def photographed(n: int = 40, seed: int = 0) -> NDArray[np.uint8]:
    """Grey surfaces of any brightness, with noise."""
    rng = np.random.default_rng(seed)
    light = rng.uniform(30, 220, (n, 1, 1, 1))
    return (light + rng.uniform(-30, 30, (n, 12, 12, 1))).astype(np.uint8)


MAKERS = [drawn, photographed]
SCALES = {1: 1 / 255, 255: 1.0, 65535: 257.0}


def verdict(scale: KnownScale, pictures: NDArray[Any]) -> tuple[bool, str]:
    """Whether pictures are refused, and what is said of them."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            scale.check(pictures)
        except ValueError as error:
            return True, str(error).split(" holds ", 1)[1]
    return False, "; ".join(str(warning.message) for warning in told)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("white", SCALES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_white_is_learned(make: Any, white: int, dtype: Any) -> None:
    assert white_of((make() * SCALES[white]).astype(dtype)) == white


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int64])
def test_white_of_integers(make: Any, dtype: Any) -> None:
    assert white_of(make().astype(dtype)) == 255


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    "change",
    [
        lambda X: (X - X.mean()) / X.std(),
        lambda X: X / 127.5 - 1,
        lambda X: X / 255 * 15,
        lambda X: X * 4,
        lambda X: np.log1p(X),
        lambda X: np.zeros_like(X) + np.arange(len(X))[:, None, None, None] * 0.0,
    ],
)
@pytest.mark.filterwarnings("ignore:Every training picture")
def test_white_that_is_not_plain(make: Any, change: Any) -> None:
    assert white_of(change(make().astype(np.float64))) is None


def test_white_of_masks_is_1() -> None:
    assert white_of((drawn() > 0).astype(np.float32)) == 1


def test_one_dark_picture_does_not_decide() -> None:
    pictures = drawn().astype(np.float32)
    pictures[3] *= 0.003
    assert white_of(pictures) == 255


def test_tables_have_no_white() -> None:
    assert white_of(np.full((5, 1, 300, 1), 200.0)) is None
    KnownScale(255).check(np.full((5, 1, 300, 1), 0.5))


def test_two_scales_in_one_training_set_are_told() -> None:
    pictures = np.concatenate([drawn(), drawn() / 255])
    with pytest.warns(UserWarning, match="40 hold pixels from 0 to 1 and 40 go to 255"):
        assert white_of(pictures) is None


def test_parts_are_learned_as_the_whole() -> None:
    pictures = photographed().astype(np.float32)
    votes = WhiteVotes()
    for start in range(0, len(pictures), 7):
        votes.add(pictures[start : start + 7])
    assert votes.settle() == white_of(pictures) == 255


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("learned", SCALES)
@pytest.mark.parametrize("given", SCALES)
def test_only_the_learned_scale_is_taken(make: Any, learned: int, given: int) -> None:
    pictures = (make(seed=1) * SCALES[given]).astype(np.float32)
    if given == learned:
        KnownScale(learned).check(pictures)
        return
    if given > 1 and learned > given:  # as dark pictures of 16 bits, but not of 8
        with pytest.warns(UserWarning, match="40 of 40 pictures are almost black"):
            KnownScale(learned).check(pictures)
        pictures = pictures.astype(np.uint8)
    change, factor = (
        ("multiply", learned // given) if given < learned else ("divide", given // learned)
    )
    with pytest.raises(ValueError, match=f"white was {learned}; {change} X by {factor}\\.$"):
        KnownScale(learned).check(pictures)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("scaler", [MinMaxScaler, MaxAbsScaler, StandardScaler])
@pytest.mark.parametrize("n_train", [20, 100])
def test_scaling_by_columns_is_no_other_scale(make: Any, scaler: Any, n_train: int) -> None:
    train, test = (make(n, seed).reshape(n, -1) for n, seed in ((n_train, 2), (300, 3)))
    if scaler is not StandardScaler:  # a column that hardly varied
        train[:, 5] = train[:, 5] > 100
        test[0, 5] = 255
    fitted = scaler().fit(train)
    learned = white_of(fitted.transform(train).reshape(-1, 12, 12, 1))
    assert learned == (None if scaler is StandardScaler else 1)
    KnownScale(learned).check(fitted.transform(test).reshape(-1, 12, 12, 1))


@pytest.mark.parametrize("learned", [None, *SCALES])
def test_each_picture_is_judged_by_itself(learned: int | None) -> None:
    rng = np.random.default_rng(0)
    kinds = [
        make(6, seed=4) * scale for make in MAKERS for scale in (1e-5, 0.003, *SCALES.values())
    ]
    kinds += [photographed(6) / 127.5 - 1.0, drawn(6) - 5.0, drawn(6) > 0, 0.0 * drawn(6)]
    pictures = np.concatenate(kinds).astype(np.float64)
    scale = KnownScale(learned)
    alone = [verdict(scale, picture[None]) for picture in pictures]
    refused = np.array([is_refused for is_refused, _ in alone])
    assert refused.any() == (learned is not None)
    for row in np.flatnonzero(refused):
        others = rng.permutation(np.flatnonzero(~refused))[:5]
        assert verdict(scale, pictures[[row, *others]]) == alone[row]
        assert verdict(scale, pictures[[*others, row]]) == alone[row]
    told = verdict(scale, pictures[~refused])[1]
    assert ("almost black" in told) == any("almost black" in said for _, said in alone)


def resized(pictures: NDArray[Any], resample: Image.Resampling) -> NDArray[np.float32]:
    """Pictures of 8 x 8 pixels, with fractions and, for some kinds, a few pixels below 0."""
    small = [
        np.asarray(Image.fromarray(picture[..., 0].astype("f4")).resize((8, 8), resample))
        for picture in pictures
    ]
    return np.stack(small)[..., np.newaxis]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("white", [255, 65535])
@pytest.mark.parametrize("brightest", [0.003, 0.02, 0.3, 0.765, 0.9, 1.7])
def test_dark_pictures_are_told_and_not_refused(make: Any, white: int, brightest: float) -> None:
    bright = make(seed=5).astype(np.float64)
    dark = bright * (brightest * white / 255 / bright.max())
    black = dark.max(axis=(1, 2, 3)) <= white / 255
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        KnownScale(white).check(dark)
    said = f"{black.sum()} of 40 pictures are almost black"
    assert [str(w.message).startswith(said) for w in told] == [True] * int(black.any())


@pytest.mark.parametrize("resample", list(Image.Resampling))
@pytest.mark.parametrize("levels", [2, 3, 4])
def test_dark_pictures_that_were_resized_are_not_refused(
    resample: Image.Resampling, levels: int
) -> None:
    dark = np.random.default_rng(0).integers(0, levels, (40, 16, 16, 1))
    assert verdict(KnownScale(255), resized(dark, resample))[0] is False
    assert verdict(KnownScale(255), resized(dark[:1], resample))[0] is False


@pytest.mark.parametrize("denominator", [2, 3, 5, 9, 15])
def test_means_of_black_and_almost_black_pixels_are_not_refused(denominator: int) -> None:
    dark = np.random.default_rng(0).integers(0, denominator + 1, (40, 12, 12, 1)) / denominator
    assert verdict(KnownScale(255), dark.astype(np.float32))[0] is False


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("white", [255, 65535])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shade", [1.0, 0.1])
def test_pictures_from_0_to_1_are_refused_also_if_dark(
    make: Any, white: int, dtype: Any, shade: float
) -> None:
    to_one = ((make() * shade).astype(np.uint8).astype(dtype) / dtype(255)).astype(np.float32)
    for pictures in (to_one, to_one[:1]):
        with pytest.raises(ValueError, match=f"white was {white}; multiply X by {white}"):
            KnownScale(white).check(pictures)


@pytest.mark.parametrize("brightest", [2, 3, 255])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_integers_are_refused_where_white_was_1(brightest: int, dtype: Any) -> None:
    dark = np.random.default_rng(0).integers(0, brightest + 1, (1, 12, 12, 1)).astype(dtype)
    with pytest.raises(ValueError, match="white was 1; divide X by 255"):
        KnownScale(1).check(dark)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, np.float64])
def test_masks_of_0_and_1_are_told(dtype: Any) -> None:
    mask = (drawn(3) > 0).astype(dtype)
    with pytest.warns(UserWarning, match="3 of 4 pictures are almost black"):
        KnownScale(255).check(np.concatenate([mask, drawn(1).astype(dtype)]))
    KnownScale(1).check(mask)
    with pytest.warns(UserWarning, match="3 of 3 pictures are almost black"):
        KnownScale(1).check(mask / np.float32(255))


def test_true_is_white() -> None:
    mask = (drawn(3) > 0).astype(np.float32)
    for white in (1, 255, 65535):
        assert set(np.unique(KnownScale(white).of_masks(mask.copy()))) == {0, white}
    np.testing.assert_array_equal(KnownScale(None).of_masks(mask.copy()), mask)


def test_pictures_of_one_value_are_told() -> None:
    flat = np.full((3, 9, 9, 1), 7, np.uint8)
    with pytest.warns(UserWarning, match="Every picture of X is blank"):
        KnownScale(255).check(flat)
    with pytest.warns(UserWarning, match="Every training picture is blank"):
        white_of(flat)
    KnownScale(255).check(np.concatenate([flat, drawn(1)[:, :9, :9]]))


@pytest.mark.parametrize("value", [0, 2, 255.0, True, "1", np.int64(1)])
def test_what_is_no_white(value: Any) -> None:
    assert not is_white(value)


@given(data=st.data(), white=st.sampled_from([1, 255, 65535]))
def test_pictures_that_are_plainly_of_the_scale_are_judged_as_beside_a_blank_one(
    data: st.DataObject, white: int
) -> None:
    unit = white / 255
    pixels = hnp.arrays(np.float64, (3, 8, 8, 1), elements=st.integers(0, 4 * 255))
    pictures = data.draw(pixels) * unit
    # Beside a blank picture, all of them are looked at closely.
    beside = np.concatenate([pictures, np.zeros((1, 8, 8, 1))])
    (refused, told), others = (verdict(KnownScale(white), x) for x in (pictures, beside))
    assert refused == others[0]
    assert told.replace(" of 3 ", " of 4 ") == others[1]
