"""The published networks that sksvhn reproduces, each as constructor parameters.

A: "Housing numbers" course work on the HDF5 file of grey digits. B: MNIST strips, and SVHN's colour
digits. C: numbers with a length head and its depth study. D: a Goodfellow-like reader. E: the
course work's MLPs and CNNs. docs/results.md has their figures beside ours.
"""

from __future__ import annotations

import math
from typing import Any

from sklearn.base import clone

from sksvhn import SVHNCNNClassifier, SVHNMLPClassifier, SVHNSequenceClassifier

# What sksvhn does by default and none of the systems did.
PLAIN: dict[str, Any] = {
    "augmentation": 0.0,
    "architecture__per_image_standardization": False,
    "normalization": None,
    "architecture__weight_init": "xavier",
    "training__lr_schedule": "constant",
    "weight_decay": 0.0,
    "training__ema_decay": 0.0,
    "architecture__input_size": None,
}
LEAKY: dict[str, Any] = {"activation": "leaky_relu", "architecture__negative_slope": 0.1}
CONVOLUTIONS: dict[str, Any] = {"architecture__stem": None, "architecture__head": "dense"}


def published_digit_networks(n_samples: int) -> dict[str, Any]:
    """Return the systems that read one digit.

    Parameters
    ----------
    n_samples : int
        Training pictures: B2 was trained for a number of steps.
    """
    a1 = SVHNMLPClassifier().set_params(
        **PLAIN
        | {
            "hidden_layer_sizes": (4096, 1024, 256, 64, 16),
            "optimizer": "sgd",
            "lr": 0.001,
            "batch_size": 1000,
            "max_epochs": 20,
        }
    )
    a2_changes = {
        "normalization": "batch",
        "architecture__normalization_position": "after_activation",
        "max_epochs": 100,
    }
    b2 = SVHNCNNClassifier().set_params(
        **PLAIN
        | CONVOLUTIONS
        | {
            "channels": ((16,), (32,), (64,), (128,)),
            "architecture__kernel_size": 4,
            "hidden_layer_sizes": (256,),
            "dropout": (0.1, 0.1, 0.1, 0.1, 0.5),
            "architecture__bias_init": 1.0,
            "weight_decay": 5e-5,
            "optimizer": "adam",
            "lr": 0.001,
            "training__lr_schedule": "staircase",
            "training__lr_decay": 0.95,
            "training__lr_decay_steps": 10_000,
            "batch_size": 20,
            "max_epochs": _epochs(200_001, 20, n_samples),
        }
    )
    e1 = SVHNMLPClassifier().set_params(
        **PLAIN
        | {
            "hidden_layer_sizes": (64, 32),
            "optimizer": "adam",
            "lr": 0.001,
            "batch_size": 128,
            "max_epochs": 20,
        }
    )
    e2 = SVHNMLPClassifier().set_params(
        **PLAIN
        | {
            "hidden_layer_sizes": (256, 128, 64, 64, 32),
            "dropout": (0, 0.2, 0, 0, 0),
            "normalization": (None, None, None, None, "batch"),
            "architecture__normalization_position": "after_activation",
            "optimizer": "adam",
            "lr": 0.0005,
            "batch_size": 128,
            "max_epochs": 30,
        }
    )
    e3 = SVHNCNNClassifier().set_params(
        **PLAIN
        | CONVOLUTIONS
        | LEAKY
        | {
            "channels": ((16, 32),),
            "hidden_layer_sizes": (32,),
            "optimizer": "adam",
            "lr": 0.001,
            "batch_size": 32,
            "max_epochs": 20,
        }
    )
    e4 = SVHNCNNClassifier().set_params(
        **PLAIN
        | CONVOLUTIONS
        | LEAKY
        | {
            "channels": ((16, 32), (32, 64)),
            "hidden_layer_sizes": (32,),
            "normalization": ("batch", "batch", None),
            "architecture__normalization_position": "after_pool",
            "dropout": (0, 0, 0.5),
            "optimizer": "adam",
            "lr": 0.001,
            "batch_size": 128,
            "max_epochs": 30,
        }
    )
    a2 = clone(a1).set_params(**a2_changes)
    return {"A1": a1, "A2": a2, "B2": b2, "E1": e1, "E2": e2, "E3": e3, "E4": e4}


