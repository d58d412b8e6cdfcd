"""Data sets of house numbers and digits, real and generated."""

from ._digit_struct import read_digit_struct
from ._digits import load_svhn_digits
from ._h5 import load_svhn_h5
from ._mnist import load_mnist
from ._numbers import load_svhn_numbers
from ._street_numbers import make_street_numbers

__all__ = [
    "load_mnist",
    "load_svhn_digits",
    "load_svhn_h5",
    "load_svhn_numbers",
    "make_street_numbers",
    "read_digit_struct",
]
