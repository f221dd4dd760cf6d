"""One stage after another, in this process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import final

from ssl_seg.core.stage import Stage
from ssl_seg.execution.events import Events
from ssl_seg.registry import EXECUTORS
from ssl_seg.store import Store


@EXECUTORS.register_module()
@final
class Serial:
    """Runs the stages in their order; the default."""

    def run(self, stages: Mapping[str, Stage], store: Store, events: Events) -> None:
        """Run every stage that the store lacks; the first failure ends the run.

        Args:
            stages: by fingerprint, each after those it builds on.
            store: where artifacts are looked up and published; the caller holds its writer lock.
            events: hears what starts, advances, finishes and fails.
        """
        from ssl_seg.runner import run_stage  # noqa: PLC0415 - imports torch; planning must not

        store.tidy()
        for fingerprint, stage in stages.items():
            if store.has(fingerprint):
                continue
            events.started(fingerprint)
            try:
                run_stage(stage, store, partial(events.advanced, fingerprint))
            except Exception as error:
                error.add_note(f"This happened in the stage '{stage.title}' ({fingerprint}).")
                events.failed(fingerprint, error)
                raise
            events.finished(fingerprint)
