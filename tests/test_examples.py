"""The examples run as a user runs them, on small files in SVHN's format."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from .datasets.svhn_files import NumberSet

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("svhn")
    rng = np.random.default_rng(0)
    for name, n in (("train", 90), ("test", 20)):
        numbers = NumberSet.generate(map(str, rng.integers(1, 300, n)), seed=n)
        numbers.write_archive(folder / f"{name}.tar.gz")
    return folder


def run(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, EXAMPLES / script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_demo(data: Path, tmp_path: Path) -> None:
    printed = run("demo.py", "--data", str(data), "--out", str(tmp_path), "--max-epochs", "1")
    assert "coverage at 98 % accuracy" in printed
    assert (tmp_path / "reader.sksvhn").stat().st_size > 100_000
    with Image.open(tmp_path / "readings.png") as picture:
        assert min(picture.size) > 500


def test_demo_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / "demo.py", "--data", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"Error: {tmp_path} holds neither train.tar.gz nor a folder train"
    )


def test_accuracy_benchmark(data: Path) -> None:
    printed = run(
        "benchmarks/accuracy.py",
        *("--data", str(data), "--train", "both", "--n-generated", "40"),
        *("--generated-epochs", "1", "--max-epochs", "1", "--validate"),
    )
    results = json.loads(printed[printed.index("[\n") :])
    assert [result["trained on"] for result in results] == ["generated", "generated, then real"]
    for result in results:
        assert result["scored pictures"] == 18
        low, high = result["scores with 95 % intervals"]["whole numbers"]["interval"]
        assert 0 <= low <= high <= 1


def test_digits_benchmark(tmp_path: Path) -> None:
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


def test_digits_benchmark_reads_color_digits(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for subset, n in (("train", 100), ("test", 20)):
        X = rng.integers(0, 256, (32, 32, 3, n), dtype=np.uint8)
        savemat(tmp_path / f"{subset}_32x32.mat", {"X": X, "y": np.arange(n)[:, None] % 10 + 1})
    printed = run("benchmarks/digits.py", "--data", str(tmp_path), "--models", "logistic, HOG")
    assert "100 digits to train on, 20 to score, (32, 32, 3) pixels" in printed


def test_larger_than_memory_benchmark() -> None:
    printed = run("benchmarks/larger_than_memory.py", "--n-samples", "40", "--n-repetitions", "1")
    table = printed.splitlines()[-3:]
    assert [line.split("  ")[0] for line in table] == [
        "in memory",
        "HDF5",
        "HDF5, four times as large",
    ]
    assert [line.split()[-4] for line in table] == ["40.0", "40.0", "160.0"]


def test_loading_benchmark() -> None:
    printed = run("benchmarks/loading.py", "--share", "0.003", "--n-repetitions", "1")
    assert "99 numbers" in printed
    assert "n_jobs=2:" in printed


def test_failures_benchmark(data: Path, tmp_path: Path) -> None:
    printed = run(
        "benchmarks/failures.py",
        *("--data", str(data), "--model", str(tmp_path / "clf.joblib"), "--out", str(tmp_path)),
        *("--max-epochs", "1", "--n-pictures", "20"),
    )
    headings = [line for line in printed.splitlines() if line.startswith("### ")]
    assert len(headings) == 12
    assert "| empty surfaces | 20 |" in printed
    for name in ("properties", "corruption", "no_number"):
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert min(picture.size) > 800
    assert (tmp_path / "clf.joblib").exists()


def test_trust_benchmark(data: Path, tmp_path: Path) -> None:
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


def test_speed_benchmark(tmp_path: Path) -> None:
    arguments = ("--quick", "--parts", "train", "start", "--networks", "E1", "--threads", "1")
    printed = run("benchmarks/speed.py", *arguments, "--out", str(tmp_path))
    assert "E1" in printed
    assert "`python -m sksvhn --help`" in printed
    runs = json.loads((tmp_path / "speed.json").read_text())["runs"]
    contenders = {r["contender"] for r in runs if r["part"] == "train"}
    assert contenders >= {"PyTorch loop", "skorch", "scikit-learn", "sksvhn"}
    with Image.open(tmp_path / "speed.png") as picture:
        assert min(picture.size) > 300
