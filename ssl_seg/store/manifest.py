"""What an artifact says of itself: a description, and size and hash of each of its files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ssl_seg.core.errors import UserError
from ssl_seg.store.atomic import SYNC_THREADS, finished_files, write_json

MANIFEST = "artifact.json"
"""The manifest's file name, which no stage may use for a file of its own."""

MANIFEST_FORMAT = 1


def write_manifest(folder: Path, description: Mapping[str, Any]) -> None:
    """Describe a finished folder and force all its files to disk.

    The bytes depend on the description and the files alone. A manifest that is there already, from
    an attempt that was cut off, is replaced.

    Raises:
        UserError: the folder holds something other than plain files and folders.
    """
    (folder / MANIFEST).unlink(missing_ok=True)
    paths = list(finished_files(folder))
    with ThreadPoolExecutor(SYNC_THREADS) as pool:
        facts = pool.map(_sync_and_hash, paths)
        names = (path.relative_to(folder).as_posix() for path in paths)
        files = dict(zip(names, facts, strict=True))
    write_json(
        folder / MANIFEST,
        {"format": MANIFEST_FORMAT, "description": dict(description), "files": files},
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return ``format``, ``description`` and ``files`` of an artifact.

    ``files`` maps relative paths to ``size`` (bytes) and ``sha256``.

    Raises:
        UserError: the file is damaged or of another format.
    """
    manifest = read_json(folder / MANIFEST)
    if manifest.get("format") != MANIFEST_FORMAT:
        raise UserError(
            f"{folder / MANIFEST}: expected format {MANIFEST_FORMAT}, found "
            f"{manifest.get('format')!r}; use the version of ssl_seg that wrote it, another "
            "--work-dir, or --fresh"
        )
    return manifest


def find_problems(folder: Path) -> list[str]:
    """Compare an artifact with its manifest.

    Returns:
        One line for each file that is missing, has changed, or is not listed; sorted.
    """
    listed: dict[str, Any] = read_manifest(folder)["files"]
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    problems = [f"{folder / name}: not in the manifest" for name in found - {MANIFEST, *listed}]
    for name, expected in listed.items():
        path = folder / name
        if name not in found:
            problems.append(f"{path}: missing")
        elif (size := path.stat().st_size) != expected["size"]:
            problems.append(f"{path}: expected {expected['size']} bytes, found {size}")
        elif (digest := _sha256(path)) != expected["sha256"]:
            problems.append(f"{path}: expected SHA-256 {expected['sha256']}, found {digest}")
    return sorted(problems)


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that holds one JSON object.

    Raises:
        UserError: it does not.
    """
    try:
        value = json.loads(path.read_bytes())
    except ValueError as error:
        raise UserError(f"{path}: expected JSON, but {error}") from error
    if not isinstance(value, dict):
        raise UserError(f"{path}: expected a JSON object, found {type(value).__name__}")
    return value


def _sync_and_hash(path: Path) -> dict[str, Any]:
    """Force a file to disk and return its size and hash, opening it once."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"size": file.tell(), "sha256": digest}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
