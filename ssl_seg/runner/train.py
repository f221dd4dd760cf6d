"""Train one model: open what it learns from, let mmengine's Runner train it, publish it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook

from ssl_seg.core.stage import TrainStage
from ssl_seg.methods.of_stage import method_of
from ssl_seg.runner import models
from ssl_seg.runner.batches import Batches
from ssl_seg.runner.convergence import train_until_converged
from ssl_seg.runner.environment import prepare_process
from ssl_seg.runner.failures import explained
from ssl_seg.runner.model_file import write_model
from ssl_seg.runner.sources import open_sources
from ssl_seg.runner.stage_runner import StageRunner, stage_runner
from ssl_seg.store.store import Store


def run(
    stage: TrainStage, store: Store, running: Path, advance: Callable[[int], None]
) -> dict[str, Any]:
    """Train the stage's model, going on from the newest checkpoint in ``running``.

    Writes ``out/model.pth`` (``state_dict`` and ``meta``, as mmsegmentation's ``init_model``
    expects) and ``out/environment.json``.

    Returns:
        What the artifact's manifest says of it: role, generation, fold, iterations, sources.
    """
    prepare_process(stage.config.threads)
    models.enter_scope()
    sources = open_sources(stage, store, running)
    loader = Batches(stage, sources, method_of(stage).copies)

    def train(seed: int, hooks: list[Hook]) -> StageRunner:
        begun = False

        def advanced(iterations: int) -> None:
            nonlocal begun
            begun = True
            advance(iterations)

        try:
            runner = stage_runner(stage, store, running, loader, seed, hooks, advanced)
            runner.train()
        except Exception as error:
            # Hooks, loggers and visualizers that the config asks for are made only here.
            if begun or (reason := explained(error, stage.title, "preparing it")) is error:
                raise
            raise reason from error
        return runner

    # What starts from trained weights has none of its own to draw again.
    rule = stage.config.convergence if stage.start is None else None
    runner, convergence = train_until_converged(
        rule, stage.size, running, stage.scratch_seed, train
    )
    write_model(runner, stage, running / "out")
    return {
        "role": stage.role,
        "generation": stage.generation,
        "fold": stage.fold,
        "view": stage.view,
        "section": stage.section,
        "iterations": stage.size,
        **convergence,
        "sources": [
            {
                "kind": opened.source.kind,
                "cases": len(opened.source.cases),
                "written_by": opened.source.written_by,
                "coverage": 1.0 if opened.pseudo is None else opened.pseudo.coverage,
            }
            for opened in sources
        ],
    }
