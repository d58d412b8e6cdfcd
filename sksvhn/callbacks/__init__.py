"""Callbacks for the parameter `callbacks` of the neural estimators, in addition to skorch's."""

from ._tensorboard import TensorBoard

__all__ = ["TensorBoard"]
