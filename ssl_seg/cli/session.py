"""Plans walked in a work dir: opened, printed, run, reported."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from ssl_seg.catalog.index import INDEX, DigestIndex
from ssl_seg.cli.run import Run, describe
from ssl_seg.config import open_experiment
from ssl_seg.core.errors import UserError
from ssl_seg.core.plan import merge_stages
from ssl_seg.execution import progress
from ssl_seg.registry import EXECUTORS
from ssl_seg.report.write import write_report
from ssl_seg.store.atomic import write_bytes, write_json
from ssl_seg.store.layout import check_can_start_over, mark, put_back
from ssl_seg.store.lock import writer_lock
from ssl_seg.store.store import Store, starting_over

logger = logging.getLogger(__name__)


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
        UserError: two configs have one name, or name different executors.
    """
    names = [path.stem for path in configs]
    if len(set(names)) < len(names):
        raise UserError(f"configs must have different file names, got {sorted(names)}")
    runs: list[Run] = []
    for path, config in configs.items():
        for seed in seeds:
            experiment = open_experiment(
                config, folder=path.parent, index=index, seed=seed, download_dir=download_dir
            )
            runs.append(Run(experiment, experiment.plan(path.stem)))
    _check_one_executor(runs)
    return runs


def _check_one_executor(runs: Sequence[Run]) -> None:
    """Refuse configs that want their stages run in different ways, as they share stages."""
    first, *others = runs
    for other in others:
        one, another = (run.experiment.config["executor"] for run in (first, other))
        if one != another:
            raise UserError(
                "executor: one executor runs all configs of a benchmark, but "
                f"{first.plan.name} has {one!r} and {other.plan.name} {another!r}; give all the "
                "same, or set it with --cfg-options"
            )


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
        earlier = _earlier(work_dir, fresh=args.fresh)
        runs = plan_runs(configs, seeds, DigestIndex(work_dir / INDEX), downloads)
        print(describe(runs, _finished(runs, earlier)))
        return runs
    with writer_lock(work_dir):
        put_back(work_dir)
        earlier = _earlier(work_dir, fresh=args.fresh)
        with DigestIndex(work_dir / INDEX) as index:
            runs = plan_runs(configs, seeds, index, downloads)
        _check_what_runs(runs, earlier, Store(work_dir), index)
        store = _begin(runs, work_dir, earlier)
        _walk(runs, store)
        print(write_report(store))
    return runs


def _earlier(work_dir: Path, *, fresh: bool) -> Store | None:
    """Return what earlier runs left; ``None`` to start over, which nothing may stand against."""
    if not fresh:
        return Store(work_dir)
    check_can_start_over(work_dir)
    return None


def _finished(runs: Iterable[Run], store: Store | None) -> set[str]:
    """Return the fingerprints of the stages that need not run again."""
    stages = merge_stages(run.plan for run in runs)
    return set() if store is None else {name for name in stages if store.has(name)}


def _check_what_runs(
    runs: Sequence[Run], earlier: Store | None, store: Store, index: DigestIndex
) -> None:
    """Check what needs torch, if there is work to do."""
    done = _finished(runs, earlier)
    left = [s for name, s in merge_stages(run.plan for run in runs).items() if name not in done]
    if not left:
        return
    from ssl_seg.runner.check_types import check_types  # noqa: PLC0415 - imports torch
    from ssl_seg.runner.preflight import preflight  # noqa: PLC0415
    from ssl_seg.runner.sample_sizes import known_sizes  # noqa: PLC0415

    for run in runs:
        check_types(run.experiment.config)
    preflight(left, store, partial(known_sizes, index))


def _begin(runs: Iterable[Run], work_dir: Path, earlier: Store | None) -> Store:
    """Save the plans; only then is what ``--fresh`` removes gone for good."""
    with nullcontext(earlier) if earlier is not None else starting_over(work_dir) as store:
        mark(work_dir)
        for run in runs:
            _save(run, store)
    return store


def _walk(runs: Sequence[Run], store: Store) -> None:
    """Run all stages that the store lacks."""
    stages = merge_stages(run.plan for run in runs)
    executor = EXECUTORS.build(runs[0].experiment.config["executor"])
    with progress(stages, _finished(runs, store)) as events:
        executor.run(stages, store, events)


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
