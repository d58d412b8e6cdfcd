"""The results page in Markdown, from the records alone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from statistics import mean
from typing import Any

from .rows import CURVE, DEPTHS, FEW, SYSTEMS, System

Record = dict[str, Any]
#: The runs of each job, one per random state.
Runs = dict[str, list[Record]]
#: The same by the number of labelled pictures.
Curve = dict[int, list[Record]]

COMMAND = "python examples/benchmarks/results.py"
INTRODUCTION = """\
# Results: five systems, and ours

This page shows five published systems that read digits and numbers, most of them SVHN's, rebuilt
with sksvhn: course work and tutorials whose figures people still start from. Each row has the
published figure, ours with the same network and settings, and ours with the package's defaults for
that kind of data. The last section but one answers: [how many labels do I
need?](#how-many-labels-do-i-need)

**Compare ours with ours.** They are on the same pictures, and on fewer than the published figures.
The digits and numbers of SVHN used here all come from its published *test* set, which was split
again, by photograph, into pictures to train on and pictures to score. A published figure says what
a system reached on its own data. Whether ours is higher or lower says little.

Figures are percentages of test pictures that are right; a number is right if all of it is. 95 %
bootstrap intervals over the scored pictures are in brackets. With several random states, the mean
of their figures is followed by the least lower and the greatest upper end. Nothing was chosen on
the scored pictures. B2, C1, C2, D1 and D2 have settings for 100,000 to 200,000 steps; here, they
were trained until their score on a tenth of the training pictures, which was held out, had not
risen for a tenth of those steps, and the epoch with the best such score is shown.
A program writes this page from [records of the runs](results.json); only the published
figures were typed in.
[Single digits](digits.md) and [accuracy](accuracy.md) have more runs, by other scripts.
"""

ALL_ROWS = (
    "Dots per row: the published figure, ours with the same settings, and ours with the defaults, "
    "which are mostly the highest"
)


def markdown(records: list[Record], systems: Path | None, picture: Path | None) -> str:
    """Return the page.

    Parameters
    ----------
    records : list of dict
        As `results.py run` writes them.
    systems : Path or None
        The picture of all rows, if there is one.
    picture : Path or None
        The drawn learning curve, if there is one.
    """
    runs = by_job(records)
    parts = [
        INTRODUCTION,
        f"![{ALL_ROWS}](images/{systems.name})\n" if systems else "",
        *(system(runs, one) for one in SYSTEMS),
        depths(runs),
        photographs(runs),
        description(runs),
        labels(runs, picture),
        circumstances(records),
    ]
    return "\n".join(part for part in parts if part)


def overview(records: list[Record]) -> str:
    """Return one table of all rows, for the README."""
    runs = by_job(records)
    rows = [
        [
            f"{row.name}: {row.what}",
            runs[row.settings][0]["data"] if row.settings in runs else "",
            row.published,
            *(figure(runs, name, row.name) for name in (row.settings, row.defaults)),
        ]
        for one in SYSTEMS
        for row in one.rows
    ]
    header = ["system", "on", "published", "its settings, ours", "our defaults"]
    return "\n".join(table(header, rows)) + "\n"


def by_job(records: list[Record]) -> Runs:
    """Group the records, and keep of each job those with the most epochs."""
    runs: Runs = {}
    for record in records:
        runs.setdefault(record["job"], []).append(record)
    for name, group in runs.items():
        most = max(r.get("epochs", 0) for r in group)
        kept = [r for r in group if r.get("epochs", 0) == most]
        runs[name] = sorted(kept, key=lambda r: r["random state"])
    return runs


def system(runs: Runs, one: System) -> str:
    """Figures of a system, and how they were run."""
    rows, names = [], []
    for row in one.rows:
        cells = [figure(runs, name, row.name) for name in (row.settings, row.defaults)]
        rows.append([f"**{row.name}** {row.what}", row.published, *cells])
        names += [row.settings, row.defaults]
    header = ["system", "published", "its settings, ours", "our defaults"]
    lines = [f"## {one.title}", "", one.text, "", *table(header, rows), ""]
    names = [name for name in dict.fromkeys(names) if name in runs]
    return "\n".join([*lines, *parts_of_numbers(runs, names), *how(runs, names)])


def parts_of_numbers(runs: Runs, names: Iterable[str]) -> list[str]:
    """Return a table of what readers of whole numbers get right of them."""
    names = [name for name in names if "digits" in runs[name][0]["scores"]]
    if not names:
        return []
    scores = ("digits", "length", "position 1", "position 2", "position 3", "coverage at 98 %")
    rows = []
    for name in names:
        rows.append([name, *(percent(over_states(runs[name], score)[0]) for score in scores)])
    return [*table(["run", *scores], rows), ""]


def over_states(group: list[Record], score: str = "accuracy") -> tuple[float, float, float]:
    """Return the mean of a score over random states, and the ends of its intervals."""
    found = [r["scores"][score] for r in group]
    low, high = min(s["low"] for s in found), max(s["high"] for s in found)
    return mean(s["estimate"] for s in found), low, high


def figure(runs: Runs, name: str, row: str) -> str:
    """Return a cell: the accuracy with its interval, or what would run it."""
    if name not in runs:
        return f"not run (`--rows {row}`)"
    score = dict(zip(("estimate", "low", "high"), over_states(runs[name]), strict=True))
    return interval(score)


def interval(score: dict[str, float]) -> str:
    """Return a score in percent with its interval."""
    return f"{percent(score['estimate'])} ({percent(score['low'])} to {percent(score['high'])})"


def how(runs: Runs, names: Iterable[str]) -> list[str]:
    """Return a table of pictures, epochs, random states and time."""
    rows = []
    for name in names:
        record = runs[name][0]
        seconds = [core_seconds(r["training"]) for r in runs[name] if "training" in r]
        rows.append(
            [
                name,
                f"{trained_on(record)} / {record['scored on']:,} {record['data']}",
                epochs(record),
                str(len(runs[name])),
                duration(mean(seconds)) if seconds else "",
            ]
        )
    if not rows:
        return []
    header = ["run", "trained on / scored", "epochs", "states", "one core"]
    return [*table(header, rows), ""]


def trained_on(record: Record) -> str:
    """Pictures that were trained on."""
    made = f" and {record['generated']:,} generated" if "generated" in record else ""
    return f"{record['trained on']:,}{made}"


def epochs(record: Record) -> str:
    """Epochs, of how many where training stood still before, and the steps that makes."""
    if "epochs" not in record:
        return ""
    done, asked = record["epochs"], record["epochs of the settings"]
    told = f"{done:,} of {asked:,}" if done < asked else f"{done:,}"
    if record.get("sittings", 1) > 1:
        told += f" in {record['sittings']} sittings"
    return f"{told}, {done * record['batches an epoch']:,} steps"


def core_seconds(training: dict[str, float]) -> float:
    """Processor time of a training; where it took several sittings, the time of its epochs."""
    return training.get("processor seconds", training["seconds"])


def labels(runs: Runs, picture: Path | None) -> str:
    """Accuracy by the number of labelled pictures."""
    plain, tuned = curves(runs)
    lines = ["## How many labels do I need?", "", *answer(plain, tuned)]
    if picture is not None:
        lines += [
            "![Whole numbers read right against the number of labelled pictures]"
            f"(images/{picture.name})",
            "",
        ]
    rows, names = [], []
    for n in (0, *CURVE, "all"):
        both = (f"reader, {n}", f"pretrained reader, {n}")
        cells = [figure(runs, name, "labels") if name != "reader, 0" else "" for name in both]
        rows.append([f"{n:,}" if isinstance(n, int) else n, *cells])
        names += both
    header = ["labelled", "default reader", 'from `load_pretrained("numbers")`']
    lines += [*table(header, rows), ""]
    names = [name for name in names if name in runs]
    lines.append(
        "Both were trained on the first so many real training numbers, the default reader from "
        "nothing, the other from the weights of [the reader that comes with the package]"
        "(pretrained.md#start-from-it), which has seen generated numbers alone. Coverage is the "
        "share of pictures, surest first, of which 98 % are read right: the share that nobody has "
        "to check. The other one was trained on at a rate of 0.02 and keeps half of each weight "
        f"that it began with, or, with more than {FEW:,} numbers, at 0.005 and keeps nothing. This "
        "was chosen on other training numbers. "
        f"With up to {FEW:,}, it also [looks again](pretrained.md#second-looks) where it is not "
        "sure; with more, it averages three views. The former were trained on a slower EPYC, which "
        "has no bfloat16, and the latter on one that has. Those with more than 200 numbers "
        "began with the reader as it was before the last part of its own training."
    )
    return "\n".join([*lines, "", *parts_of_numbers(runs, names), *how(runs, names)])


def curves(runs: Runs) -> tuple[Curve, Curve]:
    """Return the runs of the default reader on real numbers, by the number of labels."""
    found: tuple[Curve, Curve] = ({}, {})
    for name, group in runs.items():
        if name.startswith(("reader, ", "pretrained reader, ")) and (
            group[0]["data"] == "real numbers"
        ):
            found[name.startswith("pretrained")][group[0]["trained on"]] = group
    return found


def answer(plain: Curve, tuned: Curve) -> list[str]:
    """Say in words what the table says, where there are two sizes or generated numbers."""
    told = []
    if len(plain) > 1:
        few, many = min(plain), max(plain)
        told.append(f"With {few:,} labelled numbers the default reader reads {reads(plain[few])}")
        told.append(f"of new ones, with {many:,} {reads(plain[many])}.")
    if 0 in tuned:
        told.append(
            "Without any, the reader that comes with the package, which was trained on generated "
            f"numbers alone, reads {reads(tuned[0])}."
        )
        best, *_ = over_states(tuned[0])
        enough = [n for n in sorted(plain) if over_states(plain[n])[0] >= best]
        if enough:
            told.append(f"The smallest set of real ones here that does as well has {enough[0]:,}.")
    if tuned.keys() - {0}:
        few = min(tuned.keys() - {0})
        told.append(f"Trained on from there, {few:,} labels give {reads(tuned[few])}.")
    return [" ".join(told), ""] if told else []


def reads(group: list[Record]) -> str:
    """Accuracy in percent."""
    return f"{percent(over_states(group)[0])} %"


def depths(runs: Runs) -> str:
    """C2: accuracy by depth."""
    rows = []
    for depth in range(1, 8):
        rows.append(
            [
                str(depth),
                DEPTHS.get(depth, ""),
                figure(runs, f"C2, {depth} dense", "C2"),
                figure(runs, f"C2, 3 conv, {depth - 3} dense", "C2") if depth > 3 else "",
            ]
        )
    names = [f"C2, {d} dense" for d in range(1, 8)] + [
        f"C2, 3 conv, {d} dense" for d in range(1, 5)
    ]
    ran = [runs[name][0] for name in names if name in runs]
    lines = [
        "## C2: networks by depth",
        "",
        "The outputs count as a layer. Published after 100,000 steps: 60 % with one layer, "
        "89.3 % with two, finally 90 % with dense layers alone and 95 % with convolutions. The "
        "deepest with convolutions was trained in float32: in bfloat16, its loss was not a number "
        "after 62 epochs.",
        "",
        *table(["layers", "published", "dense alone", "three of them conv"], rows),
        "",
    ]
    if ran:
        seconds = sum(core_seconds(r["training"]) for r in ran)
        lengths = [r["epochs"] for r in ran]
        lines.append(
            f"{ran[0]['trained on']:,} real numbers to train on, {ran[0]['scored on']:,} scored, "
            f"{min(lengths):,} to {max(lengths):,} epochs of {ran[0]['epochs of the settings']:,}; "
            f"random state 0, {seconds:.0f} s for all of them.\n"
        )
    return "\n".join(lines)


def description(runs: Runs) -> str:
    """C4: the tables that describe the real numbers."""
    lines = ["## C4: the data in tables", ""]
    if "C4" not in runs:
        return "\n".join([*lines, f"Not run here: `{COMMAND} run --data DIR --rows C4`.\n"])
    tables = runs["C4"][0]["tables"]
    rows = [
        [
            subset,
            f"{t['n_pictures']:,.0f}",
            f"{t['n_digits']:,.0f}",
            f"{t['pixel_mean']:.1f}",
            f"{t['pixel_std']:.1f}",
        ]
        for subset, t in tables.items()
    ]
    lines += table(["real numbers", "numbers", "digits", "pixel mean", "deviation"], rows)
    all_lengths = sorted({n for t in tables.values() for n in t["lengths"]}, key=int)
    rows = [
        [subset, *(f"{t['lengths'].get(n, 0):,}" for n in all_lengths)]
        for subset, t in tables.items()
    ]
    lines += ["", *table(["digits per number", *all_lengths], rows)]
    rows = [
        [name.replace("_", " "), *(f"{sizes[key]:.0f}" for key in ("mean", "std", "50%", "98%"))]
        for name, sizes in tables["train"]["sizes"].items()
    ]
    header = ["train, pixels", "mean", "deviation", "median", "98th percentile"]
    note = "`describe_numbers` makes these tables, and `NumberStatisticsDisplay` draws them.\n"
    return "\n".join([*lines, "", *table(header, rows), "", note])


def photographs(runs: Runs) -> str:
    """B3: photographs, whole as they are."""
    lines = ["## B3: your own photographs", ""]
    if "B3" not in runs:
        return "\n".join([*lines, f"Not run here: `{COMMAND} run --data DIR --rows B3`.\n"])
    found = runs["B3"][0]["found"]
    photos, buildings = found["photos"]["read"], found["buildings"]["read"]
    right = sum(one["read"] == one["number"] for one in photos)
    campus = found["buildings"]["accuracy"]
    lines += [
        "B and C tried their models on photographs that they took; C1 published 4 of 10 right. "
        "`sksvhn.read(paths)` gets the photographs whole, without boxes, and the surest number "
        f"counts. Of nine photographs, six of them of handwriting, it reads {right} of "
        f"{len(photos)} right. Of {len(buildings)} photographs of a campus it reads "
        f"{interval(campus)} % right. [Both were trained on generated pictures](pretrained.md).",
        "",
    ]
    rows = [[one["number"], one["read"] or "none", f"{one['confidence']:.2f}"] for one in photos]
    return "\n".join([*lines, *table(["number", "read", "confidence"], rows), ""])


def circumstances(records: list[Record]) -> str:
    """Commands, machines, dates and versions."""
    machines = []
    for key, group in groupby(sorted(records, key=machine_key), machine_key):
        found = list(group)
        days = sorted({r["date"] for r in found})
        commits = sorted({str(r["commit"]) for r in found})
        machines.append(
            f"- {key}; {days[0]}{f' to {days[-1]}' if len(days) > 1 else ''}, "
            f"commit {', '.join(commits)}."
        )
    trained = [r["training"] for r in records if "training" in r]
    slowness = sum(t["seconds"] for t in trained) / sum(map(core_seconds, trained))
    return "\n".join(
        [
            "## How this page was made",
            "",
            "`DIR` holds `svhn/`, `mnist/`, `notmnist/`, `photos/` and `buildings/`. `run` leaves "
            "out what `docs/results.json` has already. `--rows E1 E2` runs some rows, and `--rows "
            "labels` the learning curve.",
            "",
            "```console",
            f"$ {COMMAND} run --data DIR",
            f"$ {COMMAND} page",
            "```",
            "",
            '"States" are random states. "One core" is the mean processor time of training. '
            f"By the clock, training took {slowness:.1f} times as long. Of most trainings that "
            "ended when they stood still, it is the time of their epochs by the clock, while other "
            "programs ran.",
            "",
            *machines,
            "",
        ]
    )


def machine_key(record: Record) -> str:
    """Describe the machine of a record and what was installed on it."""
    found = record["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return (
        f"{found['processor']}, {found['cores']} cores of which {found['threads']} used, "
        f"Python {found['python']}, {versions}"
    )


def duration(seconds: float) -> str:
    """Seconds, with a decimal where there are few."""
    return f"{seconds:.{0 if seconds >= 10 else 1}f} s"


def table(header: list[str], rows: Iterable[list[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in lines]


def percent(share: float) -> str:
    """Percent with one decimal."""
    return f"{100 * share:.1f}"
