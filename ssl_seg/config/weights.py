"""Weight files that a config names: found, hashed, and kept out of fingerprints as paths."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from ssl_seg.core.errors import UserError
from ssl_seg.core.fingerprint import fingerprint
from ssl_seg.registry import suggestion

ZOO = "open-mmlab://"
"""Start of a name in OpenMMLab's model zoo."""

MARK = "sha256:"
"""Start of the placeholder that stands for a weight file inside a config."""


@dataclass
class Weights:
    """Replaces weight files in configs by their content's hash, and back.

    Args:
        download_dir: where weights named by URL are kept; ``None`` refuses them.
    """

    download_dir: Path | None = None
    files: dict[str, str] = field(default_factory=dict)

    def mark(self, config: Any, where: str) -> Any:
        """Return the config with each weight file replaced by a placeholder of its content.

        Weight files are the strings at ``pretrained``, ``load_from`` and, in a dict with
        ``type='Pretrained'``, ``checkpoint``.

        Raises:
            UserError: a file is not there.
            UserError: weights are named by URL and downloads are not allowed, or fail.
        """
        return _replace(config, self._mark_file, where)

    def files_in(self, config: Any) -> dict[str, str]:
        """Return the path of each weight file that stands in a config as a placeholder."""
        found: dict[str, str] = {}

        def note(mark: str, _where: str) -> str:
            found[mark] = self.files[mark]
            return mark

        _replace(config, note, "")
        return found

    def _mark_file(self, name: str, where: str) -> str:
        path = self._local(name, where)
        if not path.is_file():
            raise UserError(
                f"{where}: there is no weight file {path}; give the path of a file, or None for "
                "random weights"
            )
        with path.open("rb") as file:
            mark = MARK + hashlib.file_digest(file, "sha256").hexdigest()
        self.files[mark] = str(path.resolve())
        return mark

    def _local(self, name: str, where: str) -> Path:
        if "://" not in name:
            return Path(name).expanduser()
        if self.download_dir is None:
            raise UserError(
                f"{where}: weights named by URL ({name}) are not fetched; give the path of a local "
                "file, None for random weights, or allow it with --allow-download"
            )
        address = _zoo_address(name, where) if name.startswith(ZOO) else name
        url = urlparse(address)
        if url.scheme not in ("http", "https"):
            raise UserError(
                f"{where}: only http(s) and {ZOO} addresses can be downloaded, got {name}; "
                "download the file by hand and give its path"
            )
        # Files of the same name from different places are different files.
        target = self.download_dir / f"{fingerprint(address)[:8]}-{Path(url.path).name}"
        if not target.is_file():
            self.download_dir.mkdir(parents=True, exist_ok=True)
            part = target.with_name(target.name + ".part")
            try:
                urllib.request.urlretrieve(address, part)  # noqa: S310 - the scheme is checked above
            except OSError as error:
                raise UserError(f"{where}: cannot download {address}: {error}") from error
            part.replace(target)
        return target


def _zoo_address(name: str, where: str) -> str:
    """Look a model zoo name up in the list that mmengine ships."""
    names: dict[str, str] = json.loads(files("mmengine.hub").joinpath("openmmlab.json").read_text())
    key = name.removeprefix(ZOO)
    if key not in names:
        raise UserError(f"{where}: the model zoo has no weights {key!r}{suggestion(key, names)}")
    return names[key]


def unmark(config: Any, files: Mapping[str, str]) -> Any:
    """Put the paths of weight files back in place of their placeholders."""
    return _replace(config, lambda name, _: files.get(name, name), "")


def without_weights(config: Any) -> Any:
    """Drop the weight files from a model's config, for a model whose weights are loaded later."""
    return _replace(config, lambda _name, _where: None, "")


def _replace(config: Any, change: Callable[[str, str], str | None], where: str) -> Any:
    if isinstance(config, Mapping):
        return {
            key: change(value, f"{where}.{key}")
            if isinstance(value, str) and _is_weight_key(key, config)
            else _replace(value, change, f"{where}.{key}")
            for key, value in config.items()
        }
    if isinstance(config, (list, tuple)):
        items = (_replace(item, change, f"{where}[{i}]") for i, item in enumerate(config))
        return type(config)(items)
    return config


def _is_weight_key(key: str, config: Mapping[str, Any]) -> bool:
    return key in ("pretrained", "load_from") or (
        key == "checkpoint" and config.get("type") == "Pretrained"
    )
