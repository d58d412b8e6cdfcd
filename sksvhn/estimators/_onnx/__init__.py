"""Fitted networks as ONNX files."""

from ._exporter import OnnxFile, write_onnx

__all__ = ["OnnxFile", "write_onnx"]
