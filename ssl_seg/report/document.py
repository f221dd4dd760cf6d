"""What a report says, block by block, before anybody decides how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ssl_seg.report.table import Table


@dataclass(frozen=True)
class Heading:
    """The title of what follows; level 1 is that of the document."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list of short texts, one or more."""

    texts: tuple[str, ...]


Block: TypeAlias = Heading | Paragraph | Items | Table
