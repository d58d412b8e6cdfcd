"""Save and load fitted estimators as plain values: in pickles, and in files that run no code."""

from __future__ import annotations

import math
import os
import platform
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
from packaging.version import Version
from sklearn.dummy import DummyClassifier
from sklearn.utils.validation import check_is_fitted

from .._files._json_values import from_plain, to_plain
from .._files._model_file import in_brief, read_file, write_file
from .._number_codec import NumberCodec
from .._warn import warn_caller
from ._standardizer import Standardizer

# Version of the saved form; raise it whenever older versions could not read it.
FORMAT = 1
# Pixels of a picture times channels: more than pictures of numbers have, and than memory must hold.
MAX_FEATURES = 2**26
# Code, and a path on the machine that trained: neither belongs in a model.
LEFT_OUT = frozenset({"callbacks", "checkpoint_dir", "initial_model"})
# Attributes that are objects of the package; pickles should not name their classes.
PARTS: dict[str, Any] = {"_codec": NumberCodec, "_standardizer": Standardizer}
# Errors that wrong values raise in code that expects right ones.
WRONG = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)


#: Attributes that every `fit` sets and a file holds.
KEPT = ("n_features_in_", "feature_names_in_")


def save(self: Any, path: str | os.PathLike[str]) -> None:
    """Write the fitted estimator to a file that runs no code when it is loaded.

    It holds everything that predictions depend on, and the history of the training, but neither
    `callbacks` nor the state of the optimiser. :func:`sksvhn.load` reads it, on any machine.

    Parameters
    ----------
    path : path-like
        The file, by convention with the suffix ``.sksvhn``. An existing file is replaced when the
        new one is complete.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If a parameter or label cannot be written without code; joblib can write it.
    ValueError
        If `load` would refuse the file, for example because a parameter became invalid after the
        fit.
    OSError
        If the file cannot be written.

    See Also
    --------
    sksvhn.load : Load the file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import sksvhn
    >>> from sksvhn.datasets import make_street_numbers
    >>> numbers = make_street_numbers(64, color=False, random_state=0)
    >>> clf = sksvhn.SVHNSequenceClassifier(max_epochs=1, random_state=0)
    >>> clf = clf.fit(numbers.images, numbers.target)
    >>> with TemporaryDirectory() as folder:
    ...     clf.save(Path(folder, "model.sksvhn"))
    ...     loaded = sksvhn.load(Path(folder, "model.sksvhn"))
    >>> bool((loaded.predict(numbers.images) == clf.predict(numbers.images)).all())
    True
    """
    check_is_fitted(self)
    arrays: dict[str, Any] = {}
    document = {
        "format": FORMAT,
        "versions": _versions(),
        "estimator": to_plain(_described(self, "model"), arrays, "model"),
    }
    try:
        _restored(from_plain(document["estimator"], dict(arrays).pop))
    except WRONG as error:
        raise ValueError(
            f"This {type(self).__name__} cannot be saved, because load would refuse it "
            f"({in_brief(error)}); correct that, or use joblib.dump."
        ) from None
    write_file(path, "model", document, arrays)


def check_features(state: dict[str, Any]) -> None:
    """Raise if a state to be restored has impossible features."""
    n_features = state.get("n_features_in_", 1)
    check(
        type(n_features) is int and n_features > 0,
        "the number of features must be a positive integer",
    )
    if "feature_names_in_" in state:
        names = state["feature_names_in_"]
        check(
            names.dtype == object
            and names.shape == (n_features,)
            and all(isinstance(name, str) for name in names),
            "there must be one name, as text, per feature",
        )


def state_to_keep(state: dict[str, Any]) -> dict[str, Any]:
    """Turn a state into values and arrays that need no class of this package."""
    state = dict(state)
    for name in PARTS.keys() & state.keys():
        state[name] = state[name].to_dict()
    return state | {"_saved_by": {"format": FORMAT, "sksvhn": version("sksvhn")}}


