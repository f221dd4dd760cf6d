"""Publishing made-up data: a folder stands whole or not at all, beside what tells its settings."""

import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ssl_seg.core.errors import UserError

logger = logging.getLogger(__name__)

_MARKER: Final = "phantom.json"


def publish_phantom(
    root: Path, settings: Mapping[str, object], write: Callable[[Path], None]
) -> None:
    """Write a made-up data set and `phantom.json`, which tells its settings.

    A folder that holds it already is left as it is; a phantom of other settings is replaced.

    Args:
        root: The folder to make.
        settings: All that decides what is written.
        write: Writes it into the empty folder that it is given.

    Raises:
        UserError: `root` exists and holds something else, which is never deleted.
    """
    marker = json.dumps(settings, indent=2) + "\n"
    found = _read_marker(root)
    if found == marker:
        return
    if found is not None:
        logger.warning("%s holds a phantom of other settings: it is drawn anew", root)
    root.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{root.name}.", dir=root.parent))
    try:
        write(staging)
        (staging / _MARKER).write_text(marker)
        _publish(staging, root)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _read_marker(folder: Path) -> str | None:
    """Return the settings of the phantom in a folder; None where there is nothing."""
    try:
        return (folder / _MARKER).read_text()
    except FileNotFoundError:
        if folder.exists() and any(folder.iterdir()):
            msg = f"{folder} is not empty and holds no phantom (no {_MARKER}): give another folder"
            raise UserError(msg) from None
        return None


def _publish(staging: Path, folder: Path) -> None:
    """Put the staged folder in its place; what stood there is removed."""
    staging.chmod(0o755)  # mkdtemp makes a folder that nobody else may read
    replaced = staging.with_name(f"{staging.name}.old")
    if folder.exists():
        folder.rename(replaced)
    staging.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)
