"""The command ``sksvhn``: train, evaluate, read, transcribe, convert and export from a shell."""

import gc

from ._app import app
from ._convert import convert
from ._evaluate import evaluate
from ._info import export, info
from ._read import read
from ._train import train
from ._transcribe_command import transcribe

__all__ = ["app", "main"]

for _command in (train, evaluate, read, transcribe, info, convert, export):
    app.command()(_command)


def main() -> None:
    """Run the command ``sksvhn`` with the arguments of the process."""
    # Nothing that is imported is garbage: to look for it while torch is imported, and at the end,
    # is a third of the time of a short command.
    gc.set_threshold(100_000)
    try:
        app(prog_name="sksvhn")
    finally:
        gc.freeze()
