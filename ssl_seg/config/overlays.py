"""Overlays: what roles, sections and views change in the config for their trainings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from mmengine.config import Config

from ssl_seg.config.check_values import only
from ssl_seg.config.key import Scope
from ssl_seg.config.keys import KEYS
from ssl_seg.core.errors import UserError
from ssl_seg.core.model_id import Role
from ssl_seg.planning.stage_configs import TrainingPart

ROLES: tuple[Role, ...] = ("initial", "student", "guided", "tuning", "final")

OVERLAYS: Mapping[str, tuple[Scope, ...]] = {
    "roles": ("model", "network"),
    "sections": ("network",),
    "views": ("network",),
}
"""Kinds of overlays in the order in which they are merged, and the scopes of what each may hold."""


def keys_in(kind: str) -> tuple[str, ...]:
    """Return the keys that overlays of a kind may hold."""
    scopes = OVERLAYS[kind]
    return tuple(key.name for key in KEYS if key.scope in scopes and key.name != kind)


def check_overlays(config: Mapping[str, Any]) -> None:
    """Check that overlays, and those that they hold, are of something and hold what they may."""
    names = {"roles": ROLES, "sections": config["sections"], "views": config["views"]}

    def check(part: Mapping[str, Any], kinds: tuple[str, ...], where: str) -> None:
        for at, kind in enumerate(kinds, start=1):
            only(part.get(kind, {}), names[kind], f"{where}{kind}")
            for name, overlay in part.get(kind, {}).items():
                only(overlay, keys_in(kind), f"{where}{kind}.{name}")
                check(overlay, kinds[at:], f"{where}{kind}.{name}.")

    check(config, tuple(OVERLAYS), "")


def overlaid_parts(config: Mapping[str, Any]) -> Iterable[tuple[dict[str, Any], str]]:
    """Yield the config as each overlay leaves it, with the overlay's place."""
    yield dict(config), ""
    yield from _overlaid_below(config, config, tuple(OVERLAYS))


def _overlaid_below(
    config: Mapping[str, Any], part: Mapping[str, Any], kinds: tuple[str, ...], where: str = ""
) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield what the overlays that a part of a config holds make of the config."""
    for at, kind in enumerate(kinds, start=1):
        for name, overlay in part.get(kind, {}).items():
            place = f"{where}{kind}.{name}"
            merged = overlaid(config, config[kind][name], place)
            yield merged, f"{place}."
            yield from _overlaid_below(merged, overlay, kinds[at:], f"{place}.")


def with_overlays(config: Mapping[str, Any], part: TrainingPart) -> dict[str, Any]:
    """Return the config of one training: overlaid by its role, then its section, then its view.

    Raises:
        UserError: a dict in an overlay stands where the config has something else.
    """
    merged = overlaid(config, config["roles"].get(part.role), f"roles.{part.role}")
    for key, name in (("sections", part.section), ("views", part.view)):
        if name is not None:
            merged = overlaid(merged, merged[key][name], f"{key}.{name}")
    return merged


def overlaid(
    config: Mapping[str, Any], overlay: Mapping[str, Any] | None, where: str
) -> dict[str, Any]:
    """Return the config with an overlay merged into it: dicts key by key, all else replaced.

    Raises:
        UserError: inside a dict, a dict in the overlay stands where the config has something else.
    """
    if not overlay:
        return dict(config)
    # mmengine merges no dict into a word or None, such as mix='concat'; the dict replaces it.
    replaced = {
        key: _without_mark(value)
        for key, value in overlay.items()
        if not isinstance(config.get(key), Mapping)
    }
    merged = Config({key: part for key, part in config.items() if key not in replaced})
    try:
        # mmengine takes its marks out of what it merges.
        merged.merge_from_dict(deepcopy({**overlay, **replaced}))
    except TypeError as error:
        raise UserError(f"{where}: {error}") from error
    return {**dict.fromkeys(config), **merged.to_dict()}


def reference_inference(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the predictor that labels R: ``inference`` with what the config changes in it there.

    Raises:
        UserError: inside a dict, a dict stands where ``inference`` has something else.
    """
    changed = config["reference_inference"]
    if changed is None:
        inference: Mapping[str, Any] = config["inference"]
        return inference
    merged = overlaid(
        {"inference": config["inference"]}, {"inference": changed}, "reference_inference"
    )
    return dict(merged["inference"])


def _without_mark(value: Any) -> Any:
    """Drop mmengine's mark for a dict that replaces; it takes it out only where it merges."""
    if isinstance(value, Mapping):
        return {key: item for key, item in value.items() if key != "_delete_"}
    return value
