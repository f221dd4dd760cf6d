"""The reference of a config's keys, in Markdown: rendered from the table, for docs/config.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ssl_seg.config.key import Key
from ssl_seg.config.keys import KEYS
from ssl_seg.config.overlays import OVERLAYS, keys_in
from ssl_seg.config.unused_keys import UNUSED


def key_reference() -> str:
    """Return the table of all top-level keys."""
    rows = (
        (f"`{key.name}`", _default(key), _overlays(key), _runs_anew(key), key.doc) for key in KEYS
    )
    return _table(("key", "default", "may stand in", "a change runs anew", "meaning"), rows)


def nested_reference(name: str) -> str:
    """Return the table of the keys below a top-level key.

    Raises:
        KeyError: there is no such key.
    """
    key = {key.name: key for key in KEYS}[name]
    rows = ((f"`{below.name}`", _default(below), below.doc) for below in key.keys)
    return _table(("key", "default", "meaning"), rows)


def unused_reference() -> str:
    """Return the table of mmsegmentation's keys that have no effect."""
    names: dict[str, list[str]] = {}
    for name, reason in UNUSED.items():
        names.setdefault(reason, []).append(f"`{name}`")
    return _table(("key", "why"), ((", ".join(of), reason) for reason, of in names.items()))


def _default(key: Key) -> str:
    if key.needed:
        return "needed"
    return key.shown or f"`{key.default!r}`"


def _overlays(key: Key) -> str:
    return ", ".join(kind for kind in OVERLAYS if key.name in keys_in(kind)) or "–"


def _runs_anew(key: Key) -> str:
    if key.neutral:
        return "nothing"
    return ", ".join(key.stages) or "what is planned"


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    def lines() -> Iterator[str]:
        head = list(titles)
        yield _line(head)
        yield "|" + "---|" * len(head)
        yield from map(_line, rows)

    return "\n".join(lines())


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
