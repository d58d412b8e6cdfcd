"""Summaries that people read."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from packaging.version import Version
from sklearn import config_context
from sklearn.exceptions import NotFittedError

from sksvhn import Architecture, SVHNCNNClassifier, SVHNSequenceClassifier


@pytest.fixture(scope="module")
def fitted() -> SVHNCNNClassifier:
    X = np.random.default_rng(0).integers(0, 256, (20, 16, 20, 3), dtype=np.uint8)
    clf = SVHNCNNClassifier(
        channels=((4,), (8,)),
        architecture=Architecture(head="dense"),
        hidden_layer_sizes=(5,),
        dropout=0.5,
        max_epochs=1,
    )
    return clf.fit(X, np.arange(20) % 3)


def test_text(fitted: SVHNCNNClassifier) -> None:
    expected = """
      layer                 output        weights statistics
      input                 16 x 20 x 3
      Conv2d 5x5, stride 2   8 x 10 x 4     300
      BatchNorm2d            8 x 10 x 4       8            8
      MaxPool2d               4 x 5 x 4
      ReLU                    4 x 5 x 4
      Dropout 0.5             4 x 5 x 4
      Conv2d 3x3              4 x 5 x 8     288
      BatchNorm2d             4 x 5 x 8      16           16
      MaxPool2d               2 x 3 x 8
      ReLU                    2 x 3 x 8
      Dropout 0.5             2 x 3 x 8
      Linear                          5     240
      BatchNorm1d                     5      10           10
      ReLU                            5
      Dropout 0.5                     5
      Linear                          3      18
      880 weights, 34 running statistics
    """
    assert str(fitted.summary()).split() == expected.split()


def test_counts_are_torchs(fitted: SVHNCNNClassifier) -> None:
    module, summary = fitted.net_.module_, fitted.summary()
    assert summary.n_weights == sum(p.numel() for p in module.parameters())
    assert summary.n_statistics == sum(b.numel() for b in module.buffers() if b.is_floating_point())


def test_attention_is_one_layer() -> None:
    X = np.random.default_rng(0).integers(0, 256, (20, 16, 16), dtype=np.uint8)
    clf = SVHNSequenceClassifier(channels=((4,), (8,)), max_epochs=1).fit(X, ["12"] * 20)
    layers = clf.summary().layers.set_index("layer")
    assert layers.loc["AttentionPool", "output"] == "3 x 8"
    assert layers.loc["AttentionPool", "weights"] == 8 * 3 + 3 + 3 * 4 * 4


def test_looking_leaves_no_hooks(fitted: SVHNCNNClassifier) -> None:
    fitted.summary()
    assert not any(module._forward_hooks for module in fitted.net_.module_.modules())


@pytest.mark.skipif(
    Version(sklearn.__version__) < Version("1.7"), reason="diagrams are made in another way"
)
def test_html_of_a_fitted_estimator_shows_it(fitted: SVHNCNNClassifier) -> None:
    assert "880 weights" in fitted._repr_html_()
    assert "880 weights" in fitted._repr_mimebundle_()["text/html"]
    assert "weights" not in SVHNCNNClassifier()._repr_html_().partition("</style>")[2]
    with config_context(display="text"):
        assert not hasattr(fitted, "_repr_html_")


def test_needs_a_fitted_estimator() -> None:
    with pytest.raises(NotFittedError):
        SVHNCNNClassifier().summary()
