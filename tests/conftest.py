"""Fixtures that every test module may use."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Examples take as long as the machine lets them; each run draws others.
settings.register_profile(
    "sksvhn", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("sksvhn")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real SVHN files: ``$SKSVHN_TEST_DATA``, or ../shared/data of the checkout."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SKSVHN_TEST_DATA", default))
    if not (folder / "svhn").is_dir():
        pytest.skip(f"no real SVHN files at {folder}")
    return folder


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    """Close what a test drew: matplotlib warns of more than 20 open figures."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
