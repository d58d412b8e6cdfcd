"""``sksvhn evaluate``: how well a model reads labelled pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._console import busy, note
from ._options import Data, Json, Model, OnError, Quiet, check_order


def evaluate(
    model: Model,
    data: Data,
    json: Json = False,
    plots: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for pictures (PNG); made if need be."),
    ] = None,
    on_error: OnError = "raise",
    quiet: Quiet = False,
) -> None:
    """Report how well a model reads labelled pictures.

    Pictures of SVHN's format 1 are cropped as the model's training pictures were; of the
    course-work file its test pictures are read. Intervals are 95 % bootstrap intervals: what the
    choice of the test pictures leaves open.

    Example: sksvhn evaluate model.sksvhn test.tar.gz --plots evaluation
    """
    check_order("evaluate", model, data)
    if plots is not None:
        from ._plots import prepare_plots

        prepare_plots(plots)  # before the work, not after it
    with busy(f"Loading {model} and {data}", quiet=quiet):
        from ..estimators import load
        from ._evaluation import Evaluation, load_for

        clf = load(model)
        labelled = load_for(clf, data, on_error=on_error)
    with busy(f"Reading {labelled.describe()}", quiet=quiet):
        evaluation = Evaluation.of(clf, labelled)
    if json:
        typer.echo(evaluation.to_json(model=str(model), data=str(data)))
    else:
        typer.echo(f"{model}, a {type(clf).__name__}, on {labelled.describe()} of {data}\n")
        typer.echo(evaluation.to_text())
    if plots is not None:
        from ._plots import draw_plots

        with busy("Drawing", quiet=quiet):
            files = draw_plots(evaluation, plots)
        note(f"Drew {', '.join(map(str, files))}", quiet=quiet)
