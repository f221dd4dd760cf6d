"""Experiments: a checked config together with the cases that it names, ready to be planned."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssl_seg.catalog.build import read_catalog
from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.lists import select
from ssl_seg.config.check import checked
from ssl_seg.config.plugins import import_plugins
from ssl_seg.config.reference_sets import reference_sets
from ssl_seg.config.spaces import Spaces, declared_mappings
from ssl_seg.config.split_notes import split_notes
from ssl_seg.config.stage_configs import StageConfigs
from ssl_seg.config.weights import Weights
from ssl_seg.core.case import Case
from ssl_seg.core.errors import UserError
from ssl_seg.core.plan import Plan
from ssl_seg.core.space import LabelValues
from ssl_seg.core.split import Split, count_of, draw_groups, draw_random, draw_spread
from ssl_seg.planning import Scheduler
from ssl_seg.planning.write import finish_plan, start_plan
from ssl_seg.registry import METRICS, SCHEDULERS, suggestion

logger = logging.getLogger(__name__)

DRAWS = {"random": draw_random, "spread": draw_spread, "groups": draw_groups}


@dataclass(frozen=True)
class Experiment:
    """One config with one seed.

    Attributes:
        config: the checked config with its defaults.
        split: the drawn case lists.
        configs: each stage's part of the config.
        seed: of the run.
        notes: what a reader of its plans should know of the split.
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
        ValueError: something in the config or the data is wrong; the message says where.
    """
    plugins, imports = import_plugins(config.get("custom_imports"), folder)
    config = checked(config)
    split_config = config["split"]
    run_seed = seed if seed is not None else config["randomness"].get("seed") or 0
    split_seed = seed if seed is not None else split_config.get("seed", run_seed)

    train = read_catalog(config["train_dataloader"]["dataset"], index, "train_dataloader.dataset")
    test = read_catalog(config["test_dataloader"]["dataset"], index, "test_dataloader.dataset")
    validation = _validation(config, index)
    labeled, reference = _draw(train, split_config, split_seed, folder)
    values = {"labeled": train.values, "reference": train.values, "test": test.values}
    if own := reference_sets(split_config):
        if reference:
            logger.info(
                "%d cases of train_dataloader are in no list: split.labeled takes the others, and "
                "split.reference names another data set",
                len(reference),
            )
        reference, values["reference"] = _read_reference(own, split_config, split_seed, index)
    if validation is not None:
        values["validation"] = validation.values
    split = Split(
        labeled=labeled,
        reference=reference,
        test=test.cases,
        validation=() if validation is None else validation.cases,
    )
    _check_views(split, config["views"])
    _check_scored(split)
    _warn_of_copies(split)
    maps = declared_mappings(config["adapters"], folder)
    # R's space is that of its data set, whether or not it has labels: they must decide nothing.
    homes = {name: values[name].space for name, cases in split.lists().items() if cases}
    reference_space = homes.pop("reference", None)
    spaces = Spaces.of(homes, maps, config["space"], reference=reference_space)
    configs = StageConfigs(config, values, spaces, Weights(download_dir), plugins, imports)
    notes = split_notes(split, config, len(train.cases))
    return Experiment(config, split, configs, run_seed, tuple(notes))


def _validation(config: Mapping[str, Any], index: DigestIndex) -> Catalog | None:
    """Read the validation set; mmsegmentation's base configs name the test set, which is none."""
    loader = config["val_dataloader"]
    if not loader or _identity(loader["dataset"]) == _identity(
        config["test_dataloader"]["dataset"]
    ):
        return None
    return read_catalog(loader["dataset"], index, "val_dataloader.dataset")


def _identity(data_set: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data_set.items() if key != "pipeline"}


