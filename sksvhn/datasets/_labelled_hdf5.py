"""Read and write HDF5 files of labelled pictures, which `fit` reads block by block."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from .._files._atomic import written_whole
from .._files._file_kinds import H5PY_ERRORS

# Pictures in a chunk: decoded, and shuffled, together.
_CHUNK = 256

# The attribute by which a file is known; it says what its pictures are.
_MARK = "sksvhn"

#: Crop and margin of pictures that do not say how they were cropped, by their kind.
CROPS = {"numbers": ("stretch", 0.3), "digits": ("square", 0.0)}


def save_labelled(path: str | PathLike[str], data: Bunch | Iterable[Bunch]) -> int:
    r"""Save labelled pictures in an HDF5 file, from which estimators train block by block.

    The file has the datasets ``X``, pictures, and ``y``, numbers as text or digits as integers, and
    attributes that say what they are and how they were cropped.

    Parameters
    ----------
    path : str or path-like
        The file. One that exists is replaced once the new one is whole.
    data : Bunch or iterable of Bunch
        Labelled pictures as :func:`load_labelled` returns them. Several are saved one after
        another, and only one at a time has to fit into memory if `data` is a generator.

    Returns
    -------
    int
        Number of pictures in the file.

    Raises
    ------
    TypeError
        If `data` is anything else.
    ValueError
        If parts differ in kind, size, colour or crop, or there is no picture.
    OSError
        If the file cannot be written.

    See Also
    --------
    load_labelled : Read such a file, and any other file of labelled pictures.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from sksvhn.datasets import load_labelled, save_labelled
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (80, 60), 128).save(Path(folder) / "door.png")
    ...     _ = Path(folder, "labels.csv").write_text("path,number\ndoor.png,007\n")
    ...     n = save_labelled(
    ...         Path(folder, "numbers.h5"), load_labelled(Path(folder, "labels.csv"))
    ...     )
    ...     numbers = load_labelled(Path(folder, "numbers.h5"))
    ...     numbers.images.shape, numbers.target
    ((1, 64, 64), array(['007'], dtype=object))
    """
    first: Bunch | None = None
    n = 0
    with written_whole(path) as part, h5py.File(part, "w") as file:
        for i, bunch in enumerate([data] if isinstance(data, Bunch) else data, 1):
            name = _name(bunch, i)
            if first is None:
                # Its form alone need stay in memory.
                first = Bunch(**{**bunch, "images": bunch.images[:0], "target": bunch.target[:0]})
                _start(file, bunch)
            if _form(bunch) != _form(first):
                raise ValueError(
                    f"all parts must have one form; {name} has {_words(bunch)}, the first part has "
                    f"{_words(first)}; load them with one color='rgb', image_size, crop and "
                    "margin, or save two files."
                )
            start, n = n, n + len(bunch.target)
            for dataset, values in (("X", bunch.images), ("y", bunch.target)):
                file[dataset].resize(n, axis=0)
                file[dataset][start:] = values
        if n == 0:
            raise ValueError("data must hold at least one picture; got none.")
    return n


def is_labelled_file(path: Path) -> bool:
    """Whether an HDF5 file has the layout of `save_labelled`, whoever wrote it."""
    with h5py.File(path, "r") as file:
        return _MARK in file.attrs or {"X", "y"} <= set(file)


def read_labelled_file(path: Path) -> Bunch:
    """Open a file of `save_labelled`, whose pictures stay in it; raise ValueError if wrong."""
    try:
        file = h5py.File(path, "r")
        X, y = file["X"], file["y"]
        text = h5py.check_string_dtype(y.dtype) is not None
        # Users' own files may leave out what save_labelled says.
        kind = file.attrs.get(_MARK, "numbers" if text else "digits")
        crop, margin = CROPS.get(kind, CROPS["digits"])
        crop, margin = file.attrs.get("crop", crop), file.attrs.get("margin", margin)
        is_sound = (
            kind in CROPS
            and crop in ("stretch", "square")
            and text == (kind == "numbers")
            and X.ndim in (3, 4)
            and len(X) == len(y) > 0
            and X.dtype.kind in "uf"
        )
        if is_sound:
            target: NDArray[Any] = y.asstr()[:] if kind == "numbers" else y[:].astype(np.int64)
            return Bunch(images=X, target=target, kind=kind, crop=crop, margin=float(margin))
    except H5PY_ERRORS as error:
        raise ValueError(
            f"{path} is cut off or damaged ({error}); write or copy it again."
        ) from error
    raise ValueError(
        f"{path} must hold the datasets X, pictures of shape (n, height, width[, 3]), and y, n "
        "numbers as text or n digits as integers; write it with save_labelled."
    )


def _name(bunch: Any, i: int) -> str:
    """Name a part for messages."""
    needed = {"images", "target", "kind", "crop", "margin"}
    if not isinstance(bunch, Bunch) or needed - set(bunch):
        raise TypeError(
            f"data must be one Bunch of load_labelled, or several; part {i} is a "
            f"{type(bunch).__name__} without {', '.join(sorted(needed - set(dir(bunch))))}; load "
            "it with load_labelled."
        )
    return str(bunch.get("filename", f"part {i}"))


def _start(file: h5py.File, first: Bunch) -> None:
    shape, dtype = first.images.shape[1:], first.images.dtype
    labels = h5py.string_dtype() if first.kind == "numbers" else np.dtype(np.int64)
    for name, of_one, kind in (("X", shape, dtype), ("y", (), labels)):
        file.create_dataset(
            name, (0, *of_one), kind, maxshape=(None, *of_one), chunks=(_CHUNK, *of_one)
        )
    file.attrs.update({_MARK: first.kind, "crop": first.crop, "margin": first.margin})


def _form(part: Bunch) -> tuple[Any, ...]:
    """Tell what all parts of a file have in common."""
    return (part.kind, part.crop, part.margin, part.images.shape[1:], part.images.dtype)


def _words(part: Bunch) -> str:
    height, width, *channels = part.images.shape[1:]
    color = "colour" if channels else "grey"
    return (
        f"{part.kind} in {color} pictures of {height}x{width} pixels ({part.images.dtype}), crop "
        f"{part.crop} with a margin of {part.margin:g}"
    )
