"""Show where the sequence classifier fails on real numbers, not only how often.

Accuracy by length, height, contrast and sharpness; under corruptions of growing strength;
confidence on pictures without any number; likely label errors; near-duplicates between train and
test. Prints tables as Markdown and draws pictures. With ``--validate`` a fifth of the training set
stands in for the test set, as in ``accuracy.py``.
"""

from __future__ import annotations

import argparse
import tarfile
from itertools import count
from pathlib import Path
from string import ascii_uppercase, digits

import joblib
import numpy as np
import pandas as pd
from corruption import corruption_report
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, PercentFormatter
from sklearn.metrics import roc_auc_score

from sksvhn import SVHNSequenceClassifier
from sksvhn.datasets import (
    load_mnist,
    load_svhn_numbers,
    make_empty_surfaces,
    make_street_numbers,
)
from sksvhn.inspection import (
    accuracy_by,
    find_label_errors,
    find_near_duplicates,
    picture_properties,
)
from sksvhn.metrics import coverage_at_accuracy_score, risk_coverage_curve
from sksvhn.model_selection import NumberKFold
from sksvhn.preprocessing import ImageResizer, NumberCropper, load_image

# Okabe and Ito's, which every kind of colour vision tells apart.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
ACCURACY = 0.98  # that Goodfellow et al. (2014) ask of readings that are believed
N_SHOWN = 20  # rows of long lists


def main() -> None:
    """Measure, print and draw."""
    options = parse_options()
    options.out.mkdir(parents=True, exist_ok=True)
    train, scored, scored_path = load(options)
    clf = fitted(options, train)
    X, y = scored.images, scored.target
    read, confidence = clf.predict(X, return_confidence=True)
    accepted = coverage_at_accuracy_score(y, read, confidence, accuracy=ACCURACY)
    coverage, _, thresholds = risk_coverage_curve(y, read, confidence)
    threshold = thresholds[coverage <= accepted].min(initial=np.inf)
    print(
        f"{len(X)} numbers, {100 * (y == read).mean():.1f} % read right. {100 * accepted:.1f} % "
        f"are accepted: they are at least {threshold:.3f} sure, and {100 * ACCURACY:.0f} % of "
        "these are right."
    )
    without_number(clf, options, confidence, threshold).savefig(options.out / "no_number.png")
    if options.no_number:
        return
    by_property(scored, scored_path, read, confidence).savefig(options.out / "properties.png")
    under_corruption(clf, X, y).savefig(options.out / "corruption.png")
    list_label_errors(clf, scored)
    list_duplicates(train, scored)


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with SVHN's format 1")
    parser.add_argument("--letters", type=Path, help="notMNIST, as load_mnist takes it (left out)")
    parser.add_argument("--buildings", type=Path, help="photographs and numbers.csv (left out)")
    parser.add_argument("--no-number", action="store_true", help="only pictures without a number")
    parser.add_argument("--model", type=Path, help="joblib file: read if there, else written")
    parser.add_argument("--validate", action="store_true", help="score a fifth of train instead")
    parser.add_argument("--max-epochs", type=int, help="of training (the default's own)")
    parser.add_argument("--input-size", type=int, help="of the network (the default's own)")
    parser.add_argument("--random-state", type=int, default=0, help="of training")
    parser.add_argument("--n-pictures", type=int, default=2000, help="of each kind without number")
    parser.add_argument("--out", type=Path, default=Path("failures"), help="where pictures go")
    return parser.parse_args()


class Numbers:
    """Some rows of what `load_svhn_numbers` gives."""

    def __init__(self, images: np.ndarray, target: np.ndarray, frame: pd.DataFrame) -> None:
        self.images, self.target, self.frame = images, target, frame

    def rows(self, rows: np.ndarray) -> Numbers:
        """Take some of them."""
        return Numbers(self.images[rows], self.target[rows], self.frame.iloc[rows])


def load(options: argparse.Namespace) -> tuple[Numbers, Numbers, Path]:
    """Numbers to train on, numbers to score, and the archive of the latter."""
    path = options.data / "train.tar.gz"
    train = load_numbers(path)
    if options.validate:
        folds = NumberKFold(5, shuffle=True, random_state=0)
        fitted_on, held_out = next(folds.split(train.images, train.target))
        return train.rows(fitted_on), train.rows(held_out), path
    path = options.data / "test.tar.gz"
    return train, load_numbers(path), path


