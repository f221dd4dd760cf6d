"""The case lists of an experiment, read from the data sets that a config names."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssl_seg.catalog.build import read_catalog
from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.config.check_split import check_split
from ssl_seg.config.reference_sets import reference_sets
from ssl_seg.config.split_draw import draw_training_cases, way_to_draw
from ssl_seg.core.case import Case, MediumName
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelValues
from ssl_seg.core.split import Split, count_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CaseLists:
    """What the data sets of a config hold.

    Attributes:
        split: the drawn case lists.
        values: how the true labels of each list are read, by list name.
        train_cases: how many cases the training data set has.
        medium: what all cases are.
    """

    split: Split
    values: Mapping[str, LabelValues]
    train_cases: int
    medium: MediumName


def read_case_lists(
    config: Mapping[str, Any], seed: int, folder: Path, index: DigestIndex
) -> CaseLists:
    """Read the data sets and draw the split.

    Args:
        config: a checked config.
        seed: of the draw.
        folder: of the config file, which list files are relative to.
        index: of file digests.

    Raises:
        UserError: something in the data, or in what the config says of it, is wrong.
    """
    train = read_catalog(config["train_dataloader"]["dataset"], index, "train_dataloader.dataset")
    test = read_catalog(config["test_dataloader"]["dataset"], index, "test_dataloader.dataset")
    validation = _validation(config, index)
    labeled, reference = draw_training_cases(train, config["split"], seed, folder)
    values = {"labeled": train.values, "reference": train.values, "test": test.values}
    if own := reference_sets(config["split"]):
        if reference:
            logger.info(
                "%d cases of train_dataloader are in no list: split.labeled takes the others, and "
                "split.reference names another data set",
                len(reference),
            )
        reference, values["reference"] = _read_reference(own, config["split"], seed, index)
    if validation is not None:
        values["validation"] = validation.values
    split = Split(
        labeled=labeled,
        reference=reference,
        test=test.cases,
        validation=() if validation is None else validation.cases,
    )
    check_split(split, config["views"])
    return CaseLists(split, values, len(train.cases), train.medium)


def _validation(config: Mapping[str, Any], index: DigestIndex) -> Catalog | None:
    """Read the validation set; mmsegmentation's base configs name the test set, which is none."""
    loader = config["val_dataloader"]
    tested = config["test_dataloader"]["dataset"]
    if not loader or _without_pipeline(loader["dataset"]) == _without_pipeline(tested):
        return None
    return read_catalog(loader["dataset"], index, "val_dataloader.dataset")


def _without_pipeline(data_set: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data_set.items() if key != "pipeline"}


def _read_reference(
    data_sets: Sequence[Mapping[str, Any]], split: Mapping[str, Any], seed: int, index: DigestIndex
) -> tuple[tuple[Case, ...], LabelValues]:
    """Return R from data sets of its own, of each of which only a part may be drawn."""
    found: list[Case] = []
    values: list[LabelValues] = []
    for position, data_set in enumerate(data_sets):
        where = f"split.reference[{position}]" if len(data_sets) > 1 else "split.reference"
        whole = {key: value for key, value in data_set.items() if key != "draw"}
        part = read_catalog(whole, index, where)
        cases = part.cases
        if (amount := data_set.get("draw")) is not None:
            count = count_of(amount, len(cases), f"{where}.draw")
            cases = way_to_draw(split)(cases, count, seed)
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
