"""The figures as Markdown tables and as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from .accuracy import GOALS
from .training import CONTENDERS

# Okabe and Ito's colours, which people with any colour vision tell apart.
COLORS = {
    "PyTorch loop": "#999999",
    "skorch": "#E69F00",
    "Keras": "#56B4E9",
    "scikit-learn": "#CC79A7",
    "bare loop": "#F0E442",
    "bare loop, augmenting": "#F0E442",
    "bare forward pass": "#F0E442",
    "sksvhn, not augmenting": "#0072B2",
    "sksvhn": "#0072B2",
}
AGAINST = {contender.name: contender.against for contender in CONTENDERS}
RATE = "pictures a second"


def markdown(machine: dict[str, Any], settings: dict[str, Any], runs: pd.DataFrame) -> str:
    """Everything measured, for people to read."""
    sections = [describe(machine, settings, runs)]
    writers = {
        "train": training,
        "predict": prediction,
        "memory": memory,
        "accuracy": time_to_accuracy,
        "peak": share_of_peak,
        "start": start_up,
        "tasks": whole_tasks,
    }
    sections += [write(runs) for part, write in writers.items() if (runs["part"] == part).any()]
    return "\n\n".join(sections) + "\n"


def describe(machine: dict[str, Any], settings: dict[str, Any], runs: pd.DataFrame) -> str:
    """Machine and settings."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    lines = [
        "# Speed and memory",
        f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} threads, "
        f"{machine['system']}; load before the start {machine['load before the start']}. "
        f"Python {machine['python']}, {versions}.",
        "Contenders take turns, each in a child process of its own that is fresh in every "
        f"repetition. Repetitions: {settings['repetitions']}. Where there are several, medians "
        "stand before the least and the greatest; ratios are taken within repetitions.",
    ]
    trained = runs[(runs["part"] == "train") & (runs["contender"] == "sksvhn")]
    if len(trained):
        amp = trained.groupby("group", sort=False)["amp"].first()
        for used, precision in ((True, "bfloat16 (amp_ is True)"), (False, "float32")):
            if (amp == used).any():
                lines.append(f"sksvhn trained in {precision}: {', '.join(amp.index[amp == used])}.")
    if settings["quick"]:
        lines.append("**Quick: tiny sizes, which tell that it runs and nothing about speed.**")
    if settings["skipped"]:
        lines.append(f"Not installed and left out: {', '.join(settings['skipped'])}.")
    return "\n\n".join(lines)


def training(runs: pd.DataFrame) -> str:
    """Pictures a second of every contender, and how many times as fast ours are."""
    runs = runs[runs["part"] == "train"]
    rows = []
    for (network, name), group in runs.groupby(["group", "contender"], sort=False):
        ours, same = AGAINST[name], runs[runs["group"] == network]
        ratio = spread(ratios(same, ours, name)) if name not in (ours, "sksvhn") else ""
        if ratio and ours != "sksvhn":
            ratio += f", {ours.removeprefix('sksvhn, ')}"
        rows.append([network, name, spread(group[RATE]), ratio])
    header = ["network", "contender", RATE, "sksvhn is times as fast"]
    notes = [f"- {c.name}: {c.what}." for c in CONTENDERS if (runs["contender"] == c.name).any()]
    return "\n".join(["## Training", "", table(header, rows), "", *notes])


def prediction(runs: pd.DataFrame) -> str:
    """Many pictures at once, and one at a time."""
    runs = runs[runs["part"] == "predict"]
    rows = []
    for (views, name), group in runs.groupby(["group", "contender"], sort=False):
        same = runs[runs["group"] == views]
        ratio = spread(ratios(same, "sksvhn", name)) if name != "sksvhn" else ""
        rows.append([views, name, spread(group[RATE]), ratio])
        rows[-1] += [spread(group[key]) for key in ("one picture, ms", "95th percentile, ms")]
    header = ["n_views", "contender", RATE, "sksvhn is times as fast", "one picture, ms"]
    return "\n".join(
        [
            "## Prediction",
            "",
            table([*header, "95th percentile, ms"], rows),
            "",
            "The default sequence network on grey pictures of 64x64. The bare forward pass reads "
            "pictures that were standardised and resized beforehand. Both predict in float32.",
        ]
    )


def memory(runs: pd.DataFrame) -> str:
    """Peaks."""
    runs = runs[runs["part"] == "memory"]
    keys = ["data, MB", "before, MB", "peak, MB", "peak above before and data, MB"]
    rows = [
        [name, f"{int(group['pictures'].iloc[0]):,}", *(spread(group[key]) for key in keys)]
        for name, group in runs.groupby("group", sort=False)
    ]
    return "\n".join(
        [
            "## Memory",
            "",
            table(["", "colour pictures of 64x64", *keys], rows),
            "",
            "Before: after one training step on other pictures. Peak: the largest resident size; "
            "for the grid search that of the process and its two workers, which hold libraries of "
            "their own, pages in common counted once.",
        ]
    )


def time_to_accuracy(runs: pd.DataFrame) -> str:
    """Seconds until goals are reached."""
    runs = runs[runs["part"] == "accuracy"]
    goals = [f"seconds to {goal:.0%}" for goal in GOALS]
    rows = []
    for _, run in runs.iterrows():
        numbers = [f"{run['training numbers']:,.0f}", f"{run['validation numbers']:,.0f}"]
        reached = ["not reached" if pd.isna(run[goal]) else figure(run[goal]) for goal in goals]
        epochs = f"{run['epochs']:.0f} of {run['planned epochs']:.0f}"
        rows.append([run["group"], *numbers, *reached, epochs, f"{run['best score']:.1%}"])
    header = ["", "to train on", "to validate on", *goals, "epochs", "best score"]
    return "\n".join(
        [
            "## Time to accuracy",
            "",
            table(header, rows),
            "",
            "Whole numbers read right in validation by the default sequence classifier, which "
            "stops at the last goal; one run. Validation is part of the time.",
        ]
    )


