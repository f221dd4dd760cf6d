"""How much faster volumes are scored than by MONAI, with the same numbers.

Dice, and HD95 with surface Dice, of made-up organs in a CT-sized volume. MONAI gets its one-hot
tensors ready made. It is no dependency: ``pip install monai`` beside the project first. Exits with
1 where a number differs by more than float32's rounding or a ratio is too small.

    python benchmarks/volume_metrics.py [--shape X Y Z] [--rounds N]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from statistics import median

import cv2
import numpy as np
import torch
from monai.metrics import compute_dice, compute_hausdorff_distance, compute_surface_dice
from numpy.typing import NDArray

from ssl_seg.core.space import LabelSpace
from ssl_seg.metrics import DiceMetric, Metric, Sample, SurfaceMetric

SPACE = LabelSpace("organ", ("background", "organ"), ((0, 0, 0), (255, 0, 0)))
SPACING_MM = (0.8, 0.8, 1.0)
TOLERANCE_MM = 2.0
LEAST_RATIO = {"Dice": 15.0, "HD95 + surface Dice": 4.0}

Scores = tuple[float, ...]


def main() -> int:
    """Score one case both ways and print times and ratios; the exit status is 1 on a miss."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", type=int, nargs=3, default=(512, 512, 300))
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    truth, prediction = (organ(tuple(arguments.shape), seed) for seed in (0, 1))
    sample = Sample(case="case", prediction=prediction, truth=truth, spacing_mm=SPACING_MM)
    ours, theirs = own_scorers(sample), monai_scorers(prediction, truth)
    missed = False
    for name, least in LEAST_RATIO.items():
        own, peer, ratio = compared(ours[name], theirs[name], arguments.rounds)
        print(f"{name}: {own:.3f} s, MONAI {peer:.3f} s, {ratio:.1f} times; at least {least:g}")
        missed |= ratio < least
    return int(missed)


def organ(shape: tuple[int, ...], seed: int) -> NDArray[np.uint8]:
    """Draw a bent ellipsoid of about a pancreas's size with an uneven surface, drawn by seed."""
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, size) for size in shape), indexing="ij", sparse=True)
    waves = np.random.default_rng(seed).uniform(-0.06, 0.06, (6, 3))
    bumps = sum(
        np.sin(9 * number * (x * a + y + b)) * np.cos(7 * number * (z - y) + c)
        for number, (a, b, c) in enumerate(waves, start=1)
    )
    radius = (x / 0.32) ** 2 + ((y - x**2) / 0.14) ** 2 + (z / 0.2) ** 2
    return (radius + 0.05 * bumps + waves[0, 0] < 1).astype(np.uint8)


def own_scorers(sample: Sample) -> dict[str, Callable[[], Scores]]:
    """Return what scores the sample here, by what it states."""

    def scored(metric: Metric, *names: str) -> Scores:
        metric.add(sample)
        metrics = metric.scores()["metrics"]
        return tuple(metrics[name] for name in names)

    return {
        "Dice": lambda: scored(DiceMetric(SPACE), "case mDSC"),
        "HD95 + surface Dice": lambda: scored(
            SurfaceMetric(SPACE, tolerance=TOLERANCE_MM), "mHD95", f"mSurfaceDice@{TOLERANCE_MM:g}"
        ),
    }


def monai_scorers(*maps: NDArray[np.uint8]) -> dict[str, Callable[[], Scores]]:
    """Return what scores prediction and truth in MONAI, by what it states."""
    one_hot = [torch.from_numpy(np.stack([1 - labels, labels])[None]).float() for labels in maps]

    def distances() -> Scores:
        hd95 = compute_hausdorff_distance(*one_hot, percentile=95, spacing=SPACING_MM)
        near = compute_surface_dice(*one_hot, [TOLERANCE_MM], spacing=SPACING_MM)
        return hd95.item(), 100 * near.item()

    return {
        "Dice": lambda: (100 * compute_dice(*one_hot, include_background=False).item(),),
        "HD95 + surface Dice": distances,
    }


def compared(
    ours: Callable[[], Scores], theirs: Callable[[], Scores], rounds: int
) -> tuple[float, float, float]:
    """Return the least seconds of both and the median of their ratio over paired rounds."""
    pairs = []
    for _ in range(rounds):
        (own, found), (peer, expected) = timed(ours), timed(theirs)
        if not np.allclose(found, expected, rtol=1e-5):
            sys.exit(f"the numbers differ: {found} here, {expected} by MONAI")
        pairs.append((own, peer))
    print("  ".join(f"{value:.4f}" for value in found))
    own, peer = (min(times) for times in zip(*pairs, strict=True))
    return own, peer, median(peer / own for own, peer in pairs)


def timed(work: Callable[[], Scores]) -> tuple[float, Scores]:
    """Return how many seconds some work took, and what it returned."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    sys.exit(main())
