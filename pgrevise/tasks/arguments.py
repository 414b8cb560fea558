"""Optional positional arguments for Invoke: ``db.upgrade`` and ``db.upgrade 202406141200``.

Invoke has required positionals and options, nothing between. An `OptionalPositional` lets the
parser take a value for it as for any positional, and counts as given once parsing is over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from invoke.exceptions import Exit
from invoke.parser.argument import Argument
from invoke.parser.parser import ParseMachine, Parser, ParseResult
from invoke.tasks import Task

from pgrevise.errors import UsageError


class ReviseArgument(Argument):
    """An argument of one of our tasks, whose misuse ends with our exit code for it."""

    def set_value(self, value: Any, cast: bool = True) -> None:
        """Take what was given. Ends with 2 when it is not of the kind that is asked for."""
        try:
            super().set_value(value, cast)
        except ValueError:
            kind = "a whole number" if self.kind is int else "a number"
            raise Exit(
                f"Error: {self} {value} is not {kind}.\nGive one, for example {self}=17.",
                code=UsageError.exit_code,
            ) from None

    def require_value(self, got_value: bool) -> None:
        """End with 2 when nothing followed; Invoke asks that of options that are no list only."""
        if self.kind is list and not got_value:
            raise Exit(
                f"Error: Flag {self} needed value and was not given one!",
                code=UsageError.exit_code,
            )

    def __repr__(self) -> str:
        name = self.names[0].strip("_").replace("_", "-")
        return f"--{name}" if len(name) > 1 else f"-{name}"

    __str__ = __repr__


class OptionalPositional(ReviseArgument):
    """A positional that may be left out; it is then the empty string."""

    def leave_out(self) -> None:
        """Count as given, with nothing in it."""
        self.set_value("", cast=False)


class ReviseTask(Task):  # type: ignore[type-arg] # the type parameter is the body's result, which none has
    """A task whose ``optional_positionals`` may be left out and which has no short flags."""

    def __init__(
        self, body: Callable[..., None], optional_positionals: Sequence[str] = (), **options: Any
    ) -> None:
        super().__init__(body, auto_shortflags=False, **options)
        self.optional_positionals = tuple(optional_positionals)

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """The arguments, those in ``optional_positionals`` first."""
        arguments = [self._ours(a) for a in super().get_arguments(ignore_unknown_help)]
        return sorted(arguments, key=lambda argument: not argument.positional)

    def _ours(self, argument: Argument) -> ReviseArgument:
        if argument.name in self.optional_positionals:
            return OptionalPositional(names=argument.names, positional=True, help=argument.help)
        return ReviseArgument(
            names=argument.names,
            # Invoke takes the kind from the default, and that of a list cannot be a list.
            kind=list if argument.kind is tuple else argument.kind,
            default=argument.default,
            help=argument.help,
            attr_name=argument.attr_name,
        )


def _left_out(machine: ParseMachine) -> None:
    """No value comes for the optional positionals of the task that is being parsed."""
    for argument in machine.context.positional_args if machine.context else ():
        if isinstance(argument, OptionalPositional) and argument.value is None:
            argument.leave_out()


def _handle(self: ParseMachine, token: str) -> None:
    """Tell a value from what follows the task: an option of Invoke's own, or another task."""
    token = token.removeprefix(_WHOLE)
    known = self.context is not None and (
        token in self.context.flags or token in self.context.inverse_flags
    )
    is_option = token.startswith("-") and not _STEPS.fullmatch(token)
    waiting = self.waiting_for_flag_value
    if not known and not waiting and (is_option or token in self.contexts):
        _left_out(self)
    elif not known and not waiting and _is_full(self):
        _refuse_another_word(self, token)
    _handle_token(self, token)


def _is_full(machine: ParseMachine) -> bool:
    """Whether the task takes a positional, and has got it."""
    given = machine.context.positional_args if machine.context else ()
    return bool(given) and all(
        isinstance(argument, OptionalPositional) and argument.value for argument in given
    )


def _refuse_another_word(machine: ParseMachine, token: str) -> None:
    argument = machine.context.positional_args[0]
    raise Exit(
        f"Error: {token!r} is one word too many for {machine.context.name}.\n"
        f'Put several words in quotes: invoke {machine.context.name} "{argument.value} {token}"',
        code=UsageError.exit_code,
    )


def _error(self: ParseMachine, msg: str) -> None:
    """Invoke leaves with 1, which is our code for findings: a typing error is none."""
    given = self.context.args.values() if self.context else ()
    if any(isinstance(argument, ReviseArgument) for argument in given):
        raise Exit(
            f"Error: {msg}\nSee the options: invoke --help {self.context.name}",
            code=UsageError.exit_code,
        )
    _parse_error(self, msg)


def _parse(self: Parser, argv: list[str]) -> ParseResult:
    """Keep "-12" in one piece, which Invoke would take for the short flags -1 and -2."""
    whole = [f"{_WHOLE}{token}" if _STEPS.fullmatch(token) else token for token in argv]
    return _parse_argv(self, whole)


def _complete_option(self: ParseMachine) -> None:
    flag: Argument | None = self.flag
    if isinstance(flag, ReviseArgument):
        flag.require_value(self.flag_got_value)
    _complete_flag(self)


def _complete(self: ParseMachine) -> None:
    _left_out(self)
    _complete_context(self)


# Invoke knows only positionals that must be given, and has no hook at the moments that decide:
# before all, when a word arrives, when no further one comes, and when one makes no sense.
_STEPS = re.compile(r"-\d+")
#: Stands before a word that is to be handled as it is.
_WHOLE = "\0"
_parse_argv = Parser.parse_argv
_handle_token = ParseMachine.handle
_complete_flag = ParseMachine.complete_flag
_complete_context = ParseMachine.complete_context
_parse_error = ParseMachine.error
Parser.parse_argv = _parse  # type: ignore[method-assign]
ParseMachine.handle = _handle  # type: ignore[method-assign]
ParseMachine.complete_flag = _complete_option  # type: ignore[method-assign]
ParseMachine.complete_context = _complete  # type: ignore[method-assign]
ParseMachine.error = _error  # type: ignore[method-assign]
