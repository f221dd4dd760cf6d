"""Command-line flags that several commands share; names are mmsegmentation's."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import DictAction

from ssl_seg.config import load_config

AMP_DTYPES = {"bf16": "bfloat16", "fp16": "float16"}


class _Options(DictAction):
    """mmengine's reading of ``KEY=VALUE``, with a message on what is none."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Put the pairs into the namespace."""
        if wrong := [value for value in values if "=" not in value]:
            parser.error(f"{option_string}: expected KEY=VALUE, got {wrong[0]!r}")
        super().__call__(parser, namespace, values, option_string)


def command_parser(command: str, description: str | None) -> argparse.ArgumentParser:
    """Return the parser of a command, with the flag that every command has."""
    parser = argparse.ArgumentParser(prog=f"{command}.py", description=description)
    add_debug_option(parser)
    return parser


def add_debug_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--debug``, which :func:`ssl_seg.cli.main.call` obeys."""
    parser.add_argument(
        "--debug",
        action="store_true",
        help="show a traceback for every error, also for mistakes in config and data",
    )


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cfg-options``."""
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=_Options,
        metavar="KEY=VALUE",
        help="override keys of the config, e.g. scheduler.generations=2 threads=4",
    )


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the commands that walk a plan."""
    add_config_options(parser)
    parser.add_argument("--work-dir", type=Path, help="folder for artifacts, logs and the report")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="accepted, but not needed: the same command always resumes",
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="start over: remove earlier results once the new run is checked and planned",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="check config and data, print the plan and what of it is done, and run nothing",
    )
    parser.add_argument(
        "--amp",
        nargs="?",
        const="bf16",
        choices=AMP_DTYPES,
        help="train in mixed precision: bf16 (the default), or fp16 on GPUs",
    )
    parser.add_argument(
        "--allow-download",
        action="store_true",
        help="download weights that a config names by URL",
    )
    parser.add_argument(
        "--launcher",
        default="none",
        choices=["none"],
        help="only 'none': a stage trains in one process, on one device",
    )


def read_config(path: Path, options: Mapping[str, Any] | None, amp: str | None) -> dict[str, Any]:
    """Read a config with command-line options and the precision flag applied."""
    config = load_config(path, options)
    if amp:
        precision = {"type": "AmpOptimWrapper", "dtype": AMP_DTYPES[amp]}
        config["optim_wrapper"] = {**config.get("optim_wrapper", {}), **precision}
    return config
