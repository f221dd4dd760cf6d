"""How much faster RSTN's rounds are than its published test procedure, with the same masks.

The peer goes through rounds 0 to 10 as the released code does: one window at a time on whole
slices, windows without mask skipped. It runs the same networks on the same threads and reads the
same cache through the same pipeline, and its result is the first round that agrees with the one
before. The networks have learned a made-up organ for a short time. Two ratios are printed: of the
whole, and of the same number of rounds. Exits with 1 where masks differ or the first is too small.

    python benchmarks/rstn_rounds.py [--shape X Y Z] [--network tiny|vgg16] [--iterations N]
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from numpy.typing import NDArray
from scipy import ndimage
from torch.nn.functional import binary_cross_entropy

from ssl_seg.core.case import Case, DataFile
from ssl_seg.core.views import BODY_VIEWS, View
from ssl_seg.media.volumes.cache import VolumeCache
from ssl_seg.media.volumes.working_grid import WorkingGrid
from ssl_seg.models.rstn import RSTN
from ssl_seg.models.rstn.channels import foreground
from ssl_seg.runner import models
from ssl_seg.runner.volume_predictors import CoarseToFine
from ssl_seg.runner.volume_predictors.rounds import agreement
from ssl_seg.runner.volume_predictors.windows import Windows, built_pipeline

LOW, HIGH = -100, 240
PIPELINE = ({"type": "LoadSlices", "window": (LOW, HIGH)}, {"type": "PackSegInputs"})
LEAST_RATIO = 2.0
READOUT, ROUNDS, KEEP = 0.99, 10, 0.5
AXIS: dict[View, int] = {"axial": 0, "coronal": 1, "sagittal": 2}

Maps = NDArray[np.float32]
Labels = NDArray[np.uint8]
Networks = Mapping[View, RSTN]


def main() -> int:
    """Go through the rounds both ways and print times and ratios; 1 on a miss."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", type=int, nargs=3, default=(384, 384, 160))
    parser.add_argument("--network", default="tiny")
    parser.add_argument("--iterations", type=int, default=300, help="of learning the organ")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"Python {platform.python_version()}, torch {torch.__version__}, {platform.machine()}")
    values, labels = drawn(tuple(arguments.shape))
    networks = learned(arguments.network, values, labels, arguments.iterations)
    with tempfile.TemporaryDirectory() as folder:
        case = written(Path(folder), values)
        cache = VolumeCache(Path(folder) / "cache", WorkingGrid())
        cache.image(case.image, BODY_VIEWS)
        return compared(networks, cache, case)


def compared(networks: Networks, cache: VolumeCache, case: Case) -> int:
    """Print how long both take to the same result; the exit status."""
    peer, peer_times = timed(partial(published, networks, cache, case.image))
    agreements = [agreement(*pair) for pair in pairwise(peer)]
    result = next((at for at, of in enumerate(agreements, 1) if of >= READOUT), ROUNDS)
    print("voxels: " + " ".join(str(np.count_nonzero(one)) for one in peer))
    print("agreement: " + " ".join(f"{one:.4f}" for one in agreements), f"result: round {result}")
    predictor = CoarseToFine(networks, PIPELINE, cache, max_rounds=ROUNDS, readout=READOUT)
    own, own_times = timed(lambda: (one.labels for one in predictor.rounds(case.image)))
    same = len(own) == result + 1
    for number, (one, other) in enumerate(zip(own, peer, strict=False)):
        differing = np.count_nonzero(one != other)
        same &= differing == 0
        took = f"{own_times[number]:.2f} s, peer {peer_times[number]:.2f} s"
        print(f"round {number}: {took}, {differing} voxels differ")
    ratio, equal = (sum(of) / sum(own_times) for of in (peer_times, peer_times[: len(own)]))
    print(f"{ratio:.2f} times as fast, at least {LEAST_RATIO:g}; {equal:.2f} for equal rounds")
    return int(not same or ratio < LEAST_RATIO)


def timed(rounds: Callable[[], Iterator[Labels]]) -> tuple[list[Labels], list[float]]:
    """Return the labels of all rounds, and how many seconds each took."""
    found, times, before = [], [], time.perf_counter()
    for labels in rounds():
        now = time.perf_counter()
        found.append(labels)
        times.append(now - before)
        before = time.perf_counter()
    return found, times


