"""Write curves, network and pictures of a training for TensorBoard."""

from __future__ import annotations

import warnings
import weakref
from itertools import count
from numbers import Real
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from skorch import callbacks
from torch import Tensor, nn

from ..estimators._batches import Batch, TrainingData
from ..estimators._training import TrainingNet
from ._picture_sheets import N_COLUMNS, N_ROWS, as_pixels, as_text, draw_readings, grid_of

# Rows of tables, and what is smaller than a digit can be, are not worth a sheet.
MIN_SIDE = 8

# Filters of warnings are the process's: two threads would restore each other's.
FILTERS_LOCK = Lock()


def tag_of(key: str) -> str:
    """Name the chart of a history key: "train_length_loss" becomes "Length loss/train".

    Parameters
    ----------
    key : str
        Key in the history.

    Returns
    -------
    str
        Tag in TensorBoard, which groups charts by the part before the slash.
    """
    part, _, measure = key.partition("_")
    if part in ("train", "valid") and measure:
        return f"{measure.replace('_', ' ').capitalize()}/{part}"
    return {"lr": "Learning rate", "dur": "Seconds of an epoch"}.get(key, key)


class TensorBoard(callbacks.TensorBoard):
    """Write curves, the network's graph and pictures to files that TensorBoard shows.

    skorch's callback of this name takes an open writer, which can neither be cloned nor pickled.
    This callback opens its own writer during training, so estimators with it can be searched over
    and saved. It does not change the training: weights are equal to the bit with it and without.

    Each `fit` writes to a new folder ``run_001``, ``run_002`` ... in `log_dir`. A `fit` with
    `warm_start`, and `partial_fit`, continue the last one; an estimator loaded from a file starts a
    new one. It writes:

    - after each epoch, every number of ``history_``: loss and score as "Loss/train" and
      "Score/train", those of each head as "Length loss/train", "Position 1 score/train" and so on,
      the same of validation data as "Loss/valid" and so on, "Learning rate" and
      "Seconds of an epoch". The tab Custom Scalars has training and validation in one chart;
    - once per run, the graph of the network;
    - "Pictures/training", 24 training pictures as the network sees them, augmented, before each
      training, and "Pictures/readings", 24 validation pictures (without validation
      data, training pictures that are not augmented) with their readings, after it. When
      `partial_fit` continues a training, only the 2nd, 4th, 8th and so on call draws pictures.
      Without matplotlib, readings are not written beside their pictures.

    Parameters
    ----------
    log_dir : str or path-like
        Folder of the runs, created if it is missing. Pass it to ``tensorboard --logdir``.

    Attributes
    ----------
    run_dir_ : pathlib.Path
        Folder of the last run.
    n_epochs_ : int
        Number of epochs in the last run.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sksvhn import SVHNSequenceClassifier
    >>> from sksvhn.callbacks import TensorBoard
    >>> from sksvhn.datasets import make_street_numbers
    >>> numbers = make_street_numbers(16, color=False, random_state=0)
    >>> with TemporaryDirectory() as folder:
    ...     board = TensorBoard(folder)
    ...     clf = SVHNSequenceClassifier(max_epochs=1, callbacks=[board], random_state=0)
    ...     clf = clf.fit(numbers.images, numbers.target)
    ...     board.run_dir_.name
    'run_001'
    """

    # What skorch's callback has as parameters.
    close_after_train = True
    keys_ignored = None
    key_mapper = staticmethod(tag_of)

    # skorch takes what an instance has without an underscore at its end for a parameter.
    writer: Any = None
    first_batch_: bool
    #: The module of the run; a warm start continues with the same one.
    module_: weakref.ref[nn.Module] | None = None
    data_: TrainingData | None = None

    def __init__(self, log_dir: str | PathLike[str]) -> None:
        self.log_dir = log_dir

    def on_train_begin(self, net: TrainingNet, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Open the run's folder, a new one unless its network is trained further.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net of a neural estimator of this package.
        X, y : object
            Unused.
        **kwargs
            Unused.

        Raises
        ------
        ImportError
            If tensorboard is not installed.
        NotADirectoryError
            If `log_dir` is a file.
        """
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise ImportError(
                "TensorBoard needs tensorboard; install it with: pip install 'sksvhn[tensorboard]'"
            ) from None
        if self.module_ is None or self.module_() is not net.module_:
            self.run_dir_ = _new_run(Path(self.log_dir))
            self.module_ = weakref.ref(net.module_)
            self.n_epochs_ = 0
        # skorch sets `first_batch_` for a new net: all trainings but later calls of partial_fit.
        n_calls = self.n_epochs_ + 1
        self.draws_ = self.first_batch_ or n_calls & (n_calls - 1) == 0
        self.first_batch_ = True
        self.n_before_ = self.n_written_ = len(net.history)
        self.writer = SummaryWriter(str(self.run_dir_))

    def on_epoch_begin(
        self,
        net: TrainingNet,
        dataset_train: TrainingData | None = None,
        dataset_valid: TrainingData | None = None,
        **kwargs: Any,
    ) -> None:
        """Note which pictures to read at the end.

        Parameters
        ----------
        net : skorch.NeuralNet
            Unused.
        dataset_train, dataset_valid : TrainingData
            Data of the training and of the validation.
        **kwargs
            Unused.
        """
        self.data_ = dataset_train if dataset_valid is None else dataset_valid

    def on_batch_begin(
        self,
        net: TrainingNet,
        batch: Batch | None = None,
        training: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Write graph and training pictures before the first step.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        batch : tuple
            Inputs, targets and weights.
        training : bool
            Whether the batch is one of training.
        **kwargs
            Unused.
        """
        if not (self.first_batch_ and training and batch is not None):
            return
        inputs = batch[0]
        if self.n_epochs_ == 0:
            self._write_graph(net.module_, inputs[:1])
        if self.draws_ and _is_worth_a_sheet(inputs):
            self._write_pixels("training", as_pixels(inputs[: N_COLUMNS * N_ROWS]))

    def on_epoch_end(self, net: TrainingNet, **kwargs: Any) -> None:
        """Write the numbers of the epoch.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        **kwargs
            Unused.
        """
        self.n_epochs_ += 1
        self.n_written_ = len(net.history)
        super().on_epoch_end(net, **kwargs)
        if self.n_epochs_ == 1:
            self._write_layout(net.history[-1])
        self.writer.flush()

    def add_scalar_maybe(
        self, history: Any, key: str, tag: str, global_step: int | None = None
    ) -> None:
        """Write what the last epoch recorded, if it is a number, at its place in the run.

        Parameters
        ----------
        history : skorch.history.History
            History of the net.
        key : str
            Key in the history.
        tag : str
            Tag in TensorBoard.
        global_step : int, default=None
            Unused, because a net counts from 1 again when a run is continued.
        """
        if isinstance(history[-1].get(key), Real):
            super().add_scalar_maybe(history, key=key, tag=tag, global_step=self.n_epochs_)

    def on_train_end(self, net: TrainingNet, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Write readings, and close the files.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        X, y : object
            Unused.
        **kwargs
            Unused.
        """
        if self.writer is None:  # another callback failed before
            return
        try:
            if len(net.history) > self.n_written_ and "train_loss" in net.history[-1]:
                self.on_epoch_end(net)  # which an earlier callback prevented by stopping
            if self.n_written_ > self.n_before_ and self.draws_ and self.data_ is not None:
                self._write_readings(net, self.data_)
        finally:
            super().on_train_end(net, **kwargs)
            del self.writer
            self.data_ = None

    def __getstate__(self) -> dict[str, Any]:
        """Return everything except what belongs to this process."""
        return {
            name: value
            for name, value in self.__dict__.items()
            if name not in ("writer", "module_", "data_")
        }

    def _write_graph(self, module: nn.Module, inputs: Tensor) -> None:
        # The tracer warns of shapes that become constants, and of its own old age.
        with FILTERS_LOCK, warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            self.writer.add_graph(module, inputs)

    def _write_layout(self, epoch: dict[str, Any]) -> None:
        """Ask TensorBoard for training and validation in one chart."""
        both = [key[len("valid_") :] for key in epoch if key.startswith("valid_")]
        charts: dict[str, dict[str, list[Any]]] = {}
        for measure in both:
            if not measure.endswith("_best") and f"train_{measure}" in epoch:
                tags = [tag_of(f"{part}_{measure}") for part in ("train", "valid")]
                title = tags[0].partition("/")[0]
                kind = "Loss" if measure.endswith("loss") else "Score"
                charts.setdefault(kind, {})[title] = ["Multiline", tags]
        if charts:
            self.writer.add_custom_scalars(charts)

    def _write_readings(self, net: TrainingNet, data: TrainingData) -> None:
        n = min(N_COLUMNS * N_ROWS, len(data))
        # All over the data, which may be sorted.
        some = data.subset(np.linspace(0, len(data) - 1, n).astype(np.int64))
        batch = next(iter(net.get_iterator(some, training=False)))
        inputs, (targets, _) = batch
        if not _is_worth_a_sheet(inputs):
            return
        with net.average_.in_place():
            outputs = net.evaluation_step(batch)
        pixels = as_pixels(inputs)
        symbols = net.reader._symbols()
        read = as_text(net.module_.read(outputs), symbols)
        figure = draw_readings(pixels, as_text(targets, symbols), read)
        if figure is None:
            self._write_pixels("readings", pixels)
        else:
            self.writer.add_figure("Pictures/readings", figure, self.n_epochs_, close=False)

    def _write_pixels(self, name: str, pixels: Any) -> None:
        self.writer.add_image(
            f"Pictures/{name}", grid_of(pixels), self.n_epochs_, dataformats="HWC"
        )


def _is_worth_a_sheet(inputs: Tensor) -> bool:
    return min(inputs.shape[2:]) >= MIN_SIDE


def _new_run(log_dir: Path) -> Path:
    """Make a folder that no other run has, even one of another process."""
    if log_dir.exists() and not log_dir.is_dir():
        raise NotADirectoryError(
            f"log_dir must be a folder; {str(log_dir)!r} is a file; pass another path."
        )
    log_dir.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        run_dir = log_dir / f"run_{number:03d}"
        try:
            run_dir.mkdir()
        except FileExistsError:
            continue
        return run_dir
    raise AssertionError  # for mypy: count never ends
