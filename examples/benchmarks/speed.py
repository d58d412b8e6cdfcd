"""Measure sksvhn's speed and memory beside plain PyTorch, skorch, Keras and scikit-learn.

Contenders take turns, each in a child process of its own with the same number of threads. Writes
``speed.md``, ``speed.json`` and ``speed.png``. Keras is left out where it or TensorFlow is not
installed (``pip install sksvhn[benchmark]``). Let nothing else run meanwhile.

The parts: training throughput (``train``), prediction throughput and latency (``predict``), peak
``memory``, time to an ``accuracy``, the machine's matrix product (``peak``, of which the shares are
told where training and prediction are measured, too), imports and commands (``start``) and whole
``tasks``.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import joblib
import pandas as pd
from speed import accuracy, machine, memory, prediction, report, tasks, training
from speed.problems import PROBLEMS
from speed.turns import Job, in_turns

PARTS = ("train", "predict", "memory", "accuracy", "peak", "start", "tasks")


def main() -> None:
    """Measure, write the files and print the tables."""
    options = parse_options()
    os.environ |= environment(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    found = machine.describe(options.threads)
    records = in_turns(
        [job for part in options.parts for job in jobs(part, options)], options.repetitions
    )
    settings = {name: str(v) if isinstance(v, Path) else v for name, v in vars(options).items()}
    settings["skipped"] = [c.name for c in training.CONTENDERS if not c.is_installed()]
    written = {"machine": found, "settings": settings, "runs": records}
    (options.out / "speed.json").write_text(json.dumps(written, indent=2) + "\n")
    runs = pd.DataFrame(records)
    text = report.markdown(found, settings, runs)
    (options.out / "speed.md").write_text(text)
    report.draw(runs, options.out / "speed.png")
    print(text)


def environment(n_threads: int) -> dict[str, str]:
    """Return what libraries read when the child processes import them."""
    return {
        "OMP_NUM_THREADS": str(n_threads),
        "CUDA_VISIBLE_DEVICES": "",
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def jobs(part: str, options: argparse.Namespace) -> list[Job]:
    """Return what is measured in a part."""
    quick = options.quick
    match part:
        case "train":
            return training.jobs(options.networks, options.n_samples)
        case "predict":
            return prediction.jobs(options.n_samples // 5, n_single=20 if quick else 200)
        case "memory":
            return memory.jobs(200 if quick else 33_402)  # as many as SVHN's train set has
        case "accuracy":
            n_generated, max_epochs = (100, 1) if quick else (10_000, options.max_epochs)
            return accuracy.jobs(options.data, n_generated, max_epochs, options.threads)
        case "peak":
            return machine.peak_jobs(side=256 if quick else 2048)
        case "start":
            return machine.start_jobs()
        case _:
            return tasks.jobs(*((128, 64, 1) if quick else (options.n_samples, 60_000, 20)))


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--networks", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--threads", type=int, default=joblib.cpu_count(), help="(all cores)")
    parser.add_argument("--n-samples", type=int, default=20_000, help="pictures to train on")
    parser.add_argument("--data", type=Path, help="folder with SVHN's train.tar.gz (generated)")
    parser.add_argument("--max-epochs", type=int, help="of the time to accuracy (the default's)")
    parser.add_argument("--out", type=Path, default=Path("build/speed"), help="(build/speed)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, once: does it run?")
    options = parser.parse_args()
    if options.quick:
        options.repetitions, options.n_samples = 1, 128
    return options


if __name__ == "__main__":
    main()
