"""Classes of R's pseudo labels against those of the labeled set, generation by generation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from ssl_seg.core.class_shares import vanished
from ssl_seg.store.store import Store

Pixels: TypeAlias = Mapping[str, int]
Entry: TypeAlias = Mapping[str, Any]


def class_shares(store: Store, written: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return how the shares of the classes change from the labeled set on.

    Args:
        store: whose plans say how many pixels the labeled set has of each class; older plans do
            not say it and are left out.
        written: what `ssl_seg.report.pseudo_labels.pseudo_labels` returned.

    Returns:
        Per run and label space: ``run``, ``space`` (name), ``labeled`` (the class's share of the
        labeled set's pixels, in [0, 1], by class in the order of the space) and ``generations``.
        Each of these holds the labels that the models of one generation wrote, all folds together:
        ``generation``, ``role`` of the teachers, ``cases`` (how many), ``shares`` (as ``labeled``)
        and ``vanished`` (classes, see `ssl_seg.core.class_shares.vanished`). Shares are ``None``
        where there are no pixels at all.
    """
    return [
        _in_space(plan["name"], entries, labeled)
        for plan in store.plans()
        for entries in _by_space(entry for entry in written if entry["run"] == plan["name"])
        if (labeled := _labeled(plan, entries[0])) is not None
    ]


def _by_space(written: Iterable[Entry]) -> Iterable[Sequence[Entry]]:
    """Part the pseudo labels of a run by label space, in the order of their generations."""
    parts: dict[tuple[str, ...], list[Entry]] = {}
    for entry in written:
        parts.setdefault((entry["space"], *entry["pixels"]), []).append(entry)
    return parts.values()


def _labeled(plan: Mapping[str, Any], entry: Entry) -> Pixels | None:
    """Return the labeled set's pixels in the space of some pseudo labels, as far as known."""
    for stated in plan.get("labeled_pixels", ()):
        known = stated["pixels"]
        if stated["space"] == entry["space"] and set(known) == set(entry["pixels"]):
            # JSON files sort names; the pseudo labels know the order of the classes.
            return {name: known[name] for name in entry["pixels"]}
    return None


def _in_space(run: str, written: Sequence[Entry], labeled: Pixels) -> dict[str, Any]:
    parts: dict[tuple[int, bool], list[Entry]] = {}
    for entry in written:
        # The final model may be of the same generation as the models whose labels it learned from.
        parts.setdefault((entry["generation"], entry["role"] == "final"), []).append(entry)
    return {
        "run": run,
        "space": written[0]["space"],
        "labeled": _shares(labeled),
        "generations": [_generation(entries, labeled) for entries in parts.values()],
    }


def _generation(entries: Sequence[Entry], labeled: Pixels) -> dict[str, Any]:
    pixels = {name: sum(entry["pixels"][name] for entry in entries) for name in labeled}
    lost = vanished(list(pixels.values()), list(labeled.values()))
    return {
        "generation": entries[0]["generation"],
        "role": entries[0]["role"],
        "cases": sum(entry["cases"] for entry in entries),
        "shares": _shares(pixels),
        "vanished": [list(labeled)[number] for number in lost],
    }


def _shares(pixels: Pixels) -> dict[str, float | None]:
    total = sum(pixels.values())
    return {name: count / total if total else None for name, count in pixels.items()}
