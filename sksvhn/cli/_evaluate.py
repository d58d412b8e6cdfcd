"""``sksvhn evaluate``: score a model on labelled pictures."""

from __future__ import annotations

import json as json_format
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from ._app import (
    Data,
    Json,
    MaxPixels,
    Model,
    OnError,
    OnErrorName,
    Quiet,
    check_order,
    described,
    note,
    shows_progress,
)

# The accuracy of human transcribers, in Goodfellow et al. 2014.
_ACCURACY = 0.98
_N_PICTURES_DRAWN = 40


class Evaluation(NamedTuple):
    """Labelled pictures, their true and read numbers as strings, and the confidences."""

    images: Any
    true: Any
    read: Any
    confidence: Any
    of_numbers: bool


def evaluate(
    model: Model,
    data: Data,
    json: Json = False,
    plots: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for plots (PNG); created if it is missing."),
    ] = None,
    max_pixels: MaxPixels = None,
    on_error: OnError = OnErrorName.RAISE,
    quiet: Quiet = False,
) -> None:
    """Report how well a model reads labelled pictures.

    Pictures of SVHN's format 1 are cropped like the model's training pictures. Of the course-work
    file, the test pictures are read. Intervals are 95 % bootstrap intervals over the test pictures.

    Example: sksvhn evaluate model.sksvhn test.tar.gz --plots evaluation
    """
    check_order("evaluate", model, data)
    if plots is not None:
        _prepare_plots(plots)  # before the work, not after it
    from .._capabilities import locates_numbers
    from ..estimators import load

    clf = load(model)
    if locates_numbers(clf):
        raise ValueError(
            f"MODEL must read numbers; {model} holds a {type(clf).__name__}, which finds them; "
            "pass a reader."
        )
    labelled = load_for(
        clf,
        data,
        max_pixels=max_pixels,
        on_error=on_error.value,
        verbose=int(shows_progress(quiet)),
    )
    evaluation = _evaluated(clf, labelled)
    if json:
        typer.echo(_as_json(evaluation, model=str(model), data=str(data)))
    else:
        typer.echo(f"{model}, a {type(clf).__name__}, on {described(labelled.images)} of {data}\n")
        typer.echo(_as_text(evaluation))
    if plots is not None:
        files = _draw_plots(evaluation, plots)
        note(f"Drew {', '.join(map(str, files))}", quiet=quiet)


def load_for(
    clf: Any, data: Path, *, on_error: str, max_pixels: int | None = None, verbose: int = 0
) -> Any:
    """Load labelled pictures as a model takes them."""
    from .._capabilities import reads_numbers, reads_photographs
    from .._images._load import MAX_PIXELS
    from .._labels import DIGITS
    from ..datasets import load_labelled

    cropping: dict[str, Any] = {}
    if reads_photographs(clf):
        height, width, channels = clf.image_shape_
        color = "grey" if channels == 1 else "rgb"
        cropping = {
            "image_size": (height, width), "color": color, "crop": clf.crop, "margin": clf.margin
        }  # fmt: skip
    # Numbers with characters that the model has not learned are wrong, not mistaken.
    alphabet = DIGITS
    if reads_numbers(clf):
        alphabet = "".join(dict.fromkeys(DIGITS + clf.alphabet_))
    labelled = load_labelled(
        data,
        subset="test",
        alphabet=alphabet,
        max_pixels=max_pixels or MAX_PIXELS,
        on_error=on_error,
        verbose=verbose,
        **cropping,
    )
    if labelled.kind == "numbers" and not reads_numbers(clf):
        raise ValueError(
            f"DATA must hold single digits, which the model ({type(clf).__name__}) reads; {data} "
            "holds whole numbers; pass digits, such as test_32x32.mat."
        )
    return labelled


def _evaluated(clf: Any, labelled: Any) -> Evaluation:
    """Read the pictures."""
    import numpy as np

    from .._capabilities import is_network, reads_numbers, reads_photographs
    from .._reading import labels_as_strings

    images = labelled.images
    if not is_network(clf):
        images = images[:]  # only networks read from a file
    if reads_photographs(clf) and clf._learned_white() == 1:
        images = images[:].astype(np.float32) / 255
    labels, confidence = clf.predict(images, return_confidence=True)
    true = np.array([str(label) for label in labelled.target.tolist()], dtype=object)
    read = labels_as_strings(clf, labels)
    return Evaluation(labelled.images, true, read, confidence, reads_numbers(clf))


# --- figures ------------------------------------------------------------------------------------


