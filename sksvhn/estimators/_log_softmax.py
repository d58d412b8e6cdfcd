"""Logarithms of probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def log_softmax(logits: NDArray[Any]) -> NDArray[Any]:
    """Logarithm of the softmax along the last axis.

    The same arithmetic as in `scipy.special`, which takes three times as long for a single picture.
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: NDArray[Any] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result
