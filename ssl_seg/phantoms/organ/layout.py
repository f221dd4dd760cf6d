"""How the cases of a cohort become a data set on disk."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

from ssl_seg.phantoms.organ.cohort import Cohort


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Layout:
    """Where images and labels lie.

    Attributes:
        name: What a config calls it.
        write: Writes all cases of a cohort into an empty folder.
    """

    name: str
    write: Callable[[Path, Cohort], None]