def state_that_was_kept(estimator: Any, state: dict[str, Any]) -> dict[str, Any]:
    """Reverse `state_to_keep`, of this version or one whose format is known."""
    saved_by = state.get("_saved_by")
    if saved_by is None:
        raise ValueError(
            f"This {type(estimator).__name__} was pickled before sksvhn 0.1.0, in a form that can "
            "no longer be read; fit it again."
        )
    _check_version(saved_by["format"], saved_by["sksvhn"])
    state = {name: value for name, value in state.items() if name != "_saved_by"}
    for name in PARTS.keys() & state.keys():
        state[name] = PARTS[name].from_dict(state[name])
    return state


class Saved:
    """Mixin: pickles that any version can tell, and files of one's own."""

    #: Attributes that `fit` sets and a file holds.
    _kept: ClassVar[tuple[str, ...]] = KEPT
    #: Those, and parameters, that are estimators or lists of them.
    _estimators: ClassVar[tuple[str, ...]] = ()

    save = save

    def _check_state(self, state: dict[str, Any]) -> None:
        """Raise if `fit` cannot have left a state, as `__getstate__` writes it."""
        check_features(state)

    def __getstate__(self) -> dict[str, Any]:
        """Return everything as values and arrays that need no class of this package."""
        return state_to_keep(super().__getstate__())  # type: ignore[arg-type]

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what `__getstate__` gave, of this version or one whose format is known."""
        super().__setstate__(state_that_was_kept(self, state))  # type: ignore[misc]


def load(path: str | os.PathLike[str]) -> Any:
    """Load a fitted estimator that `save` wrote.

    No code runs, whoever wrote the file. The file names one of this package's estimators. Its
    parameters are validated, and its attributes and arrays are checked to be what `fit` could have
    left. Anything else is refused.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    estimator : object
        Its predictions are equal, to the bit on the same processor, to those of the estimator that
        was saved. If the device it was trained on is missing, it is on the available GPU or on the
        CPU.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged or not a model, or was saved in a newer format.

    Warns
    -----
    UserWarning
        If the model was saved by a newer version of sksvhn, in a format that this version reads.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import sksvhn
    >>> from sksvhn.datasets import make_street_numbers
    >>> numbers = make_street_numbers(64, color=False, random_state=0)
    >>> clf = sksvhn.SVHNSequenceClassifier(max_epochs=1, random_state=0)
    >>> clf = clf.fit(numbers.images, numbers.target)
    >>> with TemporaryDirectory() as folder:
    ...     clf.save(Path(folder, "model.sksvhn"))
    ...     sksvhn.load(Path(folder, "model.sksvhn"))
    SVHNSequenceClassifier(max_epochs=1, random_state=0)
    """
    return load_with_versions(path)[0]


def load_with_versions(path: str | os.PathLike[str]) -> tuple[Any, dict[str, str]]:
    """Read an estimator as `load` does, and of which versions of what it was saved."""
    document, arrays = read_file(path, "model")
    try:
        # Before anything that another format may hold.
        _check_version(document["format"], document["versions"]["sksvhn"])
        if not all(isinstance(text, str) for text in document["versions"].values()):
            raise ValueError("the versions must be strings")
        estimator = _restored(from_plain(document["estimator"], arrays.pop))
        check_is_fitted(estimator)
        if arrays:
            raise ValueError(f"the array {min(arrays)!r} is not used")
    except _NewerFormatError as error:
        raise ValueError(f"{path}: {error}") from None
    except WRONG as error:
        raise ValueError(
            f"{path} must be a model that sksvhn saved; reading it failed ({in_brief(error)}); "
            "copy it again, or save the model again."
        ) from None
    return estimator, document["versions"]


def check(condition: bool, otherwise: str) -> None:
    """Raise a ValueError where a condition on a saved state does not hold."""
    if not condition:
        raise ValueError(otherwise)


def check_shape(state: dict[str, Any]) -> None:
    """Raise if the shape of pictures is impossible or does not fit the features."""
    shape, n_features = state["image_shape_"], state["n_features_in_"]
    check(
        isinstance(shape, tuple)
        and len(shape) == 3
        and all(type(side) is int and side > 0 for side in shape)
        and shape[2] in (1, 3)
        and math.prod(shape) == n_features <= MAX_FEATURES,
        "the pictures' shape does not fit their features",
    )


class _NewerFormatError(ValueError):
    pass


def _check_version(saved_format: int, saved_by: str) -> None:
    here = version("sksvhn")
    saved_by = in_brief(Version(saved_by), 40)
    check(type(saved_format) is int and saved_format > 0, "its format must be a positive integer")
    if saved_format > FORMAT:
        raise _NewerFormatError(
            f"This model was saved by sksvhn {saved_by} in format {saved_format}; the installed "
            f"sksvhn {here} reads formats up to {FORMAT}; update sksvhn."
        )
    if Version(saved_by) > Version(here):
        warn_caller(
            f"This model was saved by sksvhn {saved_by}, which is newer than the installed {here}, "
            "so its answers may differ. Update sksvhn.",
        )


def _versions() -> dict[str, str]:
    packages = ("sksvhn", "torch", "scikit-learn", "numpy")
    return {name: version(name) for name in packages} | {"python": platform.python_version()}


def _described(estimator: Any, name: str) -> dict[str, Any] | None:
    """Class, parameters and fitted attributes, estimators within estimators likewise."""
    if estimator is None:
        return None
    if type(estimator) is DummyClassifier and len(getattr(estimator, "classes_", ())) == 1:
        return {"class": "DummyClassifier", "label": estimator.classes_[0]}
    if type(estimator) not in _classes().values():
        raise TypeError(
            f"{name} cannot be saved in a file that runs no code: it is a "
            f"{type(estimator).__name__}; use joblib.dump."
        )
    params = estimator.get_params(deep=False)
    params = {key: value for key, value in params.items() if key not in LEFT_OUT}
    state = estimator.__getstate__()
    fitted = {key: state[key] for key in estimator._kept if key in state}
    for values in (params, fitted):
        for key in values.keys() & set(estimator._estimators):
            held = values[key]
            values[key] = (
                [_described(item, f"{name}.{key}") for item in held]
                if isinstance(held, list)
                else _described(held, f"{name}.{key}")
            )
    return {"class": type(estimator).__name__, "params": params, "fitted": fitted}


def _restored(description: Any) -> Any:
    """Reverse `_described`."""
    if description is None:
        return None
    name = description["class"]
    if name == "DummyClassifier":
        return DummyClassifier(strategy="prior").fit(np.zeros((1, 1)), [description["label"]])
    if name not in _classes():
        raise ValueError(f"there is no estimator {name!r}")
    kind = _classes()[name]
    params, fitted = description["params"], description["fitted"]
    unknown = params.keys() - (set(kind._get_param_names()) - LEFT_OUT)
    unknown |= fitted.keys() - set(kind._kept)
    if unknown:
        raise ValueError(f"{name} has no parameter or attribute {min(unknown)!r}")
    for values in (params, fitted):
        for key in values.keys() & set(kind._estimators):
            held = values[key]
            values[key] = (
                [_restored(item) for item in held] if isinstance(held, list) else _restored(held)
            )
    estimator = kind(**params)
    estimator._validate_params()
    if fitted:
        estimator._check_state(fitted)
        saved_by = {"format": FORMAT, "sksvhn": version("sksvhn")}
        estimator.__setstate__(vars(estimator) | fitted | {"_saved_by": saved_by})
    return estimator


def _classes() -> dict[str, Any]:
    """Estimators that a file may name."""
    from .. import estimators  # which need this module

    members = {name: getattr(estimators, name) for name in estimators.__all__}
    return {name: member for name, member in members.items() if isinstance(member, type)}
