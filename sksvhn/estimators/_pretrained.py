"""Load fitted estimators that come with the package."""

from __future__ import annotations

from typing import Literal, overload

from .._files._pretrained_files import pretrained_path
from ._cnn import SVHNCNNClassifier
from ._locator import NumberLocator
from ._saving import load
from ._sequence import SVHNSequenceClassifier


@overload
def load_pretrained(name: Literal["numbers"]) -> SVHNSequenceClassifier: ...
@overload
def load_pretrained(name: Literal["locator"]) -> NumberLocator: ...
@overload
def load_pretrained(name: Literal["digits"]) -> SVHNCNNClassifier: ...
def load_pretrained(
    name: Literal["numbers", "locator", "digits"],
) -> SVHNSequenceClassifier | NumberLocator | SVHNCNNClassifier:
    """Load a fitted estimator that comes with the package.

    It was trained on generated pictures alone: no pixel of a photograph, and no licence of one, is
    in its weights. The page on :ref:`pretrained estimators <pretrained>` says how good it is.

    Parameters
    ----------
    name : {"numbers", "locator", "digits"}
        - ``"numbers"``: a :class:`SVHNSequenceClassifier` of whole numbers of one to eight digits,
          in grey crops of 64x64 pixels, which is what :func:`~sksvhn.datasets.load_svhn_numbers`
          makes with ``color="grey"``. Its `read` takes photographs of any size.
        - ``"locator"``: a :class:`NumberLocator`, which finds numbers in photographs of any size.
        - ``"digits"``: a :class:`SVHNCNNClassifier` of single digits in grey pictures of 32x32
          pixels, which is what :func:`~sksvhn.datasets.load_svhn_digits` makes with
          ``color="grey"``. Neighbours at the sides do not count.

    Returns
    -------
    SVHNSequenceClassifier, NumberLocator or SVHNCNNClassifier
        The estimator. It is a new one at every call.

    Raises
    ------
    ValueError
        If there is none of that name.

    See Also
    --------
    load : Load a fitted estimator from a file.
    read : Find and read numbers with the locator and the reader of numbers.

    Examples
    --------
    >>> import sksvhn
    >>> from sksvhn.datasets import make_street_numbers
    >>> clf = sksvhn.load_pretrained("numbers")
    >>> numbers = make_street_numbers(100, color=False, random_state=0)
    >>> bool(clf.score(numbers.images, numbers.target) > 0.5)
    True
    """
    estimator = load(pretrained_path(name))
    assert isinstance(estimator, (NumberLocator, SVHNSequenceClassifier, SVHNCNNClassifier))
    return estimator
