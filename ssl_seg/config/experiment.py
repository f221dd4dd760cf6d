"""Experiments: a checked config together with the cases that it names, ready to be planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.config.case_lists import read_case_lists
from ssl_seg.config.check import checked
from ssl_seg.config.plugins import import_plugins
from ssl_seg.config.spaces import Spaces, declared_mappings
from ssl_seg.config.split_notes import split_notes
from ssl_seg.config.stage_configs import StageConfigs
from ssl_seg.config.view_notes import view_notes
from ssl_seg.config.weights import Weights
from ssl_seg.core.plan import Plan
from ssl_seg.core.split import Split
from ssl_seg.planning import Scheduler
from ssl_seg.planning.write import finish_plan, start_plan
from ssl_seg.registry import METRICS, SCHEDULERS


@dataclass(frozen=True)
class Experiment:
    """One config with one seed.

    Attributes:
        config: the checked config with its defaults.
        split: the drawn case lists.
        configs: each stage's part of the config.
        seed: of the run.
        notes: what a reader of its plans should know of the split and the views.
    """

    config: Mapping[str, Any]
    split: Split
    configs: StageConfigs
    seed: int
    notes: tuple[str, ...] = ()

    def plan(self, label: str, scheduler: Mapping[str, Any] | None = None) -> Plan:
        """Let a scheduler write the plan.

        Args:
            label: what the report calls the experiment.
            scheduler: another scheduler's config; the config's own by default.
        """
        chosen = scheduler or self.config["scheduler"]
        built: Scheduler = SCHEDULERS.build(chosen, where="scheduler")
        builder = start_plan(self.split, self.configs, self.seed, self.notes)
        result = built.plan(builder)
        plan = finish_plan(builder.draft, result, label=label, scheduler=chosen)
        for space in dict.fromkeys(stage.values.space for stage in plan.evaluations):
            for position, metric in enumerate(self.config["test_evaluator"]):
                METRICS.build(metric, space, where=f"test_evaluator[{position}]")
        return plan


def open_experiment(
    config: Mapping[str, Any],
    *,
    folder: Path,
    index: DigestIndex,
    seed: int | None = None,
    download_dir: Path | None = None,
) -> Experiment:
    """Check a config, read the data sets it names, and draw the split.

    Args:
        config: as :func:`ssl_seg.config.load_config` returns it.
        folder: of the config file; plug-in and list files are found relative to it.
        index: of file digests.
        seed: of the run and of the split, instead of the config's.
        download_dir: where weights named by URL are fetched to; ``None`` refuses them.

    Raises:
        UserError: something in the config or the data is wrong; the message says where.
    """
    plugins, imports = import_plugins(config.get("custom_imports"), folder)
    config = checked(config)
    run_seed = seed if seed is not None else config["randomness"].get("seed") or 0
    own_seed = config["split"].get("seed") if seed is None else None
    split_seed = run_seed if own_seed is None else own_seed
    lists = read_case_lists(config, split_seed, folder, index)
    maps = declared_mappings(config["adapters"], folder)
    # R's space is that of its data set, whether or not it has labels: they must decide nothing.
    found = {name: lists.values[name].space for name, cases in lists.split.lists().items() if cases}
    reference_space = found.pop("reference", None)
    spaces = Spaces.of(found, maps, config["space"], reference=reference_space)
    configs = StageConfigs(
        config, lists.values, spaces, Weights(download_dir), plugins, imports, lists.medium
    )
    notes = [
        *split_notes(lists.split, config, lists.train_cases),
        *view_notes(lists.split, lists.medium, tuple(config["views"]), index),
    ]
    return Experiment(config, lists.split, configs, run_seed, tuple(notes))
