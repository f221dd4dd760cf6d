"""Stored pseudo labels as a student sees them: thresholds are applied when they are loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ssl_seg.core.case import Case
from ssl_seg.core.fingerprint import fingerprint
from ssl_seg.core.space import LabelValues
from ssl_seg.media.numbering import numbered
from ssl_seg.media.records import Masks
from ssl_seg.media.stored_masks import mask_path, read_levels, read_values

LEVELS = 256


@final
@dataclass(frozen=True)
class Levels:
    """How sure a label stage was of each pixel, as 8-bit levels: 255 is certain.

    Attributes:
        folder: of the label stage's artifact.
    """

    folder: Path

    def read(self, case: Case) -> NDArray[np.uint8]:
        """Return the levels of a case, (H, W) or (X, Y, Z) uint8."""
        return read_levels(self.folder / "confidence", case)

    def key(self, case: Case) -> str:
        """Name what `read` returns of a case by all that it follows from."""
        return fingerprint(["levels", self.folder.name, case.id])


class PseudoLabels:
    """The masks that one label stage wrote.

    Args:
        folder: of the label stage's artifact.
        values: how the stored class numbers become those that are learned; pixels that are not
            trusted get its ignore value.
        threshold: confidence in (0, 1) below which a pixel is ignored, for all classes alike.
        class_balanced: share in (0, 1) of each class's pixels to keep, the most confident ones;
            a threshold for all classes empties the rare ones first.
        least_levels: for each class the least 8-bit confidence level to keep, in [0, 256].
        weight: exponent of the confidence by which a pixel counts; 0 or ``None``: all alike.

    Attributes:
        levels: how sure the masks are of each pixel; ``None`` where all count alike.
        coverage: share of all pixels that is kept, in [0, 1].
    """

    def __init__(
        self,
        folder: Path,
        values: LabelValues,
        *,
        threshold: float | None = None,
        class_balanced: float | None = None,
        least_levels: Sequence[int] | np.ndarray | None = None,
        weight: float | None = None,
    ) -> None:
        self._folder = folder
        self._values = values
        self._least: np.ndarray | None = None
        self.levels: Masks | None = Levels(folder) if weight else None
        self.coverage = 1.0
        if threshold is None and class_balanced is None and least_levels is None:
            return
        counts = np.asarray(self._manifest()["confidence_histogram"], dtype=np.int64)
        if least_levels is not None:
            levels = np.asarray(least_levels)
        elif class_balanced is not None:
            levels = balanced_levels(counts, class_balanced)
        else:
            levels = np.full(len(counts), round((threshold or 0) * (LEVELS - 1)))
        kept = sum(int(row[least:].sum()) for row, least in zip(counts, levels, strict=True))
        self.coverage = kept / max(1, int(counts.sum()))
        # A class number or the ignore value leads to the least confidence that is trusted.
        self._least = np.zeros(LEVELS, dtype=np.uint16)
        self._least[: len(levels)] = levels

    def read(self, case: Case) -> np.ndarray:
        """Return a case's mask, (H, W) or (X, Y, Z) uint8; untrusted ones are ignored."""
        stored = read_values(self._folder / "maps", case)
        labels = numbered(mask_path(self._folder / "maps", case), stored, self._values)
        if self._least is None:
            return labels
        confidence = read_levels(self._folder / "confidence", case)
        return np.where(
            confidence >= self._least[stored], labels, np.uint8(self._values.space.ignore)
        )

    def key(self, case: Case) -> str:
        """Name what `read` returns of a case by all that it follows from."""
        content = [self._digests[case.id], self._values.plain()]
        if self._least is not None:
            # Two cases may have equal maps, but not equal confidences.
            content += [case.id, self._folder.name, self._least.tolist()]
        return fingerprint(content)

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {entry["case"]: entry["sha256"] for entry in self._manifest()["cases"]}

    def held_values(self) -> dict[str, list[int]]:
        """Return by case id the numbers that its map holds as stored, trusted or not."""
        return {
            entry["case"]: [number for number, count in enumerate(entry["histogram"]) if count]
            for entry in self._manifest()["cases"]
        }

    def _manifest(self) -> Mapping[str, Any]:
        manifest: Mapping[str, Any] = json.loads((self._folder / "manifest.json").read_text())
        return manifest


def balanced_levels(counts: Sequence[Sequence[int]] | np.ndarray, share: float) -> np.ndarray:
    """Return per class the lowest confidence level to keep.

    Args:
        counts: (C, 256) pixels by class and 8-bit confidence level.
        share: of each class's pixels to keep at least, in (0, 1).

    Returns:
        (C,) levels in [0, 255]: the highest ones that still keep the share.
    """
    table = np.asarray(counts, dtype=np.int64)
    # kept[c, level] = pixels of class c with at least this level.
    kept = table[:, ::-1].cumsum(axis=1)[:, ::-1]
    enough = kept >= share * table.sum(axis=1, keepdims=True)
    return (LEVELS - 1 - enough[:, ::-1].argmax(axis=1)).astype(np.int64)
