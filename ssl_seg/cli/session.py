"""Plans walked in a work dir: opened, printed, run, reported."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.config import Experiment, open_experiment
from ssl_seg.core.errors import UserError
from ssl_seg.core.plan import Plan, merge_stages
from ssl_seg.core.space import LabelSpace
from ssl_seg.core.stage import EvaluateStage, Stage
from ssl_seg.execution import progress
from ssl_seg.registry import EXECUTORS
from ssl_seg.report.write import write_report
from ssl_seg.store import layout
from ssl_seg.store.atomic import write_bytes, write_json
from ssl_seg.store.lock import writer_lock
from ssl_seg.store.store import Store

logger = logging.getLogger(__name__)

INDEX = "index.json"


@dataclass(frozen=True)
class Run:
    """One config with one seed, planned."""

    experiment: Experiment
    plan: Plan


def plan_runs(
    configs: Mapping[Path, Mapping[str, Any]],
    seeds: Sequence[int | None],
    index: DigestIndex,
    download_dir: Path | None,
) -> list[Run]:
    """Plan every config with every seed.

    Args:
        configs: as read, by path; a config's file name is what the report calls it.
        seeds: of split and run; ``None`` takes the config's own.
        index: of file digests.
        download_dir: for weights named by URL; ``None`` refuses them.

    Raises:
        ValueError: two configs have one name.
    """
    names = [path.stem for path in configs]
    if len(set(names)) < len(names):
        raise UserError(f"configs must have different file names, got {sorted(names)}")
    runs = []
    for path, config in configs.items():
        for seed in seeds:
            experiment = open_experiment(
                config, folder=path.parent, index=index, seed=seed, download_dir=download_dir
            )
            runs.append(Run(experiment, experiment.plan(path.stem)))
    return runs


def run_configs(
    configs: Mapping[Path, Mapping[str, Any]],
    seeds: Sequence[int | None],
    work_dir: Path,
    args: argparse.Namespace,
) -> list[Run]:
    """Plan configs with seeds in a work dir, run what it lacks, and print the report.

    With ``--dry-run`` the plans are printed and nothing is written.

    Args:
        configs: as read, by path.
        seeds: see :func:`plan_runs`.
        work_dir: keeps artifacts, report and the index of file digests.
        args: parsed :func:`ssl_seg.cli.arguments.add_run_options`.
    """
    downloads = work_dir / "downloads" if args.allow_download else None
    if args.dry_run:
        runs = plan_runs(configs, seeds, DigestIndex(work_dir / INDEX), downloads)
        print(describe(runs, Store(work_dir)))
        return runs
    with writer_lock(work_dir):
        store = Store.fresh(work_dir) if args.fresh else Store(work_dir)
        layout.mark(work_dir)
        with DigestIndex(work_dir / INDEX) as index:
            runs = plan_runs(configs, seeds, index, downloads)
        _walk(runs, store)
        print(write_report(store))
    return runs


def describe(runs: Iterable[Run], store: Store) -> str:
    """Return the plans as text: counts, and stage by stage what is done already."""
    parts = []
    for run in runs:
        plan = run.plan
        done = {name for name in plan.stages if store.has(name)}
        lists = [f"{name} {len(cases)}" for name, cases in run.experiment.split.lists().items()]
        iterations = sum(stage.size for stage in plan.trainings)
        parts.append(
            f"{plan.name}: {plan.scheduler['type']}; cases: {', '.join(lists)}\n"
            f"{len(plan.trainings)} trainings ({iterations} iterations), "
            f"{len(plan.labelings)} labelings, {len(plan.evaluations)} evaluations; "
            f"{len(done)} of {len(plan.stages)} stages done\n"
            + "".join(f"note: {note}\n" for note in plan.notes)
            + _stage_table(plan, done)
        )
    stages = merge_stages(run.plan for run in runs)
    total = f"{len(stages)} stages in all, {sum(store.has(name) for name in stages)} done"
    return "\n\n".join([*parts, total])


def _stage_table(plan: Plan, done: Collection[str]) -> str:
    """Return a line per stage; label spaces are told where there are several."""
    stages = plan.stages.values()
    spaces = [_space(stage).name for stage in stages]
    columns: list[tuple[str, Iterable[Any]]] = [
        ("", range(1, len(stages) + 1)),
        ("kind", [stage.kind for stage in stages]),
        ("stage", [stage.title for stage in stages]),
        *([("space", spaces)] if len(set(spaces)) > 1 else []),
        ("size", [stage.size for stage in stages]),
        ("fingerprint", [name[:8] for name in plan.stages]),
        ("", ["done" if name in done else "" for name in plan.stages]),
    ]
    headers, cells = zip(*columns, strict=True)
    return tabulate(list(zip(*cells, strict=True)), headers=headers)


def _space(stage: Stage) -> LabelSpace:
    """Return the label space that a stage learns to predict, labels in, or is scored in."""
    return stage.values.space if isinstance(stage, EvaluateStage) else stage.space


def _walk(runs: Sequence[Run], store: Store) -> None:
    """Run all stages that the store lacks."""
    stages = merge_stages(run.plan for run in runs)
    done = {name for name in stages if store.has(name)}
    if len(done) < len(stages):
        _check_training_side(runs)
    for run in runs:
        _save(run, store)
    executor = EXECUTORS.build(runs[0].experiment.config["executor"])
    with progress(stages, done) as events:
        executor.run(stages, store, events)


def _check_training_side(runs: Iterable[Run]) -> None:
    """Check what needs torch, once there is work to do."""
    from ssl_seg.runner.check_models import check_models  # noqa: PLC0415 - imports torch
    from ssl_seg.runner.check_types import check_types  # noqa: PLC0415

    for run in runs:
        check_types(run.experiment.config)
    check_models(merge_stages(run.plan for run in runs))


def _save(run: Run, store: Store) -> None:
    """Keep the plan, the drawn case lists and the resolved config beside the results."""
    for note in run.plan.notes:
        logger.info("%s: %s", run.plan.name, note)
    store.save_plan(run.plan.record())
    lists = {
        name: [case.id for case in cases] for name, cases in run.experiment.split.lists().items()
    }
    for count, folds in run.plan.folds.items():
        # Only phases of a curriculum may divide R in several ways.
        end = f"-of-{count}" if len(run.plan.folds) > 1 else ""
        lists |= {f"fold-{number}{end}": list(ids) for number, ids in enumerate(folds)}
    for name, ids in lists.items():
        lines = "".join(f"{line}\n" for line in ids)
        write_bytes(store.splits / run.plan.name / f"{name}.txt", lines.encode())
    config = run.experiment.config
    write_json(store.work_dir / "configs" / f"{run.plan.name}.json", config)
