"""What the callback TensorBoard writes, read back from its files."""

from __future__ import annotations

import io
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import h5py
import matplotlib
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from packaging.version import Version
from PIL import Image
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar.layout_pb2 import Layout

from sksvhn import SVHNCNNClassifier, SVHNMLPClassifier, SVHNSequenceClassifier
from sksvhn.callbacks import TensorBoard, _tensorboard
from sksvhn.callbacks._picture_sheets import as_pixels, as_text, draw_readings, grid_of

from .estimators._pictures import bar_numbers

X, Y = bar_numbers(48)
X_VAL, Y_VAL = bar_numbers(30, random_state=1)
SINGLE = np.array([number[0] for number in Y])


def make_classifier(*callbacks: Any, **params: Any) -> SVHNSequenceClassifier:
    defaults = {
        "channels": ((8,), (8,)),
        "architecture__stem": None,
        "batch_size": 16,
        "max_epochs": 2,
        "n_views": 1,
        "device": "cpu",
        "random_state": 0,
    }
    clf = SVHNSequenceClassifier(callbacks=list(callbacks))
    return clf.set_params(**(defaults | params))


def written(run_dir: Path) -> EventAccumulator:
    return EventAccumulator(str(run_dir)).Reload()


def scalars(run_dir: Path, tag: str) -> dict[int, float]:
    # By step: of files written within a second, the 10th comes before the 9th, by name.
    events = sorted(written(run_dir).Scalars(tag), key=lambda event: event.step)
    return {event.step: event.value for event in events}


def picture_steps(run_dir: Path, tag: str) -> list[int]:
    return sorted(event.step for event in written(run_dir).Images(tag))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[SVHNSequenceClassifier, TensorBoard]:
    board = TensorBoard(tmp_path_factory.mktemp("fitted"))
    clf = make_classifier(board, max_epochs=3, dropout=0.2)
    return clf.fit(X, Y, X_val=X_VAL, y_val=Y_VAL), board


def test_scalars_are_the_history(fitted: Any) -> None:
    clf, board = fitted
    run = written(board.run_dir_)
    found = {
        tag: {event.step: event.value for event in run.Scalars(tag)}
        for tag in run.Tags()["scalars"]
    }
    keys = set(clf.history_[0]) - {"epoch"}
    assert {"train_loss", "valid_score", "lr", "dur", "train_position_2_loss"} <= keys
    expected = {
        _tensorboard.tag_of(key): {
            epoch["epoch"]: pytest.approx(epoch[key], rel=1e-6) for epoch in clf.history_
        }
        for key in keys
    }
    assert found == expected


def test_tags() -> None:
    assert _tensorboard.tag_of("train_loss") == "Loss/train"
    assert _tensorboard.tag_of("valid_length_loss") == "Length loss/valid"
    assert _tensorboard.tag_of("valid_position_1_score") == "Position 1 score/valid"
    assert _tensorboard.tag_of("lr") == "Learning rate"
    assert _tensorboard.tag_of("trainer") == "trainer"


def test_training_and_validation_share_charts(fitted: Any) -> None:
    _, board = fitted
    run = written(board.run_dir_)
    (event,) = run.Tensors("custom_scalars__config__")
    layout = Layout.FromString(event.tensor_proto.string_val[0])
    charts = {
        chart.title: list(chart.multiline.tag)
        for category in layout.category
        for chart in category.chart
    }
    assert charts["Loss"] == ["Loss/train", "Loss/valid"]
    assert charts["Length score"] == ["Length score/train", "Length score/valid"]
    assert {tag for tags in charts.values() for tag in tags} <= set(run.Tags()["scalars"])


def test_graph_names_the_layers(fitted: Any) -> None:
    _, board = fitted
    nodes = {node.name for node in written(board.run_dir_).Graph().node}
    assert any("Features[features]/ConvTrunk[trunk]/Conv2d[0]" in name for name in nodes)
    assert any("Linear[length]" in name for name in nodes)


def test_sheets_are_pictures(fitted: Any) -> None:
    _, board = fitted
    run = written(board.run_dir_)
    (seen,) = run.Images("Pictures/training")
    with Image.open(io.BytesIO(seen.encoded_image_string)) as sheet:
        assert sheet.size == (6 * 18 - 2, 3 * 18 - 2)  # one batch of 16 in rows of 6
        assert np.ptp(np.asarray(sheet)) == 255
    assert seen.step == 0
    (read,) = run.Images("Pictures/readings")
    with Image.open(io.BytesIO(read.encoded_image_string)) as sheet:
        assert sheet.size == (840 - (Version(matplotlib.__version__) < Version("3.10")), 660)
    assert read.step == 3


