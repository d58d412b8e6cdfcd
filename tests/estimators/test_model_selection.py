"""The digit estimators in scikit-learn's tools."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pytest
import sklearn
from packaging.version import Version
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import ConfusionMatrixDisplay, classification_report, log_loss
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sksvhn import (
    Architecture,
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    Training,
)
from sksvhn.preprocessing import GrayscaleTransformer

Data = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

DIGIT_CLASSIFIERS = [
    SVHNMLPClassifier(
        hidden_layer_sizes=(64,), max_epochs=8, training=Training(ema_decay=0.9), random_state=0
    ),
    SVHNCNNClassifier(
        channels=((16,), (32,)),
        architecture=Architecture(stem=None),
        max_epochs=12,
        batch_size=32,
        training=Training(ema_decay=0.9),
        random_state=0,
    ),
    SVHNLogisticRegression(C=1.0),
]


@pytest.fixture(scope="module")
def data() -> Data:
    """Handwritten digits, 8x8 colour: training pictures, test pictures, and their labels."""
    digits = load_digits()
    X = np.repeat(digits.images[..., None].astype(np.uint8) * 15, 3, axis=3)
    return tuple(train_test_split(X, digits.target, test_size=0.4, random_state=0))


def test_grid_search_in_two_processes(data: Data) -> None:
    X, X_test, y, y_test = data
    pipe = Pipeline([("gray", GrayscaleTransformer()), ("digit", DIGIT_CLASSIFIERS[0])])
    grid = {
        "digit__hidden_layer_sizes": [(), (64, 32)],
        "digit__optimizer": ["sgd", "adamw"],
        "digit__lr": [1e-4, 1e-2],
    }
    search = GridSearchCV(pipe, grid, cv=2, n_jobs=2, error_score="raise").fit(X, y)
    assert search.best_params_ == {
        "digit__hidden_layer_sizes": (64, 32),
        "digit__optimizer": "adamw",
        "digit__lr": 1e-2,
    }
    assert search.score(X_test, y_test) > 0.95


def test_halving_random_search(data: Data) -> None:
    X, X_test, y, y_test = data
    search = HalvingRandomSearchCV(
        DIGIT_CLASSIFIERS[1],
        {"channels": [((4,),), ((16,), (32,))], "dropout": [0.0, 0.1], "lr": [1e-5, 0.1]},
        resource="max_epochs",
        max_resources=6,
        min_resources=2,
        n_candidates=4,
        factor=2,
        cv=2,
        random_state=0,
    ).fit(X, y)
    assert search.best_params_["max_epochs"] == 4
    assert search.best_params_["lr"] == 0.1
    assert search.score(X_test, y_test) > 0.9


@pytest.mark.parametrize("clf", DIGIT_CLASSIFIERS, ids=lambda clf: type(clf).__name__)
def test_pipeline_report_and_confusion_matrix(clf: Any, data: Data) -> None:
    matplotlib.use("agg")
    X, X_test, y, y_test = data
    pipe = make_pipeline(GrayscaleTransformer(), clf).fit(X, y)
    report = classification_report(y_test, pipe.predict(X_test), output_dict=True)
    assert report["accuracy"] > 0.93
    display = ConfusionMatrixDisplay.from_estimator(pipe, X_test, y_test)
    assert display.confusion_matrix.trace() == pytest.approx(report["accuracy"] * len(y_test))


@pytest.mark.skipif(
    Version(sklearn.__version__) < Version("1.8"), reason="scikit-learn has it since 1.8"
)
@pytest.mark.parametrize("clf", DIGIT_CLASSIFIERS, ids=lambda clf: type(clf).__name__)
def test_temperature_calibration_of_a_fitted_classifier(clf: Any, data: Data) -> None:
    X, X_test, y, y_test = data
    X, X_test = (x[..., 0] for x in (X, X_test))
    # Labels of which a third are wrong make any classifier of right ones too sure of itself.
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(len(y_test)) < 0.3, rng.integers(0, 10, len(y_test)), y_test)
    frozen = FrozenEstimator(sklearn.base.clone(clf).fit(X, y))
    half = len(X_test) // 2
    calibrated = CalibratedClassifierCV(frozen, method="temperature")
    calibrated.fit(X_test[:half], noisy[:half])
    np.testing.assert_array_equal(calibrated.predict(X_test), frozen.predict(X_test))
    before, after = (
        log_loss(noisy[half:], model.predict_proba(X_test[half:])) for model in (frozen, calibrated)
    )
    assert after < before - 0.1


def test_validation_set_goes_through_a_pipeline(data: Data) -> None:
    X, X_test, y, y_test = data
    with sklearn.config_context(enable_metadata_routing=True):
        clf = SVHNMLPClassifier(hidden_layer_sizes=(16,), max_epochs=2, random_state=0)
        clf.set_fit_request(X_val=True, y_val=True)
        gray = FunctionTransformer(lambda pictures: pictures[..., 0])
        pipe = Pipeline([("gray", gray), ("digit", clf)], transform_input=["X_val"])
        pipe.fit(X, y, X_val=X_test, y_val=y_test)
    assert pipe[-1].history_[-1]["valid_score"] == pytest.approx(pipe.score(X_test, y_test))
