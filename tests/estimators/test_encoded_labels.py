"""The warning where labels look like another tool's codes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import sklearn
from packaging.version import Version
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB

from sksvhn import PositionwiseClassifier, SVHNLogisticRegression, SVHNSequenceClassifier

N = 360
X = np.random.default_rng(0).normal(size=(N, 4))
#: Thirty numbers, twelve times each.
NUMBERS = np.array([str(3 * i + 11) for i in range(30)] * 12, dtype=object)


def reader() -> PositionwiseClassifier:
    return PositionwiseClassifier(GaussianNB())


# The one that keeps the order of readings; scikit-learn has it since 1.8.
CALIBRATION = "temperature" if Version(sklearn.__version__) >= Version("1.8") else "sigmoid"


def told(fit: Any) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit()
    return [one for one in caught if "With other tools" in str(one.message)]


@pytest.mark.parametrize(
    "fit",
    [
        lambda: VotingClassifier([("a", reader())]).fit(X, NUMBERS),
        lambda: StackingClassifier([("a", reader())], LogisticRegression(), cv=2).fit(X, NUMBERS),
        lambda: BaggingClassifier(reader(), 1, random_state=0).fit(X, NUMBERS),
        lambda: cross_val_predict(reader(), X, NUMBERS, cv=2, method="predict_proba"),
        lambda: CalibratedClassifierCV(reader(), method=CALIBRATION, ensemble=False, cv=2).fit(
            X, NUMBERS
        ),
    ],
    ids=["voting", "stacking", "bagging", "cross_val_predict", "calibration"],
)
def test_tools_that_encode_labels_are_told(fit: Any) -> None:
    found = told(fit)
    assert found
    assert {one.filename for one in found} == {__file__}


def padded(numbers: Any) -> np.ndarray:
    return np.array([[*map(int, number), 10][:2] for number in numbers])


@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba", "predict"])
def test_padded_rows_that_are_encoded_by_column_are_told(method: str) -> None:
    codes = padded([str(1 + i % 89) for i in range(N)])
    found = told(lambda: cross_val_predict(reader(), X, codes, cv=KFold(2), method=method))
    assert bool(found) == (method != "predict")
    assert {one.filename for one in found} <= {__file__}


def test_the_error_names_what_encodes_a_blank_before_a_digit() -> None:
    codes = np.array([[1 + i % 9, [3, 7, 10][i % 3], 10] for i in range(N)])
    codes[::2, 2] = 5
    codes[codes[:, 1] == 10, 2] = 10
    codes[0], codes[1] = [9, 7, 5], [9, 10, 10]
    encoded = np.stack([np.unique(column, return_inverse=True)[1] for column in codes.T], axis=1)
    assert (told(lambda: reader().fit(X, codes)), (encoded == 10).sum()) == ([], 0)
    encoded = np.c_[np.arange(N) % 9, [*range(11)] * 32 + [0] * 8, np.arange(N) % 2]
    with pytest.raises(ValueError, match="cross_val_predict writes them for method='predict_proba"):
        reader().fit(X, encoded)


def test_rows_with_all_digits_or_few_rows_are_not_told() -> None:
    codes = np.stack([np.arange(N) % 10, np.arange(N) // 7 % 10], axis=1)
    for y in (codes, codes[:, :1], np.c_[codes, np.full(N, 10)], 1 + codes % 9):
        assert not told(lambda y=y: reader().fit(X, y))
    assert not told(lambda: reader().fit(X[:20], codes[:20] % 3))


def test_told_once_per_fit_at_the_line_that_fits() -> None:
    codes = np.arange(N) % 30
    neural = SVHNSequenceClassifier(
        channels=((4,),), max_epochs=1, early_stopping=True, image_shape=(2, 2)
    )
    for clf in (reader(), neural):
        [one] = told(lambda clf=clf: clf.fit(X, codes))
        assert one.filename == __file__
        assert "the integers 0 to 29" in str(one.message)


@pytest.mark.parametrize(
    "y",
    [
        NUMBERS,
        NUMBERS.astype(int),
        np.arange(N) % 30 + 1,
        (np.arange(N) % 30).astype(str),
        np.arange(N) % 10,
        np.where(np.arange(N) % 30 == 17, 3, np.arange(N) % 30),  # a gap no chance explains
        3 * (np.arange(N) % 30),
        np.r_[0, np.random.default_rng(0).integers(1, 10**4, N - 1)],
        np.arange(N) % 30 - 2,
        (np.arange(N) % 10)[:, None],
    ],
    ids=[
        "strings",
        "integers",
        "from 1",
        "codes as strings",
        "digits",
        "gap",
        "thirds",
        "sparse",
        "negative",
        "rows",
    ],
)
def test_numbers_are_not_taken_for_codes(y: Any) -> None:
    assert not told(lambda: reader().fit(X, y))


def test_a_sample_may_lack_rare_codes() -> None:
    codes = np.r_[np.arange(30), np.arange(20)]
    lacking = codes[(codes != 24) & (codes != 28)]
    assert told(lambda: reader().fit(X[: len(lacking)], lacking))


def test_other_warnings_of_fit_name_its_line_too() -> None:
    rows = np.random.default_rng(0).random((20, 1001))
    with pytest.warns(UserWarning, match="(?i)rows of 1001 pixels") as caught:
        PositionwiseClassifier(SVHNLogisticRegression()).fit(rows, ["1", "2"] * 10)
    assert {one.filename for one in caught} == {__file__}


def test_folds_that_predict_are_not_told() -> None:
    assert not told(lambda: cross_val_predict(reader(), X, NUMBERS, cv=KFold(2)))
