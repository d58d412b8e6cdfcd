"""Pictures of one evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._evaluation import Evaluation

N_PICTURES = 40


def prepare_plots(folder: Path) -> None:
    """Make the folder.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    OSError
        If the folder cannot be made.
    """
    try:
        import matplotlib
    except ImportError:
        raise ImportError(
            "--plots needs matplotlib; install it with: pip install 'sksvhn[plot]'"
        ) from None
    matplotlib.use("agg")  # a terminal may have no display
    folder.mkdir(parents=True, exist_ok=True)


def draw_plots(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Draw everything there is to see, and return the files."""
    from matplotlib import pyplot

    files = []
    for name, draw in _plots(evaluation):
        figure = draw()
        files.append(folder / f"{name}.png")
        figure.savefig(files[-1], dpi=150)
        pyplot.close(figure)
    return files


def _plots(evaluation: Evaluation) -> Iterator[tuple[str, Callable[[], Any]]]:
    from ..plotting import (
        CoverageDisplay,
        NumberConfusionDisplay,
        ReadingsDisplay,
        ReliabilityDisplay,
    )

    true, read, sure = evaluation.true, evaluation.read, evaluation.confidence
    first = slice(min(N_PICTURES, len(true)))
    yield (
        "readings",
        lambda: (
            ReadingsDisplay.from_predictions(
                evaluation.images[first], true[first], read[first], sure[first]
            ).figure_
        ),
    )
    if (true != read).any():
        yield "mistakes", lambda: _mistakes(evaluation)
    yield (
        "coverage",
        lambda: CoverageDisplay.from_predictions(true, read, sure).ax_.figure,
    )
    yield (
        "reliability",
        lambda: ReliabilityDisplay.from_predictions(true, read, sure).ax_.figure,
    )
    lengths_right = [len(a) == len(b) for a, b in zip(true, read, strict=True)]
    if any(lengths_right):
        yield "confusion", lambda: NumberConfusionDisplay.from_predictions(true, read).figure_


def _mistakes(evaluation: Evaluation) -> Any:
    """Draw the surest wrong readings, of which only the pictures are loaded."""
    import numpy as np

    from ..plotting import ReadingsDisplay

    wrong = np.flatnonzero(evaluation.true != evaluation.read)
    rows = wrong[np.argsort(-evaluation.confidence[wrong], kind="stable")][:N_PICTURES]
    images = np.stack([evaluation.images[row] for row in rows.tolist()])
    return ReadingsDisplay.from_predictions(
        images, evaluation.true[rows], evaluation.read[rows], evaluation.confidence[rows]
    ).figure_
