"""The process that a stage runs in: threads, memory allocator, and what to note of both."""

from __future__ import annotations

import ctypes
import importlib
import os
import platform
from functools import cache
from importlib.util import find_spec

import cv2
import torch

ALLOCATOR_SWITCH = "SSL_SEG_KEEP_FREED_MEMORY"
"""Environment variable: ``0`` leaves the C library's allocator as it is."""

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3

MODULES = (
    "ssl_seg",
    "torch",
    "mmengine",
    "mmcv",
    "mmseg",
    "numpy",
    "scipy",
    "cv2",
    "PIL",
    "nibabel",
)
"""What computes results, or reads and writes them."""


def prepare_process(threads: int) -> None:
    """Set the number of threads that sums are divided over, and keep freed memory.

    Args:
        threads: for torch; results depend on it, so it is part of every fingerprint.
    """
    torch.set_num_threads(threads)
    # OpenCV's results do not depend on its threads; more of them only compete with torch's.
    cv2.setNumThreads(0)
    keep_freed_memory()


@cache
def keep_freed_memory() -> None:
    """Tell glibc to reuse freed blocks instead of giving them back to the system.

    By default each large activation is mapped, zeroed and unmapped again, which on a CPU costs more
    than the convolutions. Only glibc has the call; elsewhere, or with the switch off, nothing
    happens.
    """
    if os.environ.get(ALLOCATOR_SWITCH) == "0" or platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    for option in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
        libc.mallopt(option, 2**31 - 1)


def device_name() -> str:
    """Return what models run on, for people."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"CPU ({platform.machine()}, {os.cpu_count()} cores)"


def versions() -> dict[str, str]:
    """Return the versions of what computes results, by module.

    The modules say it themselves: the maintained forks install the same ones under other names,
    and of two OpenCV packages the one that was installed last is there.
    """
    found = {"python": platform.python_version()}
    for name in MODULES:
        found[name] = str(importlib.import_module(name).__version__)
    if find_spec("mmcv._ext") is None:
        found["mmcv"] += " (lite)"
    return found
