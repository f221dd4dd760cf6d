"""How fast the cache serves slices for training, compared to copying the same bytes.

A made-up volume of CT size is cached, and random windows of three slices are copied out of each
view. Warm: the files are in the page cache, and the same windows of arrays in memory are the
measure. Cold: the page cache is told to drop the files first, and reading them whole is the
measure, in bytes per second. Warm ratios of less than 0.9 make the exit status 1; cold ones depend
on the disk.

    python benchmarks/volume_slices.py [--shape X Y Z] [--windows N] [--rounds N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from copy import copy
from hashlib import sha256
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import DataFile
from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.media.volumes.cache import CachedImage, VolumeCache
from ssl_seg.media.volumes.working_grid import WorkingGrid

LEAST_RATIO = 0.9
WINDOW = 3


def main() -> int:
    """Measure each view and print times and ratios; the exit status is 1 on a miss."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", type=int, nargs=3, default=(512, 512, 300))
    parser.add_argument("--windows", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured")
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}")
    with TemporaryDirectory(dir=arguments.folder) as folder:
        file = drawn_volume(Path(folder), tuple(arguments.shape))
        image = opened(Path(folder), file, "built")
        opened(Path(folder), file, "opened anew, hashes checked,")
        for view in BODY_VIEWS:
            cold(Path(folder), image, view, arguments.windows)
        ratios = [
            warm_ratio(image, view, arguments.windows, arguments.rounds) for view in BODY_VIEWS
        ]
    return int(min(ratios) < LEAST_RATIO)


def drawn_volume(folder: Path, shape: tuple[int, ...]) -> DataFile:
    """Write a volume of int16 values."""
    path = folder / "volume.nii.gz"
    voxels = np.random.default_rng(0).integers(-1024, 1024, shape, np.int16)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([-0.8, -0.8, 1, 1])), path)
    print(f"{path.stat().st_size / 2**20:.0f} MiB of .nii.gz")
    return DataFile(str(path), sha256(path.read_bytes()).hexdigest())


def opened(folder: Path, file: DataFile, done: str) -> CachedImage:
    """Open the volume in all views as a new process does, and say how long that took."""
    seconds, image = timed(lambda: VolumeCache(folder, WorkingGrid()).image(file, BODY_VIEWS))
    print(f"{done} in {seconds:.2f} s")
    return image


def warm_ratio(image: CachedImage, view: Any, windows: int, rounds: int) -> float:
    """Return how many times faster random windows come out of the cache than out of memory."""
    mapped = np.asarray(image.slices(view))
    copied = mapped.copy()
    starts = drawn(len(mapped), windows)
    buffer = np.empty((WINDOW, *mapped.shape[1:]), mapped.dtype)
    pairs = []
    for _ in range(rounds):
        own, _ = timed(lambda: copy_windows(mapped, starts, buffer))
        peer, _ = timed(lambda: copy_windows(copied, starts, buffer))
        pairs.append((own, peer))
    ratio = median(peer / own for own, peer in pairs)
    own, peer = (1e3 * min(times) / windows for times in zip(*pairs, strict=True))
    print(
        f"warm, {view}: {own:.3f} ms a window, copied {peer:.3f} ms, ratio {ratio:.2f}; at least "
        f"{LEAST_RATIO}"
    )
    return ratio


def cold(folder: Path, image: CachedImage, view: Any, windows: int) -> None:
    """Print how fast random windows come from the disk, and how fast the whole file does."""
    # The system keeps what anybody has mapped, so nothing may be open when it is to forget: a copy
    # starts with nothing mapped.
    shape, dtype = (getattr(copy(image).slices(view), name) for name in ("shape", "dtype"))
    (path,) = folder.rglob(f"{view}.bin")
    starts = drawn(shape[0], windows)
    buffer = np.empty((WINDOW, *shape[1:]), dtype)
    drop(path)
    own, _ = timed(lambda: copy_windows(copy(image).slices(view), starts, buffer))
    drop(path)
    peer, _ = timed(path.read_bytes)
    # Windows overlap, so only slices that had to be read are counted.
    slices = len({start + offset for start in starts for offset in range(WINDOW)})
    own_rate = slices * buffer[0].nbytes / own / 2**20
    peer_rate = path.stat().st_size / peer / 2**20
    print(
        f"cold, {view}: {own_rate:.0f} MiB/s, the whole file {peer_rate:.0f} MiB/s, ratio "
        f"{own_rate / peer_rate:.2f}"
    )


def drawn(slices: int, windows: int) -> list[int]:
    """Draw the first slices of windows."""
    return np.random.default_rng(1).integers(0, slices - WINDOW + 1, windows).tolist()


def copy_windows(slices: NDArray[Any], starts: list[int], buffer: NDArray[Any]) -> None:
    """Copy windows one after another to the same place."""
    for start in starts:
        np.copyto(buffer, slices[start : start + WINDOW])


def drop(path: Path) -> None:
    """Ask the system to forget what it holds of a file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how many seconds some work took, and what it returned."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    sys.exit(main())
