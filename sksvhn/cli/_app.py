"""The command line as a whole."""

from __future__ import annotations

from typing import Annotated

import typer

from ._commands import Command, Commands
from ._convert import convert
from ._demo import demo
from ._evaluate import evaluate
from ._export import export
from ._info import info
from ._read import read
from ._train import train
from ._transcribe import transcribe

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Read house numbers, and other short strings of digits, from pictures.",
    epilog="Results go to the standard output, everything else to the standard error stream. "
    "Exit codes: 0 all done, 1 something failed, or a picture could not be read, "
    "2 wrong usage, 130 Ctrl-C.",
)
for command in (train, evaluate, read, transcribe, info, convert, export, demo):
    app.command(cls=Command)(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        typer.echo(f"sksvhn {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Options of the command itself."""


def main() -> None:
    """Run the command ``sksvhn`` with the arguments of the process."""
    app(prog_name="sksvhn")
