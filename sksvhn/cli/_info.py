"""``sksvhn info`` and ``sksvhn export``: describe a model, and write it as ONNX."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any

import typer

from ._app import Force, Json, Model, Quiet, check_out, counted, printable, scores_of


def info(model: Model, json: Json = False) -> None:
    """Show what a model is: class, labels, pictures, training, parameters, versions.

    No code in the file runs, whoever made it. --json lists all parameters and the whole history.

    Example: sksvhn info model.sksvhn
    """
    from ..estimators._saving import load_with_versions

    facts = _facts(model, *load_with_versions(model))
    typer.echo(json_format.dumps(facts, indent=2, default=repr) if json else _text(facts))


def export(
    model: Model,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="File to write, such as model.onnx.")
    ],
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Export a model to ONNX.

    The ONNX model of a reader takes cropped pictures and returns readings and confidences. That of
    a locator takes a photograph that was resized to its input_size, and returns the boxes and
    confidences of its first look. Standardisation and decoding are included. Needs the extra:
    pip install 'sksvhn[onnx]'

    Example: sksvhn export model.sksvhn --out model.onnx
    """
    check_out(out, model, force=force)
    from .._capabilities import is_network, locates_numbers
    from ..estimators import load

    clf = load(model)
    if not (is_network(clf) or locates_numbers(clf)):
        raise ValueError(
            f"MODEL must be a neural network for ONNX export; {model} holds a "
            f"{type(clf).__name__}; pass another model."
        )
    clf.export_onnx(out)
    if not quiet:
        typer.echo(f"Saved {out} ({out.stat().st_size / 1e6:.1f} MB).")


def _facts(path: Path, clf: Any, versions: dict[str, str]) -> dict[str, Any]:
    """Facts of a fitted model, by name, as far as it has them."""
    from .._capabilities import is_network, locates_numbers, reads_numbers, reads_photographs

    facts = {
        "path": str(path),
        "bytes": path.stat().st_size,
        "class": type(clf).__name__,
        "saved_with": versions,
        "params": clf.get_params(),
        "changed_params": _changed(clf),
    }
    if reads_photographs(clf):
        facts["image_shape"] = clf.image_shape_
    if reads_numbers(clf):
        facts["alphabet"], facts["max_length"] = clf.alphabet_, clf.max_length_
        facts["temperatures"] = clf.temperatures_
    elif locates_numbers(clf):
        facts["input_size"], facts["calibration"] = clf.input_size, clf.calibration_
    else:
        facts["labels"] = [str(label) for label in clf.classes_]
    if is_network(clf) or locates_numbers(clf):
        facts["n_weights"], facts["history"] = clf.summary().n_weights, clf.history_
    return facts


def _changed(clf: Any) -> dict[str, Any]:
    """Parameters that are not as by default."""
    try:
        defaults = type(clf)().get_params(deep=False)
    except TypeError:  # PositionwiseClassifier has none for its estimator
        defaults = {}
    params = clf.get_params(deep=False)
    return {k: v for k, v in params.items() if k not in defaults or repr(v) != repr(defaults[k])}


def _text(facts: dict[str, Any]) -> str:
    rows = {"class": facts["class"], "file": f"{facts['path']}, {facts['bytes'] / 1e6:.1f} MB"}
    if "labels" in facts:
        rows["reads"] = f"the labels {', '.join(facts['labels'])}"
    elif "input_size" in facts:
        rows["finds"] = "numbers in photographs"
        rows["pictures"] = f"colour, longer side {facts['input_size']} pixels"
    else:
        rows["reads"] = (
            f"numbers of up to {facts['max_length']} characters from {facts['alphabet']}"
        )
    if "image_shape" in facts:
        height, width, channels = facts["image_shape"]
        rows["pictures"] = f"{'grey' if channels == 1 else 'colour'}, {height}x{width} pixels"
        rows["crop"] = f"{facts['params']['crop']}, margin {facts['params']['margin']:g}"
    if "n_weights" in facts:
        rows["weights"] = f"{facts['n_weights']:,}"
    if "history" in facts:
        rows["training"] = _last_epoch(facts["history"])
    if tuple(facts.get("temperatures", (1, 1))) != (1, 1):
        rows["calibrated"] = "temperatures {:.3f} and {:.3f}".format(*facts["temperatures"])
    changed = (f"{name}={value!r}" for name, value in facts["changed_params"].items())
    rows["parameters"] = ", ".join(changed) or "the defaults"
    rows["saved with"] = ", ".join(f"{name} {v}" for name, v in facts["saved_with"].items())
    # A stranger's model may hold any text.
    return "\n".join(f"{name:<12}{printable(value)}" for name, value in rows.items())


def _last_epoch(history: list[dict[str, Any]]) -> str:
    if not history:
        return "none"
    return f"{counted(len(history), 'epoch')}; in the last {scores_of(history[-1])}"
