"""What the third-party stack needs to import and to load safely; nowhere else.

Tried with mmengine 0.10.7, mmsegmentation 1.2.2 and mmcv-lite 2.1.0, and with their maintained
forks (onedl-mmengine 0.10.12, onedl-mmsegmentation 1.4.2, onedl-mmcv 2.3.6, same import names), on
torch 2.13, numpy 2.4 and OpenCV 5.0. These three need nothing here: mmcv's only use of a name that
numpy has removed is an operator of compiled mmcv.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from mmengine.config import Config

from ssl_seg.core.errors import UserError

_COMPILED_OPS = "mmcv._ext"


@cache
def import_mmseg() -> None:
    """Import mmsegmentation and fill its registries; repeated calls cost nothing.

    Compiled mmcv is used where it is installed. With mmcv-lite all types register too, and one
    that calls a compiled operator raises a ``UserError`` with the operator's name when it runs.
    mmengine's default scope stays as it is. From here on this process loads no pickled objects,
    see `forbid_pickles`.
    """
    forbid_pickles()
    # mmseg.utils imports mmcv.ops, and each module there asks for its compiled operators at once.
    if find_spec(_COMPILED_OPS) is None:
        with _stand_in_for_compiled_ops():
            importlib.import_module("mmcv.ops")
    importlib.import_module("mmseg.utils").register_all_modules(init_default_scope=False)
    importlib.import_module("mmseg.visualization")  # the function leaves it out


def forbid_pickles() -> None:
    """Make every ``torch.load`` of this process and its children use ``weights_only=True``.

    mmengine leaves the choice to torch; its fork onedl-mmengine unpickles a file that
    ``weights_only`` refuses, so that a downloaded checkpoint could run code. torch's environment
    variable outranks what the caller asks for.

    Raises:
        UserError: the user's environment asks torch for the opposite.
    """
    opposite = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
    if os.environ.get(opposite):
        raise UserError(
            f"the environment variable {opposite} is set, which lets checkpoint files run code; "
            "ssl_seg loads weights only: unset it"
        )
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"


def patch_config_paths() -> None:
    """Let ``Config.fromfile`` find ``_base_ = ['mmseg::...']``; call it before loading a config.

    mmengine asks pkg_resources where a package lies, which setuptools has dropped in version 81;
    it parses all of a package's model index (0.1 s a base file) to find a path that is the same as
    the one asked for; and it marks mmsegmentation's parts with ``_scope_='mmseg'``, below which
    ssl_seg's types are not found. With the patch the path is taken as it is, without the mark.
    The package itself is not imported, so this needs no torch.
    """
    Config._get_cfg_path = staticmethod(_config_path)


def _config_path(base: str, config: str) -> tuple[str, str | None]:
    """Return the path of a base config and its ``_scope_`` mark, as ``Config._get_cfg_path``.

    Args:
        base: an entry of ``_base_``: relative to the config's folder, absolute, or
            ``package::path`` below the configs that the package ships.
        config: path of the config that names the base.
    """
    package, separator, name = base.partition("::")
    if not separator:
        return os.path.join(os.path.dirname(config), base), None  # noqa: PTH118, PTH120
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"{config}: _base_ {base!r}: no package {package!r} is installed")
    folder = Path(spec.submodule_search_locations[0], ".mim", "configs")
    path = folder / name
    if not path.is_file():
        known = (file.relative_to(folder).as_posix() for file in folder.rglob("*.py"))
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean '{package}::{near[0]}'?" if near else ""
        raise UserError(f"{config}: _base_ {base!r}: {path} does not exist{hint}")
    # Other packages' types are no parents of ours, so they stay to be looked up where they are.
    return str(path), None if package == "mmseg" else package


@contextmanager
def _stand_in_for_compiled_ops() -> Iterator[None]:
    """Offer a module in place of mmcv's compiled operators; each raises when it is called.

    It is gone afterwards, because mmengine asks for the module's spec to find out whether the
    operators are there, and must find none.
    """
    sys.modules[_COMPILED_OPS] = _CompiledOps(_COMPILED_OPS)
    try:
        yield
    finally:
        del sys.modules[_COMPILED_OPS]


class _CompiledOps(ModuleType):
    """Has every operator that is asked for."""

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        """Return an operator that raises when it is called."""
        # Python's own inspection walks over all modules and reads attributes such as __file__.
        if name.startswith("__"):
            raise AttributeError(name)

        def missing(*_args: object, **_kwargs: object) -> NoReturn:
            raise UserError(
                f"the operator {name!r} needs compiled mmcv, but mmcv-lite is installed; choose a "
                "model without it, or put the mmcv build for your torch version in its place"
            )

        return missing
