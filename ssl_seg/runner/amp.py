"""Mixed precision on any device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, final

import torch
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from ssl_seg.core.errors import UserError
from ssl_seg.registry import OPTIM_WRAPPERS

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}

DEFAULT_DTYPE = "bfloat16"
"""It must not depend on the device, which is no part of a fingerprint."""


def require_dtype(name: object, where: str) -> None:
    """Check that this machine can train in a precision.

    Raises:
        UserError: it is unknown, or float16 on a CPU.
    """
    if name not in DTYPES:
        raise UserError(f"{where}: expected one of {', '.join(sorted(DTYPES))}, got {name!r}")
    if name == "float16" and get_device() == "cpu":
        raise UserError(f"{where}: float16 training needs a GPU; use bfloat16 (--amp) on a CPU")


@OPTIM_WRAPPERS.register_module()
@final
class AmpOptimWrapper(OptimWrapper):
    """mmengine's wrapper of this name, also for CPUs (with bfloat16), which it refuses.

    Args:
        dtype: ``bfloat16``, the same on every device, or ``float16``, for GPUs only.
        loss_scale: ``dynamic`` or a fixed factor; used for float16 only, as bfloat16 has the range
            of float32.
        kwargs: of mmengine's ``OptimWrapper``.

    Raises:
        UserError: an unknown dtype, or float16 on a CPU.
    """

    def __init__(
        self, *, dtype: str = DEFAULT_DTYPE, loss_scale: str | float = "dynamic", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._device = get_device()
        require_dtype(dtype, "AmpOptimWrapper.dtype")
        self._dtype = DTYPES[dtype]
        scale = {} if loss_scale == "dynamic" else {"init_scale": float(loss_scale)}
        self._scaler = torch.amp.GradScaler(
            device=self._device,
            enabled=dtype == "float16",
            growth_interval=2000 if loss_scale == "dynamic" else 2**31 - 1,
            **scale,
        )

    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        """Scale the loss, so that small float16 gradients do not vanish."""
        self._scaler.scale(loss).backward(**kwargs)  # type: ignore[no-untyped-call]
        self._inner_count += 1

    def step(self, **kwargs: Any) -> None:
        """Unscale and clip the gradients and let the optimiser step where they are finite."""
        if self.clip_grad_kwargs:
            self._scaler.unscale_(self.optimizer)
            self._clip_grad()
        self._scaler.step(self.optimizer, **kwargs)
        self._scaler.update()

    def state_dict(self) -> dict[str, Any]:
        """Return the optimiser's state and the loss scale."""
        return {**super().state_dict(), "loss_scaler": self._scaler.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        rest = dict(state_dict)
        self._scaler.load_state_dict(rest.pop("loss_scaler"))
        super().load_state_dict(rest)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Run the forward pass in the lower precision."""
        with super().optim_context(model), torch.autocast(self._device, dtype=self._dtype):
            yield
