"""What a model's file holds; and its export."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import sksvhn
from sksvhn import PositionwiseClassifier, SVHNLogisticRegression, SVHNSequenceClassifier

from ..estimators._pictures import bar_numbers
from .conftest import Run


def test_text(run: Run, model: Path) -> None:
    result = run("info", model)
    assert result.exit_code == 0
    lines = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert lines["class"] == "SVHNSequenceClassifier"
    assert lines["reads"] == "numbers of up to 2 characters from 0123456789"
    assert lines["pictures"] == "grey, 16x16 pixels"
    assert lines["crop"] == "stretch, margin 0.3"
    assert lines["training"].startswith("12 epochs; in the last loss ")
    assert "max_epochs=12" in lines["parameters"]
    assert "dropout" not in lines["parameters"]
    assert f"sksvhn {sksvhn.__version__}" in lines["saved"]


def test_json(run: Run, reader: SVHNSequenceClassifier, model: Path) -> None:
    facts = json.loads(run("info", model, "--json").stdout)
    assert facts["class"] == "SVHNSequenceClassifier"
    assert set(facts["params"]) == set(reader.get_params())
    assert facts["image_shape"] == [16, 16, 1]
    assert facts["n_weights"] == reader.summary().n_weights
    assert len(facts["history"]) == 12
    assert facts["bytes"] == model.stat().st_size
    assert "python" in facts["saved_with"]


def test_other_classes(run: Run, digit_model: Path, tmp_path: Path) -> None:
    text = run("info", digit_model).stdout
    assert "the labels 0, 1, 2, 3, 4, 5, 6, 7, 8, 9" in text
    assert "square, margin 0" in text
    X, y = bar_numbers(40)
    path = tmp_path / "positionwise.sksvhn"
    PositionwiseClassifier(SVHNLogisticRegression()).fit(X, y).save(path)
    result = run("info", path)
    assert result.exit_code == 0
    assert "PositionwiseClassifier" in result.stdout
    assert run("info", path, "--json").exit_code == 0


def test_no_model(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "text.sksvhn"
    path.write_text("some text, which is long enough to be a header")
    result = run("info", path)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1


def test_export(run: Run, model: Path, digit_model: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    out = tmp_path / "model.onnx"
    result = run("export", model, "-o", out)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith(f"Saved {out} (")
    assert "exists already" in run("export", model, "-o", out).stderr
    result = run("export", digit_model, "-o", out, "--force")
    assert result.exit_code == 1
    assert "must be a neural network for ONNX export" in result.stderr


def test_a_locator(run: Run, tmp_path: Path) -> None:
    images = np.full((8, 64, 64, 3), 90, np.uint8)
    images[:, 20:40, 20:40] = 200
    locator = sksvhn.NumberLocator(input_size=64, width=2, max_epochs=1, random_state=0)
    path = tmp_path / "locator.sksvhn"
    locator.fit(images, [[[20, 20, 20, 20]]] * 8).save(path)
    lines = dict(line.split(maxsplit=1) for line in run("info", path).stdout.splitlines())
    assert lines["finds"] == "numbers in photographs"
    assert lines["pictures"] == "colour, longer side 64 pixels"
    assert json.loads(run("info", path, "--json").stdout)["input_size"] == 64
    assert run("export", path, "--out", tmp_path / "locator.onnx").exit_code == 0
    result = run("evaluate", path, tmp_path)
    assert result.exit_code == 1
    assert "MODEL must read numbers" in result.stderr
