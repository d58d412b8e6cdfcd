"""ONNX files answer, in onnxruntime, what the classifiers do that wrote them."""

from __future__ import annotations

import json
import sys
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnxruntime import InferenceSession, SessionOptions
from scipy.special import log_softmax
from sklearn.exceptions import NotFittedError
from torch import nn

from sksvhn import SVHNCNNClassifier, SVHNMLPClassifier, SVHNSequenceClassifier, load_pretrained
from sksvhn.datasets import load_svhn_numbers, make_street_numbers
from sksvhn.estimators._architecture import (
    ACTIVATIONS,
    NORMALIZATION_POSITIONS,
    NORMALIZATIONS,
    POOLINGS,
    NetworkSpec,
)
from sksvhn.estimators._decoding import (
    SequenceFactors,
    best_readings,
    integer_patterns,
    string_patterns,
)
from sksvhn.estimators._network import DigitNetwork, SequenceNetwork, without_normalization
from sksvhn.estimators._onnx._decoding_ops import add_reading
from sksvhn.estimators._onnx._graph import Graph
from sksvhn.estimators._onnx._network_ops import add_network
from sksvhn.estimators._temperature import tempered

from ._pictures import bar_numbers

X, Y = bar_numbers(80)
FIRST = np.array([number[0] for number in Y])


def make_classifier(**params: Any) -> SVHNSequenceClassifier:
    defaults = {
        "channels": ((6,), (8,)),
        "architecture__stem": None,
        "batch_size": 16,
        "lr": 0.03,
        "max_epochs": 4,
        "augmentation": 0.2,
        "device": "cpu",
        "random_state": 0,
    }
    return SVHNSequenceClassifier().set_params(**(defaults | params))


def opened(content: bytes) -> InferenceSession:
    onnx.checker.check_model(content, full_check=True)
    options = SessionOptions()
    options.intra_op_num_threads = 1
    return InferenceSession(content, options, providers=["CPUExecutionProvider"])


def exported(clf: Any, folder: Path) -> InferenceSession:
    return opened(clf.export_onnx(folder / "model.onnx").path.read_bytes())


def check_reader(
    clf: SVHNSequenceClassifier, folder: Path, pictures: NDArray[Any], stored: NDArray[Any]
) -> None:
    """Compare answers about pictures, in both forms, in one batch and alone."""
    session = exported(clf, folder)
    numbers, confidence = clf.predict(pictures, return_confidence=True)
    expected = clf._strings(numbers, "numbers")
    if clf._codec.form == "int" and clf.min_confidence > 0:
        expected[numbers == -1] = ""
    for batch in (slice(0, 17), slice(17, 18)):
        found, probability = session.run(["reading", "confidence"], {"pictures": stored[batch]})
        assert found.tolist() == expected[batch].tolist()
        assert probability.dtype == np.float32
        np.testing.assert_allclose(probability, confidence[batch], atol=1e-5, rtol=0)


