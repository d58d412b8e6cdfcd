"""The results page is what the committed records give, and its rows run."""

from __future__ import annotations

import json
import re
import runpy
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from sksvhn import SVHNMLPClassifier

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "examples" / "benchmarks"
SCORE = {"estimate": 0.5, "low": 0.25, "high": 0.75}


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    from results import page

    return page


def record(job: str, **more: Any) -> dict[str, Any]:
    made = {
        "job": job,
        "data": "grey digits",
        "trained on": 1000,
        "scored on": 100,
        "random state": 0,
        "scores": {"accuracy": SCORE},
        "training": {"seconds": 30.0, "processor seconds": 20.0},
        "epochs": 5,
        "epochs of the settings": 20,
        "batches an epoch": 10,
        "date": "2026-11-21",
        "commit": "abc",
        "machine": {
            "processor": "P",
            "cores": 2,
            "threads": 1,
            "python": "3.11",
            "versions": {"torch": "2"},
        },
    }
    return made | more


def test_committed_page_is_what_the_committed_records_give(page: Any) -> None:
    records = json.loads((ROOT / "docs" / "results.json").read_text())
    names = ("results_systems.png", "results_labels.png")
    drawn = [ROOT / "docs" / "images" / name for name in names]
    assert all(path.exists() for path in drawn)
    assert page.markdown(records, *drawn) == (ROOT / "docs" / "results.md").read_text("utf-8")
    assert f"-->\n{page.overview(records)}<!--" in (ROOT / "README.md").read_text("utf-8")


def test_committed_records_are_of_jobs_that_there_are(page: Any) -> None:
    from results.jobs import all_jobs

    records = json.loads((ROOT / "docs" / "results.json").read_text())
    assert {r["job"] for r in records} <= {job.name for job in all_jobs()} | {"B3", "C4"}
    runs = [(r["job"], r["random state"], r.get("epochs")) for r in records]
    assert len(set(runs)) == len(runs)


def test_every_row_has_jobs(page: Any) -> None:
    from results.jobs import all_jobs
    from results.rows import SYSTEMS

    shown = {job.name: job.rows for job in all_jobs()}
    for row in (row for system in SYSTEMS for row in system.rows):
        assert row.name in shown[row.settings]
        assert row.name in shown[row.defaults]


def test_page_says_what_was_not_run_and_what_stood_still(page: Any) -> None:
    text = page.markdown([record("E1") | {"still for": 2}], None, None)
    assert "| **E1** MLP 64-32 | 68.4, validation | 50.0 (25.0 to 75.0) | not run" in text
    assert "| E1 | 1,000 / 100 grey digits | 5 of 20, 50 steps | 1 | 20 s |" in text
    assert "`--rows E4`" in text
    assert "training took 1.5 times as long" in text
    sittings = record("E1", sittings=2, training={"seconds": 30.0})
    text = page.markdown([sittings], None, None)
    assert "| E1 | 1,000 / 100 grey digits | 5 of 20 in 2 sittings, 50 steps | 1 | 30 s |" in text


def test_page_joins_random_states_and_takes_the_runs_with_most_epochs(page: Any) -> None:
    full = {"epochs": 20}
    text = page.markdown(
        [
            record("E1", scores={"accuracy": {"estimate": 0.1, "low": 0.0, "high": 0.2}}),
            record("E1", **full),
            record(
                "E1",
                **full,
                **{"random state": 1},
                scores={"accuracy": {"estimate": 0.6, "low": 0.5, "high": 0.9}},
            ),
        ],
        None,
        None,
    )
    assert "| 55.0 (25.0 to 90.0) | not run" in text
    assert "| 20, 200 steps | 2 |" in text


def test_learning_curve(page: Any, tmp_path: Path) -> None:
    good = {"estimate": 0.75, "low": 0.7, "high": 0.8}
    records = [
        reader("reader, 500", 500, SCORE),
        reader("reader, all", 8000, {"estimate": 0.77, "low": 0.7, "high": 0.8}),
        reader("reader, all", 8000, {"estimate": 0.73, "low": 0.6, "high": 0.8})
        | {"random state": 1},
        reader("pretrained reader, 0", 0, good),
        reader("pretrained reader, 500", 500, good),
        record("reader, MNIST strips", data="MNIST strips"),
    ]
    from results import pictures

    picture = pictures.draw_labels(records, tmp_path / "images")
    text = page.markdown(records, None, picture)
    assert "(images/results_labels.png)" in text
    assert "500 labelled numbers the default reader reads 50.0 % of new ones" in text
    assert "with 8,000 75.0 %. Without any, the reader that comes with the package" in text
    assert "that does as well has 8,000. Trained on from there, 500 labels give 75.0 %." in text
    assert "| 500 | 50.0 (25.0 to 75.0) | 75.0 (70.0 to 80.0)" in text
    assert "| all | 75.0 (60.0 to 80.0) | not run" in text
    assert "| 1,000 | not run (`--rows labels`) | not run (`--rows labels`) |" in text
    assert pictures.draw_labels([record("E1")], tmp_path) is None


