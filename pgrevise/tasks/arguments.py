"""Optional positional arguments for Invoke: ``db.upgrade`` and ``db.upgrade 202406141200``.

Invoke has required positionals and options, nothing between. An `OptionalPositional` lets the
parser take a value for it as for any positional, and counts as given once parsing is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from invoke.parser.argument import Argument
from invoke.parser.parser import ParseMachine
from invoke.tasks import Task


class OptionalPositional(Argument):
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
        arguments = super().get_arguments(ignore_unknown_help)
        chosen = [self._relaxed(a) for a in arguments if a.name in self.optional_positionals]
        return chosen + [a for a in arguments if a.name not in self.optional_positionals]

    @staticmethod
    def _relaxed(argument: Argument) -> Argument:
        return OptionalPositional(names=argument.names, positional=True, help=argument.help)


_complete_context = ParseMachine.complete_context


def _complete(self: ParseMachine) -> None:
    for argument in self.context.positional_args if self.context else ():
        if isinstance(argument, OptionalPositional) and argument.value is None:
            argument.leave_out()
    _complete_context(self)


# The one moment at which Invoke knows that no further value comes; it offers no hook for it.
ParseMachine.complete_context = _complete  # type: ignore[method-assign]
