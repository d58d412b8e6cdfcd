"""Read millions of pictures, on the processes of one machine or of many."""

from ._transcribe import transcribe

__all__ = ["transcribe"]
