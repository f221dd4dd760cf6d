"""One entry per set of pseudo labels that a model learned from: who wrote it and how surely."""

from __future__ import annotations

from typing import Any

from ssl_seg.store.manifest import read_json
from ssl_seg.store.store import Store


def pseudo_labels(store: Store) -> list[dict[str, Any]]:
    """Return what the label stages that wrote R's labels state about them.

    Labels that were written only to be scored are left out.

    Returns:
        Per finished label stage: ``run``, ``role``, ``generation`` and ``fold`` of the teacher,
        ``space`` (name), ``cases`` (how many), ``pixels`` (by class, in the order of the space),
        ``confidence`` (mean, in [0, 1]), ``coverage`` (share of pixels, in [0, 1], that students
        kept) and ``stage``. What no artifact states is ``None``.
    """
    return [entry for plan in store.plans() for entry in _entries(store, plan)]


def _entries(store: Store, plan: dict[str, Any]) -> list[dict[str, Any]]:
    trainings = [stage for stage in plan["stages"] if stage["kind"] == "train"]
    read = {name for stage in trainings for name in stage["inputs"]}.union(plan["labels"])
    kept = _kept_shares(store, [stage["fingerprint"] for stage in trainings])
    return [
        {"run": plan["name"], **_stated(store, name), "coverage": kept.get(name), "stage": name}
        for name in (stage["fingerprint"] for stage in plan["stages"] if stage["kind"] == "label")
        if name in read and store.has(name)
    ]


def _stated(store: Store, stage: str) -> dict[str, Any]:
    manifest = read_json(store.path(stage) / "manifest.json")
    classes = manifest["space"]["classes"]
    return {
        "role": manifest["role"],
        "generation": manifest["generation"],
        "fold": manifest["fold"],
        "space": manifest["space"]["name"],
        "cases": len(manifest["cases"]),
        "pixels": dict(zip(classes, manifest["histogram"], strict=True)),
        "confidence": manifest.get("confidence"),
    }


def _kept_shares(store: Store, trainings: list[str]) -> dict[str, float]:
    """Return by label stage the share that finished students kept; thresholds do not vary."""
    descriptions = [store.manifest(name)["description"] for name in trainings if store.has(name)]
    return {
        source["written_by"]: source["coverage"]
        for description in descriptions
        for source in description["sources"]
        if source["kind"] == "pseudo"
    }
