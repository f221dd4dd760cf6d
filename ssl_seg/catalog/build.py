"""From a config's ``dataset`` to its catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssl_seg.catalog.catalog import Catalog, DataSet
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.core.errors import UserError
from ssl_seg.registry import DATASETS


def read_catalog(cfg: Mapping[str, Any], index: DigestIndex, where: str) -> Catalog:
    """Build the data set that a config names, find its files and check them.

    Args:
        cfg: a dict with a ``type`` of this project or of mmsegmentation and its arguments; the
            ``pipeline`` is not looked at.
        index: of file digests.
        where: the dict's place in the config, for messages.

    Raises:
        UserError: the config or the data is wrong; the message starts with the place.
    """
    settings = {key: value for key, value in cfg.items() if key != "pipeline"}
    kind = settings.get("type")
    if isinstance(kind, str) and DATASETS.get(kind) is None:
        # The one import that points up: such data sets are mmsegmentation's and need torch, which
        # plans of all other data sets do without.
        from ssl_seg.data.foreign_dataset import read_foreign  # noqa: PLC0415

        return read_foreign(settings, index, where)
    data_set: DataSet = DATASETS.build(settings, where=where)
    try:
        return data_set.read(index)
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