def test_photographs(page: Any) -> None:
    read = [
        {"number": "12", "read": "12", "confidence": 0.9},
        {"number": "7", "read": "", "confidence": 0.0},
    ]
    kind = {"accuracy": SCORE, "read": read}
    found = {"job": "B3", "found": {"photos": kind, "buildings": kind}}
    text = page.photographs(page.by_job([record("B3") | found]))
    assert "it reads 1 of 2 right. Of 2 photographs of a campus it reads 50.0 (25.0 to" in text
    assert "| 12 | 12 | 0.90 |\n| 7 | none | 0.00 |" in text


def reader(job: str, n_train: int, accuracy: dict[str, float]) -> dict[str, Any]:
    names = ("digits", "length", "position 1", "position 2", "position 3", "coverage at 98 %")
    scores = {"accuracy": accuracy} | dict.fromkeys(names, SCORE)
    return record(job, data="real numbers", scores=scores) | {"trained on": n_train}


def test_run_goes_on_where_it_stopped_and_page_is_written(
    script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "svhn").mkdir()
    with h5py.File(tmp_path / "svhn" / "SVHN_single_grey1.h5", "w") as file:
        for subset, n in (("train", 40), ("test", 20)):
            file[f"X_{subset}"] = rng.uniform(0, 255, (n, 32, 32)).astype(np.float32)
            file[f"y_{subset}"] = (np.arange(n) % 10).astype(np.uint8)
    runs = tmp_path / "runs.json"
    arguments = ("run", "--data", tmp_path, "--rows", "E1", "--runs", runs)
    script(*arguments)
    records = json.loads(runs.read_text())
    jobs = [(r["job"], r["random state"]) for r in records]
    assert jobs == [(job, state) for state in range(3) for job in ("E1", "MLP, grey digits")]
    assert records[0]["weights"] == 68_010
    assert records[0]["epochs"] == 20

    runs.write_text(json.dumps(records[1:]))
    capsys.readouterr()
    script(*arguments)
    assert capsys.readouterr().out.count("random state") == 1
    again = json.loads(runs.read_text())
    assert again[:-1] == records[1:]
    assert again[-1]["scores"] == records[0]["scores"]

    out = tmp_path / "docs" / "results.md"
    readme = tmp_path / "README.md"
    readme.write_text("Before\n<!-- results.py page -->\nold\n<!-- end -->\nAfter\n")
    script("page", "--runs", runs, "--out", out, "--readme", readme)
    assert re.search(r"\*\*E1\*\* .*\d \(", out.read_text("utf-8"))
    written = readme.read_text("utf-8")
    assert re.fullmatch(r"Before\n<!.*-->\n\| system .*\n<!-- end -->\nAfter\n", written, re.DOTALL)
    assert "| E1: MLP 64-32 | grey digits | 68.4, validation | " in written


def test_training_that_stands_still_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    from results import data, training
    from results.jobs import Job

    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (60, 8, 8), dtype=np.uint8), np.arange(60) % 3
    monkeypatch.setattr(data, "load", lambda *args: ((X, y), (X, y)))
    settings = {"hidden_layer_sizes": 4, "batch_size": 10, "max_epochs": 30}
    job = Job("E1", ("E1",), "", lambda n: SVHNMLPClassifier(**settings), until_still=True)
    first = training.train(job, 0, tmp_path, tmp_path / "cache")
    assert 3 < first["epochs"] < first["epochs of the settings"] == 30
    assert first["still for"] == 3
    assert first["batches an epoch"] == 6  # of 54 pictures
    second = training.train(job, 0, tmp_path, tmp_path / "cache")
    assert (first["sittings"], second["sittings"]) == (1, 2)
    assert first["scores"] == second["scores"]

    monkeypatch.setattr(data, "generated_numbers", lambda n: (X[:n], y[:n]))
    more = replace(job, name="E1, 20 generated", n_generated=20)
    third = training.train(more, 0, tmp_path, tmp_path / "cache")
    assert (third["trained on"], third["generated"]) == (60, 20)
    assert third["batches an epoch"] == 8  # of 74 pictures


def test_unknown_row(script: Any, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^--rows 'F1' is not one of A1, A2, B1"):
        script("run", "--data", tmp_path, "--rows", "F1")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run results.py as a command does, in this process, which has PyTorch already."""
    monkeypatch.syspath_prepend(BENCHMARKS)

    def call(*arguments: Any) -> None:
        monkeypatch.setattr(sys, "argv", ["results.py", *map(str, arguments)])
        runpy.run_path(str(BENCHMARKS / "results.py"), run_name="__main__")

    return call
