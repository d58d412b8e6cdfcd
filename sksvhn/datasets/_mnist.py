"""Load MNIST, and notMNIST in either of its forms."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions

from .._files._file_kinds import check_is_file, kind_of_file, wrong_file
from .._images._load import PictureError, read_picture
from .._parameters import validate_params
from .._warn import warn_caller
from ._bunch import labelled_bunch
from ._idx import read_idx
from ._progress import with_progress
from ._svhn_archive import is_regular_file, read_file

_NEEDED = (
    "an idx file of pictures with 'images' in its name, beside its file of labels, or the folder "
    "that holds them"
)
_LETTERS = "ABCDEFGHIJ"
_PREFIXES = {"train": "train", "test": "t10k"}
_TREE_SIZE = (28, 28)

# Pictures of a folder tree that are decoded between two looks at the clock.
_CHUNK = 256

# Left-out pictures that the warning names; all of them are in `skipped`.
_N_NAMED = 10

_DESCR = """\
MNIST or notMNIST: single characters in small grey pictures
-----------------------------------------------------------

MNIST: 70,000 handwritten digits, light on dark, 28 x 28 pixels. Y. LeCun, L. Bottou, Y. Bengio,
P. Haffner, "Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE
86(11), 1998.

notMNIST: the letters A to J from fonts, in the same form; its labels 0 to 9 stand for A to J.
Y. Bulatov, 2011.
"""


@validate_params(
    {
        "path": [str, PathLike],
        "subset": [StrOptions(set(_PREFIXES))],
        "letters": ["boolean"],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def load_mnist(
    path: str | PathLike[str],
    *,
    subset: Literal["train", "test"] = "train",
    letters: bool = False,
    return_X_y: bool = False,
    as_frame: bool = False,
    verbose: int = 0,
) -> Bunch | tuple[NDArray[np.uint8], NDArray[np.int64] | NDArray[np.object_] | pd.Series]:
    """Load MNIST, or notMNIST in the same format or as a folder of letters.

    Parameters
    ----------
    path : str or path-like
        One of

        - a folder with the idx files as published, ``train-images-idx3-ubyte``,
          ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte``,
          plain or ``.gz``, or with a dot before ``idx``;
        - a single idx file of pictures, whose name contains ``images``, beside its file of labels,
          whose name contains ``labels`` (and ``idx1`` for ``idx3``) instead;
        - the folder that an archive of notMNIST unpacks to, such as ``notMNIST_small``: folders
          ``A`` to ``J`` of PNG pictures.
    subset : {"train", "test"}, default="train"
        Which files of a folder of idx files are loaded. It has no effect on other paths.
    letters : bool, default=False
        Whether labels 0 to 9 of idx files are returned as the letters ``"A"`` to ``"J"``, as in
        notMNIST; the files themselves do not say which they mean. Pictures in folders ``A`` to
        ``J`` always have letters as targets.
    return_X_y : bool, default=False
        Whether to return ``(images, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether `target` is a pandas Series, with the index of `frame`, instead of an array.
        In both cases, pictures are an array and `frame` is a DataFrame.
    verbose : int, default=0
        Whether to report progress on a folder of letters, about once per second, on the standard
        error stream.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        One entry per picture, in the order of the file, or by letter and file name.

        images : ndarray of shape (n, height, width), dtype uint8
            The pictures, light on dark; 28 x 28 pixels in the published files.
        target : ndarray of shape (n,), dtype int64 or object, or Series
            The labels as int, or letters as ``str``.
        frame : DataFrame of shape (n, 1) or (n, 2)
            The column `label`; for a folder of letters `filename` (``"A/a29ydW5pLnR0Zg==.png"``)
            and `label`. Its index is 0, 1, ..., n - 1.
        n_skipped : int
            Number of pictures of a folder of letters that were left out: damaged, or not of
            28 x 28 pixels. The published ones hold a few.
        skipped : DataFrame of shape (n_skipped, 2)
            Their `filename` and the `reason`.
        DESCR : str
            What the data are.

    (images, target) : tuple
        If `return_X_y`.

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`, the folder holds neither the idx files of the subset nor
        folders ``A`` to ``J``, or a file of pictures has no labels beside it.
    ValueError
        If a file is not an idx file of that kind or is damaged, pictures and labels differ in
        number, `letters` is True and a label is above 9, or no picture of a folder of letters could
        be loaded.

    Warns
    -----
    UserWarning
        Once, if pictures were left out, with their number and names.

    See Also
    --------
    load_svhn_digits : Digits of house numbers.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sksvhn.datasets import load_mnist
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     header = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28]
    ...     images = Path(folder) / "t10k-images-idx3-ubyte"
    ...     _ = images.write_bytes(bytes(header) + bytes(2 * 28 * 28))
    ...     labels = Path(folder) / "t10k-labels-idx1-ubyte"
    ...     _ = labels.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2]) + bytes([7, 3]))
    ...     digits = load_mnist(folder, subset="test")
    ...     characters = load_mnist(images, letters=True)
    >>> digits.images.shape, digits.target
    ((2, 28, 28), array([7, 3]))
    >>> characters.target
    array(['H', 'D'], dtype=object)
    """
    path = Path(path)
    skipped = pd.DataFrame({"filename": [], "reason": []}, dtype=str)
    if tree := _tree_files(path):
        images, frame, skipped = _read_tree(path, tree, verbose)
        _warn_of_skipped(skipped, len(tree), path)
    else:
        images, frame = _read_idx_pair(*_idx_pair(path, subset), letters=letters)
    data = labelled_bunch(images, frame, target="label", as_frame=as_frame, descr=_DESCR)
    data.n_skipped, data.skipped = len(skipped), skipped
    return (data.images, data.target) if return_X_y else data


# --- idx files --------------------------------------------------------------------------------


def _idx_pair(path: Path, subset: str) -> tuple[Path, Path]:
    """Files of pictures and of labels."""
    if path.is_dir():
        return _published_file(path, subset, "images", 3), _published_file(
            path, subset, "labels", 1
        )
    check_is_file(path, _NEEDED, or_folder=True)
    if kind_of_file(path).key not in ("idx", "idx.gz", "gz", "unknown"):
        unpack = "unpack it, and pass the folder"
        raise wrong_file(path, _NEEDED, advice={"tar.gz": unpack, "tar": unpack})
    if "images" not in path.name:
        raise ValueError(
            f"{path} must be {_NEEDED}; its name has no 'images'; pass the file of pictures, or "
            "rename both."
        )
    name = path.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    for candidate in (path.with_name(name), path.with_name(f"{name}.gz")):
        if candidate.is_file():
            return path, candidate
    raise FileNotFoundError(
        f"the labels of {path} must be beside it, as {name} or {name}.gz; put them there."
    )


def _published_file(folder: Path, subset: str, content: str, n_dimensions: int) -> Path:
    stem = f"{_PREFIXES[subset]}-{content}"
    suffix = f"idx{n_dimensions}-ubyte"
    for name in (f"{stem}-{suffix}", f"{stem}.{suffix}"):
        for candidate in (folder / name, folder / f"{name}.gz"):
            if candidate.is_file():
                return candidate
    found = sorted(file.name for file in folder.glob("*ubyte*"))
    raise FileNotFoundError(
        f"{folder} must hold {stem}-{suffix}[.gz] (subset={subset!r}) or folders A to J of "
        f"pictures; idx files in it: {', '.join(found) or 'none'}; pass the folder of the files."
    )


def _read_idx_pair(
    images_path: Path, labels_path: Path, *, letters: bool
) -> tuple[NDArray[np.uint8], pd.DataFrame]:
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if len(images) != len(labels):
        raise ValueError(
            f"there must be one label per picture; {images_path} holds {len(images)} pictures, "
            f"{labels_path} {len(labels)} labels."
        )
    if not letters:
        return images, pd.DataFrame({"label": labels.astype(np.int64)})
    if labels.max() >= len(_LETTERS):
        raise ValueError(
            f"labels must be 0 to 9, for A to J, if letters=True; {labels_path} holds "
            f"{labels.max()}."
        )
    return images, pd.DataFrame({"label": np.array(list(_LETTERS))[labels]})


# --- folders of letters -----------------------------------------------------------------------


def _tree_files(path: Path) -> list[str]:
    """Names of the pictures in folders A to J, such as "A/x.png", in their order."""
    return [
        f"{letter}/{file.name}"
        for letter in _LETTERS
        for file in sorted((path / letter).glob("*.png"))
    ]


def _read_tree(
    folder: Path, filenames: list[str], verbose: int
) -> tuple[NDArray[np.uint8], pd.DataFrame, pd.DataFrame]:
    """Pictures, their table, and a table of those left out."""
    images = np.empty((len(filenames), *_TREE_SIZE), np.uint8)
    kept: list[str] = []
    skipped: list[tuple[str, str]] = []
    chunks = _decoded_chunks(folder, filenames)
    for name, pixels in with_progress(chunks, len(filenames), label="load_mnist", verbose=verbose):
        if isinstance(pixels, str):
            skipped.append((name, pixels))
        else:
            images[len(kept)] = pixels
            kept.append(name)
    if not kept:
        raise ValueError(
            f"{folder}: none of the {len(filenames)} pictures could be loaded; the first, "
            f"{skipped[0][0]!r}, {skipped[0][1]}."
        )
    frame = pd.DataFrame({"filename": kept, "label": [name[0] for name in kept]})
    return (
        images[: len(kept)],
        frame,
        pd.DataFrame(skipped, columns=["filename", "reason"], dtype=str),
    )


def _decoded_chunks(
    folder: Path, filenames: list[str]
) -> Iterator[list[tuple[str, NDArray[np.uint8] | str]]]:
    for start in range(0, len(filenames), _CHUNK):
        names = filenames[start : start + _CHUNK]
        yield [(name, _letter_picture(folder / name)) for name in names]


def _letter_picture(path: Path) -> NDArray[np.uint8] | str:
    """Pixels of a letter, or why there are none."""
    if not is_regular_file(path):
        return "is no file"
    try:
        with path.open("rb") as file:
            content = read_file(file)
    except OSError as error:
        return f"cannot be read: {error}"
    if isinstance(content, str):
        return content
    try:
        picture = read_picture(content, color="grey").picture
    except PictureError as error:
        return error.problem
    if picture.size != _TREE_SIZE:
        return f"has {picture.width} x {picture.height} pixels instead of 28 x 28"
    return np.asarray(picture)


def _warn_of_skipped(skipped: pd.DataFrame, n_files: int, path: Path) -> None:
    if skipped.empty:
        return
    names = ", ".join(skipped["filename"][:_N_NAMED])
    others = len(skipped) - _N_NAMED
    warn_caller(
        f"{path}: left out {len(skipped)} of {n_files} pictures: {names}"
        f"{f' and {others} more, see skipped' if others > 0 else ''}; the first "
        f"{skipped['reason'][0]}.",
    )
