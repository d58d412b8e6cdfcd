"""A fit is taken as a whole or not at all."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from sksvhn import (
    PositionwiseClassifier,
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
)
from sksvhn.estimators import _checkpoint, _fitting, _hog, _training
from sksvhn.estimators._standardizer import Standardizer

from ._pictures import bar_numbers

X, NUMBERS = bar_numbers(40)
DIGITS = np.array([number[0] for number in NUMBERS])
COMMON: dict[str, Any] = {"max_epochs": 1, "batch_size": 16, "random_state": 0}


def sequence(**params: Any) -> SVHNSequenceClassifier:
    return SVHNSequenceClassifier().set_params(**{**COMMON, "channels": ((4,), (4,)), **params})


def cnn(**params: Any) -> SVHNCNNClassifier:
    return SVHNCNNClassifier().set_params(**{**COMMON, "channels": ((4,), (4,)), **params})


def mlp(**params: Any) -> SVHNMLPClassifier:
    return SVHNMLPClassifier().set_params(**{**COMMON, "hidden_layer_sizes": (8,), **params})


def positionwise(**params: Any) -> PositionwiseClassifier:
    return PositionwiseClassifier(GaussianNB(), **params)


def letters(y: NDArray[Any]) -> NDArray[Any]:
    """Write the same labels in letters, one more at the end."""
    table = str.maketrans("0123456789", "ABCDEFGHIJ")
    written = [label.translate(table) for label in y]
    return np.array([*written[:-1], "K"])


MAKERS: dict[str, tuple[Callable[..., Any], NDArray[Any]]] = {
    "sequence": (sequence, NUMBERS),
    "cnn": (cnn, DIGITS),
    "mlp": (mlp, DIGITS),
    "logistic": (SVHNLogisticRegression, DIGITS),
    "positionwise": (positionwise, NUMBERS),
}
NEURAL = ("sequence", "cnn", "mlp")


def is_unfitted(clf: Any) -> bool:
    try:
        clf.predict(X)
    except NotFittedError:
        return not any(name.endswith("_") and not name.startswith("_") for name in vars(clf))
    return False


def assert_as_before(clf: Any, before: bytes) -> None:
    """It answers as the pickled one, and its labels are those that it answers with."""
    kept = pickle.loads(before)
    np.testing.assert_array_equal(clf.predict_proba(X), kept.predict_proba(X))
    np.testing.assert_array_equal(clf.predict(X), kept.predict(X))
    np.testing.assert_array_equal(clf.classes_, kept.classes_)
    assert vars(clf).keys() == vars(kept).keys() | ({"_net"} & vars(clf).keys())
    assert clf.__getstate__().keys() == kept.__getstate__().keys()


@pytest.mark.parametrize("name", MAKERS)
def test_a_refit_that_fails_leaves_the_old_fit(name: str) -> None:
    make, y = MAKERS[name]
    clf = make().fit(X, y)
    before = pickle.dumps(clf)
    bad = X.astype(np.float64)
    bad[3, 2, 2] = np.nan
    for wrong_X, wrong_y in (
        (bad, letters(y)),
        (np.full((len(X), 10, 16), np.inf), letters(y)),
        (X[:, :10], letters(y)[:-1]),
        (X, np.full(len(X), "")) if name in ("sequence", "positionwise") else (X, y[:1].repeat(40)),
    ):
        with pytest.raises(ValueError):  # noqa: PT011  their words are tested elsewhere
            clf.fit(wrong_X, wrong_y)
        assert_as_before(clf, before)


@pytest.mark.parametrize("name", MAKERS)
def test_a_first_fit_that_fails_leaves_nothing(name: str) -> None:
    make, y = MAKERS[name]
    clf = make()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        clf.fit(X, letters(y)[:-1])
    assert is_unfitted(clf)


def press(*args: Any, **kwargs: Any) -> Any:
    raise KeyboardInterrupt


# Where Ctrl-C comes while a fit is set up.
MOMENTS: list[tuple[str, Any, str]] = [
    *((name, Standardizer, "from_pictures") for name in NEURAL),
    *((name, _fitting, "resolve_device") for name in NEURAL),
    *((name, _training, "make_optimizer") for name in NEURAL),
    ("mlp", _training, "check_callbacks"),
    ("cnn", _fitting, "has_fast_bfloat16"),
    ("sequence", torch.nn.init, "kaiming_normal_"),
    ("logistic", LogisticRegression, "fit"),
    ("positionwise", GaussianNB, "fit"),
]


@pytest.mark.parametrize(("name", "owner", "attribute"), MOMENTS)
def test_ctrl_c_in_the_set_up_leaves_the_old_fit(
    name: str, owner: Any, attribute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, y = MAKERS[name]
    clf, unfitted = make().fit(X, y), make()
    before = pickle.dumps(clf)
    with monkeypatch.context() as patch:
        patch.setattr(owner, attribute, press)
        for one in (clf, unfitted):
            with pytest.raises(KeyboardInterrupt):
                one.fit(X, letters(y))
    assert_as_before(clf, before)
    assert is_unfitted(unfitted)


@pytest.mark.parametrize("name", NEURAL)
@pytest.mark.parametrize("incremental", [False, True])
def test_ctrl_c_or_failure_in_warm_training(
    name: str, incremental: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, y = MAKERS[name]
    clf = make(warm_start=True, max_epochs=2).fit(X, y)
    if incremental:
        clf.partial_fit(X, y)
    before, n_before = pickle.dumps(clf), clf.n_iter_
    train = clf.partial_fit if incremental else clf.fit
    with monkeypatch.context() as patch:
        patch.setattr(_fitting.TrainingNet, "get_loss", fail_in_second_step())
        with pytest.raises(RuntimeError, match="power cut"):
            train(X, y)
    assert_as_before(clf, before)
    with monkeypatch.context() as patch:
        patch.setattr(_fitting.TrainingNet, "get_loss", fail_in_second_step(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train(X, y)
    assert clf.n_iter_ == len(clf.history_) == n_before
    assert np.isfinite(clf.predict_proba(X)).all()
    assert not clf.module_.training
    train(X, y)
    assert clf.n_iter_ == len(clf.history_) > n_before


def fail_in_second_step(error: type[BaseException] = RuntimeError) -> Any:
    get_loss, calls = _fitting.TrainingNet.get_loss, []

    def failing(net: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(net)
        if len(calls) == 2:
            raise error("power cut")
        return get_loss(net, *args, **kwargs)

    return failing


def test_what_the_user_keeps_on_an_estimator_stays() -> None:
    for make, y in MAKERS.values():
        with config_context(enable_metadata_routing=True):
            clf = make().set_score_request(sample_weight=True)
            clf.note = "mine"
            requests = clf.get_metadata_routing()
            clf.fit(X, y).fit(X, y)
            assert clf.note == "mine"
            assert str(clf.get_metadata_routing()) == str(requests)


def test_names_of_an_earlier_fit_are_forgotten() -> None:
    pd = pytest.importorskip("pandas")
    rows = X.reshape(len(X), -1)
    table = pd.DataFrame(rows, columns=[f"p{i}" for i in range(rows.shape[1])])
    for make in (mlp, SVHNLogisticRegression):
        clf = make().fit(table, DIGITS)
        assert len(clf.feature_names_in_) == rows.shape[1]
        clf.fit(rows, DIGITS)
        assert "feature_names_in_" not in vars(clf)


@pytest.mark.parametrize("name", NEURAL)
@pytest.mark.parametrize(
    "mode",
    [torch.no_grad, torch.inference_mode, lambda: torch.set_grad_enabled(False)],
    ids=["no_grad", "inference_mode", "set_grad_enabled"],
)
def test_training_whatever_mode_torch_is_in(name: str, mode: Any) -> None:
    make, y = MAKERS[name]
    classes = None if name == "sequence" else np.unique(y)
    plain = make().fit(X, y)
    stream = make().partial_fit(X, y, classes=classes).partial_fit(X, y)
    with mode():
        was = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        clf = make(warm_start=True).fit(X, y)
        in_parts = make().partial_fit(X, y, classes=classes).partial_fit(X, y)
        loaded = pickle.loads(pickle.dumps(clf))
        assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == was
    np.testing.assert_array_equal(clf.predict_proba(X), plain.predict_proba(X))
    np.testing.assert_array_equal(in_parts.predict_proba(X), stream.predict_proba(X))
    assert clf.fit(X, y).n_iter_ == loaded.fit(X, y).n_iter_ == 2


@pytest.mark.parametrize("name", NEURAL)
def test_answers_whatever_mode_the_network_was_left_in(name: str, tmp_path: Any) -> None:
    make, y = MAKERS[name]
    clf = make(dropout=0.5, architecture__normalization_position="after_activation").fit(X, y)
    expected = clf.predict_proba(X)
    weights = pickle.dumps(clf)
    clf.module_.train()
    np.testing.assert_array_equal(clf.predict_proba(X), expected)
    clf.summary()
    assert clf.module_.training
    assert pickle.dumps(clf) == weights
    assert _checkpoint.digest(clf.net_.module_.state_dict()) == _checkpoint.digest(
        pickle.loads(weights).module_.state_dict()
    )


def test_early_stopping_names_labels_not_codes() -> None:
    y = np.array([f"{label}!" for label in DIGITS], dtype=object)
    y[0] = "99!"
    with pytest.raises(
        ValueError, match=r"hold each label at least twice.* got one sample of '99!'"
    ):
        mlp(early_stopping=True).fit(X, y)
    with pytest.raises(
        ValueError, match=r"validation_fraction must leave .* got 0.01, .* 39 and 1 sampl"
    ):
        mlp(early_stopping=True, training__validation_fraction=0.01).fit(X, DIGITS)
    with pytest.raises(ValueError, match=r"validation_fraction must leave .* got 0.9 of 1 sample"):
        sequence(early_stopping=True, training__validation_fraction=0.9).fit(X[:1], NUMBERS[:1])


def test_early_stopping_needs_numbers_to_score() -> None:
    clf = sequence()
    assert "valid_score" not in clf.fit(X, NUMBERS, X_val=X[:2], y_val=["", ""]).history_[-1]
    clf.set_params(early_stopping=True)
    with pytest.raises(ValueError, match=r"y_val must hold at least one number .* got none;"):
        clf.fit(X, NUMBERS, X_val=X[:2], y_val=["", ""])
    weights = {"X_val": X[:2], "y_val": ["", NUMBERS[1]], "sample_weight_val": [1, 0]}
    with pytest.raises(ValueError, match=r"y_val must hold at least one number .* got none;"):
        clf.fit(X, NUMBERS, **weights)
    with pytest.raises(ValueError, match=r"validation_fraction must hold out .* 4 of 40 pictures"):
        clf.fit(X, [NUMBERS[0], *[""] * 39])


def test_hog_of_pictures_too_small_leaves_the_old_fit() -> None:
    clf = SVHNLogisticRegression(features="hog").fit(X, DIGITS)
    before = pickle.dumps(clf)
    with pytest.raises(ValueError, match=f"at least {_hog.CELL} by {_hog.CELL}"):
        clf.fit(X[:, :3, :3], letters(DIGITS))
    assert_as_before(clf, before)
