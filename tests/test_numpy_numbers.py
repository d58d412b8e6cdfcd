"""Every public parameter that is a number takes NumPy's numbers: found in the signatures."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from collections.abc import Callable as Function
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.io import savemat
from sklearn.base import clone
from sklearn.model_selection import BaseCrossValidator
from skorch.callbacks import Callback

import sksvhn
from sksvhn import (
    Architecture,
    NumberLocator,
    PositionwiseClassifier,
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNSequenceClassifier,
    Training,
    VotingReader,
    load,
    metrics,
    plotting,
)

from .datasets.svhn_files import NumberSet
from .datasets.test_fetch import publish
from .datasets.test_mnist import write_pair
from .estimators._pictures import bar_numbers

PACKAGES = (
    "datasets",
    "estimators",
    "inspection",
    "metrics",
    "model_selection",
    "plotting",
    "preprocessing",
    "transcription",
)
IS_NUMBER = re.compile(r"\b(int|float|bool)\b")
# Other types that hold numbers, and are tested as what they are.
NO_NUMBER = re.compile(r"dict|Mapping|Callable")

# Of parameters whose default is no number, or one that would take long.
VALUES: dict[str, Any] = {
    "amp": True,
    "augmentation": 0.5,
    "background": 7,
    "batch_size": 16,
    "channels": ((4,), (4,)),
    "coverage_at_accuracy": 0.5,
    "calibration_error": 0.5,
    "dropout": 0.25,
    "early_stopping": True,
    "hidden_layer_sizes": (4,),
    "image_shape": (16, 16),
    "image_size": (8, 8),
    "input_size": 12,
    "length_distribution": (0.5, 0.25, 0.125, 0.0625, 0.0625),
    "lr_decay_steps": 3,
    "max_epochs": 2,
    "max_length": 3,
    "min_confidence": 0.5,
    "n_jobs": 1,
    "n_resamples": 10,
    "n_samples": 3,
    "n_mistakes": 3,
    "n_views": 2,
    "partition_size": 3,
    "per_image_standardization": True,
    "random_state": 0,
    "severities": (0, 1),
    "severity": 1,
}
# Of parameters that have a number by default in some functions only.
WITHOUT_DEFAULT: dict[str, Any] = {"margin": 0.25}
# It starts processes; tests/transcription has its numbers.
EXCUSED = "transcription.transcribe"


def numbers_of(function: Function[..., Any]) -> dict[str, Any]:
    """Values of the parameters whose annotation speaks of numbers."""
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        annotation = str(parameter.annotation)
        if IS_NUMBER.search(annotation) and not NO_NUMBER.search(annotation):
            default = WITHOUT_DEFAULT.get(name) if parameter.default is None else parameter.default
            found[name] = VALUES.get(name, default)
    return found


def public_functions() -> Iterator[tuple[str, Function[..., Any]]]:
    for package in PACKAGES:
        module = import_module(f"sksvhn.{package}")
        for name in module.__all__:
            thing = getattr(module, name)
            yield f"{package}.{name}", thing
            if inspect.isclass(thing):
                for method, function in inspect.getmembers(thing, callable):
                    own = str(getattr(function, "__module__", "")).startswith("sksvhn")
                    if own and not method.startswith("_") and not inspect.isclass(function):
                        yield f"{package}.{name}.{method}", function


FUNCTIONS = dict(public_functions())
CLASSIFIERS = sorted(
    name
    for name, thing in FUNCTIONS.items()
    if inspect.isclass(thing) and hasattr(thing, "fit") and hasattr(thing, "predict_proba")
)
# Parameters of classifiers, whose own they are tested with; the locator has a test of its own.
OBJECTS = ("estimators.Architecture", "estimators.Training", "estimators.NumberLocator")
CASES = [
    (name, parameter)
    for name, function in FUNCTIONS.items()
    for parameter in numbers_of(function)
    if name not in (*CLASSIFIERS, *OBJECTS) and name != EXCUSED
]


def narrow(value: Any) -> Any:
    """Return a number in NumPy's type of few bits, which others refuse or overflow."""
    if isinstance(value, bool):
        return np.bool_(value)
    if isinstance(value, int):
        return np.uint8(value) if 0 <= value < 256 else np.int32(value)
    return np.float32(value)


def forms_of(value: Any) -> list[tuple[Any, Any]]:
    """Pairs of a value as NumPy has it and of what it is equal to in Python."""
    if not isinstance(value, (tuple, list)):
        return [(narrow(value), narrow(value).item())]
    if any(isinstance(item, (tuple, list)) for item in value):
        return [(np.array(value), value), ([list(map(np.uint8, item)) for item in value], value)]
    numbers = tuple(map(narrow, value))
    return [(np.array(value), tuple(value)), (numbers, tuple(number.item() for number in numbers))]


