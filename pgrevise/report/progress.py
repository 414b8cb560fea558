"""A run of revisions, told while it goes: one line for each that was applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgrevise.report.output import Output
from pgrevise.report.patience import Patience

if TYPE_CHECKING:
    from pgrevise.request import Applied, Step


class RunProgress:
    """The observer of a command: results as lines, the rest as talk.

    A context manager, at whose end no live line is left.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._patience = Patience(output)

    def __enter__(self) -> RunProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self._patience.close()

    def waiting(self, seconds: float, holder: str) -> None:
        """Say for whom we wait."""
        self._output.say(f"Waited {seconds:.0f} s for another runner: {holder}", "dim")

    def started(self, step: Step) -> None:
        """Show the revision, if it takes long."""
        place = f"{step.place} of {step.total}"
        self._patience.begin(f"{step.revision} {step.subject} ({place})")

    def finished(self, applied: Applied) -> None:
        """Print the revision and its time."""
        self._patience.end()
        sign = {"upgrade": "+", "downgrade": "-", "stamp": "="}[applied.direction]
        tries = f", try {applied.attempts}" if applied.attempts > 1 else ""
        self._output.line(
            f"  {sign} {applied.revision}  {applied.subject}  ({applied.seconds:.2f} s{tries})"
        )

    def retrying(self, step: Step, reason: str, delay: float) -> None:
        """Say why it is tried again."""
        self._patience.end()
        self._output.say(f"  {step.revision}: {reason}; again in {delay:.1f} s", "yellow")

    def note(self, sentence: str) -> None:
        """Pass it on."""
        self._output.say(f"  {sentence}", "dim")
