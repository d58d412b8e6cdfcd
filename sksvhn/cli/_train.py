"""``sksvhn train``: learn from labelled pictures and keep the model in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ._console import busy, counted, note, warn
from ._options import (
    Color,
    Crop,
    Data,
    Force,
    ImageSize,
    Margin,
    OnError,
    Quiet,
    check_out,
    parse_image_size,
)

if TYPE_CHECKING:
    from ._labelled import Labelled

Name = Literal["sequence", "cnn", "mlp", "logistic"]

_CLASSES: dict[Name, str] = {
    "sequence": "SVHNSequenceClassifier",
    "cnn": "SVHNCNNClassifier",
    "mlp": "SVHNMLPClassifier",
    "logistic": "SVHNLogisticRegression",
}


def train(
    data: Data,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="MODEL", help="File to write, such as model.sksvhn."),
    ],
    estimator: Annotated[
        Name | None,
        typer.Option(
            metavar="NAME",
            help="What learns: sequence, cnn, mlp or logistic. Default: sequence for whole "
            "numbers, cnn for single digits.",
        ),
    ] = None,
    max_epochs: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Passes over the data. Default: the estimator's own."
        ),
    ] = None,
    image_size: ImageSize = None,
    color: Color = "auto",
    crop: Crop = None,
    margin: Margin = None,
    early_stopping: Annotated[
        bool, typer.Option("--early-stopping", help="Hold pictures out and stop by their accuracy.")
    ] = False,
    validation_fraction: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Share of the pictures that --early-stopping holds out. Default: 0.1.",
        ),
    ] = None,
    random_state: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Seed, for the same model at every run.")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(metavar="NAME", help='A torch device. Default: "cuda" if there is one.'),
    ] = None,
    checkpoint_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder that keeps the state after every epoch: after an interruption the same "
            "command goes on from there.",
        ),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            metavar="NAME=VALUE",
            help="Any other parameter of the estimator, as JSON or a Python literal. Repeatable.",
        ),
    ] = None,
    on_error: OnError = "raise",
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Train on labelled pictures and save the model.

    The model remembers how its pictures were cropped, and `read` does the same to photographs.
    Ctrl-C saves what has been learned by then, and exits with 130.

    Example: sksvhn train train.tar.gz --out model.sksvhn --random-state 0
    """
    from ._load import Cropping, load_labelled
    from ._parameters import alphabet_of

    # The command that goes on after an interruption, which saved a model, is the same.
    goes_on = checkpoint_dir is not None and any(checkpoint_dir.glob("*.checkpoint"))
    check_out(out, data, force=force or goes_on)
    cropping = Cropping(parse_image_size(image_size), color, crop, margin)
    if validation_fraction is not None and not early_stopping:
        raise typer.BadParameter(
            "nothing is held out without --early-stopping; add it.",
            param_hint="--validation-fraction",
        )
    options = {
        "max_epochs": max_epochs,
        "early_stopping": early_stopping or None,
        "training__validation_fraction": validation_fraction,
        "random_state": random_state,
        "device": device,
        "checkpoint_dir": checkpoint_dir,
    }
    options = {name: value for name, value in options.items() if value is not None}
    # Mistakes in parameters show before pictures are decoded, which may take minutes.
    clf = None if estimator is None else _estimator(estimator, options, param or [])
    with busy(f"Loading {data}", quiet=quiet):
        labelled = load_labelled(
            data, cropping, subset="train", on_error=on_error, alphabet=alphabet_of(param or [])
        )
    if clf is None:
        default: Name = "sequence" if labelled.kind == "numbers" else "cnn"
        clf = _estimator(default, options, param or [])
    elif labelled.kind == "numbers" and estimator != "sequence":
        raise ValueError(
            f"{data} holds whole numbers, and {type(clf).__name__} reads single digits; use "
            "--estimator sequence."
        )
    clf.set_params(crop=labelled.crop, margin=labelled.margin)
    note(f"Training {type(clf).__name__} on {labelled.describe()} from {data}", quiet=quiet)
    _fit(clf, labelled, out, quiet=quiet)
    clf.save(out)
    if not quiet:
        typer.echo(_learned(clf))
        typer.echo(f"Saved {out} ({out.stat().st_size / 1e6:.1f} MB).")


def _estimator(name: Name, options: dict[str, Any], given: list[str]) -> Any:
    """Make an estimator with parameters that have been checked."""
    from .. import estimators
    from ._parameters import parse_parameters

    cls: Any = getattr(estimators, _CLASSES[name])
    clf = cls()
    unknown = sorted(set(options) - set(clf.get_params()))
    if unknown:
        raise typer.BadParameter(
            f"{cls.__name__} has no {unknown[0].rpartition('__')[2]}; leave it out.",
            param_hint="--" + unknown[0].rpartition("__")[2].replace("_", "-"),
        )
    clf.set_params(**{**options, **parse_parameters(given, cls)})
    clf._validate_params()
    return clf


def _fit(clf: Any, labelled: Labelled, out: Path, *, quiet: bool) -> None:
    if "max_epochs" not in clf.get_params(deep=False):
        with busy("Training", quiet=quiet):
            clf.fit(labelled.images[:], labelled.target)
        return
    from ._epochs import EpochLines

    clf.set_params(callbacks=[EpochLines(quiet=quiet)])
    try:
        clf.fit(labelled.images, labelled.target)
    except KeyboardInterrupt:
        if getattr(clf, "n_iter_", 0) == 0:
            warn("stopped before the first epoch was over; nothing is saved.")
        else:
            clf.set_params(callbacks=None)
            clf.save(out)
            n_epochs = counted(clf.n_iter_, "epoch")
            warn(f"stopped after {n_epochs}; what was learned is saved in {out}.")
        raise
    clf.set_params(callbacks=None)


def _learned(clf: Any) -> str:
    """Tell the result of training in a line or two."""
    height, width, channels = clf.image_shape_
    size = f"{'colour' if channels == 3 else 'grey'} pictures of {height}x{width} pixels"
    if hasattr(clf, "alphabet_"):
        what = f"numbers of up to {clf.max_length_} of the characters {clf.alphabet_}"
    else:
        what = f"the labels {', '.join(map(str, clf.classes_))}"
    lines = [f"{type(clf).__name__} has learned to read {what} in {size}."]
    history = getattr(clf, "history_", None)
    if history:
        last = history[-1]
        seconds = sum(epoch["dur"] for epoch in history)
        lines.append(
            f"{counted(len(history), 'epoch')} in {seconds:.0f} s; in the last one "
            f"{last['train_score']:.1%} of the training pictures were read right, while it learned."
        )
        scores = [epoch["valid_score"] for epoch in history if "valid_score" in epoch]
        if scores:
            best = max(range(len(scores)), key=scores.__getitem__)
            lines.append(
                f"Of the pictures held out, {scores[best]:.1%} were read right after epoch "
                f"{best + 1}, whose weights are kept."
            )
    return "\n".join(lines)
