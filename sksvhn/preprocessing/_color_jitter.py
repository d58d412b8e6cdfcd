"""Change the colour and brightness of the light at random."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from .._images._arrays import as_array
from .._parameters import validate_params
from ._batch import chunks


@validate_params(
    {
        "images": ["array-like"],
        "scale": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def pca_color_jitter(
    images: ArrayLike,
    *,
    scale: float = 0.1,
    random_state: int | np.random.RandomState | None = None,
) -> NDArray[Any]:
    """Change the colour of each picture at random, along the directions in which colours vary.

    The same multiples of the principal components of `images`' RGB values are added to every pixel
    of a picture: alpha_1 lambda_1 p_1 + alpha_2 lambda_2 p_2 + alpha_3 lambda_3 p_3. p and lambda
    are the eigenvectors and eigenvalues of the covariance of all pixels, measured from 0 to 1, and
    alpha is drawn for each picture [1]_.

    Parameters
    ----------
    images : array-like of shape (n, height, width, 3)
        Training pictures: uint8, or floats from 0 to 1.
    scale : float, default=0.1
        Standard deviation of the normal distribution, of mean 0, that alpha is drawn from.
    random_state : int, RandomState instance or None, default=None
        Seed of alpha.

    Returns
    -------
    ndarray of shape (n, height, width, 3), dtype uint8 or float
        Pictures of the dtype of `images`, clipped to its range.

    Raises
    ------
    ValueError
        If `images` are not pictures of three channels, or floats beyond 0 and 1.

    Notes
    -----
    This is a function, not a transformer, because it is for training pictures only. A transformer
    whose `fit_transform` differs from its `transform` breaks scikit-learn's contract, and would
    change each picture once, although new draws in each epoch help most.

    References
    ----------
    .. [1] A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet Classification with Deep
       Convolutional Neural Networks", NIPS 2012, section 4.1.

    Examples
    --------
    New colours in each pass:

    >>> import numpy as np
    >>> from sksvhn.preprocessing import pca_color_jitter
    >>> rng = np.random.RandomState(0)
    >>> images = rng.randint(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    >>> for epoch in range(2):
    ...     changed = pca_color_jitter(images, random_state=rng)  # clf.partial_fit(changed, y)
    >>> changed.shape, changed.dtype
    ((6, 8, 8, 3), dtype('uint8'))
    """
    pictures = as_array(images)
    if pictures.ndim != 4 or pictures.shape[3] != 3 or pictures.size == 0:
        raise ValueError(
            "images must be colour pictures of shape (n, height, width, 3); got shape "
            f"{pictures.shape}."
        )
    white = 255 if pictures.dtype == np.uint8 else 1
    if pictures.dtype.kind not in "uf" or not (pictures.min() >= 0 and pictures.max() <= white):
        raise ValueError(
            f"images must hold uint8, or floats from 0 to 1; got {pictures.dtype} from "
            f"{pictures.min()} to {pictures.max()}."
        )
    eigenvalues, eigenvectors = np.linalg.eigh(_covariance(pictures) / white**2)
    random = check_random_state(random_state)
    alpha = random.normal(scale=scale, size=(len(pictures), 3))
    shift = white * ((alpha * eigenvalues) @ eigenvectors.T)
    changed = np.empty_like(pictures)
    for part in chunks(pictures):
        values = np.clip(pictures[part] + shift[part, None, None], 0, white)
        changed[part] = np.rint(values) if white == 255 else values
    return changed


def _covariance(pictures: NDArray[Any]) -> NDArray[np.float64]:
    """Covariance of the channels over all pixels."""
    center = pictures.mean(axis=(0, 1, 2), dtype=np.float64)
    products = np.zeros((3, 3))
    for part in chunks(pictures):
        pixels = pictures[part].reshape(-1, 3) - center
        products += pixels.T @ pixels
    return products / (pictures.size // 3)
