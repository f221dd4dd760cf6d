"""Peak memory of labelling one volume by three views, with everything that the process holds.

Each model labels a made-up volume in a process of its own, cache built and all. Memory depends on
shapes only, so a network is really asked a few times for each view; after that, what it says is
made up, which spares hours. Exits with 1 where a process took more than is promised.

    python benchmarks/volume_memory.py [--shape X Y Z] [--calls N] [--models NAME...]
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import mmseg
import nibabel
import numpy as np
from mmengine.config import Config

from ssl_seg.core.case import Case, DataFile
from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.media.volumes.cache import VolumeCache
from ssl_seg.media.volumes.working_grid import WorkingGrid
from ssl_seg.runner import models
from ssl_seg.runner.volume_predictors import CoarseToFine, Views

GIB = 2**30
MOST = {"deeplab": 4 * GIB, "rstn_tiny": 4 * GIB, "rstn_vgg16": 6 * GIB}
PIPELINE = ({"type": "LoadSlices", "window": (-100, 240)}, {"type": "PackSegInputs"})


def main() -> int:
    """Label the volume by each model and print the peaks; 1 where one is too high."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", type=int, nargs=3, default=(512, 512, 300))
    parser.add_argument("--calls", type=int, default=1, help="of a network, for each view")
    parser.add_argument("--models", nargs="+", choices=MOST, default=list(MOST))
    arguments = parser.parse_args()
    too_high = False
    with tempfile.TemporaryDirectory() as folder:
        case = written(Path(folder), tuple(arguments.shape))
        for name in arguments.models:
            work = (name, Path(folder) / name, case, arguments.calls)
            # A process that is not forked from this one starts from nothing.
            with get_context("spawn").Pool(1) as pool:
                peak, foreground = pool.apply(labelled, work)
            print(
                f"{name}: {peak / GIB:.2f} GiB, at most {MOST[name] / GIB:g}; {foreground} voxels"
            )
            too_high |= peak > MOST[name]
    return int(too_high)


def written(folder: Path, shape: tuple[int, ...]) -> Case:
    """Write a noisy volume in CT's range."""
    values = np.random.default_rng(0).integers(-1000, 1000, shape, np.int16)
    path = folder / "volume.nii"
    nibabel.save(nibabel.Nifti1Image(values, np.diag((0.8, -0.8, 1.0, 1.0))), path)
    return Case("volume", DataFile(str(path), sha256(path.read_bytes()).hexdigest()), None, "g")


def labelled(name: str, folder: Path, case: Case, calls: int) -> tuple[int, int]:
    """Label the volume in this process; return its peak in bytes, and the foreground found."""
    os.nice(10)
    networks: Mapping[Any, Any] = {
        view: models.build(config_of(name)).eval() for view in BODY_VIEWS
    }
    cache = VolumeCache(folder, WorkingGrid())
    for network in networks.values():
        spare(network, calls)
    kind: Any = Views if name == "deeplab" else CoarseToFine
    options = {} if name == "deeplab" else {"max_rounds": 2, "readout": None}
    predictor = kind(networks, PIPELINE, cache, **options)
    (prediction,) = predictor.predict([predictor.read(case)])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return peak, int(np.count_nonzero(prediction.labels))


def config_of(name: str) -> dict[str, Any]:
    """Return a model's config."""
    if name == "deeplab":
        base = Config.fromfile(deeplab_config())["model"].to_dict()
        preprocessor = {"type": "SegDataPreProcessor"}
        for head in ("decode_head", "auxiliary_head"):
            base[head] |= {"num_classes": 2, "norm_cfg": {"type": "BN"}}
            base[head]["loss_decode"]["avg_non_ignore"] = True
        base["backbone"]["norm_cfg"] = {"type": "BN"}
        return {**base, "pretrained": None, "data_preprocessor": preprocessor}
    network = name.removeprefix("rstn_")
    return {
        "type": "RSTN",
        "network": network,
        "data_preprocessor": {"type": "SegDataPreProcessor"},
    }


def deeplab_config() -> Path:
    """Return mmsegmentation's own config of DeepLabV3+ on a ResNet-50."""
    folder = Path(mmseg.__file__).parent / ".mim" / "configs" / "_base_" / "models"
    return folder / "deeplabv3plus_r50-d8.py"


def spare(model: Any, calls: int) -> None:
    """Let a model's networks compute for so many calls, and say the same of every slice then."""
    if hasattr(model, "network"):
        for network in (model.network.coarse, model.network.fine):
            network.forward = spared(network.forward, calls, 3)
    else:
        model.encode_decode = spared(model.encode_decode, calls, 2)


def spared(ask: Callable[..., Any], calls: int, channels: int) -> Callable[..., Any]:
    """Return a function that asks so many times, and then finds the middle of each slice."""
    left = calls

    def answer(inputs: Any, *others: Any) -> Any:
        nonlocal left
        if left > 0:
            left -= 1
            return ask(inputs, *others)
        count, _, height, width = inputs.shape
        logits = inputs.new_full((count, channels, height, width), -4.0)
        rows, columns = (slice(size * 2 // 5, size * 3 // 5) for size in (height, width))
        logits[:, :, rows, columns] = 4.0
        if channels == 2:
            logits[:, 0] = 0.0  # background
        return logits

    return answer


if __name__ == "__main__":
    sys.exit(main())
