"""What all displays have in common: matplotlib is asked for late, and its settings stay."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from sksvhn.plotting import (
    CoverageDisplay,
    NumberConfusionDisplay,
    NumberStatisticsDisplay,
    ReadingsDisplay,
    ReliabilityDisplay,
)

mpl.use("agg")
TRUE, READ, SURE = ["1", "23", "4"], ["1", "28", "4"], [0.9, 0.6, 0.8]
DISPLAYS: dict[str, Callable[[], Any]] = {
    "CoverageDisplay": lambda: CoverageDisplay.from_predictions(TRUE, READ, SURE),
    "NumberConfusionDisplay": lambda: NumberConfusionDisplay.from_predictions(TRUE, READ),
    "NumberStatisticsDisplay": lambda: NumberStatisticsDisplay([1], [1], [1]).plot(),
    "ReadingsDisplay": lambda: ReadingsDisplay.from_predictions(np.eye(3)[None], None, ["1"]),
    "ReliabilityDisplay": lambda: ReliabilityDisplay.from_predictions(TRUE, READ, SURE),
}


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    if sys.modules["matplotlib"] is not None:
        mpl.pyplot.close("all")


@pytest.mark.parametrize("name", DISPLAYS)
def test_without_matplotlib(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(ImportError, match=rf"^{name} needs .*pip install 'sksvhn\[plot\]'$"):
            DISPLAYS[name]()


@pytest.mark.parametrize("name", DISPLAYS)
def test_one_figure_and_no_settings_remain(name: str) -> None:
    before = mpl.rcParams.copy()
    display = DISPLAYS[name]()
    display.figure_.canvas.draw()
    assert mpl.rcParams == before
    assert mpl.pyplot.get_fignums() == [display.figure_.number]
