"""What is trained: settings of the networks, and pictures for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MAX_LENGTH = 5
SEQUENCE = "sequence"
# Height and width of a photograph, as phones take them.
PHOTOGRAPH = (1024, 768)


@dataclass(frozen=True)
class Problem:
    """A network and how it is trained, the same for all contenders."""

    batch_size: int
    lr: float
    #: Weights and running statistics, as published.
    n_values: int
    #: Epochs that are timed, after one that isn't.
    n_epochs: int
    hidden_layer_sizes: tuple[int, ...] | None = None


# E1 to E4 are course work's networks, which published.py says as constructor parameters;
# "sequence" is SVHNSequenceClassifier's default for grey numbers of up to five digits.
PROBLEMS = {
    "E1": Problem(128, 1e-3, 68_010, 10, (64, 32)),
    "E2": Problem(128, 5e-4, 310_250, 5, (256, 128, 64, 64, 32)),
    "E3": Problem(32, 1e-3, 267_306, 1),
    "E4": Problem(128, 1e-3, 164_362, 1),
    SEQUENCE: Problem(64, 0.1, 291_213, 1),
}


def pictures(name: str, n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise for pictures, uint8 and grey, with digits or with numbers as strings."""
    rng = np.random.default_rng(0)
    side = 64 if name == SEQUENCE else 32
    X = rng.integers(0, 256, (n_samples, side, side), dtype=np.uint8)
    if name != SEQUENCE:
        return X, np.arange(n_samples) % 10
    lengths = np.arange(n_samples) % MAX_LENGTH + 1
    digits = rng.integers(0, 10, (n_samples, MAX_LENGTH)).astype(str)
    return X, np.array(["".join(row[:n]) for row, n in zip(digits, lengths, strict=True)])


def photographs(n_samples: int) -> np.ndarray:
    """Draw street scenes, uint8."""
    from sksvhn.datasets import make_street_scenes

    scenes: np.ndarray = make_street_scenes(n_samples, image_size=PHOTOGRAPH, random_state=0).images
    return scenes


def number_targets(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Digits of numbers, -1 behind their end, and their lengths."""
    codes = np.array([[*map(int, number), *[-1] * (MAX_LENGTH - len(number))] for number in y])
    return codes, np.array([len(number) for number in y])


def standardized(X: np.ndarray) -> np.ndarray:
    """Pixels as float32 of mean 0 and deviation 1."""
    X = X.astype(np.float32)
    return (X - X.mean()) / X.std()
