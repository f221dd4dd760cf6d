"""``benchmark.py CONFIG ... --seeds ...``: several schedules and seeds in one work dir."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ssl_seg.cli.arguments import add_run_options, command_parser, read_config
from ssl_seg.cli.session import run_configs


def run(arguments: Sequence[str] | None = None) -> None:
    """Run several configs with several seeds; stages that they have in common run once.

    A seed redraws the split and the start weights.
    """
    parser = command_parser("benchmark", run.__doc__)
    parser.add_argument("configs", nargs="+", type=Path, metavar="CONFIG")
    parser.add_argument(
        "--seeds",
        nargs="+",
        type=int,
        default=[0],
        help="seeds of the split and the weights (default: 0)",
    )
    add_run_options(parser)
    args = parser.parse_args(arguments)
    work_dir = args.work_dir or Path("work_dirs") / "benchmark"
    configs = {path: read_config(path, args.cfg_options, args.amp) for path in args.configs}
    run_configs(configs, args.seeds, work_dir, args)
