"""Find the model files that come with the package."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "pretrained"
_SUFFIX = ".sksvhn"


def pretrained_names() -> list[str]:
    """Names of the models that there are."""
    return sorted(path.stem for path in _FOLDER.glob(f"*{_SUFFIX}"))


def pretrained_path(name: str) -> Path:
    """Return the file of a model; raise ValueError if there is none of that name."""
    names = pretrained_names()
    if name not in names:
        raise ValueError(f"name must be one of {', '.join(map(repr, names))}; got {name!r}.")
    return _FOLDER / f"{name}{_SUFFIX}"
