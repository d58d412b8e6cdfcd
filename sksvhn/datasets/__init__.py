"""Data sets of house numbers, real and generated."""

from ._digit_struct import read_digit_struct
from ._numbers import load_svhn_numbers
from ._street_numbers import make_street_numbers

__all__ = ["load_svhn_numbers", "make_street_numbers", "read_digit_struct"]
