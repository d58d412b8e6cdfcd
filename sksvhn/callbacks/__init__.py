"""Callbacks for the neural estimators' parameter `callbacks`, beside those of skorch."""

from ._tensorboard import TensorBoard

__all__ = ["TensorBoard"]