def load_numbers(path: Path) -> Numbers:
    """All numbers of an archive."""
    data = load_svhn_numbers(path, color="grey")
    return Numbers(data.images, data.target, data.frame)


def fitted(options: argparse.Namespace, train: Numbers) -> SVHNSequenceClassifier:
    """Reader to be looked at."""
    if options.model is not None and options.model.exists():
        return joblib.load(options.model)
    clf = SVHNSequenceClassifier(random_state=options.random_state)
    clf.set_params(max_epochs=options.max_epochs or clf.max_epochs)
    if options.input_size is not None:
        clf.set_params(architecture__input_size=options.input_size)
    clf.fit(train.images, train.target)
    if options.model is not None:
        joblib.dump(clf, options.model)
    return clf


# --- what pictures have by nature ----------------------------------------------------------------


def by_property(numbers: Numbers, path: Path, read: np.ndarray, confidence: np.ndarray) -> Figure:
    """Accuracy by length, and by height, contrast and sharpness at the size that was stored."""
    properties = picture_properties(stored_crops(numbers.frame, path))
    lengths = np.minimum(numbers.frame["length"].to_numpy(), 4)
    call = {"y_true": numbers.target, "y_pred": read, "confidence": confidence}
    tables = {"length": accuracy_by(lengths, bins=None, **call)}
    for name in ("height", "contrast", "sharpness"):
        tables[name] = accuracy_by(properties[name], bins=6, **call)
    for name, table in tables.items():
        heading(f"Accuracy by {name}{' (4: 4 or more)' if name == 'length' else ''}")
        print(markdown(table))

    titles = {
        "length": "Characters of the number",
        "height": "Height of the number in pixels",
        "contrast": "RMS contrast",
        "sharpness": "Sharpness",
    }
    figure, grid = plt.subplots(2, 2, figsize=(9, 6.6), layout="constrained")
    lowest = min(tables[name]["low"].min() for name in list(tables)[1:])
    for axes, (name, table) in zip(grid.flat, tables.items(), strict=True):
        positions = table.index if name == "length" else table["median"]
        spread = [table["accuracy"] - table["low"], table["high"] - table["accuracy"]]
        axes.errorbar(
            positions, table["accuracy"], spread, fmt="o-", color=BLUE, capsize=4, lw=2, ms=7
        )
        axes.plot(positions, table["confidence"], "s--", color=VERMILION, lw=1.5, ms=5)
        axes.set_xlabel(titles[name], fontsize=12)
        if name == "length":
            axes.set_xticks(positions, ["4 or more" if n == 4 else str(n) for n in positions])
            axes.set_xlim(positions.min() - 0.4, positions.max() + 0.4)
            axes.set_ylim(0, 1.03)
        else:
            axes.set_ylim(np.floor(20 * lowest) / 20, 1.005)
        if name in ("height", "sharpness"):
            log_ticks(axes, positions)
        style(axes)
    figure.supylabel("Numbers read right", fontsize=12)
    legend(figure, {"accuracy, 95 % interval": (BLUE, "o-"), "mean confidence": (VERMILION, "s--")})
    return figure


def stored_crops(frame: pd.DataFrame, path: Path) -> list[np.ndarray]:
    """Pixels of each number's boxes, as many as the file holds."""
    wanted = set(frame["filename"])
    pictures = {}
    with tarfile.open(path) as archive:
        for member in archive:
            name = Path(member.name).name
            if name in wanted:
                pictures[name] = load_image(archive.extractfile(member).read(), color="grey")
    crops = []
    for name, boxes in zip(frame["filename"], frame["boxes"], strict=True):
        left, top = np.maximum(boxes[:, :2].min(axis=0), 0).astype(int)
        right, bottom = np.ceil((boxes[:, :2] + boxes[:, 2:]).max(axis=0)).astype(int)
        crops.append(pictures[name][top:bottom, left:right])
    return crops


# --- corruptions ---------------------------------------------------------------------------------


