"""Keras on TensorFlow."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from .problems import MAX_LENGTH, PROBLEMS, SEQUENCE, number_targets, pictures, standardized
from .turns import Record

# TensorFlow writes about the missing GPU before it asks TF_CPP_MIN_LOG_LEVEL. Errors are raised in
# the parent process.
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers, ops  # noqa: E402
from keras.losses import SparseCategoricalCrossentropy  # noqa: E402

N_THREADS = int(os.environ["OMP_NUM_THREADS"])
tf.config.threading.set_intra_op_parallelism_threads(N_THREADS)
tf.config.threading.set_inter_op_parallelism_threads(N_THREADS)


class EpochTimes(keras.callbacks.Callback):
    """Seconds of each epoch."""

    def on_train_begin(self, logs: Any = None) -> None:
        """Forget earlier ones."""
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the clock."""
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Read the clock."""
        self.seconds.append(time.perf_counter() - self.start)


def fit(network: str, n_samples: int) -> Record:
    """Train with the defaults; no metrics are computed."""
    problem = PROBLEMS[network]
    X, y = pictures(network, n_samples)
    X = standardized(X)[..., None]
    if network == SEQUENCE:
        X = np.concatenate([_resized(chunk) for chunk in np.array_split(X, -(-n_samples // 256))])
        codes, lengths = number_targets(y)
        y = {"length": lengths - 1, "positions": codes}
        model = sequence_network(X.shape[1])
        optimizer = keras.optimizers.SGD(problem.lr, momentum=0.9, nesterov=True, weight_decay=5e-4)
        loss = {
            "length": SparseCategoricalCrossentropy(from_logits=True),
            "positions": SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1),
        }
    else:
        model = digit_network(network)
        optimizer = keras.optimizers.Adam(problem.lr)
        loss = SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss)
    times = EpochTimes()
    model.fit(
        X,
        y,
        batch_size=problem.batch_size,
        epochs=1 + problem.n_epochs,
        verbose=0,
        callbacks=[times],
    )
    return {"seconds": times.seconds[1:], "n_values": model.count_params()}


def _resized(X: np.ndarray) -> np.ndarray:
    return tf.image.resize(X, (48, 48)).numpy()


def digit_network(name: str) -> keras.Model:
    """E1 to E4: grey pictures (n, 32, 32, 1) in, logits out."""
    match name:
        case "E1":
            stack = [layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(32, "relu")]
        case "E2":
            stack = [
                *(layers.Flatten(), layers.Dense(256, "relu")),
                *(layers.Dense(128, "relu"), layers.Dropout(0.2)),
                *(layers.Dense(64, "relu"), layers.Dense(64, "relu")),
                *(layers.Dense(32, "relu"), layers.BatchNormalization()),
            ]
        case "E3":
            stack = [
                *(*_convolution(16), *_convolution(32), layers.MaxPooling2D()),
                *(layers.Flatten(), layers.Dense(32), layers.LeakyReLU(0.1)),
            ]
        case "E4":
            stack = [
                *(*_convolution(16), *_convolution(32)),
                *(layers.MaxPooling2D(), layers.BatchNormalization()),
                *(*_convolution(32), *_convolution(64)),
                *(layers.MaxPooling2D(), layers.BatchNormalization()),
                *(layers.Flatten(), layers.Dense(32), layers.LeakyReLU(0.1), layers.Dropout(0.5)),
            ]
        case _:
            raise ValueError(f"No network is called {name!r}; there are E1 to E4.")
    return keras.Sequential([keras.Input((32, 32, 1)), *stack, layers.Dense(10)])


def _convolution(width: int) -> tuple[layers.Layer, layers.Layer]:
    return layers.Conv2D(width, 3, padding="same"), layers.LeakyReLU(0.1)


def sequence_network(side: int) -> keras.Model:
    """SVHNSequenceClassifier's default network: grey pictures (n, side, side, 1) in."""
    seen = pictures = keras.Input((side, side, 1))
    for stage, width in enumerate((32, 64, 128)):
        if stage > 0:
            seen = layers.MaxPooling2D()(seen)
        for index in range(2):
            size, stride = (5, 2) if stage == index == 0 else (3, 1)
            seen = layers.Conv2D(width, size, stride, padding="same", use_bias=False)(seen)
            seen = layers.ReLU()(layers.BatchNormalization()(seen))
    vectors = Attention()(seen)
    length = layers.Dense(MAX_LENGTH, name="length")(vectors[:, 0])
    positions = layers.Dense(10, name="positions")(vectors[:, 1:])
    return keras.Model(pictures, {"length": length, "positions": positions})


class Attention(layers.Layer):
    """Features where a learned map looks: one map for the length and one for every position."""

    def build(self, shape: tuple[int, ...]) -> None:
        """Make the weights for features (n, height, width, channels)."""
        _, height, width, channels = shape
        self.flat = layers.Reshape((height * width, channels))
        self.scores = layers.Dense(MAX_LENGTH + 1)
        self.scores.build((None, height * width, channels))
        self.place = self.add_weight((height * width, MAX_LENGTH + 1), "zeros")

    def call(self, features: Any) -> Any:
        """Vectors of shape (n, MAX_LENGTH + 1, channels)."""
        flat = self.flat(features)
        maps = ops.softmax(self.scores(flat) + self.place, axis=1)
        return ops.matmul(ops.transpose(maps, (0, 2, 1)), flat)
