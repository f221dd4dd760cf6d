"""``prepare_data.py DATA_SET ...``: what can be done with a data set once, before it is used."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ssl_seg.data.train_ids import LABELS, label_files, write_train_ids


def run(arguments: Sequence[str] | None = None) -> None:
    """Prepare a published data set; --help after its name says how."""
    parser = argparse.ArgumentParser(prog="prepare_data.py", description=run.__doc__)
    data_sets = parser.add_subparsers(required=True, metavar="DATA_SET")
    for name, (add_options, prepare) in PREPARATIONS.items():
        part = data_sets.add_parser(name, help=prepare.__doc__, description=prepare.__doc__)
        add_options(part)
        part.set_defaults(prepare=prepare)
    args = parser.parse_args(arguments)
    args.prepare(args)


def _cityscapes_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data_root", type=Path, help="folder with gtFine or gtCoarse")
    parser.add_argument(
        "--labels", choices=LABELS, default="fine", help="which labels; default: fine"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="write files anew that are there already"
    )


def _cityscapes(args: argparse.Namespace) -> None:
    """Write labelTrainIds files, which other tools need, beside the published labelIds."""
    files = label_files(args.data_root, args.labels)
    chosen = {
        published: target
        for published, target in files.items()
        if args.overwrite or not target.exists()
    }
    write_train_ids(chosen)
    there = len(files) - len(chosen)
    print(f"label files: {len(chosen)} written, {there} were there already")


_Preparation = tuple[
    Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace], None]
]

PREPARATIONS: Mapping[str, _Preparation] = {"cityscapes": (_cityscapes_options, _cityscapes)}
"""For each data set what adds its arguments, and what prepares it."""
