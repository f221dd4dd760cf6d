"""Run one stage and publish its artifact."""

from __future__ import annotations

from collections.abc import Callable

from ssl_seg.config.plugins import import_again
from ssl_seg.core.stage import EvaluateStage, LabelStage, Stage
from ssl_seg.runner.failures import naming_known_causes
from ssl_seg.store.store import Store


def run_stage(stage: Stage, store: Store, advance: Callable[[int], None]) -> None:
    """Run a stage whose inputs are in the store, and publish what it leaves.

    ``advance`` is called with the amount of work done so far, in the stage's own unit (iterations
    or cases). Work that a killed run left in ``store.running(...)`` is continued.

    Each kind of work is imported when it is first needed: scores need no torch.
    """
    running = store.running(stage.fingerprint)
    if isinstance(stage, EvaluateStage):
        from ssl_seg.runner import evaluate  # noqa: PLC0415

        description = evaluate.run(stage, store, running / "out", advance)
    elif isinstance(stage, LabelStage):
        from ssl_seg.runner import label  # noqa: PLC0415

        import_again(stage.config.neutral.imports)
        with naming_known_causes("labelling"):
            description = label.run(stage, store, running, advance)
    else:
        from ssl_seg.runner import train  # noqa: PLC0415

        import_again(stage.config.neutral.imports)
        with naming_known_causes("training"):
            description = train.run(stage, store, running, advance)
    store.publish(stage.fingerprint, {"kind": stage.kind, "title": stage.title, **description})
