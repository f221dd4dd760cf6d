"""One entry per run: what was trained, and where its results lie."""

from __future__ import annotations

from typing import Any, TypeAlias

from ssl_seg.core.stage import MODEL_FILE
from ssl_seg.store.store import Store

Run: TypeAlias = dict[str, Any]


def runs(store: Store) -> list[Run]:
    """Return what each recorded plan trains and leaves.

    Returns:
        Per run: ``name``, ``label`` (of all seeds together), ``scheduler`` (type), ``arguments``
        (the rest of its config), ``seed``, ``trained_models`` and ``trained_iterations`` (of the
        whole plan, stages that it shares with other runs included), ``model`` (path of the final
        weights in the work dir, ``None`` until they are there), ``labels`` (paths of the folders
        with R's final pseudo labels, empty until all are there) and ``notes``.
    """
    return [_run(store, plan) for plan in store.plans()]


def schedule(run: Run) -> str:
    """Write a run's scheduler for people, e.g. ``ATSO(folds=2, generations=4)``."""
    return _written({"type": run["scheduler"], **run["arguments"]})


def _written(value: Any) -> str:
    """Write what a config says of a scheduler; phases stand one after another, with arrows."""
    if isinstance(value, (list, tuple)):
        return f"[{' → '.join(map(_written, value))}]"
    if not isinstance(value, dict):
        return repr(value)
    if "scheduler" in value:
        rest = _arguments(value, "scheduler")
        return _written(value["scheduler"]) + (f" with {rest}" if rest else "")
    arguments = _arguments(value, "type")
    return f"{value['type']}({arguments})" if arguments else str(value["type"])


def _arguments(value: dict[str, Any], without: str) -> str:
    return ", ".join(f"{name}={_written(value[name])}" for name in sorted(value) if name != without)


def _run(store: Store, plan: dict[str, Any]) -> Run:
    trainings = [stage for stage in plan["stages"] if stage["kind"] == "train"]
    labels = plan["labels"] if all(store.has(name) for name in plan["labels"]) else []
    return {
        "name": plan["name"],
        "label": plan["label"],
        "scheduler": plan["scheduler"]["type"],
        "arguments": {key: value for key, value in plan["scheduler"].items() if key != "type"},
        "seed": plan["seed"],
        # A model of several views or sections is trained in several stages.
        "trained_models": len({tuple(stage["model"]) for stage in trainings}),
        "trained_iterations": sum(stage["size"] for stage in trainings),
        "models": [
            {"view": part["view"], "path": _relative(store, part["stage"], MODEL_FILE)}
            for part in plan["models"]
            if store.has(part["stage"])
        ],
        "labels": [_relative(store, name, "maps") for name in labels],
        "notes": list(plan["notes"]),
    }


def _relative(store: Store, stage: str, name: str) -> str:
    return (store.path(stage) / name).relative_to(store.work_dir).as_posix()
