"""Pictures with maps of where a network looked."""

from __future__ import annotations

import sys
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from sksvhn import SVHNCNNClassifier, SVHNMLPClassifier, SVHNSequenceClassifier
from sksvhn.inspection import attention_maps
from sksvhn.plotting import AttentionDisplay
from sksvhn.plotting._attention import _ordinal

from ..estimators._pictures import bar_numbers

mpl.use("agg")
X, Y = bar_numbers(40)


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    if sys.modules["matplotlib"] is not None:
        mpl.pyplot.close("all")


def reader(pictures: Any = X, labels: Any = Y, **params: Any) -> SVHNSequenceClassifier:
    defaults = {"channels": ((6,), (6,)), "max_epochs": 10, "batch_size": 8, "random_state": 0}
    return SVHNSequenceClassifier().set_params(**(defaults | params)).fit(pictures, labels)


def titles(display: AttentionDisplay) -> list[list[str]]:
    return [[axes.get_title() for axes in row if axes.images] for row in display.axes_]


def test_the_reading_with_each_part_of_it() -> None:
    clf = reader()
    texts = clf.predict(X[:8])
    assert {len(text) for text in texts} == {1, 2}
    display = AttentionDisplay.from_estimator(clf, X[:8])
    display.figure_.canvas.draw()
    assert display.axes_.shape == (8, 4)
    assert display.figure_.get_suptitle() == "Attention"
    length, positions = clf.predict_factors(X[:8])
    rows = zip(titles(display), display.maps, texts, clf.confidence(X[:8]), strict=True)
    for i, (row, maps, text, sure) in enumerate(rows):
        assert row[0] == f"{text}\n{sure:.0%} sure"
        expected = [f"length {len(text)} ({length[i, len(text) - 1]:.0%})"]
        for k, character in enumerate(text):
            probability = positions[i, k, int(character)]
            expected.append(f"{('1st', '2nd')[k]}: {character} ({probability:.0%})")
        assert row[1:] == expected
        assert len(maps) == 1 + len(text)
        np.testing.assert_array_equal(maps, attention_maps(clf, X[:8])[i, : len(maps)])


def test_color_is_in_proportion_to_the_map() -> None:
    image = np.full((2, 2, 3), [90, 60, 30], dtype=np.uint8)
    maps = np.array([[[0, 1], [2, 4]], [[0, 0], [0, 0]]], dtype=float)
    display = AttentionDisplay([image], [maps], ["a"], [["b", "c"]], name="Mine").plot()
    display.figure_.canvas.draw()
    picture, first, second = display.axes_[0]
    np.testing.assert_array_equal(picture.images[0].get_array(), image)
    grey, overlay = first.images
    assert (grey.get_array() == 60).all()
    np.testing.assert_allclose(overlay.get_array()[..., 3], 0.8 * maps[0] / 4)
    assert (second.images[1].get_array()[..., 3] == 0).all()
    assert display.figure_.get_suptitle() == "Mine"


def test_blank_class_has_no_map_of_the_length() -> None:
    display = AttentionDisplay.from_estimator(
        reader(architecture__blank_class=True, max_epochs=1), X[:4]
    )
    for row in titles(display):
        assert [title[:3] for title in row[1:]] == ["1st", "2nd"][: len(row) - 1]
        assert len(row) == 1 + len(row[0].split("\n")[0])


def test_saliency_where_there_is_no_attention() -> None:
    clf = reader(architecture__head="dense", max_epochs=1)
    display = AttentionDisplay.from_estimator(clf, X[:3].reshape(3, -1))
    assert display.figure_.get_suptitle() == "Saliency"
    for row in titles(display):
        assert row[1].startswith("length ")
        assert len(row) == 2 + len(row[0].split("\n")[0])


@pytest.mark.parametrize("classifier", [SVHNCNNClassifier, SVHNMLPClassifier])
def test_single_digits(classifier: Any) -> None:
    labels = np.array([number[0] for number in Y])
    clf = classifier(max_epochs=1, random_state=0).fit(X, labels)
    figure = mpl.pyplot.figure()
    display = AttentionDisplay.from_estimator(clf, X[:3], figure=figure)
    assert display.figure_ is figure
    assert display.axes_.shape == (3, 2)
    assert [row[0].split("\n")[0] for row in titles(display)] == clf.predict(X[:3]).tolist()


def test_rejected_readings_are_drawn_like_others() -> None:
    clf = reader(max_epochs=1)
    expected = titles(AttentionDisplay.from_estimator(clf, X[:3]))
    rejecting = clf.set_params(min_confidence=1.0)
    assert rejecting.predict(X[:3]).tolist() == ["", "", ""]
    assert titles(AttentionDisplay.from_estimator(rejecting, X[:3])) == expected


def test_labels_as_padded_codes() -> None:
    padded = np.array([[int(c) for c in number] + [10] * (2 - len(number)) for number in Y])
    row = titles(AttentionDisplay.from_estimator(reader(labels=padded, max_epochs=1), X[:1]))[0]
    assert len(row[0].split("\n")[0]) == len(row) - 2


def test_ordinals() -> None:
    names = ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "111th"]
    assert [_ordinal(int(name[:-2])) for name in names] == names


def test_bad_input_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        AttentionDisplay([], [], [], []).plot()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        AttentionDisplay(X[:2], [np.ones((1, 16, 16))], ["1", "2"], [["a"]] * 2).plot()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(ImportError, match=r"AttentionDisplay needs .* 'sksvhn\[plot\]'"):
            AttentionDisplay(X[:1], [np.ones((1, 16, 16))], ["1"], [["a"]]).plot()
