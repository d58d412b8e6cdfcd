"""matplotlib without a screen; tests reach pyplot as its attribute, whichever runs first."""

from __future__ import annotations

from importlib import import_module

import matplotlib as mpl

mpl.use("agg")
import_module("matplotlib.pyplot")