@pytest.mark.parametrize("validates", [False, True])
def test_readings_are_those_of_the_estimator(
    validates: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, Any] = {}

    def note(pixels: NDArray[np.uint8], true: list[str], read: list[str]) -> None:
        drawn.update(pixels=pixels, true=true, read=read)

    monkeypatch.setattr(_tensorboard, "draw_readings", note)
    validation = {"X_val": X_VAL, "y_val": Y_VAL} if validates else {}
    clf = make_classifier(TensorBoard(tmp_path), max_epochs=6).fit(X, Y, **validation)
    pictures, numbers = (X_VAL, Y_VAL) if validates else (X, Y)
    shown = np.linspace(0, len(pictures) - 1, 24).astype(int)
    assert drawn["true"] == numbers[shown].tolist()
    assert drawn["read"] == clf.predict(pictures[shown]).tolist()
    assert drawn["pixels"].shape == (24, 16, 16, 1)


@pytest.mark.parametrize("head", ["attention", "dense", "tiles"])
def test_training_is_the_same_to_the_bit(
    head: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    params = {
        "architecture__head": head,
        "dropout": 0.2,
        "architecture__blank_class": head == "tiles",
    }
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    with_board = make_classifier(TensorBoard(tmp_path), **params).fit(X, Y)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    without = make_classifier(**params).fit(X, Y)
    state = without.net_.module_.state_dict()
    for name, tensor in with_board.net_.module_.state_dict().items():
        assert torch.equal(tensor, state[name]), name
    for clf in (with_board, without):
        for epoch in clf.history_:
            del epoch["dur"]
    assert with_board.history_ == without.history_
    assert capfd.readouterr() == ("", "")


def test_single_digits(tmp_path: Path) -> None:
    board = TensorBoard(tmp_path)
    params = {"max_epochs": 1, "callbacks": [board], "device": "cpu", "random_state": 0}
    clf = SVHNCNNClassifier(channels=((4,),), hidden_layer_sizes=(8,), **params).fit(X, SINGLE)
    tags = written(board.run_dir_).Tags()
    assert tags["graph"]
    assert "Loss/train" in tags["scalars"]
    assert tags["images"] == ["Pictures/training", "Pictures/readings"]
    assert scalars(board.run_dir_, "Score/train")[1] == pytest.approx(
        clf.history_[0]["train_score"]
    )
    table = X.reshape(len(X), -1)[:, 100:137].astype(np.float32)  # 37 features: no picture
    SVHNMLPClassifier(hidden_layer_sizes=(8,), **params).fit(table, SINGLE)
    tags = written(board.run_dir_).Tags()
    assert (tags["graph"], tags["images"]) == (True, [])


def test_colour_in_float64(tmp_path: Path) -> None:
    board = TensorBoard(tmp_path)
    colour = np.repeat(X[..., None], 3, axis=3) / 255
    make_classifier(board, max_epochs=1).fit(colour, Y)
    (sheet,) = written(board.run_dir_).Images("Pictures/training")
    with Image.open(io.BytesIO(sheet.encoded_image_string)) as picture:
        assert picture.mode == "RGB"


def test_pictures_on_disk(tmp_path: Path) -> None:
    board = TensorBoard(tmp_path)
    with h5py.File(tmp_path / "pictures.h5", "w") as file:
        stored = file.create_dataset("X", data=X, chunks=(10, 16, 16))
        make_classifier(board, max_epochs=1).fit(stored, Y)
    assert written(board.run_dir_).Tags()["images"] == ["Pictures/training", "Pictures/readings"]


def test_each_fit_is_a_run_and_a_warm_start_goes_on(tmp_path: Path) -> None:
    board = TensorBoard(str(tmp_path / "new" / "logs"))
    clf = make_classifier(board, max_epochs=1).fit(X, Y)
    clf.fit(X, Y)
    assert [path.name for path in sorted(Path(board.log_dir).iterdir())] == ["run_001", "run_002"]
    clf.set_params(warm_start=True, max_epochs=2).fit(X, Y)
    assert board.run_dir_.name == "run_002"
    found = scalars(board.run_dir_, "Loss/train")
    assert found == {
        epoch["epoch"]: pytest.approx(epoch["train_loss"], rel=1e-6) for epoch in clf.history_
    }
    assert (len(found), board.n_epochs_) == (3, 3)
    assert picture_steps(board.run_dir_, "Pictures/training") == [0, 1]
    assert picture_steps(board.run_dir_, "Pictures/readings") == [1, 3]


def test_partial_fit_goes_on_and_draws_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    board = TensorBoard(tmp_path)
    clf = make_classifier(board)
    for _ in range(5):
        clf.partial_fit(X, Y)
    assert list(scalars(board.run_dir_, "Loss/train")) == [1, 2, 3, 4, 5]
    assert picture_steps(board.run_dir_, "Pictures/training") == [0, 1, 3]
    assert picture_steps(board.run_dir_, "Pictures/readings") == [1, 2, 4]
    assert [path.name for path in tmp_path.iterdir()] == ["run_001"]


def test_readings_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    board = TensorBoard(tmp_path)
    make_classifier(board, max_epochs=1).fit(X, Y, X_val=X_VAL, y_val=Y_VAL)
    (read,) = written(board.run_dir_).Images("Pictures/readings")
    assert (read.width, read.height) == (6 * 18 - 2, 4 * 18 - 2)


def test_last_epoch_of_an_early_stop_is_written(tmp_path: Path) -> None:
    board = TensorBoard(tmp_path)
    clf = make_classifier(
        board, max_epochs=9, lr=1e-9, early_stopping=True, training__n_iter_no_change=2
    )
    clf.fit(X, Y)
    assert clf.n_iter_ < 9
    assert list(scalars(board.run_dir_, "Loss/valid")) == list(range(1, clf.n_iter_ + 1))


def test_clone_and_pickle(fitted: Any) -> None:
    clf, board = fitted
    (copy,) = clone(clf).callbacks
    assert copy is not board
    assert copy.get_params() == {"log_dir": board.log_dir}
    loaded = pickle.loads(pickle.dumps(clf))
    loaded.set_params(warm_start=True, max_epochs=1).fit(X, Y)
    (again,) = loaded.callbacks
    assert again.run_dir_.name == "run_002"
    assert list(scalars(board.run_dir_, "Loss/train")) == [1, 2, 3]


def test_grid_search_in_two_processes_writes_a_run_a_fit(tmp_path: Path) -> None:
    clf = make_classifier(TensorBoard(tmp_path), max_epochs=1)
    search = GridSearchCV(clf, {"lr": [0.01, 0.1]}, cv=2, refit=False, n_jobs=2)
    search.fit(X, [len(number) for number in Y])
    runs = sorted(tmp_path.iterdir())
    assert [run.name for run in runs] == [f"run_{i:03d}" for i in range(1, 5)]
    for run in runs:
        assert list(scalars(run, "Loss/train")) == [1]


def test_a_training_that_fails_closes_its_files(tmp_path: Path) -> None:
    class Fail(Callback):  # type: ignore[misc]
        def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
            raise RuntimeError("on purpose")

    board = TensorBoard(tmp_path)
    with pytest.raises(RuntimeError, match="on purpose"):
        make_classifier(Fail(), board).fit(X, Y)
    assert board.writer is None
    assert list(scalars(board.run_dir_, "Loss/train")) == [1]


def test_a_callback_that_fails_before_keeps_its_error(tmp_path: Path) -> None:
    class Fail(Callback):  # type: ignore[misc]
        def on_train_begin(self, net: Any, **kwargs: Any) -> None:
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        make_classifier(Fail(), TensorBoard(tmp_path)).fit(X, Y)
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_other_callbacks_are_written(tmp_path: Path) -> None:
    class Note(Callback):  # type: ignore[misc]
        def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
            net.history.record("norm", 0.5)
            net.history.record("name", "a word")

    board = TensorBoard(tmp_path)
    make_classifier(Note(), board, max_epochs=1).fit(X, Y)
    assert scalars(board.run_dir_, "norm") == {1: 0.5}


def test_tensorboard_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    clf = make_classifier(TensorBoard(tmp_path))
    with pytest.raises(ImportError, match=r"pip install 'sksvhn\[tensorboard\]'"):
        clf.fit(X, Y)
    assert not hasattr(clf, "net_")
    assert list(tmp_path.iterdir()) == []


def test_log_dir_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "logs"
    file.write_text(json.dumps({}))
    with pytest.raises(NotADirectoryError, match=r"logs' is a file; pass another path\."):
        make_classifier(TensorBoard(file)).fit(X, Y)


def test_pixels_have_one_scale() -> None:
    inputs = torch.zeros(2, 1, 10, 10)
    inputs[0, :, :5] = -1
    inputs[1] = 1
    pixels = as_pixels(inputs)
    assert pixels.shape == (2, 10, 10, 1)
    assert np.unique(pixels[0]).tolist() == [0, 128]
    assert np.unique(pixels[1]).tolist() == [255]
    assert np.unique(as_pixels(torch.ones(1, 3, 8, 8))).tolist() == [0]


@pytest.mark.parametrize(("n", "shape"), [(3, (4, 16, 1)), (6, (4, 34, 1)), (7, (10, 34, 1))])
def test_grid(n: int, shape: tuple[int, ...]) -> None:
    pixels = np.arange(n, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
    grid = grid_of(pixels)
    assert grid.shape == shape
    assert (grid[:4, 6:10] == 1).all()
    assert (grid[:4, 4:6] == 255).all()
    last = grid[-4:, :4] if n == 7 else grid[:, -4:]
    assert (last == n - 1).all()


def test_codes_become_labels() -> None:
    codes, lengths = torch.tensor([[0, 1, 2], [2, -1, -1]]), torch.tensor([3, 1])
    assert as_text((codes, lengths), "ABC") == ["ABC", "C"]
    assert as_text((torch.tensor([1, 0]),), ["low", "high"]) == ["high", "low"]


def test_figure_is_small_for_few_pictures() -> None:
    figure = draw_readings(np.zeros((2, 8, 8, 1), np.uint8), ["1", "2"], ["1", "3"])
    assert figure is not None
    assert [axes.get_title() for axes in figure.axes] == ["1", "3 (is 2)"]
    assert figure.get_size_inches().tolist() == [2.8, 1.65]
