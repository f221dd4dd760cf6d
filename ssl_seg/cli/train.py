"""``train.py CONFIG``: run a config's whole schedule."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ssl_seg.cli.arguments import add_run_options, command_parser, read_config
from ssl_seg.cli.session import run_configs
from ssl_seg.core.plan import Plan
from ssl_seg.core.stage import MODEL_FILE
from ssl_seg.store.atomic import make_folder
from ssl_seg.store.store import Store


def run(arguments: Sequence[str] | None = None) -> None:
    """Plan, train, label, score and report; a second call goes on where the first one stopped."""
    parser = command_parser("train", run.__doc__)
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
    print(f"model: {_model(planned.plan, store)}")
    for name in planned.plan.labels:
        print(f"pseudo labels: {store.path(name) / 'maps'}")


def _model(plan: Plan, store: Store) -> Path:
    """Return the weight file of the result, or the folder that holds one for each view."""
    files = {view: store.path(name) / MODEL_FILE for view, name in plan.models.items()}
    if None in files:
        return files[None]
    folder = store.work_dir / "models" / plan.name
    make_folder(folder)
    for view, file in files.items():
        link = folder / f"{view}.pth"
        link.unlink(missing_ok=True)
        try:
            # The same file by a second name: no copy of what may be gigabytes.
            link.hardlink_to(file)
        except OSError:
            shutil.copyfile(file, link)
    return folder
