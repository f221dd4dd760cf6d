"""One entry per set of pseudo labels that a model learned from: who wrote it and how surely."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ssl_seg.store.manifest import read_json
from ssl_seg.store.store import Store


def pseudo_labels(store: Store) -> list[dict[str, Any]]:
    """Return what the label stages that wrote R's labels state about them.

    Labels that were written only to be scored, or of S to calibrate others, are left out.

    Returns:
        Per finished label stage: ``run``, ``role``, ``generation`` and ``fold`` of the teacher,
        ``space`` (name), ``cases`` (how many), ``pixels`` (by class, in the order of the space),
        ``confidence`` (mean, in [0, 1]), ``stage`` and ``read_by``. What no artifact states is
        ``None``. ``read_by`` holds each finished training that learned from the labels: ``role``,
        ``generation``, ``fold``, ``view``, ``section``, ``stage`` and ``coverage``, the share of
        the pixels, in [0, 1], that it kept.
    """
    return [entry for plan in store.plans() for entry in _entries(store, plan)]


def _entries(store: Store, plan: dict[str, Any]) -> list[dict[str, Any]]:
    trainings = [stage for stage in plan["stages"] if stage["kind"] == "train"]
    read = {name for stage in trainings for name in stage["inputs"]}.union(plan["labels"])
    read.difference_update(plan.get("calibrations", ()))
    readers = _readers(store, [stage["fingerprint"] for stage in trainings])
    return [
        {"run": plan["name"], **_stated(store, name), "stage": name, "read_by": readers[name]}
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


def _readers(store: Store, trainings: Iterable[str]) -> defaultdict[str, list[dict[str, Any]]]:
    """Return by label stage the trainings that read it; roles may differ in their thresholds."""
    readers = defaultdict(list)
    for name in trainings:
        if not store.has(name):
            continue
        stated = store.manifest(name)["description"]
        model = {key: stated[key] for key in ("role", "generation", "fold", "view", "section")}
        for source in stated["sources"]:
            if source["kind"] == "pseudo":
                reader = {**model, "stage": name, "coverage": source["coverage"]}
                readers[source["written_by"]].append(reader)
    return readers
