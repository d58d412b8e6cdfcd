"""The script that measures runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "examples" / "benchmarks" / "transcription.py"


def test_rates(tmp_path: Path) -> None:
    # It compares the readings itself.
    options = "--n-samples 64 --partition-size 16 --n-repetitions 1 --n-workers 1 --parts rates"
    out = tmp_path / "found.json"
    subprocess.run([sys.executable, SCRIPT, *options.split(), "--out", out], check=True)
    rates = json.loads(out.read_text())["rates"]
    assert list(rates) == ["one process, 1 threads", "one process, 2 threads", "1 workers"]
    assert all(rate["pictures a second"] > 0 for rate in rates.values())
