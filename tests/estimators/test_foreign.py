"""Pictures without a number, made from those with one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sksvhn import Architecture, SVHNSequenceClassifier
from sksvhn.estimators._network import SequenceNetwork, loss_without_number
from sksvhn.estimators._without_number import (
    FIRST_STEP,
    FULL_STEP,
    LETTERS,
    draw_foreign,
    letters_outside,
    make_foreign,
    without_number,
)

from ._pictures import bar_numbers
from .test_layers import architecture

X, Y = bar_numbers(24)
SMALL = {"channels": ((4,), (6,)), "max_epochs": 1, "batch_size": 8, "random_state": 0}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@settings(deadline=None, max_examples=30)
@given(
    n=st.integers(1, 12),
    channels=st.sampled_from([1, 3]),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    letters=st.sampled_from(["", "B", LETTERS]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_foreign_pictures_are_like_those_they_are_made_of(
    n: int, channels: int, height: int, width: int, letters: str, dtype: torch.dtype
) -> None:
    pictures = torch.randn(n, channels, height, width, dtype=dtype, generator=generator())
    before = pictures.clone()
    made = make_foreign(pictures, letters, generator())
    assert made.shape == pictures.shape
    assert made.dtype == dtype
    # Every shade is one of the picture's, or between two of them.
    low, high = (f(pictures, dim=(2, 3), keepdim=True) for f in (torch.amin, torch.amax))
    assert ((made >= low - 1e-4) & (made <= high + 1e-4)).all()
    assert torch.equal(pictures, before)


def test_each_seed_makes_its_own_and_leaves_the_global_state() -> None:
    pictures = torch.randn(40, 1, 24, 24, generator=generator())
    state = torch.random.get_rng_state()
    first, again, other = (make_foreign(pictures, "AB", generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(
        not torch.equal(made, picture) for made, picture in zip(first, pictures, strict=True)
    )


def test_letters_of_the_alphabet_are_not_foreign() -> None:
    assert letters_outside("0123456789") == LETTERS
    assert not {*"AaBbCc"} & {*letters_outside("0123456789ABc")}
    assert letters_outside(LETTERS) == ""


def test_one_picture_of_a_batch_keeps_its_number() -> None:
    assert draw_foreign(1, 1.0, FULL_STEP, generator()).tolist() == [False]
    assert draw_foreign(4, 1.0, FULL_STEP, generator()).tolist() == [False, True, True, True]
    assert not draw_foreign(100, 0.0, FULL_STEP, generator()).any()


def test_numbers_are_learned_first() -> None:
    drawn = [
        int(draw_foreign(10_000, 0.2, step, generator()).sum())
        for step in (0, FIRST_STEP, (FIRST_STEP + FULL_STEP) // 2, FULL_STEP, 10 * FULL_STEP)
    ]
    assert drawn[:2] == [0, 0]
    assert 800 < drawn[2] < 1200
    assert 1800 < drawn[3] == drawn[4] < 2200


def test_foreign_pictures_have_no_characters() -> None:
    codes, lengths = torch.tensor([[1, -1], [1, 2]]), torch.tensor([1, 2])
    codes, lengths = without_number((codes, lengths), torch.tensor([True, False]))
    assert codes.tolist() == [[-1, -1], [1, 2]]
    assert lengths.tolist() == [0, 2]


@settings(deadline=None, max_examples=30)
@given(
    max_length=st.integers(1, 3),
    n_characters=st.integers(1, 3),
    spread=st.sampled_from([0.1, 3.0, 40.0]),
    seed=st.integers(0, 2**16),
)
def test_foreign_is_what_no_number_is(
    max_length: int, n_characters: int, spread: float, seed: int
) -> None:
    drawn = [
        spread * torch.randn(5, *shape, generator=generator(seed), dtype=torch.float64)
        for shape in ((max_length,), (max_length, n_characters + 1))
    ]
    length, positions = (logits.softmax(dim=-1) for logits in drawn)
    numbers = sum(
        length[:, n - 1] * positions[:, range(n), list(number)].prod(dim=1)
        for n in range(1, max_length + 1)
        for number in product(range(n_characters), repeat=n)
    )
    foreign = torch.exp(-loss_without_number(*drawn))
    torch.testing.assert_close(numbers + foreign, torch.ones(5, dtype=torch.float64))


@pytest.mark.parametrize("blank_class", [False, True])
def test_characters_leave_room_for_others_where_training_was_augmented(blank_class: bool) -> None:
    architecture = Architecture(blank_class=blank_class)
    clf = SVHNSequenceClassifier(**SMALL, architecture=architecture, augmentation=1.0).fit(X, Y)
    length, positions = clf.predict_factors(X)
    assert positions.shape == (len(X), clf.max_length_, len(clf.alphabet_))
    np.testing.assert_allclose(length.sum(axis=1), 1)
    assert (positions.sum(axis=2) < 1).all()
    # All numbers there can be: the rest is none of them.
    assert (clf.top_k(X, 10**6).probability.sum(axis=1) < 1).all()
    clf.set_params(augmentation=0.0).fit(X, Y)
    np.testing.assert_allclose(clf.predict_factors(X).positions.sum(axis=2), 1)


def test_training_without_augmentation_goes_on_with_the_network_as_it_is() -> None:
    clf = SVHNSequenceClassifier(**SMALL, augmentation=1.0, warm_start=True).fit(X, Y)
    clf.set_params(augmentation=0.0).fit(X, Y)
    assert (clf.predict_factors(X).positions.sum(axis=2) < 1).all()
    plain = SVHNSequenceClassifier(**SMALL, augmentation=0.0, warm_start=True).fit(X, Y)
    plain.set_params(augmentation=1.0).fit(X, Y)
    np.testing.assert_allclose(plain.predict_factors(X).positions.sum(axis=2), 1)


FORMS = {
    "strings": (["1", "", "23", "", "4"], ""),
    "integers": ([1, -1, 23, -1, 4], -1),
    "rows": ([[1, 10], [10, 10], [2, 3], [10, 10], [4, 10]], [10, 10]),
}


@pytest.mark.parametrize("form", FORMS)
def test_labels_can_say_that_there_is_no_number(form: str) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (5, 12, 12), dtype=np.uint8)
    strings = SVHNSequenceClassifier(**SMALL, warm_start=True).fit(pictures, FORMS["strings"][0])
    y, nothing = FORMS[form]
    clf = SVHNSequenceClassifier(**SMALL, warm_start=True).fit(pictures, y)
    np.testing.assert_array_equal(clf.confidence(pictures), strings.confidence(pictures))
    first = clf.classes_[0] if form == "rows" else clf.classes_
    assert np.ravel(nothing)[0] not in first.tolist()
    assert (clf.predict_factors(pictures).positions.sum(axis=2) < 1).all()
    # Rejecting everything is right where there is nothing.
    rejecting = clf.set_params(min_confidence=1.0)
    assert rejecting.score(pictures, y) == 2 / 5
    assert np.array_equal(rejecting.predict(pictures)[1], nothing)
    # Those pictures don't change temperatures, classes and validation scores.
    shown = [0, 2, 4]
    temperatures = clf.calibrate(pictures, y).temperatures_
    few = clf.calibrate(pictures[shown], [y[i] for i in shown]).temperatures_
    assert temperatures == pytest.approx(few, rel=1e-4)
    clf.fit(pictures, y, X_val=pictures, y_val=y)
    n_right = 3 * clf.history_[-1]["valid_score"]
    assert n_right == pytest.approx(round(n_right), abs=1e-5)
    clf.fit(pictures[:2], y[:2])


def test_the_loss_of_pictures_without_a_number_falls() -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (8, 12, 12), dtype=np.uint8)
    y = ["1", ""] * 4
    clf = SVHNSequenceClassifier(**SMALL | {"max_epochs": 60}, n_views=1).fit(pictures, y)
    numbers = clf.top_k(pictures, 10).probability.sum(axis=1)
    # It has learned by heart what it was shown.
    assert numbers[::2].min() > numbers[1::2].max()


def test_a_network_without_a_class_for_it_cannot_learn_that_there_is_none() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (4, 12, 12), dtype=np.uint8)
    clf = SVHNSequenceClassifier(**SMALL, warm_start=True).fit(pictures, list("1234"))
    with pytest.raises(ValueError, match="recognise pictures without one"):
        clf.fit(pictures, ["1", "", "3", ""])
    with pytest.raises(ValueError, match="y_val element 1 is an empty number"):
        clf.fit(pictures, list("1234"), X_val=pictures[:2], y_val=["1", ""])


def test_scores_of_training_are_of_pictures_with_a_number() -> None:
    outputs = (torch.tensor([[9.0], [9.0]]), torch.tensor([[[9.0, 0, 0]], [[9.0, 0, 0]]]))
    targets = (torch.tensor([[0], [-1]]), torch.tensor([1, 0]))
    spec = architecture(channels=((2,),))
    network = SequenceNetwork((8, 8, 1), spec, max_length=1, n_characters=2, other_character=True)
    values, counts = network.measures(outputs, targets)
    assert values[0, 0] == 1
    assert counts.bool().tolist() == [[True] * 5, [False] * 5]
