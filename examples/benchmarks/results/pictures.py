"""The pictures of the results page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from .page import by_job, curves, over_states
from .rows import SYSTEMS

# Okabe and Ito's colours, which people with any colour vision tell apart.
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#555555"


def draw_systems(records: list[dict[str, Any]], folder: Path) -> Path:
    """Draw all rows: what was published, and ours with the same settings and with the defaults."""
    runs = by_job(records)
    rows = [row for system in SYSTEMS for row in system.rows]
    fig = Figure(figsize=(7, 5), layout="constrained")
    ax = fig.add_subplot()
    places = np.arange(len(rows))
    published = [re.match(r"[\d.]+", row.published) for row in rows]
    ax.plot(
        [float(found[0]) for found in published if found],
        [place for place, found in zip(places, published, strict=True) if found],
        "|",
        color=GREY,
        markersize=14,
        markeredgewidth=2,
        label="published, on other pictures",
    )
    styles = (
        ("settings", "ours, the same settings", ORANGE, "s", -0.12),
        ("defaults", "ours, the defaults", BLUE, "o", 0.12),
    )
    for name, label, color, marker, shift in styles:
        shown = [i for i, row in enumerate(rows) if getattr(row, name) in runs]
        scores = [over_states(runs[getattr(rows[i], name)]) for i in shown]
        values, low, high = 100 * np.reshape(scores, (-1, 3)).T
        ax.errorbar(
            values,
            places[shown] + shift,
            xerr=[values - low, high - values],
            fmt=marker,
            color=color,
            capsize=3,
            label=label,
        )
    names = [f"{row.name}: {row.what.replace(', centre crop', '')}" for row in rows]
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.set_xlim(0, 100)
    ax.set_xlabel("right, %")
    ax.grid(axis="x", alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    fig.legend(loc="outside upper center", ncols=3, frameon=False)
    return save(fig, folder / "results_systems.png")


def draw_labels(records: list[dict[str, Any]], folder: Path) -> Path | None:
    """Draw the learning curve, if three points of it were run."""
    plain, tuned = curves(by_job(records))
    if len(plain) + len(tuned) < 3:
        return None
    fig = Figure(figsize=(7, 4.2), layout="constrained")
    ax = fig.add_subplot()
    styles = (
        (tuned, "from the pretrained reader", BLUE, "o", 1.015),
        (plain, "the default reader, from nothing", ORANGE, "s", 1 / 1.015),
    )
    for series, label, color, marker, shift in styles:
        sizes = [n for n in sorted(series) if n]
        if not sizes:
            continue
        values, low, high = 100 * np.array([over_states(series[n]) for n in sizes]).T
        ax.errorbar(
            [n * shift for n in sizes],
            values,
            [(values - low).tolist(), (high - values).tolist()],
            color=color,
            marker=marker,
            capsize=3,
            label=label,
        )
    if 0 in tuned:
        level = 100 * over_states(tuned[0])[0]
        ax.axhline(level, color=BLUE, linestyle=":", label="the pretrained reader, no labels")
    ax.set_xscale("log")
    ticks = sorted(n for n in plain.keys() | tuned.keys() if n)
    ax.set_xticks(ticks, [f"{n:,}" for n in ticks])
    ax.minorticks_off()
    ax.set_xlabel("labelled numbers to train on")
    ax.set_ylabel("whole numbers read right, %")
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="lower right", frameon=False)
    return save(fig, folder / "results_labels.png")


def save(fig: Figure, path: Path) -> Path:
    """Write a picture, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fig.savefig(path, dpi=150)
    return path
