"""``report.py WORK_DIR``: the report of what is finished so far."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ssl_seg.cli.arguments import command_parser
from ssl_seg.core.errors import UserError
from ssl_seg.report.write import write_report
from ssl_seg.store.store import Store


def run(arguments: Sequence[str] | None = None) -> None:
    """Print the report of a work dir and write it anew; runs may go on meanwhile."""
    parser = command_parser("report", run.__doc__)
    parser.add_argument("work_dir", type=Path)
    args = parser.parse_args(arguments)
    if not args.work_dir.is_dir():
        raise UserError(
            f"{args.work_dir}: no such work dir; name the folder that train or benchmark wrote into"
        )
    print(write_report(Store(args.work_dir)))
