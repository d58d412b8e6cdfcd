"""Convert parameters and fitted attributes to JSON and arrays, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Scalars of NumPy become Python's, which parameters take as well.
_SCALARS = (bool, int, float, str, type(None))


Take = Callable[[str], NDArray[Any]]


def to_plain(value: Any, arrays: dict[str, NDArray[Any]], name: str) -> Any:
    """Convert a value to JSON, and move the arrays in it to `arrays`, named after `name`.

    What JSON lacks becomes a dict of one entry that says what it is; TypeError for other types.
    """
    if isinstance(value, (list, tuple)):
        items = [to_plain(item, arrays, f"{name}.{i}") for i, item in enumerate(value)]
        return items if isinstance(value, list) else {"tuple": items}
    if isinstance(value, dict):
        pairs = [
            [_scalar_to_plain(key, name), to_plain(item, arrays, f"{name}.{key}")]
            for key, item in value.items()
        ]
        return {"dict": pairs}
    if isinstance(value, np.ndarray):
        return _array_to_plain(value, arrays, name)
    if isinstance(value, np.random.RandomState):
        state = value.get_state(legacy=False)
        if state["bit_generator"] == "MT19937":
            return {"RandomState": to_plain(state, arrays, name)}
    return _scalar_to_plain(value, name)


def from_plain(plain: Any, take: Take) -> Any:
    """Reverse `to_plain`; `take` returns the array of a name. Raises ValueError for others."""
    if isinstance(plain, _SCALARS):
        return plain
    if isinstance(plain, list):
        return [from_plain(item, take) for item in plain]
    if isinstance(plain, dict) and len(plain) == 1:
        ((kind, content),) = plain.items()
        if kind in _READERS:
            return _READERS[kind](content, take)
    raise ValueError(f"a value must be in sksvhn's format; got {repr(plain)[:60]}.")


def _scalar_to_plain(value: Any, name: str) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, _SCALARS):
        return plain
    raise TypeError(
        f"{name} cannot be saved in a file that runs no code: it holds {value!r} of type "
        f"{type(value).__name__}; use joblib.dump."
    )


def _array_to_plain(array: NDArray[Any], arrays: dict[str, NDArray[Any]], name: str) -> Any:
    while name in arrays:  # as of the keys 1 and "1"
        name += "'"
    if array.dtype.kind in "biuf" and array.dtype.itemsize <= 8:
        if _fits_half(array):
            arrays[name] = array.astype("<f2")
            return {"half": name}
        arrays[name] = array
        return {"array": name}
    if array.dtype.kind == "U":
        # Code points: as an array, for a list of short and long strings could blow up on its way.
        length = array.dtype.itemsize // 4
        points = np.ascontiguousarray(array).astype(f"<U{length}").reshape(-1).view("<u4")
        arrays[name] = points.reshape(*array.shape, length)
        return {"characters": name}
    if array.dtype.kind in "OT" and array.ndim == 1:
        items = [_scalar_to_plain(item, name) for item in array.tolist()]
        return {"objects" if array.dtype.kind == "O" else "strings": items}
    raise TypeError(
        f"{name} cannot be saved in a file that runs no code: it is an array of dtype "
        f"{array.dtype} and shape {array.shape}; use joblib.dump."
    )


def _fits_half(array: NDArray[Any]) -> bool:
    """Whether float16 holds every value of a float32 array, which then takes half the space."""
    if array.dtype != np.float32:
        return False
    with np.errstate(all="ignore"):
        return bool((array.astype(np.float16) == array).all())


def _tuple(content: Any, take: Take) -> tuple[Any, ...]:
    return tuple(from_plain(_of_type(content, list), take))


def _dict(content: Any, take: Take) -> dict[Any, Any]:
    pairs = [_of_type(pair, list) for pair in _of_type(content, list)]
    if not all(len(pair) == 2 and isinstance(pair[0], _SCALARS) for pair in pairs):
        raise ValueError("a dict must be a list of keys and a list of values.")
    return {key: from_plain(item, take) for key, item in pairs}


def _array(content: Any, take: Take) -> NDArray[Any]:
    return take(_of_type(content, str))


def _half(content: Any, take: Take) -> NDArray[Any]:
    array = _array(content, take)
    if array.dtype != np.float16:
        raise ValueError("an array stored as half must be of dtype float16.")
    return array.astype(np.float32)


def _characters(content: Any, take: Take) -> NDArray[Any]:
    points = _array(content, take)
    if points.dtype != np.uint32 or points.ndim < 1 or 0 in points.shape[-1:]:
        raise ValueError("text must be an array of code points.")
    if (points > 0x10FFFF).any():
        raise ValueError("text must hold only characters.")
    return points.view(f"<U{points.shape[-1]}")[..., 0]


def _objects(content: Any, take: Take) -> NDArray[Any]:
    items = _of_type(content, list)
    if not all(isinstance(item, _SCALARS) for item in items):
        raise ValueError("an array of objects must hold only scalars.")
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def _strings(content: Any, take: Take) -> NDArray[Any]:
    return np.array([_of_type(item, str) for item in _of_type(content, list)], dtype="T")


def _random_state(content: Any, take: Take) -> np.random.RandomState:
    state = _of_type(from_plain(content, take), dict)
    inner = _of_type(state.get("state"), dict)
    key, position, gauss = inner.get("key"), inner.get("pos"), state.get("gauss")
    # NumPy itself would read memory at any position.
    if (
        state.get("bit_generator") != "MT19937"
        or not isinstance(key, np.ndarray)
        or (key.dtype, key.shape) != (np.uint32, (624,))
        or type(position) is not int
        or not 0 <= position <= len(key)
        or state.get("has_gauss") not in (0, 1)
        or type(gauss) is not float
    ):
        raise ValueError("a random state must be an MT19937 state of NumPy.")
    generator = np.random.RandomState(0)
    generator.set_state(state)
    return generator


def _of_type(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"a value must be a {kind.__name__}; got {repr(value)[:60]}.")
    return value


_READERS: dict[str, Callable[[Any, Take], Any]] = {
    "tuple": _tuple,
    "dict": _dict,
    "array": _array,
    "half": _half,
    "characters": _characters,
    "objects": _objects,
    "strings": _strings,
    "RandomState": _random_state,
}
