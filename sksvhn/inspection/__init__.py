"""Inspect where a reader fails, its pictures and labels, and what networks look at."""

from ._duplicates import find_near_duplicates
from ._label_errors import find_label_errors
from ._location_map import location_map
from ._network_maps import activations, attention_maps, first_layer_filters, saliency_maps
from ._properties import accuracy_by, picture_properties

__all__ = [
    "accuracy_by",
    "activations",
    "attention_maps",
    "find_label_errors",
    "find_near_duplicates",
    "first_layer_filters",
    "location_map",
    "picture_properties",
    "saliency_maps",
]
