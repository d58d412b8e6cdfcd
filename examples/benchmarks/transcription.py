"""Measure `transcribe`: pictures a second by workers, what kills leave, searches, and stages.

Reads generated pictures in one process and by one and two worker processes that talk over TCP, in
turns; kills a worker, and the whole job, half-way, and compares what comes out; searches over a
setting with one and two workers; and measures what one picture costs by stages, in time of the
processor, which others on the machine change little.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import torch
from PIL import Image
from sklearn.model_selection import GridSearchCV

import sksvhn
from sksvhn import SVHNSequenceClassifier, transcribe
from sksvhn.datasets import make_street_numbers
from sksvhn.model_selection import NumberKFold
from sksvhn.transcription._cluster import connected

N_DISTINCT = 2000
SIDE = 32


def main() -> None:
    """Measure what was asked for, and print it as JSON."""
    options = parse_options()
    if options.job is not None:
        transcribe(*options.job, whole=True, n_workers=2, partition_size=options.partition_size)
        return
    found: dict[str, Any] = {"cores": os.cpu_count(), "load before": os.getloadavg()}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        pictures = work / "pictures"
        paths = write_pictures(pictures, options.n_samples)
        model = work / "model.sksvhn"
        fit(min(options.n_samples, 1000)).save(model)
        for part in options.parts:
            found[part] = PARTS[part](paths, pictures, model, work, options)
            print(json.dumps({part: found[part]}, indent=2), flush=True)
    found["load after"] = os.getloadavg()
    if options.out is not None:
        options.out.write_text(json.dumps(found, indent=2) + "\n")


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-samples", type=int, default=20_000)
    parser.add_argument("--partition-size", type=int, default=512)
    parser.add_argument("--n-repetitions", type=int, default=3)
    parser.add_argument("--n-workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--job", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def write_pictures(folder: Path, n: int) -> list[str]:
    """Write generated pictures, over and over, a thousand to a folder; return sorted paths."""
    images = distinct(min(n, N_DISTINCT)).images
    contents = []
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        contents.append(file.getvalue())
    paths = [folder / f"{i // 1000:03d}" / f"{i:06d}.png" for i in range(n)]
    for i, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[i % len(contents)])
    return list(map(str, paths))


def distinct(n: int) -> Any:
    """Generate grey pictures of street numbers."""
    return make_street_numbers(n, image_size=(SIDE, SIDE), color=False, random_state=0)


def fit(n: int) -> SVHNSequenceClassifier:
    """Train the default network for one epoch: what it costs does not depend on what it knows."""
    numbers = distinct(n)
    clf = SVHNSequenceClassifier(max_epochs=1, n_views=1, random_state=0)
    return clf.fit(numbers.images, numbers.target)


def measure_rates(
    paths: list[str], pictures: Path, model: Path, work: Path, options: argparse.Namespace
) -> dict[str, Any]:
    """Pictures a second in one process, with one thread and two, and by one worker and two."""
    clf = sksvhn.load(model)
    size = options.partition_size
    expected: dict[str, Any] = {}
    seconds: dict[str, list[float]] = {}
    for turn in range(options.n_repetitions):
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            start = time.perf_counter()
            labels, sure = clf.read(paths, return_confidence=True)
            took(seconds, f"one process, {n_threads} threads", start)
            expected.setdefault("reading", labels)
            expected.setdefault("confidence", sure)
        torch.set_num_threads(1)
        for n_workers in options.n_workers:
            name = f"{n_workers} workers"
            with connected(None, n_workers) as client:
                # Libraries, which a long job imports once.
                warm = {"client": client, "partition_size": 16}
                transcribe(paths[:64], model, work / f"warm{turn}{n_workers}", whole=True, **warm)
                out = work / f"out{turn}{n_workers}"
                start = time.perf_counter()
                transcribe(pictures, model, out, whole=True, client=client, partition_size=size)
                took(seconds, name, start)
            table = pd.read_parquet(out)
            assert table["path"].tolist() == paths
            assert (table["reading"] == expected["reading"]).all()
            np.testing.assert_allclose(table["confidence"], expected["confidence"], rtol=1e-5)
    rates = {name: len(paths) / statistics.median(taken) for name, taken in seconds.items()}
    alone = rates["one process, 1 threads"]
    return {
        name: {
            "pictures a second": round(rate),
            "of one process": round(rate / alone, 3),
            "seconds of each turn": [round(s, 2) for s in seconds[name]],
        }
        for name, rate in rates.items()
    }


def kill(
    paths: list[str], pictures: Path, model: Path, work: Path, options: argparse.Namespace
) -> dict[str, Any]:
    """Kill a worker half-way, then the whole of another job, and damage 1 % of the pictures."""
    size = options.partition_size
    n_parts = -(-len(paths) // size)
    with connected(None, 2) as client:
        whole = transcribe(
            pictures, model, work / "whole", whole=True, client=client, partition_size=size
        )
        expected = pd.read_parquet(whole.path)
        labels, sure = sksvhn.load(model).read(paths, return_confidence=True)
        found: dict[str, Any] = {
            "equal to one process": bool((expected["reading"] == labels).all()),
            "largest difference of a confidence": float(abs(expected["confidence"] - sure).max()),
        }
        out = work / "worker_killed"

        def kill_a_worker() -> None:
            wait_for_parts(out, n_parts // 2)
            found["worker killed after partitions"] = len(list(out.glob("*.parquet")))
            os.kill(min(client.run(os.getpid).values()), signal.SIGKILL)

        killer = threading.Thread(target=kill_a_worker)
        killer.start()
        transcribe(pictures, model, out, whole=True, client=client, partition_size=size)
        killer.join()
        found["equal after a killed worker"] = pd.read_parquet(out).equals(expected)

    out = work / "job_killed"
    command = [sys.executable, __file__, "--job", str(pictures), str(model), str(out)]
    with subprocess.Popen([*command, "--partition-size", str(size)]) as job:
        wait_for_parts(out, n_parts // 2)
        job.kill()
    found["partitions when the job was killed"] = len(list(out.glob("*.parquet")))
    start = time.perf_counter()
    done = transcribe(pictures, model, out, whole=True, n_workers=2, partition_size=size)
    found["seconds of the restart"] = round(time.perf_counter() - start, 2)
    table = pd.read_parquet(out)
    found["pictures twice"] = int(table["path"].duplicated().sum())
    found["equal after a killed job"] = table.equals(expected)

    damaged = paths[::100]
    for path in damaged:
        content = Path(path).read_bytes()
        Path(path).write_bytes(content[: len(content) // 2])
    done = transcribe(
        pictures, model, work / "damaged", whole=True, n_workers=2, partition_size=size
    )
    table = pd.read_parquet(done.path)
    failed = table["error"].notna()
    found["damaged"] = len(damaged)
    found["listed as damaged"] = done.n_failed
    found["the same ones"] = table["path"][failed].tolist() == damaged
    same = table["reading"][~failed] == expected["reading"][~failed]
    found["others read the same"] = bool(same.all())
    for i, path in enumerate(damaged):
        whole_one = paths[(i * 100 + N_DISTINCT) % len(paths)]
        Path(path).write_bytes(Path(whole_one).read_bytes())
    return found


def search(
    paths: list[str], pictures: Path, model: Path, work: Path, options: argparse.Namespace
) -> dict[str, Any]:
    """Search over a setting in this process, and with one worker and two."""
    numbers = distinct(min(options.n_samples, N_DISTINCT))
    estimator = SVHNSequenceClassifier(max_epochs=2, n_views=1, random_state=0)
    grid = {"lr": [0.01, 0.02, 0.04, 0.08, 0.16, 0.32]}
    searching = GridSearchCV(estimator, grid, cv=NumberKFold(2), refit=False)
    torch.set_num_threads(1)
    seconds: dict[str, list[float]] = {}
    scores = []
    for _ in range(options.n_repetitions):
        start = time.perf_counter()
        scores.append(searching.fit(numbers.images, numbers.target).cv_results_["mean_test_score"])
        took(seconds, "one process", start)
        for n_workers in options.n_workers:
            with connected(None, n_workers) as client, client.as_current():
                client.run(warm)
                start = time.perf_counter()
                with joblib.parallel_config(backend="dask", scatter=[numbers.images]):
                    searching.fit(numbers.images, numbers.target)
                took(seconds, f"{n_workers} workers", start)
            scores.append(searching.cv_results_["mean_test_score"])
    return {
        "seconds": {name: round(statistics.median(taken), 1) for name, taken in seconds.items()},
        "same scores": all(np.array_equal(one, scores[0]) for one in scores),
    }


def warm() -> None:
    """Import what takes seconds."""
    import sksvhn.estimators  # noqa: F401


def stages(
    paths: list[str], pictures: Path, model: Path, work: Path, options: argparse.Namespace
) -> dict[str, Any]:
    """Milliseconds of the processor that a picture takes, in one thread."""
    torch.set_num_threads(1)
    small = sksvhn.load(model)
    rng = np.random.default_rng(0)
    found: dict[str, Any] = {}
    some = paths[:2048]
    found["open and read a file of 32x32"] = cost(lambda: [read_bytes(p) for p in some], len(some))
    found["the same, decoded and cropped"] = cost(lambda: small.crops(some), len(some))
    for width, height, n in ((640, 480, 64), (4000, 3000, 4)):
        noise = rng.integers(0, 255, (height // 16, width // 16, 3), dtype=np.uint8)
        photo = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
        path = work / f"{width}.jpg"
        photo.save(path, quality=90)
        name = f"JPEG of {width}x{height} ({path.stat().st_size // 1024} KiB)"
        found[f"{name}, decoded and cropped"] = cost(lambda p=path, n=n: small.crops([p] * n), n)
    for side in (32, 64):
        images = make_street_numbers(1000, image_size=(side, side), color=False, random_state=0)
        for n_views in (1, 5):
            clf = SVHNSequenceClassifier(max_epochs=1, n_views=n_views, random_state=0)
            clf.fit(images.images[:256], images.target[:256])
            X = images.images[:512]
            name = f"network, {side}x{side}, {n_views} views"
            found[name] = cost(lambda clf=clf, X=X: clf.top_k(X, 3), len(X))
    done = transcribe(paths[:512], model, work / "stages", whole=True, n_workers=1)
    written = sum(path.stat().st_size for path in done.path.iterdir())
    found["bytes of the output a picture"] = round(written / 512, 1)
    found["bytes of a path with its task"] = round(len(json.dumps(paths[:512])) / 512, 1)
    return found


def read_bytes(path: str) -> bytes:
    """Read a file."""
    with open(path, "rb") as file:
        return file.read()


def cost(work: Callable[[], Any], n: int) -> float:
    """Milliseconds of the processor for each of n pictures, the median of five turns."""
    taken = []
    for _ in range(6):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return round(1000 * statistics.median(taken[1:]) / n, 4)


def took(seconds: dict[str, list[float]], name: str, start: float) -> None:
    """Note how long something took."""
    seconds.setdefault(name, []).append(time.perf_counter() - start)


def wait_for_parts(out: Path, n: int) -> None:
    """Wait until some partitions are there."""
    while len(list(out.glob("*.parquet"))) < n:
        time.sleep(0.01)


PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "stages": stages,
    "rates": measure_rates,
    "kill": kill,
    "search": search,
}

if __name__ == "__main__":
    main()
