"""Commands as shells call them: their help, and how errors and warnings reach the user."""

from __future__ import annotations

import errno
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.exceptions import TyperException

from ._console import complain, hint, sentence, warn

#: What is wrong with a value, by the kind of error that typer's checker, pydantic, makes of it.
_REASONS = {
    "float_parsing": "{input!r} is no number.",
    "greater_than_equal": "{input} is too small; it must be at least {ge:g}.",
    "int_parsing": "{input!r} is no whole number.",
    "less_than_equal": "{input} is too large; it must be at most {le:g}.",
    "value_error": "{error}",
}


class Command(TyperCommand):
    """A command whose flags are shown without the type of a value: they take none."""

    def get_params(self, ctx: Any) -> list[Any]:
        """List arguments and options."""
        return _without_types_of_flags(super().get_params(ctx))


class Commands(TyperGroup):
    """Commands that end with one sentence where what they were given cannot be used."""

    def get_params(self, ctx: Any) -> list[Any]:
        """List arguments and options."""
        return _without_types_of_flags(super().get_params(ctx))

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Parse the options before the command's name."""
        with _usage_in_a_sentence():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        with warnings.catch_warnings(), _usage_in_a_sentence():
            warnings.showwarning = _show_warning
            try:
                return super().invoke(ctx)
            except (ValueError, OSError, ImportError, MemoryError) as error:
                if isinstance(error, OSError) and error.errno == errno.EPIPE:
                    raise  # whoever read the output has gone, which is no error
                complain(sentence(error))
                raise typer.Exit(1) from error


def _without_types_of_flags(params: list[Any]) -> list[Any]:
    for param in params:
        if isinstance(param, TyperOption) and param.is_flag:
            param.metavar = ""
    return params


@contextmanager
def _usage_in_a_sentence() -> Iterator[None]:
    """Say what is wrong with the options in a line that nothing frames or breaks."""
    try:
        yield
    except TyperException as error:
        ctx = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError":
            raise  # no error: typer shows the help
        complain(_of_usage(error))
        if ctx is not None:
            hint(f"Try '{ctx.command_path} --help'.")
        raise typer.Exit(error.exit_code) from error


def _of_usage(error: TyperException) -> str:
    """Say what is wrong with the options."""
    if not isinstance(error, typer.BadParameter) or not error.message:
        return error.format_message()
    name = error.param_hint or (error.param and max(error.param.opts, key=len))
    return f"{name}: {_reason(error)}" if isinstance(name, str) else _reason(error)


def _reason(error: typer.BadParameter) -> str:
    find = getattr(error.__cause__, "errors", None)  # pydantic's, if that is the cause
    if find is None:
        return error.message
    first = find()[0]
    form = _REASONS.get(first["type"])
    if form is None:
        return str(first["msg"])
    return form.format(input=first["input"], **first.get("ctx", {}))


def _show_warning(message: Warning | str, *args: Any, **kwargs: Any) -> None:
    warn(" ".join(str(message).split()))
