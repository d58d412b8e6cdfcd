"""The data sets, each as pictures to train on and pictures to score."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from sksvhn.datasets import (
    load_mnist,
    load_svhn_digits,
    load_svhn_h5,
    load_svhn_numbers,
    make_digit_sequences,
    make_street_numbers,
)

Part = tuple[np.ndarray, np.ndarray]


@cache
def load(name: str, folder: Path) -> tuple[Part, Part]:
    """Return the pictures to train on and to score, read once."""
    return LOADERS[name](folder)


def grey_digits(folder: Path) -> tuple[Part, Part]:
    """Read the course work's HDF5 file. Its validation set repeats the others: it is not used."""
    path = folder / "svhn" / "SVHN_single_grey1.h5"
    train, test = (load_svhn_h5(path, subset=s, return_X_y=True) for s in ("train", "test"))
    return train, test


def color_digits(folder: Path) -> tuple[Part, Part]:
    """Read SVHN's format 2."""
    paths = (folder / "svhn" / f"{subset}_32x32.mat" for subset in ("train", "test"))
    train, test = (load_svhn_digits(path, return_X_y=True) for path in paths)
    return train, test


def numbers(folder: Path) -> tuple[Part, Part]:
    """Read SVHN's format 1 as crops of 64x64, grey as the files here are."""
    paths = (folder / "svhn" / f"{subset}.tar.gz" for subset in ("train", "test"))
    train, test = (load_svhn_numbers(path, color="grey", return_X_y=True) for path in paths)
    return train, test


def generated_numbers(n_samples: int) -> Part:
    """Draw grey crops of numbers, of which no picture is anybody's."""
    return make_street_numbers(
        n_samples, color=False, random_state=0, n_jobs=-1, return_X_y=True, verbose=1
    )


def strips(folder: Path) -> tuple[Part, Part]:
    """Put MNIST's digits side by side: its train digits to train on, its test digits to score."""
    made = []
    for subset, n in (("train", 8000), ("test", 2000)):
        digits = load_mnist(folder / "mnist", subset=subset, return_X_y=True)
        made.append(make_digit_sequences(*digits, n_samples=n, random_state=0, return_X_y=True))
    return made[0], made[1]


def canvas(folder: Path) -> tuple[Part, Part]:
    """Write the values of the real numbers with MNIST's digits on white canvases."""
    made = []
    for subset, (_, y) in zip(("train", "test"), load("real numbers", folder), strict=True):
        digits = load_mnist(folder / "mnist", subset=subset, return_X_y=True)
        made.append(
            make_digit_sequences(
                *digits, layout="canvas", numbers=y, random_state=0, return_X_y=True
            )
        )
    return made[0], made[1]


def letters(folder: Path) -> tuple[Part, Part]:
    """Read notMNIST's letters, of which a fifth is scored."""
    X, y = load_mnist(folder / "notmnist", subset="test", letters=True, return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.2, stratify=y, random_state=0
    )
    return (X_train, y_train), (X_test, y_test)


LOADERS: dict[str, Callable[[Path], tuple[Part, Part]]] = {
    "grey digits": grey_digits,
    "colour digits": color_digits,
    "real numbers": numbers,
    "MNIST strips": strips,
    "MNIST canvases": canvas,
    "notMNIST letters": letters,
}
