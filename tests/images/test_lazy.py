"""Pictures that stay on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sksvhn import SVHNMLPClassifier, SVHNSequenceClassifier, Training
from sksvhn._images import _lazy
from sksvhn._images._lazy import LazyPictures, in_blocks, is_lazy
from sksvhn.estimators._batches import Preparation

from .._promised import BOUND
from ..estimators._pictures import bar_numbers

BLOCK = 24  # pictures


class Parts(Sequence[np.ndarray]):
    """Parts of an array, made when they are asked for."""

    def __init__(self, pictures: np.ndarray, lengths: list[int]) -> None:
        self.parts = np.split(pictures, np.cumsum(lengths)[:-1])

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, index: Any) -> Any:
        return self.parts[index].copy()


class OnDisk:
    """No more than an array on disk has to have."""

    def __init__(self, pictures: np.ndarray) -> None:
        self.pictures = pictures
        self.shape, self.dtype = pictures.shape, pictures.dtype

    def __getitem__(self, index: slice) -> np.ndarray:
        return self.pictures[index]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lazy, "BLOCK_BYTES", BLOCK * 16 * 16)


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    return bar_numbers(250)


@pytest.fixture
def stored(data: Any, tmp_path: Path) -> Any:
    with h5py.File(tmp_path / "pictures.h5", "w") as file:
        file.create_dataset("X", data=data[0], chunks=(10, 16, 16), compression="gzip")
        yield file["X"]


def test_what_is_lazy(stored: Any) -> None:
    assert is_lazy(stored)
    assert is_lazy(Parts(np.zeros((4, 2, 2)), [2, 2]))
    X = np.zeros((4, 4))
    for in_memory in (X, X.tolist(), (X[0], X[1]), pd.DataFrame(X), sparse.csr_array(X), "text"):
        assert not is_lazy(in_memory)


@pytest.mark.usefixtures("small_blocks")
def test_blocks_are_whole_chunks_and_hold_everything_once(stored: Any, data: Any) -> None:
    lazy = LazyPictures(stored, (16, 16, 1), np.dtype(np.uint8))
    assert lazy.shape == (250, 16, 16, 1)
    np.testing.assert_array_equal(lazy.starts, np.arange(0, 250, 20))
    np.testing.assert_array_equal(np.concatenate(list(in_blocks(lazy)))[..., 0], data[0])
    rows = np.array([65, 79, 60])
    np.testing.assert_array_equal(lazy.pick(3, rows)[..., 0], data[0][rows])


@pytest.mark.parametrize("kind", ["h5py", "parts", "rows"])
def test_few_pictures_train_as_they_do_from_memory(kind: str, stored: Any, data: Any) -> None:
    X, y = data
    lazy = {"h5py": stored, "parts": Parts(X, [100, 1, 149]), "rows": stored}[kind]
    if kind == "rows":
        lazy = stored.file.create_dataset("rows", data=X.reshape(len(X), -1))
    params = {"channels": ((8,),), "max_epochs": 2, "early_stopping": True, "random_state": 0}
    weight = np.arange(len(y)) % 3
    clf = SVHNSequenceClassifier(**params).fit(lazy, y, sample_weight=weight)
    expected = SVHNSequenceClassifier(**params).fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(clf.confidence(X), expected.confidence(X))
    np.testing.assert_allclose(clf.confidence(lazy), expected.confidence(X), rtol=0, atol=BOUND)


@pytest.mark.usefixtures("small_blocks")
def test_learns_from_more_than_is_in_memory_at_once(stored: Any, data: Any) -> None:
    X, y = data
    clf = SVHNSequenceClassifier(
        channels=((16,), (32,)),
        augmentation=0.0,
        max_epochs=20,
        batch_size=32,
        training=Training(ema_decay=0.9),
        random_state=0,
        early_stopping=True,
    )
    clf.fit(stored, y, X_val=stored, y_val=y)
    assert clf.score(stored, y) > 0.95
    np.testing.assert_allclose(clf.confidence(stored), clf.confidence(X), rtol=0, atol=BOUND)
    assert clf.partial_fit(stored, y).n_iter_ == len(clf.history_)


@pytest.mark.usefixtures("small_blocks")
def test_every_picture_is_trained_on_once_an_epoch(
    stored: Any, data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    prepare = Preparation.for_training

    def spy(self: Preparation, pictures: Any, *others: Any) -> Any:
        seen.append(pictures)
        return prepare(self, pictures, *others)

    monkeypatch.setattr(Preparation, "for_training", spy)
    X, y = data
    clf = SVHNMLPClassifier(hidden_layer_sizes=(4,), max_epochs=2, batch_size=30, random_state=0)
    clf.fit(stored, y)
    assert {len(batch) for batch in seen} == {27, 28}
    epochs = [np.concatenate(seen[:9]), np.concatenate(seen[9:])]
    for epoch in epochs:
        np.testing.assert_array_equal(
            np.unique(epoch.reshape(len(X), -1), axis=0), np.unique(X.reshape(len(X), -1), axis=0)
        )
    assert not np.array_equal(*epochs)


@pytest.mark.usefixtures("small_blocks")
def test_bad_stored_pictures(stored: Any, data: Any) -> None:
    X, y = data
    clf = SVHNMLPClassifier(hidden_layer_sizes=(4,), max_epochs=1)
    with pytest.raises(ValueError, match="at least one picture"):
        clf.fit(stored.file.create_dataset("none", (0, 16, 16), dtype=np.uint8), [])
    nan = X.astype(np.float32)
    nan[101] = np.nan
    with pytest.raises(ValueError, match=r"NaN or infinity; X\[101\] is the first such picture"):
        clf.fit(stored.file.create_dataset("nan", data=nan), y)
    with pytest.raises(ValueError, match="inconsistent"):
        clf.fit(stored, y[:-1])
    with pytest.raises(ValueError, match=r"\(250, 16, 4, 4\)|RGBA"):
        clf.fit(stored.file.create_dataset("rgba", data=X.reshape(250, 16, 4, 4)), y)
    mixed = Parts(X, [100, 150])
    mixed.parts[1] = mixed.parts[1][:, :8]
    with pytest.raises(ValueError, match=r"part 1 has uint8 pictures of shape \(8, 16\)"):
        clf.fit(mixed, y)
    mixed.parts[1] = X[100:] / 255
    with pytest.raises(ValueError, match="part 1 has float64"):
        clf.fit(mixed, y)
    wide = Parts(X.reshape(-1, 8, 32), [100, 150])
    wide.parts[1] = wide.parts[1].transpose(0, 2, 1)
    with pytest.raises(ValueError, match=r"part 1 has uint8 pictures of shape \(32, 8\)"):
        clf.fit(wide, y)
    mixed.parts = [mixed.parts[0], [[0.0] * 256]]
    with pytest.raises(ValueError, match="part 1 is a list"):
        clf.fit(mixed, y)
    clf.fit(stored, y)
    with pytest.raises(ValueError, match=r"\(8, 16, 1\)"):
        clf.predict(stored.file.create_dataset("low", data=X[:, :8]))


def test_shape_dtype_and_slices_are_enough(data: Any) -> None:
    X, y = data[0][:64], data[1][:64]
    clf = SVHNSequenceClassifier(max_epochs=1, channels=((4,),), random_state=0)
    expected = clf.fit(X, y).predict(X)
    np.testing.assert_array_equal(clf.fit(OnDisk(X), y).predict(OnDisk(X)), expected)
    with pytest.raises(ValueError, match="at least one picture; got 0"):
        clf.fit(OnDisk(X[:0]), y[:0])


def test_memory_maps_are_arrays(data: Any, tmp_path: Path) -> None:
    X, y = data
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    clf = SVHNMLPClassifier(hidden_layer_sizes=(8,), max_epochs=1, random_state=0)
    expected = clf.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(clf.fit(mapped, y).predict_proba(mapped), expected)