def assert_same(one: Any, other: Any) -> None:
    """Compare results, however they are nested."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, (tuple, list)):
        assert len(one) == len(other)
        for item, twin in zip(one, other, strict=True):
            assert_same(item, twin)
    elif isinstance(one, np.ndarray) and any(isinstance(item, np.ndarray) for item in one.flat):
        assert_same(list(one), list(other))
    elif isinstance(one, np.ndarray) and one.dtype != object:
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, (pd.DataFrame, pd.Series)):
        assert one.equals(other) or str(one) == str(other)
    elif isinstance(one, float):
        assert one == pytest.approx(other, nan_ok=True, abs=0, rel=0)
    elif hasattr(one, "__dict__") and not isinstance(one, type):
        assert repr(one).partition(" object at ")[0] == repr(other).partition(" object at ")[0]
    else:
        np.testing.assert_array_equal(one, other)


X, Y = bar_numbers(30)
DIGITS = np.array([number[0] for number in Y])
CONFIDENCE = np.linspace(0.1, 0.9, len(Y))


@cache
def reader() -> SVHNSequenceClassifier:
    return SVHNSequenceClassifier(channels=((4,),), max_epochs=1, random_state=0).fit(X, Y)


@cache
def digit_reader() -> SVHNLogisticRegression:
    return SVHNLogisticRegression().fit(X, DIGITS)


@cache
def cnn() -> SVHNCNNClassifier:
    return SVHNCNNClassifier(channels=((4,),), max_epochs=1, random_state=0).fit(X, DIGITS)


@cache
def locator() -> NumberLocator:
    clf = NumberLocator(input_size=64, width=2, max_epochs=1, random_state=0)
    return clf.fit(list(X[:4]), [[[2, 2, 8, 8]]] * 4)


@cache
def positionwise() -> PositionwiseClassifier:
    return PositionwiseClassifier(SVHNLogisticRegression()).fit(X, Y)


# Arguments that have to be given, by the names that they have all over the package.
ARGUMENTS: dict[str, Function[[], Any]] = {
    "X": lambda: X,
    "accuracies": lambda: CONFIDENCE,
    "confidence": lambda: CONFIDENCE,
    "coverage": lambda: CONFIDENCE,
    "estimator": reader,
    "image": lambda: X[0],
    "images": lambda: X,
    "kind": lambda: "gaussian_noise",
    "labels": lambda: DIGITS,
    "metric": lambda: metrics.sequence_accuracy_score,
    "metrics": lambda: [metrics.sequence_accuracy_score],
    "numbers": lambda: Y[:3],
    "pictures": lambda: list(X),
    "prob_pred": lambda: CONFIDENCE,
    "prob_true": lambda: CONFIDENCE,
    "score_func": lambda: metrics.coverage_at_accuracy_score,
    "source": lambda: X[0],
    "values": lambda: np.arange(len(Y)),
    "y": lambda: Y,
    "y_pred": lambda: np.roll(Y, 1),
    "y_pred_a": lambda: np.roll(Y, 1),
    "y_pred_b": lambda: np.roll(Y, 2),
    "y_true": lambda: Y,
}
BOXES: dict[str, Function[[], Any]] = {
    "y_true": lambda: [[[10, 10, 20, 10]], []],
    "y_pred": lambda: [[[10, 10, 20, 12, 0.9]], [[1, 1, 5, 5, 0.4]]],
}
# Arguments of some functions alone.
OF_FUNCTION: dict[str, dict[str, Function[[], Any]]] = {
    "inspection.corrupt_pictures": {"severity": lambda: 1},
    "model_selection.min_confidence_for_accuracy": {
        "y_true": lambda: np.tile(Y, 10),
        "y_pred": lambda: np.tile(Y, 10),
        "confidence": lambda: np.tile(CONFIDENCE, 10),
    },
    "plotting.ReadingsDisplay.from_estimator": {"y": lambda: Y},
    "plotting.ReadingsDisplay.from_predictions": {
        "y_true": lambda: Y,
        "confidence": lambda: CONFIDENCE,
    },
    "metrics.location_average_precision": BOXES,
    "metrics.location_precision_recall_curve": BOXES,
    "datasets.make_digit_sequences": {"max_length": lambda: 5},
    "datasets.make_street_numbers": {"max_length": lambda: 5, "image_size": lambda: (16, 16)},
    "preprocessing.pca_color_jitter": {"images": lambda: np.stack([X] * 3, axis=-1)},
}
# What plots and answers, by the class whose methods do.
INSTANCES: dict[str, Function[[], Any]] = {
    "estimators.NumberLocator": lambda: locator(),
    "estimators.PositionwiseClassifier": lambda: positionwise(),
    "estimators.SVHNCNNClassifier": lambda: cnn(),
    "estimators.SVHNLogisticRegression": lambda: digit_reader(),
    "estimators.SVHNMLPClassifier": lambda: digit_reader(),
    "estimators.SVHNSequenceClassifier": reader,
    "estimators.VotingReader": lambda: VotingReader([positionwise()]).fit(X, Y),
    "plotting.ActivationsDisplay": lambda: plotting.ActivationsDisplay.from_estimator(
        reader(), X[0]
    ),
    "plotting.FiltersDisplay": lambda: plotting.FiltersDisplay.from_estimator(reader()),
    "plotting.PhotographsDisplay": lambda: plotting.PhotographsDisplay.from_readings(
        list(X[:3]), sksvhn.read(list(X[:3]), reader=reader(), locator=locator(), all=True)
    ),
    "plotting.ReadingsDisplay": lambda: plotting.ReadingsDisplay(X, Y),
    "plotting.ReliabilityDisplay": lambda: plotting.ReliabilityDisplay(
        CONFIDENCE, CONFIDENCE, CONFIDENCE
    ),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    """Arguments of functions that read files."""
    folder = tmp_path_factory.mktemp("files")
    archive = NumberSet.generate(["19", "7", "0210"], color=True).write_archive(
        folder / "train.tar.gz"
    )
    (folder / "svhn").mkdir()
    archive_at_home = folder / "svhn" / archive.name
    archive_at_home.write_bytes(archive.read_bytes())
    patch = pytest.MonkeyPatch()
    publish(patch, ("numbers", "train"), archive)
    pictures = folder / "pictures"
    pictures.mkdir()
    for i, picture in enumerate(X[:5]):
        Image.fromarray(picture).save(pictures / f"{i}.png")
    table = folder / "labels.csv"
    table.write_text(
        "path,number\n" + "".join(f"pictures/{i}.png,{Y[i]}\n" for i in range(5)), "utf-8"
    )
    mat = folder / "train_32x32.mat"
    savemat(mat, {"X": np.zeros((32, 32, 3, 2), np.uint8), "y": np.array([[1], [10]], np.uint8)})
    h5 = folder / "digits.h5"
    with h5py.File(h5, "w") as file:
        for part in ("train", "val", "test"):
            file[f"X_{part}"] = np.arange(2 * 32 * 32, dtype=np.float32).reshape(2, 32, 32) % 256
            file[f"y_{part}"] = np.array([1, 2])
    mnist = folder / "mnist"
    mnist.mkdir()
    write_pair(mnist, "train", 7)
    yield {
        "datasets.fetch_svhn": {"data_home": folder},
        "datasets.load_labelled": {"path": table},
        "datasets.load_labelled_pictures": {"path": table},
        "datasets.load_mnist": {"path": mnist},
        "datasets.load_svhn_digits": {"path": mat},
        "datasets.load_svhn_h5": {"path": h5},
        "datasets.load_svhn_numbers": {"path": archive},
    }
    patch.undo()


def result(name: str, files: dict[str, dict[str, Any]], params: dict[str, Any]) -> Any:
    """Call a function, or make what a class is for."""
    function = FUNCTIONS[name]
    names = inspect.signature(function).parameters
    given = {
        key: ARGUMENTS[key]()
        for key, parameter in names.items()
        if key in ARGUMENTS and parameter.default is parameter.empty
    }
    given |= {key: make() for key, make in OF_FUNCTION.get(name, {}).items()}
    given |= files.get(name, {})
    if "random_state" in names:
        given["random_state"] = 0
    if name.endswith("KFold"):
        params = {"shuffle": True, **params}
    owner = name.rpartition(".")[0]
    if "self" in names:
        function = getattr(INSTANCES[owner](), name.rpartition(".")[2])
    given |= params
    if given.get("shuffle", True) in (False, np.False_):
        given.pop("random_state")
    made = function(**given)
    if isinstance(made, BaseCrossValidator):
        return list(made.split(X, Y))
    if hasattr(made, "fit_transform"):
        return made.fit_transform(X)
    return made


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.mark.parametrize(("name", "parameter"), CASES)
def test_functions(name: str, parameter: str, files: dict[str, dict[str, Any]]) -> None:
    value = numbers_of(FUNCTIONS[name])[parameter]
    assert not isinstance(value, str), f"VALUES needs a number for {parameter}"
    for given, plain in forms_of(value):
        assert_same(
            result(name, files, {parameter: given}), result(name, files, {parameter: plain})
        )
    if isinstance(value, (tuple, list)):
        return
    # An array without dimensions is no number to scikit-learn, but to some of its functions.
    answer, error = outcome(name, files, {parameter: np.array(value)})
    if error is None:
        assert_same(answer, result(name, files, {parameter: value}))
    else:
        assert parameter in error or "array" in error  # as scikit-learn's own say it
        assert len(error.splitlines()) == 1


def outcome(
    name: str, files: dict[str, dict[str, Any]], params: dict[str, Any]
) -> tuple[Any, str | None]:
    try:
        return result(name, files, params), None
    except (TypeError, ValueError) as error:
        return None, str(error)


MAKERS: dict[str, Function[..., Any]] = {
    "estimators.VotingReader": lambda **params: VotingReader(
        [PositionwiseClassifier(SVHNLogisticRegression(max_iter=5))], **params
    ),
    "estimators.PositionwiseClassifier": lambda **params: PositionwiseClassifier(
        SVHNLogisticRegression(max_iter=5), **params
    ),
}


def numbers_of_classifier(name: str) -> dict[str, Any]:
    """Values of its own parameters and of those of its settings."""
    kind: Any = FUNCTIONS[name]
    found = numbers_of(kind)
    for key, parameter in inspect.signature(kind).parameters.items():
        for settings in (Architecture, Training):
            if settings.__name__ in str(parameter.annotation):
                found |= {f"{key}__{k}": value for k, value in numbers_of(settings).items()}
    if name == "estimators.SVHNMLPClassifier":  # has no convolutions
        for key in ("kernel_size", "stem", "blank_class"):
            del found[f"architecture__{key}"]
    return found


def classifier(name: str, params: dict[str, Any]) -> Any:
    return MAKERS.get(name, FUNCTIONS[name])().set_params(**params)


def labels_for(name: str) -> Any:
    return Y if hasattr(FUNCTIONS[name], "rank_candidates") else DIGITS


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("form", [0, -1], ids=["arrays", "scalars"])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name: str, form: int, tmp_path: Path) -> None:
    pairs = {key: forms_of(value)[form] for key, value in numbers_of_classifier(name).items()}
    given = classifier(name, {key: pair[0] for key, pair in pairs.items()})
    plain = classifier(name, {key: pair[1] for key, pair in pairs.items()})
    pictures, y = X.astype(np.float32), labels_for(name)
    expected = plain.fit(pictures, y).predict_proba(pictures)
    for same in (given, clone(given), copy.deepcopy(given), pickle.loads(pickle.dumps(given))):
        fitted = same.fit(pictures, y)
    np.testing.assert_array_equal(fitted.predict_proba(pictures), expected)
    assert_same(fitted.predict(pictures), plain.predict(pictures))
    fitted.save(tmp_path / "model.sksvhn")
    for kept in (load(tmp_path / "model.sksvhn"), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(kept.predict_proba(pictures), expected)
    if "checkpoint_dir" in given.get_params():
        # The same numbers are the same fit, which goes on where the other was interrupted.
        with pytest.raises(RuntimeError, match="power cut"):
            plain.set_params(checkpoint_dir=tmp_path, callbacks=[Epochs(1)]).fit(pictures, y)
        epochs = Epochs(1)
        given.set_params(checkpoint_dir=tmp_path, callbacks=[epochs]).fit(pictures, y)
        assert epochs.n_begun == 1
        np.testing.assert_array_equal(given.predict_proba(pictures), expected)


class Epochs(Callback):
    """Counts the epochs that begin in a fit, and interrupts it behind as many as it may train."""

    n_begun = 0

    def __init__(self, n_allowed: int) -> None:
        self.n_allowed = n_allowed

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        self.n_begun += 1
        if self.n_begun > self.n_allowed:
            raise RuntimeError("power cut")


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        (name, parameter)
        for name in CLASSIFIERS
        for parameter, value in numbers_of_classifier(name).items()
        if not isinstance(value, tuple)
    ],
)
def test_arrays_without_dimensions(name: str, parameter: str) -> None:
    value = numbers_of_classifier(name)[parameter]
    clf = classifier(name, {parameter: np.array(value)})
    own = {**FUNCTIONS[name]._parameter_constraints, **Architecture._parameter_constraints}
    if "array-like" in own.get(parameter.rpartition("__")[2], ()):  # one value for all layers
        plain = classifier(name, {parameter: value, "random_state": 0, "max_epochs": 1})
        clf.set_params(random_state=0, max_epochs=1)
        y = labels_for(name)
        np.testing.assert_array_equal(clf.fit(X, y).predict(X), plain.fit(X, y).predict(X))
        return
    with pytest.raises(ValueError, match=f"'{parameter.rpartition('__')[2]}' parameter of"):
        clf.fit(X, labels_for(name))
