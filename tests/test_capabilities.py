"""What the estimators are said to do is what they have methods for."""

from __future__ import annotations

import pytest

import sksvhn
from sksvhn._capabilities import (
    is_estimator,
    is_network,
    locates_numbers,
    reads_numbers,
    reads_photographs,
)
from sksvhn.preprocessing import NumberCropper

from .test_structure import ESTIMATORS


@pytest.mark.parametrize("name", ESTIMATORS)
def test_agrees_with_the_methods(name: str) -> None:
    cls = getattr(sksvhn.estimators, name)
    estimator = cls.__new__(cls)
    assert is_estimator(estimator)
    assert reads_numbers(estimator) == hasattr(cls, "rank_candidates") == hasattr(cls, "top_k")
    assert reads_photographs(estimator) == hasattr(cls, "crops") == hasattr(cls, "read")
    has_network = is_network(estimator) or locates_numbers(estimator)
    assert has_network == hasattr(cls, "export_onnx") == hasattr(cls, "summary")
    assert locates_numbers(estimator) == (not hasattr(cls, "predict_proba") and has_network)


def test_others_are_none() -> None:
    for other in (NumberCropper(), "model.sksvhn", None):
        assert not is_estimator(other)
