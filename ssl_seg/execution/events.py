"""What an executor reports while it walks a plan."""

from __future__ import annotations

from typing import Protocol


class Events(Protocol):
    """Hears of each stage by its fingerprint, as several stages may run at once.

    A stage that runs is started, advanced any number of times, then either finished or failed; one
    that failed may be started again. All calls come from one thread.
    """

    def started(self, fingerprint: str) -> None:
        """Hear that a stage starts."""
        ...

    def advanced(self, fingerprint: str, done: int) -> None:
        """Hear how many iterations or cases of a running stage are done in all.

        A stage's first call states where it goes on from, so 0 in a new one; its speed is measured
        from there.
        """
        ...

    def finished(self, fingerprint: str) -> None:
        """Hear that a stage is done and its artifact published."""
        ...

    def failed(self, fingerprint: str, error: Exception) -> None:
        """Hear that a stage has ended without an artifact, and why."""
        ...
