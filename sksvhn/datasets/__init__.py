"""Data sets of house numbers and digits, real and generated."""

from ._describe import describe_numbers
from ._digit_sequences import make_digit_sequences
from ._digit_struct import read_digit_struct
from ._fetch import fetch_svhn
from ._labelled_hdf5 import save_labelled
from ._labelled_pictures import load_labelled_pictures
from ._load_labelled import load_labelled
from ._mnist import load_mnist
from ._street_digits import make_street_digits
from ._street_numbers import make_empty_surfaces, make_street_numbers
from ._street_scenes import make_street_scenes
from ._svhn_digits import load_svhn_digits
from ._svhn_h5 import load_svhn_h5
from ._svhn_numbers import load_svhn_numbers

__all__ = [
    "describe_numbers",
    "fetch_svhn",
    "load_labelled",
    "load_labelled_pictures",
    "load_mnist",
    "load_svhn_digits",
    "load_svhn_h5",
    "load_svhn_numbers",
    "make_digit_sequences",
    "make_empty_surfaces",
    "make_street_digits",
    "make_street_numbers",
    "make_street_scenes",
    "read_digit_struct",
    "save_labelled",
]