def _scores(evaluation: Evaluation) -> dict[str, dict[str, float]]:
    """Compute the main figures, with their intervals."""
    from ..metrics import (
        bootstrap_interval,
        coverage_at_accuracy_score,
        expected_calibration_error,
        sequence_accuracy_score,
    )

    confidence = evaluation.confidence
    metrics: dict[str, tuple[Any, Any]] = {
        "accuracy": (sequence_accuracy_score, None),
        "coverage at 98 % accuracy": (coverage_at_accuracy_score, confidence),
        "expected calibration error": (expected_calibration_error, confidence),
    }
    return {
        name: bootstrap_interval(
            metric, evaluation.true, evaluation.read, given, random_state=0
        )._asdict()
        for name, (metric, given) in metrics.items()
    }


def _report(evaluation: Evaluation, *, output_dict: bool) -> Any:
    """Report by position, length and digit; of single digits, by digit."""
    if evaluation.of_numbers:
        from ..metrics import sequence_classification_report

        return sequence_classification_report(
            evaluation.true,
            evaluation.read,
            confidence=evaluation.confidence,
            accuracy=_ACCURACY,
            output_dict=output_dict,
        )
    from sklearn.metrics import classification_report

    return classification_report(
        evaluation.true, evaluation.read, digits=4, output_dict=output_dict, zero_division=0.0
    )


def _as_text(evaluation: Evaluation) -> str:
    right = f"{'whole numbers' if evaluation.of_numbers else 'digits'} right"
    lines = [f"{'':<30}{'share':>8}  95 % interval"]
    for name, score in _scores(evaluation).items():
        form = ".4f" if "error" in name else ".1%"
        estimate, low, high = (format(score[k], form) for k in ("estimate", "low", "high"))
        name = right if name == "accuracy" else name
        lines.append(f"{name:<30}{estimate:>8}  {low} to {high}")
    return "\n".join([*lines, "", _report(evaluation, output_dict=False).rstrip()])


def _as_json(evaluation: Evaluation, **about: str) -> str:
    scores = {
        name.replace(" % ", "_").replace(" ", "_"): score
        for name, score in _scores(evaluation).items()
    }
    report = _report(evaluation, output_dict=True)
    document = {**about, "n_pictures": len(evaluation.true), **scores, "report": report}
    return json_format.dumps(document, indent=2, allow_nan=False)


# --- plots --------------------------------------------------------------------------------------


def _prepare_plots(folder: Path) -> None:
    """Make the folder, and see that matplotlib is installed."""
    try:
        import matplotlib
    except ImportError:
        raise ImportError(
            "--plots needs matplotlib; install it with: pip install 'sksvhn[plot]'"
        ) from None
    matplotlib.use("agg")  # a terminal may have no display
    if folder.exists() and not folder.is_dir():
        raise typer.BadParameter(
            f"must be a folder; {folder} is a file; name a folder for the plots.",
            param_hint="--plots",
        )
    folder.mkdir(parents=True, exist_ok=True)


def _draw_plots(evaluation: Evaluation, folder: Path) -> list[Path]:
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

    images, true, read, sure, _ = evaluation
    first = slice(min(_N_PICTURES_DRAWN, len(true)))
    yield (
        "readings",
        lambda: (
            ReadingsDisplay.from_predictions(
                images[first], true[first], read[first], sure[first]
            ).figure_
        ),
    )
    if (true != read).any():
        yield "mistakes", lambda: _mistakes(evaluation)
    yield "coverage", lambda: CoverageDisplay.from_predictions(true, read, sure).ax_.figure
    yield "reliability", lambda: ReliabilityDisplay.from_predictions(true, read, sure).ax_.figure
    lengths_right = [len(a) == len(b) for a, b in zip(true, read, strict=True)]
    if any(lengths_right):
        yield "confusion", lambda: NumberConfusionDisplay.from_predictions(true, read).figure_


def _mistakes(evaluation: Evaluation) -> Any:
    """Draw the surest wrong readings, of which only the pictures are loaded."""
    import numpy as np

    from ..plotting import ReadingsDisplay

    wrong = np.flatnonzero(evaluation.true != evaluation.read)
    rows = wrong[np.argsort(-evaluation.confidence[wrong], kind="stable")][:_N_PICTURES_DRAWN]
    images = np.stack([evaluation.images[row] for row in rows.tolist()])
    return ReadingsDisplay.from_predictions(
        images, evaluation.true[rows], evaluation.read[rows], evaluation.confidence[rows]
    ).figure_
