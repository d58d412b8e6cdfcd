"""``sksvhn demo``: everything once, from making street numbers to reading fresh ones."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._console import busy, counted, note
from ._options import Quiet

if TYPE_CHECKING:
    from sklearn.utils import Bunch

N_PICTURES_SHOWN = 40


def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder with SVHN's format 1: train.tar.gz and test.tar.gz, or the folders they "
            "unpack to. Default: made-up street numbers.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where results go.")] = Path("demo"),
    max_epochs: Annotated[int, typer.Option(min=1, metavar="N", help="Passes over the data.")] = 25,
    quiet: Quiet = False,
) -> None:
    """Train a reader, compare it with the baseline, keep it, and read fresh pictures.

    Takes some minutes. Needs two extras: pip install 'sksvhn[fonts,plot]'

    Example: sksvhn demo
    """
    files = None if data is None else (_find(data, "train"), _find(data, "test"))
    from ._plots import prepare_plots

    prepare_plots(out)
    with busy("Making street numbers" if data is None else f"Loading {data}", quiet=quiet):
        train, test = _load(files)
    note(
        f"{counted(len(train.images), 'picture')} to train on, {len(test.images):,} fresh ones to "
        "read",
        quiet=quiet,
    )

    baseline, reader, seconds = _train(train, max_epochs, quiet=quiet)
    from ..estimators import load

    model = out / "reader.sksvhn"
    reader.save(model)
    reader = load(model)
    note(f"Saved {model} ({model.stat().st_size / 1e6:.1f} MB) and loaded it again", quiet=quiet)

    import pandas as pd

    from ..metrics import sequence_classification_report
    from ..plotting import ReadingsDisplay

    numbers, sure = reader.predict(test.images, return_confidence=True)
    table = pd.DataFrame(
        {
            "baseline": _scores(
                test.target, *baseline.predict(test.images, return_confidence=True)
            ),
            "sequence": _scores(test.target, numbers, sure),
        }
    )
    table.loc["training seconds"] = seconds
    typer.echo("On the fresh pictures, baseline and sequence classifier:\n")
    typer.echo(table.to_string(float_format="{:.3f}".format))
    typer.echo("\nThe sequence classifier in detail:\n")
    typer.echo(sequence_classification_report(test.target, numbers, confidence=sure))

    shown = slice(N_PICTURES_SHOWN)
    display = ReadingsDisplay.from_predictions(
        test.images[shown], test.target[shown], numbers[shown], sure[shown]
    )
    display.figure_.savefig(out / "readings.png", dpi=150)
    typer.echo(
        f"{out / 'readings.png'} shows fresh pictures and their readings. Read your own with:\n"
        f"sksvhn read {model} photo.jpg"
    )


def _load(files: tuple[Path, Path] | None) -> tuple[Bunch, Bunch]:
    """Pictures and numbers to train on, and fresh ones."""
    from ..datasets import load_svhn_numbers, make_street_numbers

    if files is not None:
        return load_svhn_numbers(files[0]), load_svhn_numbers(files[1])
    return (
        make_street_numbers(8000, color=False, random_state=0, n_jobs=-1),
        make_street_numbers(1000, color=False, random_state=1, n_jobs=-1),
    )


def _find(folder: Path, name: str) -> Path:
    """Locate the archive of a subset, or the folder it unpacks to."""
    for path in (folder / f"{name}.tar.gz", folder / name):
        if path.exists():
            return path
    raise FileNotFoundError(f"{folder} holds neither {name}.tar.gz nor a folder {name}.")


def _train(data: Bunch, max_epochs: int, *, quiet: bool) -> tuple[Any, Any, dict[str, float]]:
    """Baseline and reader, and the seconds they took."""
    from .. import PositionwiseClassifier, SVHNLogisticRegression, SVHNSequenceClassifier
    from ._epochs import EpochLines

    baseline = PositionwiseClassifier(SVHNLogisticRegression())
    reader = SVHNSequenceClassifier(
        max_epochs=max_epochs, random_state=0, callbacks=[EpochLines(quiet=quiet)]
    )
    times = [time.perf_counter()]
    note("Training the baseline, then the reader", quiet=quiet)
    with busy("Training the baseline", quiet=quiet):
        baseline.fit(data.images, data.target)
    times.append(time.perf_counter())
    reader.fit(data.images, data.target)
    times.append(time.perf_counter())
    return baseline, reader, {"baseline": times[1] - times[0], "sequence": times[2] - times[1]}


def _scores(y_true: Any, y_pred: Any, confidence: Any) -> dict[str, float]:
    """Figures that both models are compared by."""
    from ..metrics import (
        coverage_at_accuracy_score,
        length_accuracy_score,
        position_accuracy_scores,
        sequence_accuracy_score,
    )

    positions = position_accuracy_scores(y_true, y_pred)
    return {
        "whole numbers": sequence_accuracy_score(y_true, y_pred),
        **{f"position {i}": float(score) for i, score in enumerate(positions, start=1)},
        "length": length_accuracy_score(y_true, y_pred),
        "coverage at 98 % accuracy": coverage_at_accuracy_score(y_true, y_pred, confidence),
    }
