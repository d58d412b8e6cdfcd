"""Second looks at pictures whose number is not sure."""

from __future__ import annotations

import pickle
from copy import deepcopy
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sksvhn import SVHNCNNClassifier, SVHNSequenceClassifier, load_pretrained
from sksvhn.datasets import make_street_numbers
from sksvhn.estimators._augmentation import SECOND_LOOKS, VIEWS
from sksvhn.estimators._decoding import SequenceFactors, best_readings, string_patterns
from sksvhn.estimators._log_softmax import log_softmax
from sksvhn.estimators._second_look import SECOND_TEMPERATURE, UNSURE_BELOW, surest_look

PATTERNS = string_patterns("0123456789", 3)


@pytest.fixture(scope="module")
def data() -> tuple[NDArray[np.uint8], NDArray[np.object_]]:
    return make_street_numbers(96, color=False, margin=(0.6, 0.8), random_state=0, return_X_y=True)


@pytest.fixture(scope="module")
def reader() -> SVHNSequenceClassifier:
    return load_pretrained("numbers").set_params(n_views=3)


def confidence(outputs: list[NDArray[Any]]) -> NDArray[np.float64]:
    length, positions = map(log_softmax, outputs)
    factors = SequenceFactors(length, positions[:, :, :10])
    return np.exp(best_readings(factors, PATTERNS)[2][:, 0])


@given(st.integers(0, 2**32 - 1), st.floats(1, 20))
def test_the_surest_look_is_taken_where_the_first_is_not_sure(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    looks = [
        [scale * rng.normal(size=(6, 3)), scale * rng.normal(size=(6, 3, 11))] for _ in range(3)
    ]
    seen_as = [looks[0], *([logits / SECOND_TEMPERATURE for logits in look] for look in looks[1:])]
    sure = [confidence(outputs) for outputs in seen_as]
    seen = []

    def look(pictures: NDArray[Any], views: Any) -> list[NDArray[Any]]:
        seen.append((pictures.tolist(), views))
        return [output[pictures] for output in looks[1 + SECOND_LOOKS.index(views)]]

    first = [output.copy() for output in looks[0]]
    found = surest_look(first, np.arange(6), look, patterns=PATTERNS)
    unsure = np.flatnonzero(sure[0] < UNSURE_BELOW)
    assert seen == [(unsure.tolist(), views) for views in SECOND_LOOKS if len(unsure)]
    for row in range(6):
        chosen = int(np.argmax([of_look[row] for of_look in sure])) if row in unsure else 0
        for output, expected in zip(found, seen_as[chosen], strict=True):
            np.testing.assert_array_equal(output[row], expected[row])


def test_second_looks_are_nearer_and_farther_than_the_first() -> None:
    zooms = [zoom for zoom, _ in VIEWS]
    near, far = ([zoom for zoom, _ in views] for views in SECOND_LOOKS)
    assert max(near) < min(zooms)
    assert min(far) > max(zooms)


def test_sure_readings_stay_and_others_become_no_less_sure(data: Any, reader: Any) -> None:
    numbers, first = reader.predict(data[0], return_confidence=True)
    changed = deepcopy(reader).set_params(n_views="adaptive")
    second_numbers, second = changed.predict(data[0], return_confidence=True)
    sure = first >= UNSURE_BELOW
    assert 0 < sure.sum() < len(sure)
    np.testing.assert_array_equal(second_numbers[sure], numbers[sure])
    np.testing.assert_allclose(second[sure], first[sure], atol=1e-6)
    assert (second >= first - 1e-6).all()
    assert (second > first + 1e-3).any()
    # All answers come from the same look.
    np.testing.assert_allclose(changed.top_k(data[0], 1).probability[:, 0], second, atol=1e-6)


def test_temperatures_choose_no_look(data: Any, reader: Any) -> None:
    changed = deepcopy(reader).set_params(n_views="adaptive")
    lengths = changed.predict_factors(data[0]).length.argmax(axis=1)
    changed.temperatures_ = (9.0, 9.0)
    assert (changed.confidence(data[0]) < UNSURE_BELOW).all()
    np.testing.assert_array_equal(changed.predict_factors(data[0]).length.argmax(axis=1), lengths)


def test_stored_pictures_are_looked_at_again(data: Any, reader: Any, tmp_path: Path) -> None:
    changed = deepcopy(reader).set_params(n_views="adaptive")
    with h5py.File(tmp_path / "pictures.h5", "w") as file:
        stored = file.create_dataset("X", data=data[0], chunks=(16, 64, 64))
        np.testing.assert_array_equal(changed.predict(stored), changed.predict(data[0]))


def test_no_second_look_without_augmentation(data: Any) -> None:
    clf = SVHNSequenceClassifier(channels=((8,),), augmentation=0, max_epochs=1, random_state=0)
    first = clf.fit(*data).confidence(data[0])
    np.testing.assert_array_equal(clf.set_params(n_views="adaptive").confidence(data[0]), first)


def test_only_readers_of_numbers_look_again(data: Any, reader: Any) -> None:
    digits = SVHNCNNClassifier(n_views="adaptive", channels=((8,),), max_epochs=1)
    with pytest.raises(ValueError, match=r"'n_views' parameter .* Got 'adaptive'"):
        digits.fit(data[0], np.zeros(len(data[0]), dtype=int))
    digits.set_params(n_views=1).fit(data[0], np.arange(len(data[0])) % 2)
    with pytest.raises(ValueError, match=r"integer from 1 to 5; got 'adaptive'"):
        digits.set_params(n_views="adaptive").predict(data[0])
    changed = pickle.loads(pickle.dumps(reader))
    with pytest.raises(ValueError, match=r"integer from 1 to 5 or 'adaptive'; got 'more'"):
        changed.set_params(n_views="more").predict(data[0])
