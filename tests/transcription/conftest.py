"""Worker processes, a tiny model, and a folder of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from distributed import Client, LocalCluster
from numpy.typing import NDArray
from PIL import Image

from sksvhn import SVHNSequenceClassifier

from ..estimators._pictures import bar_numbers, bar_reader

N_PICTURES = 200
# Seconds that only a hang takes, however busy the machine.
PATIENCE = 600


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """This process has as many threads as workers, so that answers are equal to the bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """Of two worker processes of one thread each, which talk over TCP."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")  # for nannies, which set it unless it is there
        cluster = LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            protocol="tcp",
            dashboard_address="127.0.0.1:0",
            silence_logs=50,  # of workers that tests kill
        )
    with cluster, Client(cluster, set_as_default=False) as client:
        yield client


@pytest.fixture(scope="session")
def reader() -> SVHNSequenceClassifier:
    """Has learned numbers of one or two bars, and reads all of them."""
    return bar_reader()


@pytest.fixture(scope="session")
def model(reader: SVHNSequenceClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "bars.sksvhn"
    reader.save(path)
    return path


@pytest.fixture(scope="session")
def images() -> NDArray[np.uint8]:
    """Pictures that the reader has not seen."""
    return bar_numbers(N_PICTURES, random_state=1)[0]


@pytest.fixture(scope="session")
def folder(images: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those pictures as files, half of them in a folder within, beside one that is no picture."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "more").mkdir()
    for i, image in enumerate(images):
        parent = folder if i < N_PICTURES // 2 else folder / "more"
        Image.fromarray(image).save(parent / f"{i:03d}.png")
    (folder / "notes.txt").write_text("no picture")
    return folder
