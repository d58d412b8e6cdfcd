"""``sksvhn train``: learn from labelled pictures and save the model."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ._app import (
    Color,
    ColorName,
    Crop,
    Data,
    Force,
    ImageSize,
    Margin,
    MaxPixels,
    OnError,
    OnErrorName,
    Quiet,
    check_out,
    counted,
    described,
    is_model,
    note,
    parse_image_size,
    shows_progress,
    warn,
)

_CLASSES = {
    "sequence": "SVHNSequenceClassifier",
    "cnn": "SVHNCNNClassifier",
    "mlp": "SVHNMLPClassifier",
    "logistic": "SVHNLogisticRegression",
    "locator": "NumberLocator",
}
Name = StrEnum("Name", ["sequence", "cnn", "mlp", "logistic", "locator"])
_DEFAULTS = {"numbers": "sequence", "digits": "cnn"}

#: Parameters that no option sets, and why.
_NOT_HERE = {
    "callbacks": "they are code",
    "crop": "use --crop",
    "margin": "use --margin",
    "checkpoint_dir": "use --checkpoint-dir",
    "verbose": "use --quiet for less output",
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
            help="Estimator to train: sequence, cnn, mlp or logistic; or locator, which learns to "
            "find numbers from photographs and boxes. Default: sequence for whole numbers, cnn for "
            "single digits.",
        ),
    ] = None,
    max_epochs: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Number of passes over the data. Default: the estimator's own."
        ),
    ] = None,
    image_size: ImageSize = None,
    color: Color = ColorName.auto,
    crop: Crop = None,
    margin: Margin = None,
    max_pixels: MaxPixels = None,
    early_stopping: Annotated[
        bool,
        typer.Option(
            "--early-stopping",
            help="Hold out pictures, and stop when their accuracy no longer rises.",
        ),
    ] = False,
    validation_fraction: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Share of the pictures that --early-stopping holds out. Default: 0.1.",
        ),
    ] = None,
    random_state: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Seed, which gives the same model in every run."),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(metavar="NAME", help='A torch device. Default: "cuda" if there is one.'),
    ] = None,
    checkpoint_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder that keeps the state after every epoch: after an interruption, the same "
            "command resumes there.",
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
    on_error: OnError = OnErrorName.RAISE,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Train on labelled pictures and save the model.

    The model stores how its pictures were cropped, and `read` crops photographs in the same way.
    Ctrl-C saves the model trained so far, and exits with 130.

    Example: sksvhn train train.tar.gz --out model.sksvhn --random-state 0
    """
    check_out(out, data, force=force or _resumes(out, estimator, checkpoint_dir))
    size = parse_image_size(image_size)
    if validation_fraction is not None and not early_stopping:
        raise typer.BadParameter(
            "has an effect only with --early-stopping; add it or leave this option out.",
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
    from .._images._load import MAX_PIXELS
    from .._labels import DIGITS
    from ..datasets import load_labelled

    if estimator == Name.locator:
        given = {
            "--image-size": size,
            "--crop": crop,
            "--margin": margin,
            "--color": None if color == ColorName.auto else color,
            "--max-pixels": max_pixels,
            "--on-error": None if on_error == OnErrorName.RAISE else on_error,
        }
        _check_unused(given)
        _train_locator(data, _estimator(estimator, options, param or []), out, quiet=quiet)
        return
    # Mistakes in parameters show before pictures are decoded, which may take minutes.
    clf = _estimator_for(data, estimator, options, param or [])
    labelled = load_labelled(
        data,
        alphabet=clf.get_params(deep=False).get("alphabet") or DIGITS,
        image_size=size,
        color=color.value,
        crop=None if crop is None else crop.value,
        margin=margin,
        max_pixels=max_pixels or MAX_PIXELS,
        on_error=on_error.value,
        verbose=int(shows_progress(quiet)),
    )
    clf.set_params(crop=labelled.crop, margin=labelled.margin)
    note(f"Training {type(clf).__name__} on {described(labelled.images)} from {data}", quiet=quiet)
    _fit(clf, labelled.images, labelled.target, out, quiet=quiet)
    _save(clf, out, quiet=quiet)


def _resumes(out: Path, name: str | None, folder: Path | None) -> bool:
    """Whether `out` is the model that an interrupted fit of this kind left."""
    classes = [_CLASSES[kind] for kind in (_DEFAULTS.values() if name is None else [name])]
    return (
        folder is not None
        and is_model(out)
        and any(any(folder.glob(f"{cls}-*.checkpoint")) for cls in classes)
    )


def _train_locator(data: Path, locator: Any, out: Path, *, quiet: bool) -> None:
    """Train on the photographs and boxes of a table."""
    from ..datasets._labelled_boxes import read_labelled_boxes

    paths, boxes = read_labelled_boxes(data)
    n_numbers = counted(sum(map(len, boxes)), "number")
    note(
        f"Training {type(locator).__name__} on {counted(len(paths), 'photograph')} with "
        f"{n_numbers} from {data}",
        quiet=quiet,
    )
    _fit(locator, paths, boxes, out, quiet=quiet)
    _save(locator, out, quiet=quiet)


def _check_unused(options: dict[str, Any]) -> None:
    """Refuse options that say how numbers are decoded and cropped."""
    for name, value in options.items():
        if value is not None:
            raise typer.BadParameter(
                "has no effect on a locator, which takes photographs as they are; leave it out.",
                param_hint=name,
            )


def _save(clf: Any, out: Path, *, quiet: bool) -> None:
    clf.save(out)
    if not quiet:
        typer.echo(_learned(clf))
        typer.echo(f"Saved {out} ({out.stat().st_size / 1e6:.1f} MB).")


def _estimator_for(data: Path, name: str | None, options: dict[str, Any], given: list[str]) -> Any:
    """Make the estimator that learns from a file, before the file's pictures are decoded."""
    from ..datasets._load_labelled import kind_of_labels

    clf = None if name is None else _estimator(name, options, given)
    try:
        kind = kind_of_labels(data)
    except (OSError, ValueError):
        if clf is None:
            _check_parameters(options, given)
        raise
    if clf is None:
        return _estimator(_DEFAULTS[kind], options, given)
    if kind == "numbers" and name != "sequence":
        raise ValueError(
            f"DATA must hold single digits, which {type(clf).__name__} reads; {data} holds whole "
            "numbers; use --estimator sequence."
        )
    return clf


def _check_parameters(options: dict[str, Any], given: list[str]) -> None:
    """Raise if parameters are wrong for every estimator that could be meant."""
    mistakes: list[Exception] = []
    for name in _DEFAULTS.values():
        try:
            _estimator(name, options, given)
        except (ValueError, typer.BadParameter) as error:
            mistakes.append(error)
    if len(mistakes) == len(_DEFAULTS):
        raise mistakes[0] from None


def _estimator(name: str, options: dict[str, Any], given: list[str]) -> Any:
    """Make an estimator with parameters that have been checked."""
    from .. import estimators

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


def parse_parameters(given: Iterable[str], estimator: Any) -> dict[str, Any]:
    """Turn NAME=VALUE into parameters of an estimator, or raise typer.BadParameter.

    A value is JSON, a Python literal, or text where only text is allowed.
    """
    names = estimator().get_params()
    parameters = {}
    for entry in given:
        name, equals, text = entry.partition("=")
        name = name.replace(".", "__")  # of settings, such as training.amp
        if not equals:
            raise _bad(f"must be NAME=VALUE, such as lr=0.05; got {entry!r}.")
        if name in _NOT_HERE and name in names:
            raise _bad(f"{name} cannot be set here: {_NOT_HERE[name]}.")
        if name not in names:
            similar = get_close_matches(name, names)
            hint = (
                f"did you mean {' or '.join(similar)}?" if similar else "it has " + _listed(names)
            )
            raise _bad(f"{estimator.__name__} has no parameter {name!r}; {hint}")
        owner, _, setting = name.rpartition("__")
        holder = type(names[owner]) if owner else estimator
        parameters[name] = _value(text, getattr(holder, "_parameter_constraints", {}).get(setting))
    return parameters


def _value(text: str, constraints: Any) -> Any:
    """Choose the reading of a text that the constraints of its parameter allow."""
    from sklearn.utils._param_validation import make_constraint

    values: list[Any] = []
    for parse in (json.loads, ast.literal_eval, str):
        try:
            values.append(parse(text))
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    if not isinstance(constraints, (list, tuple)):
        return values[0]
    allowed = [make_constraint(constraint) for constraint in constraints]
    fits = (value for value in values if any(c.is_satisfied_by(value) for c in allowed))
    return next(fits, values[0])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names) - set(_NOT_HERE))) + "."


