"""What a data set on disk amounts to: cases, and how their label files are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.core.case import Case, MediumName
from ssl_seg.core.space import LabelValues


@dataclass(frozen=True)
class Catalog:
    """The checked cases of a data set.

    Attributes:
        name: what messages call the data set.
        values: how the numbers in its label files become numbers of its label space.
        cases: in natural order of their ids (``frame9`` before ``frame10``), split by split.
        medium: what all of them are.
    """

    name: str
    values: LabelValues
    cases: tuple[Case, ...]
    medium: MediumName


class DataSet(Protocol):
    """A data-set layout; the registry ``DATASETS`` holds one class for each.

    Its constructor takes keyword arguments only, which are the keys of a config's ``dataset``.
    """

    def read(self, index: DigestIndex) -> Catalog:
        """Find and check all files.

        Raises:
            UserError: something in the data is wrong; the message names the file or folder.
        """
        ...
