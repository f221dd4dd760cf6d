"""Work that leaves no trace in this process: what comes after it cannot tell that it was done."""

from __future__ import annotations

import logging
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO

import numpy as np
import torch
from mmengine.utils import ManagerMixin


@contextmanager
def untouched() -> Iterator[None]:
    """Put back random generators, threads and mmengine's global instances; say nothing meanwhile.

    What is worth a warning is worth it when the real work is done.
    """
    generators = random.getstate(), np.random.get_state()  # noqa: NPY002 - what transforms use
    threads, silent = torch.get_num_threads(), logging.root.manager.disable
    instances = {kind: dict(kind._instance_dict) for kind in _kinds(ManagerMixin)}
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            torch.random.fork_rng(),
            redirect_stdout(StringIO()),
        ):
            logging.disable(logging.WARNING)
            yield
    finally:
        logging.disable(silent)
        random.setstate(generators[0])
        np.random.set_state(generators[1])  # noqa: NPY002
        torch.set_num_threads(threads)
        for kind in _kinds(ManagerMixin):
            kind._instance_dict.clear()
            kind._instance_dict.update(instances.get(kind, {}))
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _kinds(base: type[ManagerMixin]) -> Iterator[type[ManagerMixin]]:
    """Yield all classes that mmengine keeps instances of by name."""
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)
