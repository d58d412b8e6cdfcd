"""Boxes of what a locator's network answers, at first and after a second look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.special import expit, logit
from torch import Tensor

from .._boxes import Boxes, inside, overlaps, surest_boxes
from ._canvas import Piece
from ._locator_network import CANDIDATES, LEAST_SCORE, MOST_NUMBERS

# Least overlap of a box with what a second look finds of it.
_AGAIN = 0.1


def candidates(piece: Piece, maps: Tensor) -> Boxes:
    """Boxes in the picture, with scores, of all promising cells of a piece."""
    cells = maps.flatten(1)
    scores = cells[0].sigmoid()
    likely = scores.topk(min(CANDIDATES, len(scores)))
    rows = likely.indices[likely.values >= LEAST_SCORE]
    edges = cells[1:, rows].T.double().numpy()
    # The logarithm of the odds of 1 is infinite.
    score = scores[rows].double().numpy().clip(max=1 - 1e-7)
    return np.column_stack([piece.boxes_in_picture(edges), score])


def refined(
    boxes: Boxes, views: Sequence[Piece], maps: Iterable[Tensor], size: tuple[int, int]
) -> Boxes:
    """Boxes and scores after a second look at the first ones, surest first."""
    better = boxes.copy()
    second = np.full(len(boxes), LEAST_SCORE)  # of what is not found again
    for row, (view, cells) in enumerate(zip(views, maps, strict=True)):
        found = inside(candidates(view, cells), size)
        again = found[overlaps(found, boxes[[row]])[:, 0] >= _AGAIN]
        if len(again):
            *better[row, :4], second[row] = surest_boxes(again, 1)[0]
    better[:, 4] = expit((logit(boxes[:, 4]) + logit(second)) / 2)
    return surest_boxes(better, MOST_NUMBERS)