def weights_drawn(module: nn.Module, seed: int) -> nn.Module:
    """Draw everything anew that starts the same in all networks."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in module.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2, generator=generator)
        elif tensor.is_floating_point():
            tensor.normal_(0, 0.4, generator=generator)
    return module.eval()


@st.composite
def architectures(draw: st.DrawFn) -> NetworkSpec:
    head = draw(st.sampled_from(["attention", "dense", "tiles"]))
    width = st.integers(2, 5)
    stage = st.lists(width, min_size=1, max_size=2)
    channels = draw(st.lists(stage, min_size=int(head == "attention"), max_size=2))
    normalizations = [kind for kind in NORMALIZATIONS if channels or kind != "lrn"]
    hidden = draw(st.lists(st.sampled_from([3, 32]), max_size=2))
    per_stage, n_layers = len(channels), len(channels) + len(hidden)

    def one_each(values: st.SearchStrategy[Any], n: int) -> tuple[Any, ...]:
        return tuple(draw(st.lists(values, min_size=n, max_size=n)))

    return NetworkSpec.from_parameters(
        hidden_layer_sizes=hidden,
        activation=draw(st.sampled_from(ACTIVATIONS)),
        negative_slope=draw(st.sampled_from([0.01, 0.3])),
        normalization=one_each(st.sampled_from([None, *normalizations]), n_layers),
        normalization_position=draw(st.sampled_from(NORMALIZATION_POSITIONS)),
        dropout=draw(st.sampled_from([0.0, 0.5])),
        weight_init="he",
        bias_init=0.0,
        channels=channels,
        kernel_size=one_each(st.integers(1, 5), per_stage),
        stem=draw(st.sampled_from([None, (3, 2), (4, 2), (5, 3)])) if channels else None,
        pooling=one_each(st.sampled_from([None, *POOLINGS]), per_stage),
        head=head,
    )


@settings(deadline=None, max_examples=40)
@given(
    architecture=architectures(),
    height=st.integers(1, 13),
    tile=st.integers(1, 5),
    channels=st.sampled_from([1, 3]),
    max_length=st.integers(1, 3),
    blank_class=st.booleans(),
    other_character=st.booleans(),
    single=st.booleans(),
)
def test_networks_of_all_architectures(
    architecture: NetworkSpec,
    height: int,
    tile: int,
    channels: int,
    max_length: int,
    blank_class: bool,
    other_character: bool,
    single: bool,
) -> None:
    shape = (height, tile * max_length, channels)
    network: nn.Module
    if single:
        network = DigitNetwork(shape, architecture, n_classes=4)
    else:
        network = SequenceNetwork(
            shape,
            architecture,
            max_length=max_length,
            n_characters=3,
            blank_class=blank_class,
            other_character=other_character,
        )
    weights_drawn(network, seed=0)
    pictures = torch.randn(3, channels, *shape[:2], generator=torch.Generator().manual_seed(0))
    graph = Graph()
    graph.input("pictures", np.float32, tuple(pictures.shape[1:]))
    with torch.inference_mode():
        expected = network(pictures)
        outputs = add_network(graph, without_normalization(network), "pictures", shape)
    for i, (output, tensor) in enumerate(zip(outputs, expected, strict=True)):
        graph.output(f"output_{i}", output, np.float32, tuple(tensor.shape[1:]))
    session = opened(graph.to_bytes("network", {"sksvhn": "0"}))
    answers = session.run(None, {"pictures": pictures.numpy()})
    for found, tensor in zip(answers, expected, strict=True):
        scale = max(1.0, float(tensor.abs().max()))
        np.testing.assert_allclose(found, tensor.numpy(), atol=2e-5 * scale, rtol=1e-4)


@settings(deadline=None, max_examples=40)
@given(
    alphabet=st.sampled_from(["01", "-01", "-12", "0", "1", "-7", "ABé", "0123456789"]),
    max_length=st.integers(1, 4),
    temperatures=st.sampled_from([(1.0, 1.0), (0.5, 3.0)]),
    min_confidence=st.sampled_from([0.0, 0.3, 1.0]),
    spread=st.sampled_from([0.5, 30.0]),
    other=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_reading_is_that_of_the_search(
    alphabet: str,
    max_length: int,
    temperatures: tuple[float, float],
    min_confidence: float,
    spread: float,
    other: bool,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    of_length = rng.normal(0, spread, (9, max_length)).astype(np.float32)
    of_positions = rng.normal(0, spread, (9, max_length, len(alphabet) + other)).astype(np.float32)
    there_can_be = string_patterns if "A" in alphabet else integer_patterns
    patterns = there_can_be(alphabet, max_length)
    log_factors = SequenceFactors(
        log_softmax(of_length.astype(float), axis=1),
        log_softmax(of_positions.astype(float), axis=2),
    )
    log_factors = tempered(log_factors, temperatures)
    # What no character of the alphabet is takes its share, and is no answer.
    log_factors = log_factors._replace(positions=log_factors.positions[..., : len(alphabet)])
    codes, lengths, log_probability = best_readings(log_factors, patterns)
    confidence = np.exp(log_probability[:, 0])
    graph = Graph()
    graph.input("length", np.float32, of_length.shape[1:])
    graph.input("positions", np.float32, of_positions.shape[1:])
    reading, probability = add_reading(
        graph,
        "length",
        "positions",
        temperatures=temperatures,
        patterns=patterns,
        alphabet=alphabet,
        min_confidence=min_confidence,
    )
    graph.output("reading", reading, object)
    graph.output("confidence", probability, np.float32)
    session = opened(graph.to_bytes("decoding", {"sksvhn": "0"}))
    found, sure = session.run(None, {"length": of_length, "positions": of_positions})
    np.testing.assert_allclose(sure, confidence, atol=1e-5)
    for i, text in enumerate(found):
        read = "".join(alphabet[code] for code in codes[i, 0, : lengths[i, 0]])
        if abs(confidence[i] - min_confidence) > 1e-5 or min_confidence == 0:
            assert text == (read if confidence[i] >= min_confidence else "")


@pytest.fixture(scope="module")
def reader() -> SVHNSequenceClassifier:
    clf = make_classifier(max_epochs=30).fit(X, Y)
    assert len(set(clf.predict(X))) > 8
    return clf


@pytest.mark.parametrize("n_views", [1, 3, 5])
@pytest.mark.parametrize("temperatures", [(1.0, 1.0), (1.7, 0.6)])
def test_views_and_temperatures(
    n_views: int, temperatures: tuple[float, float], reader: Any, tmp_path: Path
) -> None:
    changed = deepcopy(reader).set_params(n_views=n_views)
    changed.temperatures_ = temperatures
    check_reader(changed, tmp_path, X, X)


def test_second_looks(tmp_path: Path) -> None:
    clf = load_pretrained("numbers").set_params(n_views=3)
    pictures = make_street_numbers(64, color=False, margin=(0.6, 0.8), random_state=0).images
    by_confidence = clf.confidence(pictures).argsort()
    pictures = pictures[np.r_[by_confidence[:17], by_confidence[-1]]]  # the last is sure alone
    first = clf.confidence(pictures)
    clf.set_params(n_views="adaptive")
    assert (clf.confidence(pictures) > first + 1e-3).any()
    for temperatures in (clf.temperatures_, (1.7, 0.6)):
        clf.temperatures_ = temperatures
        check_reader(clf, tmp_path, pictures, pictures)


def test_weights_are_stored_once(reader: Any, tmp_path: Path) -> None:
    changed = deepcopy(reader).set_params(n_views="adaptive")
    content = Path(changed.export_onnx(tmp_path / "model.onnx").path).read_bytes()
    places = changed.module_.features.attention.place.detach().numpy().tobytes()
    assert content.count(places) == 1


def colored(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([pictures, pictures // 2, 255 - pictures], axis=3)


PICTURES = {
    "colour": (colored(X), {}, np.uint8),
    "from 0 to 1": (colored(X).astype(np.float32) / 255, {}, np.float32),
    "float64": (X / 255.0, {}, np.float32),
    "integral floats": (X.astype(np.float64), {}, np.uint8),
    "around 0": (X.astype(np.float32) / 64 - 1, {}, np.float32),
    "rows": (colored(X).reshape(len(X), -1), {"image_shape": (16, 16, 3)}, np.uint8),
    "shrunk": (colored(X)[:, 1:, :15], {"architecture__input_size": 7}, np.uint8),
    "shrunk a little": (X[:, :, :15], {"architecture__input_size": 11, "n_views": 1}, np.uint8),
    "tables": (X[:, ::3, ::3], {"architecture__per_image_standardization": False}, np.float32),
    "widened": (
        X[:, :, :15],
        {"architecture__head": "tiles", "augmentation": 0, "max_length": 4},
        np.uint8,
    ),
    "lone pixels": (
        X[:, :1],
        {"architecture__head": "dense", "architecture__per_image_standardization": True},
        np.float32,
    ),
}


@pytest.mark.parametrize(("pictures", "params", "dtype"), PICTURES.values(), ids=PICTURES)
def test_pictures(
    pictures: NDArray[Any], params: dict[str, Any], dtype: Any, tmp_path: Path
) -> None:
    clf = make_classifier(max_epochs=2, **params).fit(pictures, Y)
    shape = clf.image_shape_ if clf.image_shape_[2] > 1 else clf.image_shape_[:2]
    check_reader(clf, tmp_path, pictures, pictures.reshape(-1, *shape).astype(dtype))


@pytest.mark.parametrize(
    "labels",
    [
        np.array([int(number) for number in Y]),
        np.array([int(number) - 20 for number in Y]),
        np.array([[*map(int, number)] + [10] * (3 - len(number)) for number in Y]),
        np.array([number.translate(str.maketrans("0123", "A-7é")) for number in Y]),
    ],
    ids=["integers", "negative", "padded", "letters"],
)
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"n_views": "adaptive"},
        {"n_views": "adaptive", "architecture__blank_class": True},
    ],
    ids=["five views", "second looks", "second looks, blank class"],
)
def test_labels(params: dict[str, Any], labels: NDArray[Any], tmp_path: Path) -> None:
    clf = make_classifier(max_epochs=8, **params).fit(X, labels)
    check_reader(clf, tmp_path, X, X)


@pytest.mark.parametrize("n_views", [5, "adaptive"])
@pytest.mark.parametrize("form", [str, int])
def test_rejected_readings_are_empty(form: Any, n_views: Any, tmp_path: Path) -> None:
    clf = make_classifier(n_views=n_views).fit(X, Y.astype(form))
    confidence = np.sort(clf.confidence(X[:17]))
    clf.set_params(min_confidence=float(confidence[7:9].mean()))
    check_reader(clf, tmp_path, X, X)
    (reading,) = exported(clf, tmp_path).run(["reading"], {"pictures": X[:17]})
    assert np.count_nonzero(reading == "") == 8


@pytest.mark.parametrize(
    "labels",
    [
        FIRST.astype(np.uint8),
        FIRST,
        FIRST.astype(object),
        FIRST.astype(float),
        FIRST < "2",
    ],
    ids=["integers", "strings", "objects", "floats", "booleans"],
)
@pytest.mark.parametrize("kind", [SVHNCNNClassifier, SVHNMLPClassifier])
def test_single_digits(kind: Any, labels: NDArray[Any], tmp_path: Path) -> None:
    layers = {"channels": ((4,), (6,))} if kind is SVHNCNNClassifier else {}
    clf = kind(
        **layers, hidden_layer_sizes=(9,), max_epochs=3, batch_size=16, device="cpu", random_state=0
    )
    clf.fit(X, labels)
    session = exported(clf, tmp_path)
    for batch in (slice(0, 17), slice(17, 18)):
        label, probability = session.run(["label", "probability"], {"pictures": X[batch]})
        assert label.tolist() == clf.predict(X[batch]).tolist()
        np.testing.assert_allclose(probability, clf.predict_proba(X[batch]), atol=1e-5)


def test_file_says_what_it_is(reader: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"old")
    written = reader.export_onnx(str(path))
    assert written == (path, 20, path.stat().st_size)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.onnx"]
    session = opened(path.read_bytes())
    (pictures,) = session.get_inputs()
    assert (pictures.name, pictures.type, pictures.shape) == (
        "pictures",
        "tensor(uint8)",
        ["n", 16, 16],
    )
    outputs = [(output.name, output.type, output.shape) for output in session.get_outputs()]
    assert outputs == [
        ("reading", "tensor(string)", ["n"]),
        ("confidence", "tensor(float)", ["n"]),
    ]
    assert session.get_modelmeta().custom_metadata_map == {
        "sksvhn": version("sksvhn"),
        "estimator": "SVHNSequenceClassifier",
        "image_shape": "[16, 16, 1]",
        "white": "255",
        "crop": "stretch",
        "margin": "0.3",
        "alphabet": "0123456789",
        "min_confidence": "0.0",
    }


def test_file_of_single_digits_says_what_it_is(tmp_path: Path) -> None:
    clf = SVHNMLPClassifier(hidden_layer_sizes=(5,), max_epochs=1, device="cpu", random_state=0)
    session = exported(clf.fit(X, FIRST.astype(int)), tmp_path)
    outputs = [(output.name, output.type, output.shape) for output in session.get_outputs()]
    assert outputs == [
        ("label", "tensor(int64)", ["n"]),
        ("probability", "tensor(float)", ["n", 4]),
    ]
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["classes"]) == [0, 1, 2, 3]
    assert "alphabet" not in metadata


def test_the_same_model_makes_the_same_file(reader: Any, tmp_path: Path, capfd: Any) -> None:
    first = reader.export_onnx(tmp_path / "first.onnx").path.read_bytes()
    assert reader.export_onnx(tmp_path / "second.onnx").path.read_bytes() == first
    assert capfd.readouterr() == ("", "")


def test_real_pictures(shared_data: Path, tmp_path: Path) -> None:
    numbers = load_svhn_numbers(shared_data / "svhn" / "test.tar.gz", color="grey")
    pictures, target = numbers.images[:64], numbers.target[:64]
    clf = make_classifier(max_epochs=2, channels=((8,), (8,), (8,)), architecture__stem=(5, 2))
    check_reader(clf.fit(pictures, target), tmp_path, pictures, pictures)


def test_bad_use_is_a_clear_error(reader: Any, tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        make_classifier().export_onnx(tmp_path / "model.onnx")
    with pytest.raises(FileNotFoundError, match=r"folder .* does not exist"):
        reader.export_onnx(tmp_path / "nowhere" / "model.onnx")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        reader.export_onnx(tmp_path)
    for name, value in (("n_views", 9), ("min_confidence", 2.0)):
        changed = deepcopy(reader).set_params(**{name: value})
        with pytest.raises(ValueError, match=name):
            changed.export_onnx(tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_without_onnx(reader: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'sksvhn\[onnx\]'"):
        reader.export_onnx(tmp_path / "model.onnx")
