"""A config file and its bases, read as plain data."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ssl_seg.compat import patch_config_paths
from ssl_seg.core.errors import UserError


def read_config_file(path: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """Read a config file with its bases and apply command-line options.

    Args:
        path: a Python, YAML or JSON config in mmengine's form.
        options: dotted keys and values that override the file.

    Raises:
        UserError: a file is not there, cannot be parsed or fails when it runs, or an option does
            not fit; the message names the file and, where there is one, the line.
    """
    patch_config_paths()
    files = list(files_of(path))
    try:
        config = Config.fromfile(str(path), import_custom_modules=False)
    except Exception as error:  # a config is code and may raise anything
        place = _last_line(error, files) or str(path)
        raise UserError(f"{place}: {type(error).__name__}: {error}") from error
    for name, value in options.items():
        try:
            config.merge_from_dict({name: value})
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise UserError(
                f"--cfg-options {name}: the config has nothing that it could override ({error})"
            ) from error
    data: dict[str, Any] = _without_scopes(config.to_dict())
    return data


def files_of(path: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Yield a config file and all its bases, each parsed once.

    Args:
        path: of the config file.
        above: the files that led to it as a base.

    Raises:
        UserError: one of them is not there, cannot be parsed, or is a base of itself.
    """
    if not path.is_file():
        raise UserError(_missing(path, above))
    if any(path.samefile(other) for other in above):
        raise UserError(f"{path}: is a base of itself; take it out of the _base_ of {above[-1]}")
    yield path
    for base in _bases(path):
        found, _ = Config._get_cfg_path(base, str(path))
        yield from files_of(Path(found), (*above, path))


def _bases(path: Path) -> list[str]:
    """Return what a config file names in ``_base_``."""
    try:
        if path.suffix == ".py" and Config._is_lazy_import(str(path)):
            raise UserError(
                f"{path}: configs with lazy imports (read_base) are not supported; "
                "write types as strings and name base files in _base_"
            )
        named: list[str] = Config._get_base_files(str(path))
    except UserError:
        raise
    except SyntaxError as error:
        raise UserError(f"{path}, line {error.lineno}: syntax error: {error.msg}") from error
    except Exception as error:  # whatever the parsers of YAML and JSON raise
        raise UserError(f"{path}: cannot be read as a config: {error}") from error
    return named


def _missing(path: Path, above: tuple[Path, ...]) -> str:
    names = [file.name for file in path.parent.glob(f"*{path.suffix or '.py'}")]
    near = get_close_matches(path.name, names, n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    if above:
        return f"{above[-1]}: _base_: there is no file {path}{hint}"
    return f"there is no config file {path}{hint}"


def _last_line(error: Exception, files: list[Path]) -> str | None:
    """Return the line of a config file that an error comes from, if it is one's own."""
    # Files are named as on the command line or in _base_, but compiled under absolute paths.
    own = {file.resolve() for file in files}
    frames = reversed(traceback.extract_tb(error.__traceback__))
    lines = (
        f"{at.filename}, line {at.lineno}" for at in frames if Path(at.filename).resolve() in own
    )
    return next(lines, None)


def _without_scopes(value: Any) -> Any:
    """Drop ``_scope_`` marks: below them a plug-in's types would not be found."""
    if isinstance(value, dict):
        return {key: _without_scopes(item) for key, item in value.items() if key != "_scope_"}
    if isinstance(value, (list, tuple)):
        return type(value)(_without_scopes(item) for item in value)
    return value