def under_corruption(clf: SVHNSequenceClassifier, X: np.ndarray, y: np.ndarray) -> Figure:
    """Accuracy and confidence at each severity."""
    report = corruption_report(clf, X, y, accuracy=ACCURACY, random_state=0)
    meanings = {
        "accuracy": "Accuracy by severity of corruption",
        "confidence": "Mean confidence",
        "coverage": f"Coverage at {ACCURACY:g}, threshold settled on pictures spoilt likewise",
        "accepted": "Share accepted at the threshold settled on clean pictures",
        "accepted_accuracy": "Accuracy of what is accepted at that threshold",
    }
    for column, meaning in meanings.items():
        heading(meaning)
        print(markdown(report[column].unstack().reindex(report.index.unique("kind"))))

    kinds = list(report.index.unique("kind"))
    figure, grid = plt.subplots(
        3, 3, figsize=(9, 8), sharex=True, sharey=True, layout="constrained"
    )
    for axes, kind in zip(grid.flat, kinds, strict=True):
        curve = report.loc[kind]
        axes.fill_between(curve.index, curve["low"], curve["high"], color=BLUE, alpha=0.25, lw=0)
        axes.plot(curve.index, curve["accuracy"], "o-", color=BLUE, lw=2, ms=5)
        axes.plot(curve.index, curve["confidence"], "s--", color=VERMILION, lw=1.5, ms=4)
        axes.plot(curve.index, curve["accepted_accuracy"], "^:", color=GREEN, lw=2, ms=5)
        axes.set_title(kind.replace("_", " "), fontsize=12)
        axes.set_xticks(curve.index)
        axes.set_ylim(0, 1.04)
        style(axes)
    figure.supxlabel("Severity", fontsize=12)
    lines = {
        "accuracy, 95 % interval": (BLUE, "o-"),
        "mean confidence": (VERMILION, "s--"),
        "accuracy of what is accepted": (GREEN, "^:"),
    }
    legend(figure, lines)
    return figure


# --- pictures without a number -------------------------------------------------------------------


