"""Which versions of what the artifacts of a work dir were made by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ssl_seg.store.manifest import read_json
from ssl_seg.store.store import Store

ENVIRONMENT = "environment.json"
"""The file in which a train and a label stage's artifact say what it was made by."""


def versions(store: Store) -> dict[str, list[str]]:
    """Return the versions of each package that made the finished stages of all plans."""
    stages = (stage["fingerprint"] for plan in store.plans() for stage in plan["stages"])
    return versions_of(store, stages)


def versions_of(store: Store, stages: Iterable[str]) -> dict[str, list[str]]:
    """Return the versions of each package that made some stages, sorted.

    Args:
        store: their artifacts.
        stages: fingerprints; those that are not finished, or state nothing, do not count.
    """
    found: dict[str, set[str]] = {}
    for name in set(stages):
        if store.has(name) and (path := store.path(name) / ENVIRONMENT).is_file():
            for package, version in read_json(path)["versions"].items():
                found.setdefault(package, set()).add(version)
    return {package: sorted(numbers) for package, numbers in found.items()}


def differences(made_by: Mapping[str, Iterable[str]], now: Mapping[str, str]) -> list[str]:
    """Name the packages that are not what earlier stages were made by.

    >>> differences({"torch": ["2.12.0"], "numpy": ["2.4.6"]}, {"torch": "2.13", "numpy": "2.4.6"})
    ['torch 2.12.0 (now 2.13)']
    """
    return [
        f"{package} {' and '.join(numbers)} (now {now.get(package, 'not installed')})"
        for package, numbers in made_by.items()
        if set(numbers) != {now.get(package)}
    ]
