"""Confidence of single digits, and which of them are rejected."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.utils._param_validation import InvalidParameterError

import sksvhn
from sksvhn import SVHNCNNClassifier, SVHNLogisticRegression, SVHNMLPClassifier
from sksvhn.metrics import coverage_at_accuracy_score, make_confidence_scorer
from sksvhn.plotting import CoverageDisplay, ReadingsDisplay, ReliabilityDisplay

from ._pictures import bar_numbers

X, NUMBERS = bar_numbers(60)
DIGITS = np.array([int(number[0]) for number in NUMBERS])
MODELS = {
    "cnn": SVHNCNNClassifier(channels=((4,), (4,)), max_epochs=1, random_state=0),
    "mlp": SVHNMLPClassifier(hidden_layer_sizes=(8,), max_epochs=1, random_state=0),
    "logistic": SVHNLogisticRegression(),
}


@pytest.fixture(scope="module", params=MODELS)
def fitted(request: Any) -> Any:
    return MODELS[request.param].fit(X, DIGITS)


def copy_of(clf: Any, **params: Any) -> Any:
    return pickle.loads(pickle.dumps(clf)).set_params(**params)


def test_confidence_is_the_probability_of_the_answer(fitted: Any) -> None:
    labels, confidence = fitted.predict(X, return_confidence=True)
    probability = fitted.predict_proba(X)
    np.testing.assert_array_equal(labels, fitted.predict(X))
    np.testing.assert_array_equal(labels, fitted.classes_[probability.argmax(axis=1)])
    np.testing.assert_array_equal(confidence, probability.max(axis=1))
    read, sure = fitted.read(list(X[:3]), return_confidence=True)
    np.testing.assert_array_equal(read, labels[:3])
    np.testing.assert_allclose(sure, confidence[:3], rtol=1e-4)


def test_labels_of_low_confidence_are_rejected(fitted: Any, tmp_path: Path) -> None:
    labels, confidence = fitted.predict(X, return_confidence=True)
    threshold = float(np.median(confidence))
    clf = copy_of(fitted, min_confidence=threshold)
    rejected, same = clf.predict(X, return_confidence=True)
    np.testing.assert_array_equal(same, confidence)
    np.testing.assert_array_equal(rejected, np.where(confidence >= threshold, labels, -1))
    assert rejected.dtype == labels.dtype
    assert 0 < (rejected == -1).sum() < len(X)
    clf.save(tmp_path / "m")
    np.testing.assert_array_equal(sksvhn.load(tmp_path / "m").predict(X), rejected)
    assert clf.score(X, DIGITS) == ((labels == DIGITS) & (confidence >= threshold)).mean()


@pytest.mark.parametrize(
    ("classes", "rejected", "kind"),
    [
        (np.array(list("abcdefghij")), "", "U"),
        (np.array([*"abcdefghi", "jk"], dtype=object), "", "O"),
        (np.arange(10, dtype=np.uint8), -1, "i"),
        (np.arange(10, dtype=np.uint64), -1, "i"),
        (np.arange(10, dtype=np.int8), -1, "i"),
        (np.arange(10.0), -1, "f"),
    ],
)
@pytest.mark.parametrize("name", MODELS)
def test_what_a_rejected_label_is(name: str, classes: Any, rejected: Any, kind: str) -> None:
    clf = MODELS[name].fit(X, classes[DIGITS])
    assert clf.predict(X).dtype == classes.dtype
    answers = copy_of(clf, min_confidence=1.0).predict(X)
    assert answers.dtype.kind == kind
    assert set(answers.tolist()) == {rejected}


@pytest.mark.parametrize(
    "labels",
    [
        DIGITS > 1,
        DIGITS - 1,
        np.array(["", "b"])[DIGITS % 2],
        np.array(["2026-01-01", "2026-01-02"], dtype="datetime64[ns]")[DIGITS % 2],
    ],
)
def test_labels_that_leave_no_room_for_rejection(labels: Any) -> None:
    clf = MODELS["mlp"].fit(X, labels)
    with pytest.raises(ValueError, match="if min_confidence is above 0"):
        copy_of(clf, min_confidence=0.5).predict(X)
    with pytest.raises(InvalidParameterError, match="min_confidence"):
        copy_of(clf, min_confidence=1.5).predict(X)


def test_scores_and_displays_of_digits(fitted: Any) -> None:
    labels, confidence = fitted.predict(X, return_confidence=True)
    score = make_confidence_scorer(coverage_at_accuracy_score, accuracy=0.5)(fitted, X, DIGITS)
    assert score == coverage_at_accuracy_score(DIGITS, labels, confidence, accuracy=0.5)
    CoverageDisplay.from_estimator(fitted, X, DIGITS)
    ReliabilityDisplay.from_estimator(fitted, X, DIGITS)
    ReadingsDisplay.from_estimator(fitted, X[:4], DIGITS[:4])


@pytest.mark.parametrize("texts", [False, True])
def test_rejection_in_onnx(texts: bool, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    y = np.array(list("abcdefghij"))[DIGITS] if texts else DIGITS
    clf = MODELS["mlp"].fit(X, y)
    confidence = np.sort(clf.predict(X, return_confidence=True)[1])
    middle = int(np.diff(confidence)[20:40].argmax()) + 20
    clf = copy_of(clf, min_confidence=confidence[middle : middle + 2].mean())
    file = clf.export_onnx(tmp_path / "digits.onnx")
    session = runtime.InferenceSession(file.path)
    label, _ = session.run(None, {"pictures": X})
    np.testing.assert_array_equal(label, clf.predict(X))
    metadata = session.get_modelmeta().custom_metadata_map
    assert float(metadata["min_confidence"]) == clf.min_confidence
