"""Checks of a config, base and overlays alike: of each key by its table, then of several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ssl_seg.config.check_loaders import check_one_by_one
from ssl_seg.config.check_schedule import check_schedule
from ssl_seg.config.check_training import check_accumulation, check_batch_size
from ssl_seg.config.check_values import a_dict, only
from ssl_seg.config.check_views import check_medium, check_start_point
from ssl_seg.config.key import Key, defaults
from ssl_seg.config.keys import KEYS
from ssl_seg.config.nested_keys import PSEUDO_LABELS
from ssl_seg.config.overlays import check_overlays, overlaid_parts
from ssl_seg.core.errors import UserError

RULES = (check_medium, check_batch_size, check_accumulation, check_schedule)
"""What keys must be together, in the base config and under every overlay."""

RULES_OF_THE_RUN = (check_start_point, check_one_by_one)
"""What keys that no overlay holds must be together."""


def checked(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config with defaults filled in.

    Raises:
        UserError: a part is missing, unknown, or asks for what the project does not do (training
            by epoch, choosing checkpoints while training); the message names the key.
    """
    config = defaults(KEYS) | {
        # An empty dict is what `dict(_delete_=True)` leaves of a part of a base.
        key.name: None if key.default is None and config[key.name] == {} else config[key.name]
        for key in KEYS
        if key.name in config
    }
    _check_keys(config, KEYS, "")
    _write_in_full(config)
    for check in RULES_OF_THE_RUN:
        check(config)
    check_overlays(config)
    varying = [key for key in KEYS if key.scope != "run"]
    for part, where in overlaid_parts(config):
        _check_keys(part, varying, where)
        for rule in RULES:
            rule(part, where)
    return config


def _check_keys(part: Mapping[str, Any], keys: Iterable[Key], where: str) -> None:
    for key in keys:
        value, place = part.get(key.name), f"{where}{key.name}"
        if key.needed and value in (None, {}):
            raise UserError(f"{place}: missing from the config, but needed: {key.doc}")
        # None is fine where it is the default, whether it means something or nothing.
        if value is None and key.default is None:
            continue
        if key.keys:
            _check_dict(value, key, place)
        if key.check is not None:
            key.check(value, place)


def _check_dict(value: Any, key: Key, place: str) -> None:
    if key.takes_others:
        a_dict(value, place)
    else:
        only(value, [nested.name for nested in key.keys], place)
    _check_keys(value, key.keys, f"{place}.")


def _write_in_full(config: dict[str, Any]) -> None:
    """Write in one form what may stand in several, and fill in what follows from other keys."""
    views, metrics = config["views"], config["test_evaluator"]
    config["views"] = dict(views) if isinstance(views, Mapping) else {view: {} for view in views}
    config["test_evaluator"] = [metrics] if isinstance(metrics, Mapping) else list(metrics)
    config["pseudo_labels"] = defaults(PSEUDO_LABELS) | (config["pseudo_labels"] or {})
    if config["start_point"] is None:
        config["start_point"] = tuple(config["sections"])[:-1]
    if config["inference"] is None:
        config["inference"] = {"type": "Views" if views else "Image"}
