"""The examples run to their end, on small files in SVHN's format."""

from __future__ import annotations

import hashlib
import json
import os
import runpy
import subprocess
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from scipy.io import savemat

import sksvhn
from sksvhn import metrics
from sksvhn.datasets import make_street_scenes

from .datasets.svhn_files import NumberSet

EXAMPLES = Path(__file__).parents[1] / "examples"
Run = Callable[..., str]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("svhn")
    rng = np.random.default_rng(0)
    for name, n in (("train", 90), ("test", 20)):
        numbers = NumberSet.generate(map(str, rng.integers(1, 300, n)), seed=n)
        numbers.write_archive(folder / f"{name}.tar.gz")
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Scripts in this process, which has imported what they need; returns what they print."""

    def run(script: str, *arguments: str) -> str:
        path = EXAMPLES / script
        monkeypatch.setattr(sys, "argv", [str(path), *arguments])
        monkeypatch.setattr(sys, "path", [str(path.parent), *sys.path])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pictures that are noise
            runpy.run_path(str(path), run_name="__main__")
        return capfd.readouterr().out

    return run


def test_demo(run: Run, data: Path, tmp_path: Path) -> None:
    printed = run("demo.py", "--data", str(data), "--out", str(tmp_path), "--max-epochs", "1")
    assert "coverage at 98 % accuracy" in printed
    assert (tmp_path / "reader.sksvhn").stat().st_size > 100_000
    with Image.open(tmp_path / "readings.png") as picture:
        assert min(picture.size) > 500


def test_demo_says_what_is_missing(run: Run, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("demo.py", "--data", str(tmp_path))
    assert str(stopped.value).startswith(
        f"Error: {tmp_path} holds neither train.tar.gz nor a folder train"
    )


@pytest.mark.parametrize(
    "options",
    [("--repeat", "2", "--start", "numbers"), ("--repeat", "0")],
    ids=["both, from the pretrained reader", "generated alone"],
)
def test_accuracy_benchmark(options: tuple[str, ...], run: Run, data: Path) -> None:
    printed = run(
        "benchmarks/accuracy.py",
        *("--data", str(data), "--n-generated", "40", "--validate"),
        *("--params", '{"max_epochs": 1}', *options),
    )
    result = json.loads(printed[printed.index("{\n") :])
    assert result["seconds"].keys() == {"generating", "training"}
    assert ("initial_model='numbers'" in result["estimator"]) == ("--start" in options)
    assert result["scored pictures"] == 18
    low, high = result["scores in percent, with 95 % intervals"]["whole numbers"]["interval"]
    assert 0 <= low <= high <= 100


def test_digits_benchmark(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with h5py.File(tmp_path / "digits.h5", "w") as file:
        for subset, n in (("train", 100), ("test", 20)):
            file[f"X_{subset}"] = rng.uniform(0, 255, (n, 32, 32)).astype(np.float32)
            file[f"y_{subset}"] = (np.arange(n) % 10).astype(np.uint8)
    printed = run(
        "benchmarks/digits.py",
        *("--data", str(tmp_path / "digits.h5"), "--models", "logistic", "E1"),
        *("--n-random-states", "2", "--share", "0.8", "--out", str(tmp_path / "runs.json")),
    )
    assert "80 digits to train on, 20 to score, (32, 32) pixels" in printed
    last = printed.splitlines()[-1]
    assert last.startswith("| E1 |")
    assert "| 68,010 |" in last
    runs = json.loads((tmp_path / "runs.json").read_text())
    assert [(r["model"], r["random state"]) for r in runs] == [
        ("logistic", None),
        ("E1", 0),
        ("E1", 1),
    ]


def test_digits_benchmark_reads_color_digits(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for subset, n in (("train", 100), ("test", 20)):
        X = rng.integers(0, 256, (32, 32, 3, n), dtype=np.uint8)
        savemat(tmp_path / f"{subset}_32x32.mat", {"X": X, "y": np.arange(n)[:, None] % 10 + 1})
    printed = run("benchmarks/digits.py", "--data", str(tmp_path), "--models", "logistic, HOG")
    assert "100 digits to train on, 20 to score, (32, 32, 3) pixels" in printed


def test_larger_than_memory_benchmark(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def child(command: list[str], **_: Any) -> SimpleNamespace:
        printed = run("benchmarks/larger_than_memory.py", *command[2:])
        return SimpleNamespace(stdout=printed.splitlines()[-1])  # the parent prints as well

    monkeypatch.setattr(subprocess, "run", child)
    printed = run("benchmarks/larger_than_memory.py", "--n-samples", "40", "--n-repetitions", "1")
    table = printed.splitlines()[-3:]
    assert [line.split("  ")[0] for line in table] == [
        "in memory",
        "HDF5",
        "HDF5, four times as large",
    ]
    assert [line.split()[-4] for line in table] == ["40.0", "40.0", "160.0"]


def test_loading_benchmark(run: Run) -> None:
    printed = run("benchmarks/loading.py", "--share", "0.003", "--n-repetitions", "1")
    assert "99 numbers" in printed
    assert "n_jobs=2:" in printed


def test_failures_benchmark(run: Run, data: Path, tmp_path: Path) -> None:
    printed = run(
        "benchmarks/failures.py",
        *("--data", str(data), "--model", str(tmp_path / "clf.joblib"), "--out", str(tmp_path)),
        *("--max-epochs", "1", "--n-pictures", "20", "--input-size", "24"),
    )
    headings = [line for line in printed.splitlines() if line.startswith("### ")]
    assert len(headings) == 12
    assert "| empty surfaces | 20 |" in printed
    for name in ("properties", "corruption", "no_number"):
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert min(picture.size) > 800
    assert (tmp_path / "clf.joblib").exists()


def test_trust_benchmark(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = partial(metrics.bootstrap_interval, n_resamples=20)
    monkeypatch.setattr(metrics, "bootstrap_interval", few)
    arguments = ("--data", str(data), "--out", str(tmp_path), "--max-epochs", "1")
    model = ("--model", str(tmp_path / "clf.joblib"), "--n-simulations", "2")
    candidates = ("--n-candidates", "3", "5")
    printed = run("benchmarks/trust.py", *arguments, *model, *candidates)
    headings = [line for line in printed.splitlines() if line.startswith("## ")]
    assert headings == [
        "## Scores",
        "## Thresholds",
        "## Promises",
        "## Candidates",
        "## Most probable numbers",
    ]
    assert "| 5 neighbours" in printed
    for name in ("coverage", "reliability"):
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert min(picture.size) > 400


@pytest.mark.parametrize("name", ["numbers", "digits"])
def test_weights(run: Run, tmp_path: Path, name: str) -> None:
    # A locator finds nothing to calibrate it with until it has been trained for long.
    sizes = ("--sizes", "30", "20", "--epochs", "1")
    run("weights.py", name, *sizes, "--folder", str(tmp_path), "--out", str(tmp_path))
    record = json.loads((tmp_path / f"{name}.json").read_text())
    content = (tmp_path / f"{name}.sksvhn").read_bytes()
    assert record["sha256"] == hashlib.sha256(content).hexdigest()
    assert record["trained on"] == 30
    reader = sksvhn.load(tmp_path / f"{name}.sksvhn")
    if name == "numbers":
        assert reader.max_length_ == 8
    assert not reader.verbose
    assert reader.checkpoint_dir is None
    # Two bytes a weight; the rest are labels, calibration and history.
    assert len(content) < 2.5 * sum(weight.numel() for weight in reader.module_.parameters())


def test_speed_benchmark(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "KERAS_BACKEND"):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # it sets them for its children
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    monkeypatch.syspath_prepend(EXAMPLES / "benchmarks")
    command = {"the command": ("-m", "sksvhn", "--help")}
    monkeypatch.setattr(import_module("speed.machine"), "STARTS", command)
    arguments = ("--quick", "--parts", "train", "start", "--networks", "E1", "--threads", "1")
    with ProcessPoolExecutor(1, get_context("spawn")) as child:  # one for all contenders
        monkeypatch.setattr(import_module("speed.turns"), "_child", lambda: nullcontext(child))
        printed = run("benchmarks/speed.py", *arguments, "--out", str(tmp_path))
    assert "E1" in printed
    assert "`python -m sksvhn --help`" in printed
    runs = json.loads((tmp_path / "speed.json").read_text())["runs"]
    contenders = {r["contender"] for r in runs if r["part"] == "train"}
    assert contenders >= {"PyTorch loop", "skorch", "scikit-learn", "sksvhn"}
    with Image.open(tmp_path / "speed.png") as picture:
        assert min(picture.size) > 300


def test_tasks_of_the_speed_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES / "benchmarks")
    tasks, report = import_module("speed.tasks"), import_module("speed.report")
    small = {"LEARNING_RATES": [0.01], "N_EPOCHS": 1, "N_JOBS": 1}
    for name, value in small.items():
        monkeypatch.setattr(tasks, name, value)
    monkeypatch.setattr(import_module("speed.problems"), "PHOTOGRAPH", (64, 64))
    jobs = tasks.jobs(256, 8, 1)
    n_threads = torch.get_num_threads()
    try:
        records = [asdict(job) | job.measure(*job.arguments) for job in jobs]
    finally:
        torch.set_num_threads(n_threads)
    table = report.whole_tasks(pd.DataFrame(records).assign(repetition=0))
    assert "| grid over E1, 2 fits, n_jobs=1 |" in table
    assert "scikit-learn: " in table
    assert all(record["seconds"] > 0 for record in records)


def test_photographs_benchmark(run: Run, tmp_path: Path) -> None:
    scenes = make_street_scenes(4, image_size=(96, 96), max_numbers=1, random_state=0)
    folder = tmp_path / "buildings"
    folder.mkdir()
    lines = ["path,number,left,top,width,height", "wall.png,,,,,"]
    Image.new("RGB", (96, 96)).save(folder / "wall.png")
    for row, (pixels, numbers, boxes) in enumerate(
        zip(scenes.images, scenes.numbers, scenes.target, strict=True)
    ):
        Image.fromarray(pixels).save(folder / f"{row}.png")
        box = boxes[0].tolist() if numbers else [""] * 4
        lines.append(",".join(map(str, [f"{row}.png", *(numbers or [""]), *box])))
    (folder / "numbers.csv").write_text("\n".join(lines))
    kinds = ("buildings", "buildings without a number")
    printed = run("benchmarks/photographs.py", "--data", str(tmp_path), "--kinds", *kinds)
    results = json.loads(printed)["sksvhn"]
    n_numbers = sum(map(bool, scenes.numbers))
    assert results["buildings"]["n"] == results["buildings"]["recall at 0.5"]["n"] == n_numbers
    assert results["buildings without a number"]["pictures"] == 5 - n_numbers
