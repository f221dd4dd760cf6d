"""Class reduction: many classes become few, in labels and inside the loss."""

from __future__ import annotations

from pathlib import Path
from typing import final

from ssl_seg.catalog.class_mapping_file import open_map
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.errors import UserError
from ssl_seg.registry import ADAPTERS


@ADAPTERS.register_module()
@final
class ClassReduction:
    """Declares a many-to-one mapping between two label spaces (ATSO paper, section 5.2: 19 to 5).

    What it does follows from the two spaces that meet. Labels of the finer one are mapped for
    models of the coarser one, to be learned from or to be scored against. Labels of the coarser one
    guide a model of the finer one: its probabilities are summed over each group before its own
    loss. Its predictions are mapped where the truth is coarser.

    Args:
        map: name of a class mapping that ships with the project, or the path of a JSON file,
            relative to the config.
    """

    def __init__(self, *, map: str) -> None:  # noqa: A002 - the key in configs
        if not isinstance(map, str):
            raise UserError(f"map: expected a name or the path of a file, got {map!r}")
        self._name = map

    def class_mapping(self, folder: Path) -> ClassMapping:
        """Read and check the mapping.

        Raises:
            UserError: there is no such mapping, or its file is none.
        """
        return open_map(self._name, folder)
