"""Configs run in a work dir: planned, checked, walked, reported."""

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
from ssl_seg.execution import Executor, progress
from ssl_seg.registry import EXECUTORS
from ssl_seg.report.versions import differences, versions_of
from ssl_seg.report.write import write_report
from ssl_seg.store.atomic import write_bytes, write_json
from ssl_seg.store.layout import mark, put_back
from ssl_seg.store.lock import writer_lock
from ssl_seg.store.store import Store, starting_over

logger = logging.getLogger(__name__)


def run_configs(
    configs: Mapping[Path, Mapping[str, Any]],
    seeds: Sequence[int | None],
    work_dir: Path,
    args: argparse.Namespace,
) -> list[Run]:
    """Plan configs with seeds in a work dir, run what it lacks, and print the report.

    With ``--dry-run`` the plans are printed and nothing is written.

    Args:
        configs: as read, by path; a config's file name is what the report calls it.
        seeds: of split and run; ``None`` takes the config's own.
        work_dir: keeps artifacts, report and the index of file digests.
        args: parsed :func:`ssl_seg.cli.arguments.add_run_options`.

    Raises:
        UserError: something in configs, data or work dir is wrong; nothing has run then, and with
            ``--fresh`` nothing is removed.
    """
    downloads = work_dir / "downloads" if args.allow_download else None
    if args.dry_run:
        runs = plan_runs(configs, seeds, DigestIndex(work_dir / INDEX), downloads)
        print(describe(runs, () if args.fresh else _finished(runs, Store(work_dir))))
        return runs
    with writer_lock(work_dir):
        put_back(work_dir)
        with starting_over(work_dir) if args.fresh else nullcontext(Store(work_dir)) as store:
            mark(work_dir)
            with DigestIndex(work_dir / INDEX) as index:
                runs = plan_runs(configs, seeds, index, downloads)
            _check(runs, store, index)
            for run in runs:
                _save(run, store)
        _walk(runs, store)
        print(write_report(store))
    return runs


def plan_runs(
    configs: Mapping[Path, Mapping[str, Any]],
    seeds: Sequence[int | None],
    index: DigestIndex,
    download_dir: Path | None,
) -> list[Run]:
    """Plan every config with every seed; weights named by URL are refused without a folder.

    Raises:
        UserError: two configs have one name, or name different executors.
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
    _require_one_executor(runs)
    return runs


def _require_one_executor(runs: Sequence[Run]) -> None:
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


def _finished(runs: Iterable[Run], store: Store) -> set[str]:
    """Return the fingerprints of the stages that need not run again."""
    return {name for name in merge_stages(run.plan for run in runs) if store.has(name)}


def _check(runs: Sequence[Run], store: Store, index: DigestIndex) -> None:
    """Check what needs torch, if there is work to do."""
    done = _finished(runs, store)
    left = [s for name, s in merge_stages(run.plan for run in runs).items() if name not in done]
    if not left:
        return
    from ssl_seg.runner.check_types import check_types  # noqa: PLC0415 - imports torch
    from ssl_seg.runner.environment import versions  # noqa: PLC0415
    from ssl_seg.runner.preflight import preflight  # noqa: PLC0415
    from ssl_seg.runner.sample_sizes import known_sizes  # noqa: PLC0415

    if others := differences(versions_of(store, done), versions()):
        logger.warning(
            "the finished stages were made by %s; the rest may differ from them in small ways. "
            "--fresh runs all of them anew",
            ", ".join(others),
        )
    for run in runs:
        check_types(run.experiment.config)
    preflight(left, store, partial(known_sizes, index))


def _walk(runs: Sequence[Run], store: Store) -> None:
    """Run all stages that the store lacks."""
    stages = merge_stages(run.plan for run in runs)
    executor: Executor = EXECUTORS.build(runs[0].experiment.config["executor"])
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
