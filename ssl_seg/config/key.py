"""What is known of one key of a config."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, TypeAlias

from ssl_seg.config.check_values import Check

Scope: TypeAlias = Literal["run", "model", "network"]
"""Within what a key has one value: the run, all networks and sections of a model, or a network."""

StageKind: TypeAlias = Literal["train", "label", "evaluate"]


@dataclass(frozen=True)
class Key:
    """One key of a config, or of a dict in it.

    Attributes:
        name: as it is written.
        doc: what it means, for the reference.
        default: what it is where the config leaves it out.
        shown: the default in the reference, where its value does not say it.
        needed: whether it must be given.
        check: of its value; not called where that is the default ``None``.
        scope: of the run; or of a model: roles may hold it; or of a network: sections and views
            may hold it too.
        stages: kinds of stages that read it; none where it only says what to plan or who runs it.
        neutral: whether it changes no bit of any result, so that no fingerprint covers it.
        keys: those below it, where it is a dict of the project's own.
        takes_others: whether other keys may stand beside them.
    """

    name: str
    doc: str
    _: KW_ONLY
    default: Any = None
    shown: str = ""
    needed: bool = False
    check: Check | None = None
    scope: Scope = "network"
    stages: tuple[StageKind, ...] = ()
    neutral: bool = False
    keys: tuple[Key, ...] = ()
    takes_others: bool = False


def defaults(keys: Iterable[Key]) -> dict[str, Any]:
    """Return the defaults of keys by name."""
    return {key.name: key.default for key in keys if not key.needed}


def neutral(keys: Iterable[Key]) -> tuple[str, ...]:
    """Return the names of the keys that change no result."""
    return tuple(key.name for key in keys if key.neutral)
