"""What commands say beside their results: on the standard error stream, plain where it is a file.

Results are all that goes to the standard output.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer


def note(message: str, *, quiet: bool = False) -> None:
    """Say what is going on."""
    if not quiet:
        typer.echo(printable(message), err=True)


def warn(message: str) -> None:
    """Say what may be wrong; nothing silences that."""
    typer.secho(f"Warning: {printable(message)}", fg="yellow", err=True, color=_in_color())


def complain(message: str) -> None:
    """Say what went wrong."""
    typer.secho(f"Error: {printable(message)}", fg="red", err=True, color=_in_color())


def hint(message: str) -> None:
    """Say where help is."""
    typer.echo(printable(message), err=True)


def _in_color() -> bool | None:
    """Whether errors are in colour: on terminals (None), unless the user wants none at all."""
    return False if os.environ.get("NO_COLOR") else None


def counted(n: int, thing: str) -> str:
    """Name a number of things.

    Examples
    --------
    >>> from sksvhn.cli._console import counted
    >>> counted(1, "epoch"), counted(2000, "grey picture")
    ('1 epoch', '2,000 grey pictures')
    """
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


@contextmanager
def busy(message: str, *, quiet: bool = False) -> Iterator[None]:
    """Show, on a terminal, that something takes its time."""
    if not shows_progress(quiet):
        yield
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(printable(message))):
        yield


def shows_progress(quiet: bool) -> bool:
    """Whether anybody looks at moving figures."""
    return not quiet and sys.stderr.isatty()


def printable(text: str) -> str:
    r"""Text in which nothing steers a terminal: names of files may hold anything.

    Examples
    --------
    >>> from sksvhn.cli._console import printable
    >>> printable("1.png"), printable("a\tb\x1b[2J")
    ('1.png', 'a\\tb\\x1b[2J')
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def sentence(error: BaseException) -> str:
    r"""Put an error into one line, as a person reads it.

    Examples
    --------
    >>> from sksvhn.cli._console import sentence
    >>> sentence(FileNotFoundError(2, "No such file or directory", "1.png"))
    '1.png: No such file or directory'
    >>> sentence(ValueError("X is empty;\n pass pictures."))
    'X is empty; pass pictures.'
    """
    if isinstance(error, OSError) and error.strerror:
        name = "" if error.filename is None else f"{error.filename}: "
        return f"{name}{error.strerror}"
    if isinstance(error, MemoryError):
        return f"there is not enough memory ({error})" if str(error) else "not enough memory"
    return " ".join(str(error).split()) or type(error).__name__
