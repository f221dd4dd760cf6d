"""How many mIoU points a tenth of the labels loses on the made-up street scenes.

Trains on 10 % and on all labels with three seeds (two and a half minutes on two cores) and prints
both means and the gap, which should be at least 8: otherwise there is nothing for a schedule to
gain.

    python benchmarks/street_hardness.py [--work-dir DIR]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

from ssl_seg.cli.main import call

CONFIGS = {"10 %": "street_supervised", "100 %": "street_upper_bound"}
SEEDS = (0, 1, 2)
LEAST_GAP = 8.0


def main() -> int:
    """Run both experiments and print the gap; the exit status is 1 if it is too small."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/street_hardness"))
    work_dir: Path = parser.parse_args().work_dir
    configs = [f"configs/demo/{name}.py" for name in CONFIGS.values()]
    seeds = [str(seed) for seed in SEEDS]
    if status := call("benchmark", [*configs, "--seeds", *seeds, "--work-dir", str(work_dir)]):
        return status
    rows = json.loads((work_dir / "report" / "report.json").read_text())["rows"]
    means = {}
    for share, name in CONFIGS.items():
        scores = [
            row["metrics"]["mIoU"]
            for row in rows
            if row["run"].startswith(f"{name}-") and row["model"] == "final"
        ]
        means[share] = statistics.mean(scores)
        listed = ", ".join(f"{score:.2f}" for score in scores)
        print(f"{share} of the labels: mIoU {means[share]:.2f} (seeds {SEEDS}: {listed})")
    gap = means["100 %"] - means["10 %"]
    print(f"gap: {gap:.2f} points; at least {LEAST_GAP} are wanted")
    return int(gap < LEAST_GAP)


if __name__ == "__main__":
    sys.exit(main())
