"""Content hashes: equal content, equal name, on every machine and for all time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

RESULT_FORMAT = 1
"""Raised when the same stage would write other bits or another layout than before."""


def canonical_json(value: Any) -> str:
    """Write plain data as JSON with sorted keys and no free spaces.

    Tuples and lists are the same list; numbers keep Python's shortest exact form.

    Raises:
        TypeError: a value is neither a mapping with string keys, a sequence, a string, a number,
            a boolean nor None; the message names where in ``value`` it stands.
    """
    # Plans hash tens of thousands of values; where one stands is only asked if it is wrong.
    if not _is_plain(value):
        _require_plain(value, "")
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


_SINGLE = frozenset({str, bool, int, float, type(None)})


def _is_plain(value: Any) -> bool:
    if type(value) in _SINGLE:
        return True
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    if isinstance(value, Mapping):
        return all(type(key) is str for key in value) and all(map(_is_plain, value.values()))
    return False


def _require_plain(value: Any, where: str) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(
                    f"{where or 'the value'}: keys must be strings, got {key!r}; write it as a list"
                )
            _require_plain(item, f"{where}.{key}" if where else key)
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            _require_plain(item, f"{where}[{position}]")
    elif not (value is None or isinstance(value, (str, bool, int, float))):
        raise TypeError(
            f"{where or 'the value'}: {type(value).__name__} cannot be hashed; expected numbers, "
            "strings, booleans, None, lists and dicts only"
        )


def fingerprint(value: Any) -> str:
    """Hash plain data to 32 hexadecimal digits (128 bits of SHA-256 over its canonical JSON)."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:32]


def derive_seed(*parts: str | int | None) -> int:
    """Derive a seed in [0, 2**32) from names and numbers; any other part gives another stream."""
    return int.from_bytes(hashlib.sha256(canonical_json(list(parts)).encode()).digest()[:4], "big")


def ranked(names: Iterable[str], *seed: str | int) -> list[str]:
    """Put names into a random order that depends on the seed and the names alone.

    Sorting by hash instead of shuffling makes the order independent of how the names were listed
    and of the random generator of any library version.
    """
    prefix = canonical_json(list(seed))
    return sorted(names, key=lambda name: hashlib.sha256(f"{prefix}\0{name}".encode()).digest())
