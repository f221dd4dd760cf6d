"""Which versions of what a report rests on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("ssl-seg", "torch", "mmengine", "mmsegmentation", "numpy", "opencv-python", "pillow")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that are installed, by name."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a fork of the same import name may stand in for it
            continue
    return found
