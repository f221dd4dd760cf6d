"""``train.py CONFIG``: run a config's whole schedule."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ssl_seg.cli.arguments import add_run_options, read_config
from ssl_seg.cli.session import run_configs
from ssl_seg.store.store import Store


def run(arguments: Sequence[str] | None = None) -> None:
    """Plan, train, label, score and report; a second call goes on where the first one stopped."""
    parser = argparse.ArgumentParser(prog="train.py", description=run.__doc__)
    parser.add_argument("config", type=Path)
    add_run_options(parser)
    args = parser.parse_args(arguments)
    config = read_config(args.config, args.cfg_options, args.amp)
    default = config.get("work_dir") or Path("work_dirs") / args.config.stem
    work_dir = args.work_dir or Path(default)
    (planned,) = run_configs({args.config: config}, [None], work_dir, args)
    if args.dry_run:
        return
    store = Store(work_dir)
    print(f"model: {store.path(planned.plan.model) / 'model.pth'}")
    for name in planned.plan.labels:
        print(f"pseudo labels: {store.path(name) / 'maps'}")