def _draw(
    train: Catalog, split: Mapping[str, Any], seed: int, folder: Path
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Return S and R as far as both come from the training data set."""
    amount = split.get("labeled")
    with_labels = tuple(case for case in train.cases if case.label is not None)
    if isinstance(amount, str):
        labeled = select(train.cases, folder / amount, "split.labeled")
        if missing := [case.id for case in labeled if case.label is None]:
            raise UserError(f"split.labeled: {missing[0]!r} has no label file")
    elif amount is None:
        labeled = with_labels
    else:
        # R may be images alone, so a fraction counts all cases of the training data set.
        count = count_of(amount, len(train.cases), "split.labeled")
        if count > len(with_labels):
            raise UserError(
                f"split.labeled asks for {count} labeled cases, but only {len(with_labels)} of "
                f"{len(train.cases)} have a label file"
            )
        labeled = _drawing(split)(_drawable(train.cases, split), count, seed)
    taken = {case.id for case in labeled}
    rest = tuple(case for case in train.cases if case.id not in taken)
    reference = split.get("reference")
    if isinstance(reference, str):
        rest = select(train.cases, folder / reference, "split.reference")
    return labeled, rest


def _drawable(cases: Sequence[Case], split: Mapping[str, Any]) -> tuple[Case, ...]:
    """Return the cases that S may be drawn from: whole groups only where groups are drawn."""
    bare = [case for case in cases if case.label is None]
    if split.get("draw") != "groups":
        return tuple(case for case in cases if case.label is not None)
    parted = {case.group for case in bare}
    whole = tuple(case for case in cases if case.group not in parted)
    if not whole:
        raise UserError(
            f"split.draw='groups': each group has cases without a label file, e.g. {bare[0].id!r}, "
            "so none can be drawn whole"
        )
    return whole


def _drawing(split: Mapping[str, Any]) -> Callable[..., tuple[Case, ...]]:
    how = split.get("draw", "random")
    if how not in DRAWS:
        raise UserError(f"split.draw: unknown way to draw {how!r}{suggestion(how, DRAWS)}")
    return DRAWS[how]


def _read_reference(
    data_sets: Sequence[Mapping[str, Any]], split: Mapping[str, Any], seed: int, index: DigestIndex
) -> tuple[tuple[Case, ...], LabelValues]:
    """Return R from data sets of its own, of each of which only a part may be drawn."""
    found: list[Case] = []
    values: list[LabelValues] = []
    for position, data_set in enumerate(data_sets):
        where = f"split.reference[{position}]" if len(data_sets) > 1 else "split.reference"
        settings = {key: value for key, value in data_set.items() if key != "draw"}
        part = read_catalog(settings, index, where)
        cases = part.cases
        if (amount := data_set.get("draw")) is not None:
            count = count_of(amount, len(cases), f"{where}.draw")
            cases = _drawing(split)(cases, count, seed)
        if values and part.values != values[0]:
            raise UserError(
                f"{where}: all parts of R must be labeled alike, but {part.name} has label space "
                f"{part.values.space.name!r} and the first part {values[0].space.name!r}, or other "
                "numbers in its label files"
            )
        if twice := {case.id for case in cases} & {case.id for case in found}:
            raise UserError(
                f"{where}: an earlier part of R has a case {min(twice)!r} too; "
                "ids must differ between parts, as they name masks"
            )
        found += cases
        values.append(part.values)
    return tuple(found), values[0]


def _check_views(split: Split, views: Iterable[str]) -> None:
    """Check that views cut volumes, and only those."""
    for name, cases in split.lists().items():
        for case in cases:
            if case.medium == "volumes" and not views:
                raise UserError(
                    f"views: the {name} case {case.id!r} is a volume ({case.image.path}), and "
                    "volumes are learned slice by slice; say along which axes, such as "
                    "views=('acquired',) or views=('coronal', 'sagittal', 'axial')"
                )
            if case.medium == "pictures" and views:
                raise UserError(
                    f"views: they cut volumes into slices, but the {name} case {case.id!r} is a "
                    f"picture ({case.image.path}); leave views out"
                )


def _check_scored(split: Split) -> None:
    for key, cases in (("test", split.test), ("val", split.validation)):
        if bare := [case.id for case in cases if case.label is None]:
            raise UserError(
                f"{key}_dataloader.dataset: {len(bare)} of {len(cases)} cases have no true label, "
                f"e.g. {bare[0]!r}, so they cannot be scored; name a list of those that have one"
            )


def _warn_of_copies(split: Split) -> None:
    """Warn of pictures that stand in two lists as two files, which their paths do not tell."""
    first: dict[str, tuple[str, Case]] = {}
    copies: dict[tuple[str, str], list[tuple[Case, Case]]] = defaultdict(list)
    for name, cases in split.lists().items():
        for case in cases:
            home, other = first.setdefault(case.image.digest, (name, case))
            if home != name:
                copies[home, name].append((other, case))
    for (home, name), pairs in copies.items():
        logger.warning(
            "%d pictures of %s are in %s too, under another path, e.g. %s and %s; remove one of "
            "each, or scores rest on pictures that were trained on",
            len(pairs),
            home,
            name,
            *(case.image.path for case in pairs[0]),
        )
