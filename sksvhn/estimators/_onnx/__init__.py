"""Fitted networks as ONNX files."""

from ._exporter import OnnxExporter, OnnxFile

__all__ = ["OnnxExporter", "OnnxFile"]