def without_number(
    clf: SVHNSequenceClassifier,
    options: argparse.Namespace,
    confidence: np.ndarray,
    threshold: float,
) -> Figure:
    """Confidence where there is nothing to read."""
    n, size = options.n_pictures, clf.image_shape_[:2]
    pictures = {
        "empty surfaces": make_empty_surfaces(n, image_size=size, color=False, random_state=0),
        "letters A-Z": make_street_numbers(
            n, alphabet=ascii_uppercase, image_size=size, color=False, random_state=1
        ).images,
        "numbers and a letter": with_letter(n, size),
    }
    if options.buildings is not None:
        pictures["buildings with a letter"] = lettered_buildings(options.buildings, size)
    if options.letters is not None:
        letters, _ = load_mnist(options.letters, subset="test", return_X_y=True)
        chosen = np.random.default_rng(0).permutation(len(letters))[:n]
        pictures["letters A-J"] = ImageResizer(image_size=size).fit_transform(letters[chosen])
    noise = np.random.default_rng(0).integers(0, 256, (n, *size), dtype=np.uint8)
    pictures["uniform noise"] = noise
    found = {"numbers": confidence}
    found |= {name: clf.confidence(images) for name, images in pictures.items()}
    rows = {}
    for name, values in found.items():
        is_number = np.repeat([1, 0], [len(confidence), len(values)])
        rows[name] = {
            "pictures": len(values),
            **{f"{100 * q:.0f} % below": np.quantile(values, q) for q in (0.05, 0.5, 0.95, 0.99)},
            "at or above threshold": (values >= threshold).mean(),
            "at or above 0.95": (values >= 0.95).mean(),
            "AUROC against numbers": np.nan
            if name == "numbers"
            else roc_auc_score(is_number, np.concatenate([confidence, values])),
        }
    heading(f"Confidence with and without a number (threshold {threshold:.3f})")
    print(markdown(pd.DataFrame.from_dict(rows, orient="index")))

    figure, column = plt.subplots(
        len(found), figsize=(8, 1.7 * len(found) + 0.6), sharex=True, layout="constrained"
    )
    for axes, (name, values) in zip(column, found.items(), strict=True):
        color = BLUE if name == "numbers" else VERMILION
        share = np.full(len(values), 1 / len(values))
        axes.hist(values, np.linspace(0, 1, 26), weights=share, color=color, rwidth=0.92)
        axes.axvline(threshold, color="black", ls="--", lw=1.5)
        accepted = 100 * (values >= threshold).mean()
        title = f"{name}: median {np.median(values):.2f}, {accepted:.1f} % accepted"
        axes.set_title(title, loc="left", fontsize=12, color=color)
        axes.set_xlim(0, 1)
        style(axes)
    column[0].annotate(
        f"accepted from {threshold:.2f} on",
        (threshold, 0.5),
        (-8, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=11,
    )
    column[-1].set_xlabel("Confidence", fontsize=12)
    figure.supylabel("Share of pictures", fontsize=12)
    return figure


def with_letter(n: int, size: tuple[int, int]) -> np.ndarray:
    """Generate numbers like 12B."""
    pictures = np.empty((0, *size), np.uint8)
    for state in count(2):
        data = make_street_numbers(
            2 * n, alphabet=digits + "ABCDEFGH", image_size=size, color=False, random_state=state
        )
        like = [number[:-1].isdecimal() and number[-1].isalpha() for number in data.target]
        pictures = np.concatenate([pictures, data.images[like]])
        if len(pictures) >= n:
            break
    return pictures[:n]


def lettered_buildings(folder: Path, size: tuple[int, int]) -> np.ndarray:
    """Crops of the photographs whose number ends in a letter, by their true boxes."""
    table = pd.read_csv(folder / "numbers.csv", dtype={"number": str}).dropna()
    table = table[~table["number"].str.isdecimal()]
    boxes = table[["left", "top", "width", "height"]].to_numpy()[:, None].tolist()
    cropper = NumberCropper(image_size=size, color="grey", margin=0.0)
    return cropper.fit_transform([folder / path for path in table["path"]], boxes=boxes)


# --- what is wrong with the data -----------------------------------------------------------------


def list_label_errors(clf: SVHNSequenceClassifier, numbers: Numbers) -> None:
    """Print the labels that are most likely wrong."""
    errors = find_label_errors(clf, numbers.images, numbers.target, cv="prefit")
    errors.insert(0, "file", numbers.frame["filename"].to_numpy()[errors["index"]])
    heading(f"Labels contradicted: the first {N_SHOWN} of {len(errors)}")
    print(markdown(errors.drop(columns="index").head(N_SHOWN).set_index("file")))


def list_duplicates(train: Numbers, numbers: Numbers) -> None:
    """Print pairs of like pictures of the set trained on and the set scored."""
    pairs = find_near_duplicates(train.images, numbers.images)
    pairs["train label"] = train.target[pairs["index"]]
    pairs["scored label"] = numbers.target[pairs["other_index"]]
    heading(
        f"Near-duplicates between what was trained on and what is scored: {len(pairs)} pairs, the "
        f"first {N_SHOWN}"
    )
    pairs.insert(0, "train file", train.frame["filename"].to_numpy()[pairs["index"]])
    pairs.insert(1, "scored file", numbers.frame["filename"].to_numpy()[pairs["other_index"]])
    shown = pairs.drop(columns=["index", "other_index"]).head(N_SHOWN)
    print(markdown(shown.set_index("train file")))


# --- tables and axes -----------------------------------------------------------------------------


def heading(text: str) -> None:
    """Start a section."""
    print(f"\n### {text}\n")


def markdown(table: pd.DataFrame) -> str:
    """Write a table in Markdown, with three decimals."""
    header = [table.index.name or "", *map(str, table.columns)]
    lines = [header, ["---"] * len(header)]
    for key, row in zip(table.index, table.itertuples(index=False), strict=True):
        lines.append([written(value) for value in (key, *row)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def written(value: object) -> str:
    """Write a cell."""
    if isinstance(value, pd.Interval):
        return f"{max(value.left, 0):.3g} to {value.right:.3g}"
    if isinstance(value, float):
        return "-" if np.isnan(value) else f"{value:.3f}"
    return str(value)


def style(axes: Axes) -> None:
    """Percent, a light grid and no box."""
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.grid(alpha=0.3)
    axes.tick_params(labelsize=11)
    axes.spines[["top", "right"]].set_visible(False)


def log_ticks(axes: Axes, positions: pd.Series) -> None:
    """Logarithmic axis with a tick at every bin."""
    axes.set_xscale("log")
    axes.set_xticks(positions, [f"{position:.2g}" for position in positions])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", which="minor", length=0)


def legend(figure: Figure, lines: dict[str, tuple[str, str]]) -> None:
    """One legend above all axes."""
    handles = [
        plt.Line2D([], [], color=color, marker=mark[0], ls=mark[1:], lw=2, label=name)
        for name, (color, mark) in lines.items()
    ]
    figure.legend(
        handles=handles, loc="outside upper center", ncols=len(lines), frameon=False, fontsize=12
    )


if __name__ == "__main__":
    plt.switch_backend("agg")
    plt.rcParams["savefig.dpi"] = 150
    main()
