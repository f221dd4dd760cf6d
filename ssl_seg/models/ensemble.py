"""Several segmentors that answer as one, by the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import torch
from torch import Tensor, nn

from ssl_seg.core.errors import UserError
from ssl_seg.models.one_channel import as_two_classes


@final
class Ensemble(nn.Module):
    """Stands where a trained segmentor of mmsegmentation stands when cases are labeled.

    Args:
        members: segmentors in eval mode that predict the same classes from the same inputs.

    Raises:
        UserError: there is none, one is no per-pixel segmentor, or they differ in their classes,
            in how inputs are normalised or in how logits are interpolated.
    """

    def __init__(self, members: Sequence[Any]) -> None:
        super().__init__()
        for member in members:
            if not hasattr(member, "decode_head"):
                raise UserError(
                    f"several teachers label together only as segmentors with a decode_head, got a "
                    f"{type(member).__name__}; let one teacher label"
                )
        if len({_inputs_and_outputs(member) for member in members}) != 1:
            raise UserError(
                "teachers that label together must have the same classes, data_preprocessor and "
                "align_corners, as one input goes through all of them"
            )
        self.members = nn.ModuleList(members)
        self.data_preprocessor = members[0].data_preprocessor
        self.align_corners = members[0].align_corners
        self.num_classes = members[0].num_classes

    def inference(self, inputs: Tensor, metas: list[dict[str, Any]]) -> Tensor:
        """Return logits (N, C, H, W) whose softmax is the mean of the members' probabilities."""
        total = torch.stack([self._probabilities(m, inputs, metas) for m in self.members]).mean(0)
        # The logarithm of probabilities is a logit again, so whatever follows stays the same.
        return total.clamp_min(torch.finfo(total.dtype).tiny).log()

    @staticmethod
    def _probabilities(member: Any, inputs: Tensor, metas: list[dict[str, Any]]) -> Tensor:
        logits = member.inference(inputs, metas).float()
        if logits.shape[1] == 1:
            logits = as_two_classes(logits, member.decode_head.threshold)
        return logits.softmax(dim=1)


def _inputs_and_outputs(member: Any) -> tuple[str, ...]:
    """Name what must be equal between members."""
    made = member.data_preprocessor
    mean, std = (getattr(made, name, None) for name in ("mean", "std"))
    return (
        str(member.num_classes),
        str(member.align_corners),
        str([None if value is None else value.flatten().tolist() for value in (mean, std)]),
        str([getattr(made, name, None) for name in ("channel_conversion", "size", "test_cfg")]),
    )
