"""Batches from arrays, and from pictures that lie on the device."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from sksvhn import SVHNSequenceClassifier
from sksvhn.estimators._batches import RESIDENT_SHARE, TrainingData
from sksvhn.estimators._standardizer import as_tensor

from ._pictures import bar_numbers


@pytest.mark.parametrize("n", [40, 41])
def test_pictures_on_the_device_train_the_same(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = bar_numbers(n)
    weights = np.arange(n) % 3  # some rows don't count
    params: dict[str, Any] = {"channels": ((4,),), "max_epochs": 2, "batch_size": 16}

    def confidence() -> Any:
        clf = SVHNSequenceClassifier(**params, random_state=0)
        return clf.fit(X, y, weights, X_val=X[:9], y_val=y[:9]).confidence(X)

    expected = confidence()
    moved = []

    def on(data: TrainingData, device: torch.device) -> TrainingData:
        moved.append(device.type)
        assert isinstance(data.pictures, np.ndarray)
        return replace(data, pictures=as_tensor(data.pictures))

    monkeypatch.setattr(TrainingData, "on", on)
    np.testing.assert_array_equal(confidence(), expected)
    assert moved == ["cpu", "cpu"]  # training and validation data


def test_pictures_stay_where_they_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    X, _ = bar_numbers(10)
    data = TrainingData(X[..., None], np.arange(10), (), np.ones(10))
    assert data.on(torch.device("cpu")) is data
    free = int(X.nbytes / RESIDENT_SHARE) - 1
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, free))
    assert data.on(torch.device("cuda")) is data


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("input_size", [None, (16, 20)])
def test_pictures_that_are_standardised_once_train_the_same(
    color: bool, input_size: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = bar_numbers(41)
    X = np.repeat(X[..., None], 3, axis=3) if color else X
    weights = np.arange(41) % 3
    made = []

    def fitted() -> Any:
        clf = SVHNSequenceClassifier(
            channels=((4,),), max_epochs=2, batch_size=16, augmentation=0, random_state=0
        ).set_params(architecture__input_size=input_size)
        return clf.fit(X, y, weights, X_val=X[:9], y_val=y[:9])

    ready = TrainingData.ready

    def counted(data: TrainingData, preparation: Any) -> TrainingData:
        found = ready(data, preparation)
        made.append(found.is_ready)
        return found

    monkeypatch.setattr(TrainingData, "ready", counted)
    expected = fitted()
    monkeypatch.setattr("sksvhn.estimators._batches.READY_BYTES", 0)
    clf = fitted()
    np.testing.assert_array_equal(clf.confidence(X), expected.confidence(X))
    losses = [[epoch["valid_loss"] for epoch in reader.history_] for reader in (clf, expected)]
    assert losses[0] == losses[1]
    assert made == [True, True, False, False]
