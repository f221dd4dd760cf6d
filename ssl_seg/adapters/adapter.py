"""The plug point ``adapters``."""

from __future__ import annotations

from typing import Protocol

from ssl_seg.models.predictor import Predictor


class Adapter(Protocol):
    """Changes what a predictor reads, or what it returns.

    Registered in ``ssl_seg.registry.ADAPTERS`` and built from an entry of the config's
    ``adapters``, which are put around the predictor in their order.
    """

    def around(self, predictor: Predictor) -> Predictor:
        """Return a predictor that asks the given one."""
        ...
