"""``prepare_data.py DATA_SET ...``: what can be done with a data set once, before it is used."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ssl_seg.cli.arguments import add_debug_option, command_parser
from ssl_seg.core.errors import UserError
from ssl_seg.prepare.nih_pancreas.pairs import find_pairs
from ssl_seg.prepare.train_ids import LABELS, label_files, write_train_ids

_NUMBERS = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")


def run(arguments: Sequence[str] | None = None) -> None:
    """Prepare a published data set; --help after its name says how."""
    parser = command_parser("prepare_data", run.__doc__)
    data_sets = parser.add_subparsers(required=True, metavar="DATA_SET")
    for name, (add_options, prepare) in PREPARATIONS.items():
        part = data_sets.add_parser(name, help=prepare.__doc__, description=prepare.__doc__)
        add_options(part)
        add_debug_option(part)
        part.set_defaults(prepare=prepare)
    args = parser.parse_args(arguments)
    args.prepare(args)


def _cityscapes_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data_root", type=Path, help="folder with gtFine or gtCoarse")
    parser.add_argument(
        "--labels", choices=LABELS, default="fine", help="which labels (default: fine)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that already exist")


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
    print(f"label files: {len(chosen)} written, {there} already existed")


def _nih_pancreas_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dicom_root", type=Path, help="folder with PANCREAS_0001/... at any depth")
    parser.add_argument("labels_root", type=Path, help="folder with label0001.nii.gz, ...")
    parser.add_argument("out", type=Path, help="folder to write; NIHPancreas's data_root")
    parser.add_argument(
        "--cases", type=_numbers, nargs="+", metavar="N", help="only these, e.g. 1 2 5-8"
    )
    parser.add_argument(
        "--unchecked",
        type=_numbers,
        nargs="+",
        default=[],
        metavar="N",
        help="cases whose labels you have looked at: their voxels and alignment are not checked",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="prepare again the cases that are already there"
    )


def _nih_pancreas(args: argparse.Namespace) -> None:
    """Write NIH Pancreas-CT as pairs of NIfTI files, from its DICOM series and label files."""
    try:
        from ssl_seg.prepare.nih_pancreas.prepare import prepare  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "pydicom":
            raise
        raise UserError(
            "the scans are DICOM files, which pydicom reads: pip install 'ssl_seg[medical]'"
        ) from error
    cases = None if args.cases is None else set().union(*args.cases)
    found = find_pairs(args.dicom_root, args.labels_root, cases)
    if found.withdrawn:
        numbers = ", ".join(map(str, found.withdrawn))
        print(f"labels without a scan, which the publisher withdrew: {numbers}")
    unchecked = set().union(*args.unchecked)
    done = prepare(found.pairs, args.out, unchecked=unchecked, overwrite=args.overwrite)
    print(f"cases: {len(done.made)} prepared, {len(done.kept)} already existed")


def _numbers(text: str) -> range:
    """Read ``5`` or ``5-8``."""
    match = _NUMBERS.fullmatch(text)
    numbers = range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)
    if not numbers or numbers[0] < 1:
        raise argparse.ArgumentTypeError(
            f"expected a case from 1 to 9999, or a range like 5-8, found {text!r}"
        )
    return numbers


_Preparation = tuple[
    Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace], None]
]

PREPARATIONS: Mapping[str, _Preparation] = {
    "cityscapes": (_cityscapes_options, _cityscapes),
    "nih-pancreas": (_nih_pancreas_options, _nih_pancreas),
}
"""For each data set what adds its arguments, and what prepares it."""
