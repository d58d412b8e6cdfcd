"""ONNX files of locators find, in onnxruntime, what the locators find that wrote them."""

from __future__ import annotations

import sys
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from sklearn.exceptions import NotFittedError

from sksvhn import NumberLocator
from sksvhn._boxes import inside, surest_boxes

from .test_locator import SETTINGS, make_scenes
from .test_onnx import exported

# Boxes of less confidence may lie at the least score, where float32 decides.
LEAST = 0.05


@pytest.fixture(scope="module")
def locator() -> NumberLocator:
    return NumberLocator(**SETTINGS | {"max_epochs": 14, "n_refined": 0}).fit(*make_scenes(64, 0))


@pytest.fixture(scope="module")
def session(locator: NumberLocator, tmp_path_factory: Any) -> InferenceSession:
    return exported(locator, tmp_path_factory.mktemp("onnx"))


def found_in(session: InferenceSession, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Boxes and confidence, as of `predict`."""
    boxes, confidence = session.run(["boxes", "confidence"], {"picture": picture})
    assert boxes.dtype == confidence.dtype == np.float32
    assert boxes.shape == (len(confidence), 4)
    return np.column_stack([boxes, confidence])


def check_boxes(
    locator: NumberLocator, session: InferenceSession, picture: NDArray[np.uint8]
) -> int:
    """Compare the boxes in a picture at the size of the network; return how many there are."""
    assert max(picture.shape) == locator.input_size
    (expected,) = locator.predict(picture)
    found = found_in(session, picture)
    assert len(found) <= 20
    assert (np.diff(found[:, 4]) <= 0).all()
    expected, found = (boxes[boxes[:, 4] > LEAST] for boxes in (expected, found))
    assert len(found) == len(expected)
    np.testing.assert_allclose(found[:, :4], expected[:, :4], atol=1e-3, rtol=0)
    np.testing.assert_allclose(found[:, 4], expected[:, 4], atol=1e-4, rtol=0)
    return len(found)


def test_one_session_finds_numbers_in_pictures_of_all_shapes(
    locator: NumberLocator, session: InferenceSession
) -> None:
    X, _ = make_scenes(12, 1)
    n_found = 0
    for picture in X:
        for part in (picture, picture[:40], picture[:, :51], picture[10:61, :64], picture[:1]):
            n_found += check_boxes(locator, session, np.ascontiguousarray(part))
    assert n_found > 20


@pytest.mark.parametrize("input_size", [100, 128, 160])
def test_pictures_larger_than_those_trained_on(
    locator: NumberLocator, session: InferenceSession, input_size: int
) -> None:
    larger = deepcopy(locator).set_params(input_size=input_size)
    X, _ = make_scenes(3, 2, side=input_size)
    for picture in X:
        for part in (picture, picture[:64], picture[:, :90]):
            check_boxes(larger, session, np.ascontiguousarray(part))


def test_boxes_that_overlap_are_one(locator: NumberLocator, tmp_path: Path) -> None:
    changed = deepcopy(locator)
    with torch.no_grad():  # all cells are candidates, with boxes of all sizes
        changed.module_.head.weight.normal_(std=0.2, generator=torch.Generator().manual_seed(0))
        changed.module_.head.bias.zero_()
    session = exported(changed, tmp_path)
    X, _ = make_scenes(4, 3)
    assert max(check_boxes(changed, session, picture) for picture in X) > 3
    changed.set_params(input_size=256)
    X, _ = make_scenes(2, 4, side=256)
    assert max(check_boxes(changed, session, picture) for picture in X) > 10


def test_candidates_are_what_the_boxes_are_made_of(
    locator: NumberLocator, session: InferenceSession
) -> None:
    n_found = 0
    for picture in make_scenes(6, 5)[0]:
        for part in (picture, np.ascontiguousarray(picture[10:61, :50])):
            (candidates,) = session.run(["candidates"], {"picture": part})
            assert candidates.dtype == np.float32
            assert (np.diff(candidates[:, 4]) <= 0).all()
            found = found_in(session, part)
            again = surest_boxes(inside(candidates.astype(float), part.shape[1::-1]), 20)
            # Not calibrated, without a second look: confidences are scores.
            np.testing.assert_allclose(again, found, atol=1e-4, rtol=0)
            n_found += len(found)
    assert n_found > 6


@pytest.mark.parametrize("bias", [-20.0, 20.0])
def test_the_surest_and_the_least_sure_network(
    locator: NumberLocator, tmp_path: Path, bias: float
) -> None:
    changed = deepcopy(locator)
    with torch.no_grad():
        changed.module_.head.bias[0] += bias
    session = exported(changed, tmp_path)
    for shape in ((64, 64), (64, 30), (1, 1)):
        found = found_in(session, np.full((*shape, 3), 90, np.uint8))
        assert len(found) == 0 if bias < 0 else len(found) > 0
        assert (found[:, 4] < 1).all()


def test_confidence_is_calibrated(locator: NumberLocator, tmp_path: Path) -> None:
    calibrated = deepcopy(locator)
    calibrated.calibration_ = (0.4, 0.3, 0.2, -0.9, 0.05, -0.1, 1.5)
    session = exported(calibrated, tmp_path)
    for picture in make_scenes(6, 1)[0]:
        (expected,) = calibrated.predict(picture)
        found = found_in(session, picture)
        assert len(found) == len(expected)
        np.testing.assert_allclose(found[:3, 4], expected[:3, 4], atol=1e-4, rtol=0)
    assert expected[0, 4] != pytest.approx(locator.predict(picture)[0][0, 4], abs=0.01)


def test_file_says_what_it_is(
    locator: NumberLocator, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"old")
    written = locator.export_onnx(str(path))
    assert written == (path, 20, path.stat().st_size)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.onnx"]
    content = path.read_bytes()
    session = exported(locator, tmp_path)
    assert path.read_bytes() == content
    assert [(value.name, value.type, value.shape) for value in session.get_inputs()] == [
        ("picture", "tensor(uint8)", ["height", "width", 3]),
    ]
    assert [(value.name, value.type, value.shape) for value in session.get_outputs()] == [
        ("boxes", "tensor(float)", ["n_numbers", 4]),
        ("confidence", "tensor(float)", ["n_numbers"]),
        ("candidates", "tensor(float)", ["n_candidates", 5]),
    ]
    assert session.get_modelmeta().custom_metadata_map == {
        "sksvhn": version("sksvhn"),
        "estimator": "NumberLocator",
        "input_size": "64",
        "n_refined": "0",
        "calibration": "[0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]",
    }
    assert capfd.readouterr() == ("", "")


def test_bad_use_is_a_clear_error(
    locator: NumberLocator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFittedError):
        NumberLocator().export_onnx(tmp_path / "model.onnx")
    with pytest.raises(FileNotFoundError, match=r"folder .* does not exist"):
        locator.export_onnx(tmp_path / "nowhere" / "model.onnx")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'sksvhn\[onnx\]'"):
        locator.export_onnx(tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []
