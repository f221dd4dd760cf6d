"""The plug point ``executor``: who walks a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ssl_seg.core.stage import Stage
from ssl_seg.execution.events import Events
from ssl_seg.store import Store


class Executor(Protocol):
    """Runs stages; the registry ``EXECUTORS`` holds one class for each way to do so.

    Its constructor takes keyword arguments only, which are the keys of a config's ``executor``.
    Which executor ran changes no bit of any artifact.
    """

    def run(self, stages: Mapping[str, Stage], store: Store, events: Events) -> None:
        """Run every stage that the store lacks, each after those it builds on.

        Args:
            stages: by fingerprint, each after those it builds on.
            store: where artifacts are looked up and published; the caller holds its writer lock.
            events: hears what starts, advances, finishes and fails; called from one thread.

        Raises:
            Exception: what ended a stage, with a note that names the stage; nothing that builds on
                it was run.
        """
        ...