def share_of_peak(runs: pd.DataFrame) -> str:
    """Compare the default network with the machine's matrix product."""
    peak = runs[runs["part"] == "peak"].dropna(axis=1, how="all")
    keys = [key for key in peak.columns if key.endswith("GFLOP/s")]
    rows = [[key.split(",")[0] + ", matrix product", spread(peak[key]), ""] for key in keys]
    training_type = "bfloat16" if peak["amp"].iloc[0] else "float32"
    for what, part, group, dtype in (
        ("training", "train", "sequence", training_type),
        ("prediction", "predict", "1 view", "float32"),
    ):
        same = (runs["part"] == part) & (runs["group"] == group) & (runs["contender"] == "sksvhn")
        if same.any():
            reached = (
                runs[same].set_index("repetition")[RATE] * peak[f"GFLOP a picture, {what}"].iloc[0]
            )
            share = reached / peak.set_index("repetition")[f"{dtype}, GFLOP/s"]
            rows.append([f"{what}, {dtype}", spread(reached), f"{share.median():.1%}"])
    counts = (
        f"{1000 * peak[f'GFLOP a picture, {what}'].iloc[0]:.1f} MFLOP a picture in {what}"
        for what in ("training", "prediction")
    )
    return "\n".join(
        [
            "## Share of the machine's peak",
            "",
            table(["", "GFLOP/s", "share"], rows),
            "",
            f"The default sequence network multiplies and adds {' and '.join(counts)}, as "
            "torch.utils.flop_counter counts convolutions and matrix products.",
        ]
    )


def start_up(runs: pd.DataFrame) -> str:
    """Seconds of imports."""
    runs = runs[runs["part"] == "start"]
    base = runs[runs["contender"] == "scikit-learn"].set_index("repetition")["seconds"]
    rows = []
    for statement, group in runs.groupby("statement", sort=False):
        above = group.set_index("repetition")["seconds"] - base
        rows.append([f"`{statement}`", spread(group["seconds"]), f"{above.median():+.2f}"])
    header = ["fresh interpreter", "seconds", "beside `import sklearn`"]
    return "\n".join(["## Start", "", table(header, rows)])


def whole_tasks(runs: pd.DataFrame) -> str:
    """Seconds of whole tasks, and how many times as fast ours are."""
    runs = runs[runs["part"] == "tasks"]
    rows = []
    for task, same in runs.groupby("group", sort=False):
        seconds = same.pivot(index="repetition", columns="contender", values="seconds")
        others = [name for name in seconds.columns if name != "sksvhn"]
        beside = (f"{name}: {spread(seconds[name] / seconds['sksvhn'])}" for name in others)
        rows.append([task, spread(seconds["sksvhn"]), ", ".join(beside)])
    header = ["", "seconds", "sksvhn is times as fast"]
    return "\n".join(["## Whole tasks", "", table(header, rows)])


def ratios(runs: pd.DataFrame, ours: str, theirs: str) -> pd.Series:
    """How many times as fast ours is, in each repetition."""
    rates = runs.pivot(index="repetition", columns="contender", values=RATE)
    return rates[ours] / rates[theirs]


def spread(values: pd.Series) -> str:
    """Median and, of several values, the least and the greatest."""
    if len(values) == 1:
        return figure(values.iloc[0])
    return f"{figure(values.median())} ({figure(values.min())} to {figure(values.max())})"


def figure(value: float) -> str:
    """Three significant digits."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def draw(runs: pd.DataFrame, path: Path) -> None:
    """Draw throughput as bars, a panel a network, if any was measured."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    panels = list(_panels(runs))
    if not panels:
        return
    pairs = [panels[i : i + 2] for i in range(0, len(panels), 2)]
    most = [max(rates["bar"].nunique() for _, rates in pair) for pair in pairs]
    figure_, axes = plt.subplots(
        len(pairs),
        2,
        figsize=(12, 0.4 * sum(most) + 0.7 * len(pairs) + 0.5),
        height_ratios=[n + 1 for n in most],
        layout="constrained",
        squeeze=False,
    )
    figure_.get_layout_engine().set(hspace=0.05, wspace=0.05)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for index, (title, rates) in enumerate(panels):
        axis = axes.flat[index]
        bars = rates.groupby("bar", sort=False).agg({RATE: "median", "contender": "first"})
        drawn = axis.barh(bars.index, bars[RATE], color=[COLORS[c] for c in bars["contender"]])
        axis.bar_label(drawn, [figure(rate) for rate in bars[RATE]], padding=5)
        axis.set_title(title, loc="left", fontweight="bold", fontsize=12)
        axis.set_ylim(most[index // 2] - 0.5, -0.5)  # all bars as wide, the first on top
        axis.margins(x=0.15)
        axis.xaxis.set_visible(False)
        axis.tick_params(axis="y", length=0, labelsize=11)
        axis.spines[:].set_visible(False)
    figure_.suptitle("Pictures a second: longer is faster", fontsize=14)
    figure_.savefig(path, dpi=120)
    plt.close(figure_)


def _panels(runs: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Titles, and runs whose "bar" names what they are drawn in."""
    trained = runs[runs["part"] == "train"]
    for network, same in trained.groupby("group", sort=False):
        yield f"Training, {network}", same.assign(bar=same["contender"])
    predicted = runs[runs["part"] == "predict"]
    if len(predicted):
        bars = predicted["contender"] + ", " + predicted["group"]
        yield "Prediction, sequence", predicted.assign(bar=bars)
