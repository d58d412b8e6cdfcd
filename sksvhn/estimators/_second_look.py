"""Look again at pictures whose number is not sure, from nearer and from farther.

Numbers fill pictures more or less than in training, and some look smaller or larger than they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._augmentation import SECOND_LOOKS, View
from ._decoding import Pattern, SequenceFactors, best_readings
from ._log_softmax import log_softmax

#: Returns mean logits over some views of pictures.
Look = Callable[[NDArray[Any], Sequence[View]], list[NDArray[Any]]]

# Chosen with the views, on SVHN's training numbers and on photographs of a campus. Thresholds from
# 0.5 to 0.8 read as many right. Without a temperature, second looks are too sure of wrong numbers.
UNSURE_BELOW = 0.6
SECOND_TEMPERATURE = 1.5


def surest_look(
    first: list[NDArray[Any]], pictures: NDArray[Any], look: Look, *, patterns: tuple[Pattern, ...]
) -> list[NDArray[Any]]:
    """Replace logits of length and characters where another look at the picture is surer."""
    (unsure,) = np.nonzero(_confidence(first, patterns) < UNSURE_BELOW)
    if len(unsure) == 0:
        return first
    pictures = pictures[unsure]
    looks = [[output[unsure] for output in first]]
    for views in SECOND_LOOKS:
        looks.append([logits / SECOND_TEMPERATURE for logits in look(pictures, views)])
    surest = np.argmax([_confidence(outputs, patterns) for outputs in looks], axis=0)
    for output, seen in zip(first, zip(*looks, strict=True), strict=True):
        output[unsure] = np.stack(seen)[surest, np.arange(len(unsure))]
    return first


def _confidence(outputs: list[NDArray[Any]], patterns: tuple[Pattern, ...]) -> NDArray[np.float64]:
    """Probabilities of the best numbers, before `calibrate`'s temperatures: it changes no look."""
    length, positions = map(log_softmax, outputs)
    n_characters = patterns[0].characters.shape[1]
    factors = SequenceFactors(length, positions[:, :, :n_characters])
    return np.exp(best_readings(factors, patterns)[2][:, 0])