def published_number_networks(n_samples: int) -> dict[str, Any]:
    """Return the systems that read whole numbers.

    Parameters
    ----------
    n_samples : int
        Training pictures: all of them were trained for a number of steps.
    """
    b1 = SVHNSequenceClassifier().set_params(
        **PLAIN
        | {
            "max_length": 5,
            "architecture__head": "tiles",
            "architecture__blank_class": True,
            "architecture__stem": None,
            "channels": ((32,), (64,)),
            "architecture__kernel_size": 5,
            "hidden_layer_sizes": (128,),
            "dropout": (0, 0.4, 0.4),
            "weight_decay": 8e-3,
            "optimizer": "adam",
            "lr": 0.01,
            "training__lr_schedule": "staircase",
            "training__lr_decay": 0.95,
            "training__lr_decay_steps": 500,
            "batch_size": 32,
            "max_epochs": _epochs(10_001, 32, n_samples),
        }
    )
    c1 = SVHNSequenceClassifier().set_params(
        **PLAIN
        | CONVOLUTIONS
        | {
            "max_length": 5,
            "architecture__input_size": 32,
            "architecture__per_image_standardization": True,
            "channels": ((16,), (32,), (64,)),
            "architecture__kernel_size": 4,
            "hidden_layer_sizes": (128, 64, 16),
            "normalization": "lrn",
            "architecture__normalization_position": "after_activation",
            "dropout": (0, 0, 0.2, 0, 0, 0),
            "weight_decay": 0.0005,
            "optimizer": "sgd",
            "lr": 0.05,
            "training__lr_schedule": "staircase",
            "training__lr_decay": 0.98,
            "training__lr_decay_steps": 1000,  # the text names the factor alone
            "batch_size": 100,
            "max_epochs": _epochs(200_000, 100, n_samples),
        }
    )
    d1 = SVHNSequenceClassifier().set_params(
        **PLAIN
        | CONVOLUTIONS
        | {
            "architecture__input_size": 64,
            "channels": ((48,), (64,), (128,), (160,), (192, 192)),
            "architecture__kernel_size": (5, 5, 3, 3, 3),
            "architecture__pooling": ("max", "max", "average", "average", None),
            "normalization": "batch",
            "dropout": (0.3, 0.3, 0.3, 0.3, 0),
            "weight_decay": 6e-4,
            "optimizer": "adam",
            "lr": 1e-4,
            "batch_size": 32,
            "max_epochs": _epochs(200_000, 32, n_samples),
        }
    )
    return {"B1": b1, "C1": c1, "D1": d1} | _depth_study(c1, n_samples)


def _depth_study(c1: SVHNSequenceClassifier, n_samples: int) -> dict[str, Any]:
    """C2: one to seven dense layers (the outputs being one), without and with convolutions."""
    plain = clone(c1).set_params(
        normalization=None, dropout=0.0, max_epochs=_epochs(100_000, 100, n_samples)
    )
    study = {}
    for depth in range(1, 8):
        widths = (128, 128, 128, 64, 64, 16)[: depth - 1]
        dense = clone(plain).set_params(hidden_layer_sizes=widths, channels=())
        study[f"C2, {depth} dense"] = dense
        if depth > 3:
            conv = clone(plain).set_params(hidden_layer_sizes=widths[3:])
            if depth == 7:  # in bfloat16, its loss grew without end in epoch 63
                conv.set_params(training__amp=False)
            study[f"C2, 3 conv, {depth - 3} dense"] = conv
    return study


def _epochs(n_steps: int, batch_size: int, n_samples: int) -> int:
    """Epochs that come nearest to a number of steps."""
    return max(1, round(n_steps / math.ceil(n_samples / batch_size)))