def published(networks: Networks, cache: VolumeCache, file: DataFile) -> Iterator[Labels]:
    """Go through all rounds as the released code does; yields labels (z, y, x)."""
    volume, transform = cache.image(file, BODY_VIEWS), built_pipeline(PIPELINE)
    windows = {view: Windows(transform, volume, view) for view in networks}
    shape = volume.slices("axial").shape

    def fused(say: Callable[[View, list[int]], Maps | None]) -> Maps:
        maps = [averaged(shape, view, partial(say, view)) for view in networks]
        return np.mean(maps, axis=0, dtype=np.float32)

    def image(view: View, middle: int) -> torch.Tensor:
        samples = pseudo_collate([windows[view][middle]])
        return networks[view].data_preprocessor(samples, False)["inputs"]

    def coarse(view: View, triple: list[int]) -> Maps:
        return networks[view].network.coarse_map(image(view, triple[1]))[0].numpy()

    def fine(score: Maps, labels: Labels, view: View, triple: list[int]) -> Maps | None:
        mask = in_view(labels, view)[triple] > 0
        if not mask.any():
            return None
        before = torch.from_numpy(np.ascontiguousarray(in_view(score, view)[triple])[None])
        there = torch.from_numpy(mask[None])
        return networks[view].network.fine_map(image(view, triple[1]), before, there)[0].numpy()

    with torch.inference_mode():
        score = fused(coarse)
        labels = (score >= 0.5).astype(np.uint8)
        yield labels
        for _ in range(ROUNDS):
            score = fused(partial(fine, score, labels))
            labels = without_small_components(score >= 0.5)
            yield labels


def averaged(shape: tuple[int, ...], view: View, say: Callable[[list[int]], Maps | None]) -> Maps:
    """Ask of each window of a view, and average each slice over its windows."""
    total = np.zeros(shape, np.float32)
    slices = in_view(total, view)
    count = len(slices)
    for middle in range(count):
        output = say([max(middle - 1, 0), middle, min(middle + 1, count - 1)])
        for place, number in enumerate((middle - 1, middle, middle + 1)):
            if output is not None and 0 <= number < count:
                slices[number] += output[place]
    slices[[0, -1]] /= 2
    slices[1:-1] /= 3
    return total


def without_small_components(mask: NDArray[np.bool_]) -> Labels:
    """Keep components of at least half the size of the largest one."""
    parts, _ = ndimage.label(mask)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return (mask & (sizes >= KEEP * sizes.max())[parts]).astype(np.uint8)


def in_view(volume: NDArray[Any], view: View) -> NDArray[Any]:
    """Return a volume (z, y, x) as slices of a view."""
    return np.moveaxis(volume, AXIS[view], 0)


def drawn(shape: tuple[int, ...]) -> tuple[NDArray[np.int16], Labels]:
    """Draw a noisy volume (x, y, z) with a bent organ of low contrast, and its labels."""
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, size) for size in shape), indexing="ij", sparse=True)
    inside = (x / 0.32) ** 2 + ((y - x**2) / 0.14) ** 2 + (z / 0.25) ** 2 < 1
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(0, 110, shape), 1.0)
    return (40 + 60 * inside + noise).astype(np.int16), inside.astype(np.uint8)


def written(folder: Path, values: NDArray[np.int16]) -> Case:
    """Write a volume as a case."""
    path = folder / "volume.nii"
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)
    return Case("volume", DataFile(str(path), sha256(path.read_bytes()).hexdigest()), None, "g")


def learned(
    network: str, values: NDArray[np.int16], labels: Labels, iterations: int
) -> dict[View, RSTN]:
    """Train a network on slices of all views, and give each view one that differs a little."""
    torch.manual_seed(0)
    scaled = (np.clip(values, LOW, HIGH) - LOW) / np.float32(HIGH - LOW)
    images, truth = torch.from_numpy(scaled.astype(np.float32)), torch.from_numpy(labels)
    trained = built(network)
    trained.init_weights()
    optimizer = torch.optim.Adam(trained.parameters(), 3e-3)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, iterations)
    for iteration in range(iterations):
        axis = iteration % 3
        middle = int(values.shape[axis] * (0.5 + 0.36 * (torch.rand(()) - 0.5)))
        window = [of.movedim(axis, 0)[None, middle - 1 : middle + 2] for of in (images, truth)]
        wanted = foreground(window[1], 1).float()
        loss = sum(binary_cross_entropy(of, wanted) for of in trained.network(*window, "I"))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        decay.step()
    made = {view: built(network) for view in BODY_VIEWS}
    for model in made.values():
        model.load_state_dict(trained.state_dict())
        for value in filter(lambda one: one.requires_grad, model.parameters()):
            value.data += 0.02 * value.std(correction=0).item() * torch.randn(value.shape)
    return made


def built(network: str) -> Any:
    """Build a network as the runner does."""
    preprocessor = {"type": "SegDataPreProcessor"}
    config = {"type": "RSTN", "network": network, "data_preprocessor": preprocessor}
    return models.build(config).eval()


if __name__ == "__main__":
    sys.exit(main())
