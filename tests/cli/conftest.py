"""Tiny models, pictures of every kind, and the command as it is called."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner, Result

from sksvhn import SVHNLogisticRegression, SVHNSequenceClassifier
from sksvhn.cli import app

from ..datasets.svhn_files import NumberSet
from ..estimators._pictures import bar_numbers, bar_reader

Run = Callable[..., Result]


def runner() -> CliRunner:
    """Runs commands in this process and keeps the two output streams apart."""
    try:
        return CliRunner(mix_stderr=False)  # type: ignore[call-arg]  # before click 8.2
    except TypeError:
        return CliRunner()


@pytest.fixture
def run() -> Run:
    """The command in this process; whatever is no error of its own is raised."""

    def run(*arguments: object, stdin: str | bytes | None = None) -> Result:
        given = [os.fspath(a) if isinstance(a, Path) else str(a) for a in arguments]
        result = runner().invoke(app, given, input=stdin, prog_name="sksvhn")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


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
def digit_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reads digits of the course-work file that `digits_file` makes."""
    path = tmp_path_factory.mktemp("models") / "digits.sksvhn"
    X, y = digits(100)
    SVHNLogisticRegression().fit(X, y).save(path)
    return path


@pytest.fixture(scope="session")
def bars() -> tuple[NDArray[np.uint8], NDArray[np.object_]]:
    """Pictures that the reader has not seen, and their numbers."""
    return bar_numbers(24, random_state=1)


@pytest.fixture
def folder(tmp_path: Path, bars: tuple[NDArray[np.uint8], NDArray[np.object_]]) -> Path:
    """Eight pictures, 0.png to 7.png, beside a file that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, image in enumerate(bars[0][:8]):
        Image.fromarray(image).save(folder / f"{i}.png")
    (folder / "labels.csv").write_text("file,number\n")
    return folder


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with train.tar.gz and test.tar.gz in SVHN's format 1."""
    folder = tmp_path_factory.mktemp("svhn")
    rng = np.random.default_rng(0)
    for name, n in (("train", 64), ("test", 24)):
        numbers = NumberSet.generate(map(str, rng.integers(1, 100, n)), seed=n)
        numbers.write_archive(folder / f"{name}.tar.gz")
    return folder


def words(text: str) -> str:
    """Text without its line breaks."""
    return " ".join(text.split())


def digits(n: int, *, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Grey digits of 0 to 255, each a bright bar in a place of its own."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 10
    pictures = rng.uniform(0, 20, (n, 32, 32)).astype(np.float32)
    for picture, label in zip(pictures, labels, strict=True):
        picture[:, 3 * label + 1 : 3 * label + 4] += 200
    return pictures, labels
