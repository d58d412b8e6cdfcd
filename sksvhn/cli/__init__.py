"""The command ``sksvhn``: train, evaluate, read, convert, export, from a shell."""

from ._app import main

__all__ = ["main"]
