"""Evaluation from a shell."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

import sksvhn
from sksvhn import SVHNSequenceClassifier
from sksvhn.datasets import load_svhn_numbers
from sksvhn.metrics import (
    bootstrap_interval,
    expected_calibration_error,
    sequence_accuracy_score,
    sequence_classification_report,
)

from .conftest import Run, digits


@pytest.fixture(scope="module")
def number_model(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    X, y = load_svhn_numbers(
        archives / "train.tar.gz", image_size=(20, 24), margin=0.1, return_X_y=True
    )
    path = tmp_path_factory.mktemp("models") / "m.sksvhn"
    SVHNSequenceClassifier(
        channels=((8,), (16,)), max_epochs=10, batch_size=16, margin=0.1, n_views=1, random_state=0
    ).fit(X, y).save(path)
    return path


def test_figures_are_those_of_the_metrics(run: Run, number_model: Path, archives: Path) -> None:
    result = run("evaluate", number_model, archives / "test.tar.gz", "--json")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    found = json.loads(result.stdout)
    X, y = load_svhn_numbers(
        archives / "test.tar.gz", image_size=(20, 24), color="grey", margin=0.1, return_X_y=True
    )
    numbers, sure = sksvhn.load(number_model).predict(X, return_confidence=True)
    assert found["n_pictures"] == 24
    interval = bootstrap_interval(sequence_accuracy_score, y, numbers, random_state=0)
    assert found["accuracy"] == interval._asdict()
    assert found["coverage_at_98_accuracy"]["low"] <= found["coverage_at_98_accuracy"]["high"]
    error = expected_calibration_error(y, numbers, sure)
    assert found["expected_calibration_error"]["estimate"] == pytest.approx(error)
    report = sequence_classification_report(y, numbers, confidence=sure, output_dict=True)
    assert found["report"] == report
    assert set(found["report"]["lengths"]) == {"1", "2"}


def test_text(run: Run, number_model: Path, archives: Path) -> None:
    result = run("evaluate", number_model, archives / "test.tar.gz")
    assert result.exit_code == 0
    assert "on 24 grey pictures of 20x24 pixels" in result.stdout
    for name in ("whole numbers right", "coverage at 98 % accuracy", "length  number right"):
        assert name in result.stdout


def test_plots(run: Run, archives: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    clf = SVHNSequenceClassifier(channels=((4,),), max_epochs=1, random_state=0)
    clf.fit(rng.integers(0, 255, (30, 16, 16), np.uint8), [str(i) for i in range(30)])
    clf.save(tmp_path / "untaught.sksvhn")
    converted, folder = tmp_path / "test.h5", tmp_path / "new" / "plots"
    run("convert", archives / "test.tar.gz", "-o", converted, "--image-size", 16)
    result = run("evaluate", tmp_path / "untaught.sksvhn", converted, "--plots", folder)
    assert result.exit_code == 0, result.stderr
    names = {path.stem for path in folder.iterdir()}
    assert names == {"readings", "mistakes", "coverage", "reliability", "confusion"}
    for path in folder.iterdir():
        with Image.open(path) as picture:
            assert min(picture.size) > 150


def test_matplotlib_is_missed_before_the_work(
    run: Run, number_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    result = run("evaluate", number_model, "absent.tar.gz", "--plots", tmp_path)
    assert result.exit_code == 1
    assert "--plots needs matplotlib; install it with: pip install 'sksvhn[plot]'" in result.stderr


def test_digits(run: Run, digit_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "grey.h5"
    with h5py.File(path, "w") as file:
        file["X_test"], file["y_test"] = digits(60, seed=1)
    result = run("evaluate", digit_model, path, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["accuracy"]["estimate"] == found["report"]["accuracy"] == 1
    assert set(map(str, range(10))) < set(found["report"])
    text = run("evaluate", digit_model, path).stdout
    assert "digits right" in text
    assert "macro avg" in text


def test_pictures_of_another_size(
    run: Run, number_model: Path, archives: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.h5"
    assert run("convert", archives / "test.tar.gz", "-o", other, "--image-size", 16).exit_code == 0
    result = run("evaluate", number_model, other)
    assert result.exit_code == 1
    assert "are 16x16 pixels, not 20x24" in result.stderr


def test_numbers_are_not_for_digit_classifiers(run: Run, digit_model: Path, archives: Path) -> None:
    result = run("evaluate", digit_model, archives / "test.tar.gz")
    assert result.exit_code == 1
    assert (
        "must hold single digits, which the model (SVHNLogisticRegression) reads" in result.stderr
    )


def test_rejected_readings_count_as_wrong(
    run: Run, number_model: Path, archives: Path, tmp_path: Path
) -> None:
    sksvhn.load(number_model).set_params(min_confidence=1.0).save(tmp_path / "m.sksvhn")
    result = run("evaluate", tmp_path / "m.sksvhn", archives / "test.tar.gz", "--json")
    found = json.loads(result.stdout)
    assert (found["accuracy"]["estimate"], found["report"]["rejected"]) == (0, 1)
