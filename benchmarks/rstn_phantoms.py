"""What each part of a small RSTN finds of the made-up organ: one network, three, and the rounds.

Trains `configs/demo/organ_supervised.py` with some volumes labeled, once for each seed, which draws
them and the start weights. Then the test volumes are predicted by each view's coarse network alone,
by the three together (round 0), and by all rounds of the fine networks after them. The table shows
the DSC in per cent, the mean over the test volumes, and for the mean over seeds its standard
deviation. A second call trains nothing anew.

    python benchmarks/rstn_phantoms.py [--seeds N...] [--labeled N] [--rounds N] [--work-dir DIR]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, pstdev
from typing import cast

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from ssl_seg.catalog.index import INDEX, DigestIndex
from ssl_seg.cli import benchmark
from ssl_seg.cli.run import Run
from ssl_seg.cli.session import plan_runs
from ssl_seg.config import load_config
from ssl_seg.core.case import DataFile, LabelFile
from ssl_seg.core.stage import MODEL_FILE, LabelStage
from ssl_seg.media.volumes.cache import VolumeCache
from ssl_seg.media.volumes.grid import Grid
from ssl_seg.media.volumes.masks import read_labels
from ssl_seg.media.volumes.working_grid import WorkingGrid
from ssl_seg.runner import models
from ssl_seg.runner.environment import device_name, prepare_process, versions
from ssl_seg.runner.volume_predictors import CoarseToFine, Views
from ssl_seg.runner.volume_predictors.rounds import agreement
from ssl_seg.store.store import Store

CONFIG = Path(__file__).parents[1] / "configs/demo/organ_supervised.py"
READOUTS = (0.90, 0.95, 0.98, 0.99)

Scores = dict[str, float]
"""DSC in per cent by what predicted."""


def main() -> None:
    """Train, predict and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--labeled", type=int, default=8, help="volumes, of 12")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/rstn_phantoms"))
    arguments = parser.parse_args()
    seeds, work_dir = arguments.seeds, arguments.work_dir
    amount = f"split.labeled={arguments.labeled}"
    benchmark.run(
        [
            *(str(CONFIG), "--work-dir", str(work_dir), "--cfg-options", amount),
            *("--seeds", *map(str, seeds)),
        ]
    )
    config = load_config(CONFIG, {"split.labeled": arguments.labeled})
    runs = plan_runs({CONFIG: config}, seeds, DigestIndex(work_dir / INDEX), None)
    print(table(seeds, [scores(run, Store(work_dir), arguments.rounds) for run in runs]))
    print(device_name(), versions())


def table(seeds: list[int], found: list[Scores]) -> str:
    """Return a line for each thing that predicts."""
    lines = []
    for name in found[0]:
        each = [one[name] for one in found]
        lines.append(
            [name, *(f"{dsc:.2f}" for dsc in each), f"{mean(each):.2f} ± {pstdev(each):.2f}"]
        )
    return tabulate(
        lines, ["test DSC", *(f"seed {seed}" for seed in seeds), "mean"], tablefmt="github"
    )


def scores(run: Run, store: Store, rounds: int) -> Scores:
    """Return the mean DSC over the test volumes of all that a run's networks predict."""
    scored = next(s for s in run.plan.evaluations if s.cases == run.experiment.split.test)
    stage = cast(LabelStage, run.plan.stages[scored.predictions[0]])
    prepare_process(stage.config.threads)
    given = (stage.pipeline, VolumeCache(store.work_dir / "cache", WorkingGrid()))
    (teacher,) = stage.teachers
    weights = {view: store.path(name) / MODEL_FILE for view, name in teacher.networks.items()}
    networks = {
        network.view: models.trained(network.model, weights[network.view])
        for network in stage.config.networks
    }
    alone = {
        f"coarse network, {view}": Views({view: network}, *given)
        for view, network in networks.items()
    }
    together = CoarseToFine(networks, *given, max_rounds=rounds, readout=None)
    cases = []
    for case in scored.cases:
        truth = read_labels(Path(cast(LabelFile, case.label).path), scored.values)
        own = {
            name: agreement(one.predict([case.image])[0].labels, truth)
            for name, one in alone.items()
        }
        cases.append(own | dict(in_rounds(together, case.image, truth, rounds)))
    return {name: 100 * mean(case[name] for case in cases) for name in cases[0]}


def in_rounds(
    predictor: CoarseToFine, file: DataFile, truth: NDArray[np.uint8], rounds: int
) -> Iterator[tuple[str, float]]:
    """Yield the DSC after each round, and of the round that each read-out takes.

    An empty round ends them and stands for those that it spares.
    """
    upright = Grid.of(Path(file.path)).to_canonical(truth).transpose(2, 1, 0)
    seen = list(predictor.rounds(file))
    seen += seen[-1:] * (rounds + 1 - len(seen))
    dsc = [agreement(one.labels, upright) for one in seen]
    for number, value in enumerate(dsc):
        yield f"round {number}", value
    for readout in READOUTS:
        agreed = (at for at, one in enumerate(seen) if (one.agreement or 0.0) >= readout)
        yield f"result at read-out {readout:.2f}", dsc[next(agreed, rounds)]


if __name__ == "__main__":
    main()
