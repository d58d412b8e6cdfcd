"""``sksvhn export``: a model for programs without Python."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._console import busy
from ._options import Force, Model, Quiet, check_out


def export(
    model: Model,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="File to write, such as model.onnx.")
    ],
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Export a model to ONNX.

    Cropped pictures go in as they are, readings and confidences come out: standardisation and
    decoding are part of the file. Needs the extra: pip install 'sksvhn[onnx]'

    Example: sksvhn export model.sksvhn --out model.onnx
    """
    check_out(out, model, force=force)
    with busy(f"Exporting {model}", quiet=quiet):
        from ..estimators import load

        clf = load(model)
        if not hasattr(clf, "export_onnx"):
            raise ValueError(f"{model} holds a {type(clf).__name__}, which has no ONNX export.")
        clf.export_onnx(out)
    typer.echo(f"Saved {out} ({out.stat().st_size / 1e6:.1f} MB).")
