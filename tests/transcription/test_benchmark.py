"""The script that measures runs."""

from __future__ import annotations

import json
import runpy
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from distributed import Client

SCRIPT = Path(__file__).parents[2] / "examples" / "benchmarks" / "transcription.py"


def test_rates(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It compares the readings itself. Other tests start workers.
    connected = "sksvhn.transcription._cluster.connected"
    monkeypatch.setattr(connected, lambda *args: nullcontext(client))
    options = "--n-samples 64 --partition-size 16 --n-repetitions 1 --n-workers 1 --parts rates"
    out = tmp_path / "found.json"
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *options.split(), "--out", str(out)])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    rates = json.loads(out.read_text())["rates"]
    assert list(rates) == ["one process, 1 threads", "one process, 2 threads", "1 workers"]
    assert all(rate["pictures a second"] > 0 for rate in rates.values())
