"""Where a locator takes a picture for a number."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from .._images._load import ImageSource, read_picture
from ..estimators import NumberLocator
from ..estimators._locator_network import STRIDE


def location_map(locator: NumberLocator, picture: ImageSource) -> NDArray[np.float64]:
    """Compute how sure a locator is of a number at each place of a photograph.

    Parameters
    ----------
    locator : NumberLocator
        A fitted locator.
    picture : picture
        A photograph as :func:`~sksvhn.preprocessing.load_image` takes it.

    Returns
    -------
    ndarray of shape (n_rows, n_columns)
        Confidence in [0, 1] that the middle of a number is there, by the first look alone. It
        covers the whole picture: the network has an answer for every eighth pixel of what it reads.

    Raises
    ------
    TypeError
        If `locator` is not a NumberLocator.
    NotFittedError
        If it is not fitted.
    ValueError
        If the picture cannot be read.

    Examples
    --------
    >>> from sksvhn import load_pretrained
    >>> from sksvhn.datasets import make_street_scenes
    >>> from sksvhn.inspection import location_map
    >>> scene = make_street_scenes(1, random_state=0).images[0]
    >>> location_map(load_pretrained("locator"), scene).shape
    (88, 88)
    """
    if not isinstance(locator, NumberLocator):
        raise TypeError(f"locator must be a NumberLocator; got a {type(locator).__name__}.")
    check_is_fitted(locator)
    decoded = read_picture(picture, color="rgb").picture
    confidence = np.zeros((0, 0))
    with torch.inference_mode():
        for piece, maps in locator._maps(locator.module_, decoded):
            cells_per_pixel = np.array(piece.scale[::-1]) / STRIDE
            if confidence.size == 0:
                n_cells = np.array(decoded.size[::-1]) * cells_per_pixel
                confidence = np.zeros(np.maximum(1, n_cells.round().astype(int)))
            row, column = np.round((piece.top, piece.left) * cells_per_pixel).astype(int)
            part = confidence[row : row + maps.shape[1], column : column + maps.shape[2]]
            sure = locator._confidence_of_cells(piece, maps[:, : part.shape[0], : part.shape[1]])
            np.maximum(part, sure, out=part)
    return confidence
