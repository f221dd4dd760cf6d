"""The cache of volumes: slices of any view at the speed of memory, never stale.

A volume is decompressed and resampled once. An entry's name is a hash of all that its content
follows from; nothing in it ever changes, and what was damaged is built anew. Several processes may
build the same entry at once: they write the same bytes, and each file appears as a whole.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import DataFile
from ssl_seg.core.errors import UserError
from ssl_seg.core.views import VIEWS, View
from ssl_seg.media.volumes.cut import cut_of
from ssl_seg.media.volumes.grid import Grid
from ssl_seg.media.volumes.layouts import Layout
from ssl_seg.media.volumes.statistics import Statistics
from ssl_seg.media.volumes.voxels import read_voxels
from ssl_seg.media.volumes.working_grid import WorkingGrid

FORMAT = 1
"""Version of what entries hold; another one has other entries."""

logger = logging.getLogger(__name__)

Facts = Mapping[str, Any]
FactsByView = dict[View, Facts]


class CachedSlices:
    """The slices of a volume in some views.

    Opened in each process when they are first asked for: on its way to another process an object
    takes no voxels along.
    """

    def __init__(self, folder: Path, facts: FactsByView) -> None:
        self._folder = folder
        self._facts = facts
        self._opened: dict[View, NDArray[Any]] = {}

    def slices(self, view: View) -> NDArray[Any]:
        """Return the slices (n, H, W) of a view, to be read only, each contiguous.

        See `ssl_seg.media.volumes.cut.cut_of` for their order and their axes.

        Raises:
            ValueError: the view was not asked for when the volume was opened.
        """
        if view not in self._opened:
            self._opened[view] = Layout(self._folder, view).open(self._known(view))
        return self._opened[view]

    def _known(self, view: View) -> Facts:
        if view not in self._facts:
            raise ValueError(
                f"expected one of the views that the volume was opened with, {list(self._facts)}, "
                f"got {view!r}"
            )
        return self._facts[view]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": {}}


class CachedImage(CachedSlices):
    """An image in the working grid, its values as in the file: uint8, int16 or float32.

    Attributes:
        path: of the file.
        grid: of the file.
        statistics: of all voxels of the file, before any resampling.
    """

    def __init__(self, path: str, folder: Path, facts: FactsByView) -> None:
        super().__init__(folder, facts)
        self.path = path
        first = next(iter(facts.values()))
        self.grid = Grid(tuple(first["grid"]["shape"]), tuple(map(tuple, first["grid"]["affine"])))
        self.statistics = Statistics.from_plain(first["statistics"])


class CachedLabels(CachedSlices):
    """A mask in the working grid: class numbers or the ignore value, uint8."""

    def foreground(self, view: View) -> NDArray[np.int64]:
        """Return how many voxels of each slice hold a class other than 0, (n,)."""
        return np.array(self._known(view)["foreground"], np.int64)


class VolumeCache:
    """Opens images and masks by view, and keeps them on disk.

    Hashes are checked when a cache opens an entry for the first time; forked workers trust what
    their parent checked.

    Args:
        folder: of the cache; made when the first entry is. Whoever deletes it loses only time.
        working: the grid that images and labels are resampled to.
    """

    def __init__(self, folder: Path, working: WorkingGrid) -> None:
        self._folder = folder
        self.working = working
        self._checked: dict[Layout, Facts] = {}

    def image(self, file: DataFile, views: Sequence[View]) -> CachedImage:
        """Open an image in some views.

        Raises:
            FileNotFoundError: there is no such file.
            UserError: it is no readable volume, its content is not that of its digest, or the
                views are not some of those there are.
        """

        def build() -> tuple[NDArray[Any], Grid, Facts]:
            voxels, grid = _read(file)
            facts = {
                "grid": {"shape": grid.shape, "affine": grid.affine},
                "statistics": Statistics.of(voxels).plain(),
            }
            return self.working.image(grid.to_canonical(voxels), grid), grid, facts

        folder = self._entry("image", file.digest)
        return CachedImage(file.path, folder, self._open(folder, views, build))

    def labels(
        self,
        key: str,
        grid: Grid,
        read: Callable[[], NDArray[np.uint8]],
        views: Sequence[View],
        *,
        ignore: int = 255,
    ) -> CachedLabels:
        """Open a mask in some views.

        Args:
            key: names what ``read`` returns: the digests of files, tables and thresholds behind it.
            grid: of the image that the labels belong to.
            read: returns class numbers or the ignore value, uint8 in native order.
            views: to be opened.
            ignore: the value of voxels that belong to no class.

        Raises:
            ValueError: the labels are not in the image's grid, or the views are not some of those
                there are.
        """

        def build() -> tuple[NDArray[Any], Grid, Facts]:
            return self.working.labels(grid.to_canonical(read()), grid), grid, {}

        def count(slices: NDArray[Any]) -> Facts:
            return {"foreground": [_foreground(labels, ignore) for labels in slices]}

        folder = self._entry("labels", key, grid.shape, grid.affine, ignore)
        return CachedLabels(folder, self._open(folder, views, build, count))

    def _entry(self, *content: Any) -> Path:
        named = json.dumps([FORMAT, self.working.slice_spacing, *content])
        return self._folder / sha256(named.encode()).hexdigest()

    def _open(
        self,
        folder: Path,
        views: Sequence[View],
        build: Callable[[], tuple[NDArray[Any], Grid, Facts]],
        describe: Callable[[NDArray[Any]], Facts] = lambda slices: {},
    ) -> FactsByView:
        """Return what is known of each view, building those that are missing or damaged."""
        _check_views(views)
        layouts = [Layout(folder, view) for view in views]
        if missing := [layout for layout in layouts if not self._is_whole(layout)]:
            voxels, grid, facts = build()
            for layout in missing:
                slices = cut_of(layout.view, grid).slices(voxels.T)
                self._checked[layout] = layout.write(slices, {**facts, **describe(slices)})
        return {layout.view: self._checked[layout] for layout in layouts}

    def _is_whole(self, layout: Layout) -> bool:
        """Tell whether a layout is there as it was written; looked at once in each process."""
        if layout in self._checked:
            return True
        try:
            facts = layout.read()
        except UserError as error:
            logger.warning("%s; it is built anew", error)
            return False
        if facts is None:
            return False
        self._checked[layout] = facts
        return True


def _read(file: DataFile) -> tuple[NDArray[Any], Grid]:
    """Read a volume that must be what its digest says: its entry outlives this run."""
    require_content(file)
    return read_voxels(Path(file.path))


def require_content(file: DataFile) -> None:
    """Check that a file is what its digest says.

    Raises:
        UserError: it was changed since it was listed.
    """
    with Path(file.path).open("rb") as opened:
        digest = file_digest(opened, "sha256").hexdigest()
    if digest != file.digest:
        raise UserError(
            f"{file.path}: expected the content with SHA-256 {file.digest}, got {digest}; the file "
            "was changed since the run was planned: start it again"
        )


def _check_views(views: Sequence[View]) -> None:
    if not views or not set(views) <= set(VIEWS):
        raise ValueError(f"views: expected some of {list(VIEWS)}, got {list(views)}")


def _foreground(labels: NDArray[Any], ignore: int) -> int:
    return int(np.count_nonzero(labels) - np.count_nonzero(labels == ignore))
