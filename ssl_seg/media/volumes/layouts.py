"""The voxels of a volume once for each view, so that every slice lies in one piece on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.errors import UserError
from ssl_seg.core.views import View
from ssl_seg.store import atomic


@dataclass(frozen=True)
class Layout:
    """The files of one view: the raw voxels, and what they are.

    The second file is written last, so it vouches for the first. Both are replaced as a whole, by
    the same bytes whoever writes them.

    Attributes:
        folder: of the volume's entry in the cache.
        view: whose slices are meant.
    """

    folder: Path
    view: View

    @property
    def _voxels(self) -> Path:
        return self.folder / f"{self.view}.bin"

    @property
    def _description(self) -> Path:
        return self.folder / f"{self.view}.json"

    def write(self, slices: NDArray[Any], facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Write slices (n, H, W) and plain data about them; return what `read` will."""
        voxels = slices.tobytes()
        described = {"shape": list(slices.shape), "dtype": slices.dtype.str, **facts}
        atomic.write_bytes(self._voxels, voxels)
        sealed = {"facts": described, "sha256": _seal(described, voxels)}
        atomic.write_json(self._description, sealed)
        return described

    def read(self) -> Mapping[str, Any] | None:
        """Read the facts; ``None`` if nothing was written yet.

        Raises:
            UserError: the files are not what was written.
        """
        try:
            content = self._description.read_bytes()
        except FileNotFoundError:
            return None
        try:
            sealed = json.loads(content)
            facts: Mapping[str, Any] = sealed["facts"]
            seal = _seal(facts, self.open(facts))
        except (KeyError, OSError, TypeError, ValueError) as error:
            raise UserError(f"{self._voxels}: not as it was written: {error}") from error
        if seal != sealed["sha256"]:
            raise UserError(f"{self._voxels}: not as it was written: its hash is another one")
        return facts

    def open(self, facts: Mapping[str, Any]) -> NDArray[Any]:
        """Map the slices (n, H, W) into memory, to be read only."""
        kind, shape = np.dtype(facts["dtype"]), tuple(facts["shape"])
        return np.memmap(self._voxels, kind, "r", shape=shape)


def _seal(facts: Mapping[str, Any], voxels: Any) -> str:
    """Hash a layout; what is said of the voxels is as much part of it as they are."""
    digest = sha256(json.dumps(facts, sort_keys=True).encode())
    digest.update(voxels)
    return digest.hexdigest()
