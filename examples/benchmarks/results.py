"""Run the five published systems and our defaults, and write the results page from the runs.

``run`` trains what has no record yet and adds a record to a JSON file after each job, so that it
can be stopped and started again; a long training goes on after its last epoch. ``page`` writes
docs/results.md and its pictures from that file, and the table in README.md.
The data are laid out as ``svhn/``, ``mnist/``, ``notmnist/``, ``photos/`` and ``buildings/`` in one
folder.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path
from typing import Any

RUNS = Path("docs/results.json")
PAGE = Path("docs/results.md")
README = Path("README.md")
MARKS = "<!-- results.py page -->\n", "<!-- end -->\n"


def main() -> None:
    """Run jobs, or write the page."""
    options = parse_options()
    if options.command == "run":
        run(options)
    else:
        from results import page, pictures

        records = read(options.runs)
        images = options.out.parent / "images"
        systems = pictures.draw_systems(records, images)
        labels = pictures.draw_labels(records, images)
        options.out.write_text(page.markdown(records, systems, labels), encoding="utf-8")
        if options.readme.exists():
            text = options.readme.read_text(encoding="utf-8")
            before, rest = text.split(MARKS[0])
            after = rest.split(MARKS[1])[1]
            table = page.overview(records).join(MARKS)
            options.readme.write_text(before + table + after, encoding="utf-8")


def run(options: argparse.Namespace) -> None:
    """Train what has no record yet."""
    from results import training
    from results.jobs import STATES, all_jobs

    jobs = all_jobs()
    untrained = {"B3": training.read_photographs, "C4": training.describe}
    known = untrained.keys() | {row for job in jobs for row in job.rows}
    rows = options.rows or sorted(known)
    if unknown := sorted(set(rows) - known):
        raise SystemExit(f"--rows {unknown[0]!r} is not one of {', '.join(sorted(known))}.")
    circumstances = training.circumstances() | {"commit": commit()}
    for name in sorted(untrained.keys() & set(rows)):
        if not is_done(read(options.runs), name, 0):
            record = {"job": name, "random state": 0} | untrained[name](options.data)
            add(options.runs, record | circumstances)
    for random_state in STATES:  # every job once before any is repeated
        for job in jobs:
            if random_state not in job.random_states or not set(rows) & set(job.rows):
                continue
            if is_done(read(options.runs), job.name, random_state, until_still=job.until_still):
                continue
            print(f"{job.name}, random state {random_state}", flush=True)
            record = training.train(job, random_state, options.data, options.cache)
            add(options.runs, record | circumstances)
            print(json.dumps(record["scores"]["accuracy"]), record.get("training"), flush=True)


def is_done(
    records: list[dict[str, Any]], name: str, random_state: int, *, until_still: bool = False
) -> bool:
    """Whether a record is there, and its training was not ended before it stood still."""
    return any(
        (r["job"], r["random state"]) == (name, random_state)
        and (not until_still or "still for" in r)
        for r in records
    )


def read(path: Path) -> list[dict[str, Any]]:
    """Return the records so far."""
    return json.loads(path.read_text()) if path.exists() else []


def add(path: Path, record: dict[str, Any]) -> None:
    """Add a record; the file is whole at any time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(".part")
    written.write_text(json.dumps([*read(path), record], indent=1) + "\n")
    os.replace(written, path)


def commit() -> str | None:
    """Return the commit of the sources, marked where they were changed since."""
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(
        command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run", help="train and score what has no record yet")
    runner.add_argument("--data", type=Path, required=True, help="folder with svhn/, mnist/, ...")
    runner.add_argument("--rows", nargs="+", help="such as A1, B3 and labels (all)")
    runner.add_argument("--cache", type=Path, default=Path("build/results"), help="of checkpoints")
    writer = commands.add_parser("page", help="write the page from the records")
    writer.add_argument("--out", type=Path, default=PAGE, help=f"({PAGE})")
    writer.add_argument("--readme", type=Path, default=README, help=f"({README})")
    for command in (runner, writer):
        command.add_argument("--runs", type=Path, default=RUNS, help=f"the records ({RUNS})")
    return parser.parse_args()


if __name__ == "__main__":
    main()
