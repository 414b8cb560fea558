"""The beginning and the end of what somebody prints, however much it is. Pure."""

from __future__ import annotations

KEPT = 20_000


class Clipped:
    """Keeps the first and the last `KEPT` bytes of what is added."""

    def __init__(self) -> None:
        self._first = bytearray()
        self._last = bytearray()
        self._dropped = 0

    def add(self, chunk: bytes) -> None:
        """More was printed."""
        room = max(0, KEPT - len(self._first))
        self._first += chunk[:room]
        self._last += chunk[room:]
        surplus = len(self._last) - KEPT
        if surplus > 0:
            self._dropped += surplus
            del self._last[:surplus]

    @property
    def text(self) -> str:
        """What is left, with a line that says how much is not."""
        between = f"\n… {self._dropped:,} bytes are left out here …\n" if self._dropped else ""
        first = self._first.decode(errors="replace")
        return f"{first}{between}{self._last.decode(errors='replace')}"
