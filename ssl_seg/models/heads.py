"""The heads of a segmentor, and which of their methods are of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from torch import nn


def heads_of(model: nn.Module) -> Iterator[tuple[str, Any]]:
    """Yield the heads of a segmentor with their places in the config."""
    for name in ("decode_head", "auxiliary_head"):
        child = getattr(model, name, None)
        if isinstance(child, nn.ModuleList):
            for number, head in enumerate(child):
                yield f"model.{name}[{number}]", head
        elif child is not None:
            yield f"model.{name}", child


def replaced(
    methods: Iterable[str], module: nn.Module, bases: Iterable[type[nn.Module]]
) -> str | None:
    """Return the first of some methods that a module has from none of the bases, if any."""
    for method in methods:
        own = getattr(type(module), method, None)
        if all(own is not getattr(base, method) for base in bases):
            return method
    return None
