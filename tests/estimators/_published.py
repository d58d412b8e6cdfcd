"""The published networks of the benchmarks, which are no package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_PATH = Path(__file__).parents[2] / "examples" / "benchmarks" / "published.py"
_spec = importlib.util.spec_from_file_location("published", _PATH)
published = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(published)
