"""Emit warnings that name the line of the user's code."""

from __future__ import annotations

import sys
import warnings

# What lies between a user's call and the code that warns.
_INSIDE = {"joblib", "sklearn", "skorch", "sksvhn"}


def warn_caller(message: str) -> None:
    """Warn at the nearest line outside the package and the libraries it stands on."""
    level, frame = 1, sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in _INSIDE:
        level += 1
        frame = frame.f_back  # type: ignore[assignment]
    warnings.warn(message, stacklevel=level)
