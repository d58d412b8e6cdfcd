"""What the machine is, how fast it multiplies, and how fast libraries start on it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from .problems import SEQUENCE, photographs
from .turns import Job, Record, seconds_of

LIBRARIES = ("sksvhn", "torch", "skorch", "scikit-learn", "keras", "tensorflow", "numpy")
# A file that stands for this name is written before Python starts.
PHOTOGRAPH = "photograph.png"
# What Python is started with.
STARTS = {
    "nothing": ("-c", "pass"),
    "scikit-learn": ("-c", "import sklearn"),
    "sksvhn": ("-c", "import sksvhn"),
    "SVHNSequenceClassifier": ("-c", "from sksvhn import SVHNSequenceClassifier"),
    "the command": ("-m", "sksvhn", "--help"),
    "a photograph": ("-m", "sksvhn", "read", PHOTOGRAPH),
}


def describe(n_threads: int) -> dict[str, Any]:
    """Processor, cores, threads, load and versions."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": n_threads,
        "load before the start": round(os.getloadavg()[0], 2)
        if hasattr(os, "getloadavg")
        else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: found for name in LIBRARIES if (found := installed_version(name))},
    }


def processor() -> str:
    """Name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def installed_version(name: str) -> str | None:
    """Version of a distribution, if it is there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def peak_jobs(side: int) -> list[Job]:
    """Multiply matrices, and count what the default sequence network multiplies."""
    return [Job("peak", "machine", "matrix product", measure_peak, (side,))]


def measure_peak(side: int) -> Record:
    """Operations a second of matrix products, and operations a picture of the network."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from .with_sksvhn import fitted_sequence_classifier
    from .with_torch import set_up

    record: Record = {}
    for dtype in (torch.float32, torch.bfloat16):
        a, b = torch.randn(2, side, side).to(dtype)
        seconds = []
        for _ in range(7):
            start = time.perf_counter()
            a @ b
            seconds.append(time.perf_counter() - start)
        record[f"{str(dtype).removeprefix('torch.')}, GFLOP/s"] = 2e-9 * side**3 / min(seconds)
    clf = fitted_sequence_classifier()
    setup = set_up(SEQUENCE, clf.batch_size)
    with FlopCounterMode(display=False) as counter:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=clf.amp_):
            outputs = setup.module(setup.X)
        forward = counter.get_total_flops()
        setup.criterion(outputs, setup.y).backward()
    record["GFLOP a picture, prediction"] = 1e-9 * forward / len(setup.X)
    record["GFLOP a picture, training"] = 1e-9 * counter.get_total_flops() / len(setup.X)
    return record | {"amp": clf.amp_}


def start_jobs() -> list[Job]:
    """Import libraries in fresh interpreters, and ask the command for help."""
    return [
        Job("start", "fresh interpreter", name, measure_start, (arguments,))
        for name, arguments in STARTS.items()
    ]


def measure_start(arguments: tuple[str, ...]) -> Record:
    """Seconds from the start of an interpreter to its end."""
    with TemporaryDirectory() as folder:
        if PHOTOGRAPH in arguments:
            Image.fromarray(photographs(1)[0]).save(Path(folder, PHOTOGRAPH))
        run = partial(subprocess.run, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        seconds = seconds_of(lambda: run([sys.executable, *arguments]))
    return {"seconds": seconds, "statement": " ".join(("python", *arguments))}
