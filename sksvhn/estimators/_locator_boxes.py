"""Boxes of what a locator's network answers, at first and after a second look."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from torch import Tensor

from .._boxes import Boxes, inside, overlaps, surest_boxes
from ._canvas import Piece
from ._locator_network import CANDIDATES, LEAST_SCORE

#: Highest score: the logarithm of the odds of 1 is infinite.
HIGHEST = 1 - 1e-7

# Score from which every box is looked at a second time, and the one that ends the search once a
# second look gives it.
_RATHER_SURE, _SURE = 0.3, 0.4
# Least overlap of a box with what a second look finds of it.
_AGAIN = 0.1


def candidates(piece: Piece, maps: Tensor) -> Boxes:
    """Boxes in the picture, with scores, of all promising cells of a piece."""
    cells = maps.flatten(1)
    scores = cells[0].sigmoid()
    likely = scores.topk(min(CANDIDATES, len(scores)))
    return boxes_of_cells(piece, cells[:, likely.indices[likely.values >= LEAST_SCORE]])


def boxes_of_cells(piece: Piece, maps: Tensor) -> Boxes:
    """Boxes in the picture, with scores, of all cells of a piece."""
    cells = maps.flatten(1)
    scores = cells[0].sigmoid().double().numpy().clip(max=HIGHEST)
    return np.column_stack([piece.boxes_in_picture(cells[1:].T.double().numpy()), scores])


def number_looked_at_again(boxes: Boxes, n_refined: int) -> int:
    """How many boxes, the surest first, are looked at a second time in any case."""
    if n_refined == 0:
        return 0
    return min(max(n_refined, int((boxes[:, 4] >= _RATHER_SURE).sum())), len(boxes))


def with_second_look(
    boxes: Boxes,
    look: Callable[[Boxes], Iterable[tuple[Piece, Tensor]]],
    n_refined: int,
    size: tuple[int, int],
) -> Boxes:
    """Boxes with the scores of both looks, and as the second one finds them, which `look` takes.

    It looks at the surest and, as long as none of these turns out sure, at `n_refined` others.
    """
    start, stop = 0, number_looked_at_again(boxes, n_refined)
    if stop == 0:
        return np.column_stack([boxes, boxes[:, 4]])
    better = np.column_stack([boxes, np.full(len(boxes), LEAST_SCORE)])  # not found again
    while start < len(boxes) and better[:start, 5].max(initial=0.0) < _SURE:
        for row, (view, cells) in enumerate(look(boxes[start:stop]), start):
            found = inside(candidates(view, cells), size)
            again = found[overlaps(found, boxes[[row]])[:, 0] >= _AGAIN]
            if len(again):
                better[row, [0, 1, 2, 3, 5]] = surest_boxes(again, 1)[0]
        start, stop = stop, stop + n_refined
    return better
