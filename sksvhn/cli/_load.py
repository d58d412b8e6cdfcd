"""Labelled pictures from any of the files that training and evaluation take."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import h5py

from .._crop import CropStyle
from .._file_kinds import check_is_file, kind_of_file, wrong_file
from .._labels import DIGITS
from ..datasets import (
    load_labelled_pictures,
    load_svhn_digits,
    load_svhn_h5,
    load_svhn_numbers,
)
from ..datasets._crops import SKIP
from ..datasets._mat73 import H5PY_ERRORS
from ..datasets._number_files import ARCHIVES
from ..preprocessing._load_image import Color
from ._converted import is_converted, read_converted
from ._labelled import Labelled

#: What `load_labelled` takes.
NEEDED = (
    "labelled pictures: SVHN's files, such as train.tar.gz, an HDF5 file that `sksvhn convert` "
    "wrote, or a .csv file that lists pictures of your own"
)


class Cropping(NamedTuple):
    """How pictures are cut out of larger ones; None is the default of their kind."""

    image_size: tuple[int, int] | None = None
    color: Color = "auto"
    crop: CropStyle | None = None
    margin: float | None = None


def load_labelled(
    path: Path,
    cropping: Cropping,
    *,
    subset: Literal["train", "test"],
    on_error: Literal["raise", "skip"],
    alphabet: str = DIGITS,
    n_jobs: int | None = None,
) -> Labelled:
    """Load labelled pictures, whatever kind of file they are in.

    Parameters
    ----------
    path : Path
        SVHN's format 1 (folder, archive, digitStruct.mat), format 2 (.mat), the course-work file
        or one that `ConvertedFile` made, told apart by what is in them; or a .csv file that lists
        pictures.
    cropping : Cropping
        How numbers are cropped. What has been cropped already has to be of this size and colour.
    subset : {"train", "test"}
        Which part of the course-work file.
    on_error : {"raise", "skip"}
        What becomes of pictures that are cropped here and damaged.
    alphabet : str, default="0123456789"
        The characters that numbers of a .csv file may have.
    n_jobs : int, default=None
        Processes that decode pictures that are cropped here.

    Raises
    ------
    OSError, ValueError
        As the loaders do; or if the pictures have another size or colour.

    Warns
    -----
    UserWarning
        If the pictures have been cropped in another way.
    """
    kind = _kind_of_file(path)
    if kind in ("numbers", "listed"):
        crop = cropping.crop or "stretch"
        margin = 0.3 if cropping.margin is None else cropping.margin
        load: Any = load_svhn_numbers
        if kind == "listed":
            load = partial(load_labelled_pictures, alphabet=alphabet)
        try:
            data = load(
                path,
                image_size=cropping.image_size or (64, 64),
                color=cropping.color,
                crop=crop,
                margin=margin,
                on_error=on_error,
                n_jobs=n_jobs,
            )
        except ValueError as error:  # which may advise what has another name here
            raise ValueError(str(error).replace(SKIP, "--on-error skip")) from error
        except FileNotFoundError as error:
            hint = " A .csv file lists pictures of your own: see --help." if path.is_dir() else ""
            raise FileNotFoundError(f"{error}{hint}") from error
        return Labelled(data.images, data.target, "numbers", crop, margin)
    if kind == "converted":
        found = read_converted(path)
    elif kind == "mat":
        data = load_svhn_digits(path, color=cropping.color)
        found = Labelled(data.images, data.target, "digits", "square", 0.0)
    else:
        data = load_svhn_h5(path, subset=subset)
        found = Labelled(data.images, data.target, "digits", "square", 0.0)
    _check_as_asked(found, cropping, path)
    return found


def _kind_of_file(path: Path) -> Literal["numbers", "listed", "mat", "converted", "course"]:
    if path.suffix.lower() == ".csv" and not path.is_dir():
        return "listed"
    if path.is_dir():
        return "numbers"
    check_is_file(path, NEEDED, or_folder=True)
    kind = kind_of_file(path).key
    if kind == "mat5":
        return "mat"
    if not h5py.is_hdf5(path):
        if kind in ARCHIVES:
            return "numbers"
        csv = "list labelled pictures in a .csv file"
        raise wrong_file(path, NEEDED, advice={"picture": csv, "csv": "give it the suffix .csv"})
    try:
        if is_converted(path):
            return "converted"
        with h5py.File(path, "r") as file:
            return "numbers" if "digitStruct" in file else "course"
    except H5PY_ERRORS as error:
        raise ValueError(
            f"{path} is cut off or damaged ({error}). Download or copy it again."
        ) from error


def _check_as_asked(found: Labelled, asked: Cropping, path: Path) -> None:
    """Object to pictures that are cropped already, and in another way than asked."""
    _, height, width, *channels = found.images.shape
    color = "rgb" if channels == [3] else "grey"
    problems = []
    if asked.image_size is not None and asked.image_size != (height, width):
        problems.append(f"{height}x{width} pixels, not {asked.image_size[0]}x{asked.image_size[1]}")
    if asked.color not in ("auto", color):
        problems.append(f"{color}, not {asked.color}")
    if problems:
        raise ValueError(
            f"the pictures of {path} are {' and '.join(problems)}; only those of SVHN's format 1 "
            "and of .csv files can be cropped otherwise, with the options of `train` or `convert`."
        )
    crop = asked.crop or found.crop
    margin = found.margin if asked.margin is None else asked.margin
    if (crop, margin) != (found.crop, found.margin):
        warnings.warn(
            f'the pictures of {path} have been cropped already, to "{found.crop}" with a margin of '
            f'{found.margin:g}, and not to "{crop}" with one of {margin:g}.',
            UserWarning,
            stacklevel=3,
        )
