"""Calibrate probabilities with temperatures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from ._decoding import SequenceFactors
from ._log_softmax import log_softmax

# Before any picture is seen, two of three temperatures are taken to be between 1/2 and 2. Without
# this, few labels that are all read right would have none but 0, and every later mistake be sure.
LOG_DEVIATION = np.log(2)
BOUNDS = (-5.0, 5.0)  # of the logarithm

Floats = NDArray[np.floating[Any]]


def tempered(log_factors: SequenceFactors, temperatures: tuple[float, float]) -> SequenceFactors:
    """Divide the logarithms of the length's and of the characters' probabilities, and normalise.

    Guo et al. 2017 (arXiv 1706.04599), section 4.2.
    """
    return SequenceFactors(
        *(
            # To the bit as they are where nothing was learned.
            factor if temperature == 1 else log_softmax(factor / temperature)
            for factor, temperature in zip(log_factors, temperatures, strict=True)
        )
    )


def best_temperatures(
    log_factors: SequenceFactors,
    codes: NDArray[np.int64],
    lengths: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> tuple[float, float]:
    """Find the temperatures of length and characters under which the numbers are most probable.

    Their prior is log-normal with median 1; each is chosen by itself, as the terms are a sum.
    """
    shown = lengths > 0
    if not shown.any():
        raise ValueError("y must hold at least one number; got empty numbers only.")
    length, positions = (factor[shown] for factor in log_factors)
    codes, lengths, weights = codes[shown], lengths[shown], weights[shown]
    reached = codes >= 0
    of_characters = np.broadcast_to(weights[:, None], codes.shape)[reached]
    return (
        _best_temperature(length, lengths - 1, weights),
        _best_temperature(positions[reached], codes[reached], of_characters),
    )


def _best_temperature(
    log_probability: Floats, codes: NDArray[np.int64], weights: NDArray[np.float64]
) -> float:
    """Minimise the weighted negative log-likelihood, and the temperature's own."""

    def loss(log_temperature: float) -> float:
        cooled = log_softmax(log_probability / np.exp(log_temperature))
        likelihood = float(weights @ cooled[np.arange(len(codes)), codes])
        return 0.5 * (log_temperature / LOG_DEVIATION) ** 2 - likelihood

    return float(np.exp(minimize_scalar(loss, bounds=BOUNDS, method="bounded").x))