def _bad(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="--param")


def _fit(clf: Any, images: Any, target: Any, out: Path, *, quiet: bool) -> None:
    if "max_epochs" not in clf.get_params(deep=False):
        clf.fit(images[:], target)
        return
    from ._epochs import EpochLines

    clf.set_params(callbacks=[EpochLines(quiet=quiet)])
    try:
        clf.fit(images, target)
    except KeyboardInterrupt:
        if getattr(clf, "n_iter_", 0) == 0:
            warn("stopped before the end of the first epoch; nothing was saved.")
        else:
            clf.set_params(callbacks=None)
            clf.save(out)
            n_epochs = counted(clf.n_iter_, "epoch")
            warn(f"stopped after {n_epochs}; the model trained so far was saved in {out}.")
        raise
    clf.set_params(callbacks=None)


def _learned(clf: Any) -> str:
    """Tell the result of training in a line or two."""
    from .._capabilities import locates_numbers, reads_numbers

    height, width, channels = clf.image_shape_
    size = f"{'colour' if channels == 3 else 'grey'} pictures of {height}x{width} pixels"
    verb, done = "read", "were read right"
    if locates_numbers(clf):
        verb, what = "find", "numbers"
        size = f"photographs, whose longer side it brings to {clf.input_size} pixels"
        done = "had a number where the surest box was"
    elif reads_numbers(clf):
        what = f"numbers of up to {clf.max_length_} characters from {clf.alphabet_}"
    else:
        what = f"the labels {', '.join(map(str, clf.classes_))}"
    lines = [f"{type(clf).__name__} has learned to {verb} {what} in {size}."]
    history = getattr(clf, "history_", None)
    if history:
        last = history[-1]
        seconds = sum(epoch["dur"] for epoch in history)
        line = f"{counted(len(history), 'epoch')} in {seconds:.0f} s"
        if "train_score" in last:  # a locator may have seen no number
            share = f"{last['train_score']:.1%} of the training pictures {done}"
            line += f"; in the last one {share}, while it learned"
        lines.append(f"{line}.")
        scores = {e["epoch"]: e["valid_score"] for e in history if "valid_score" in e}
        if scores:
            best = max(scores, key=scores.__getitem__)
            lines.append(
                f"Of the pictures held out, {scores[best]:.1%} {done} after epoch {best}, "
                "whose weights are kept."
            )
    return "\n".join(lines)
