"""A case: one image, or one volume, and where its true label lies if it has one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal, TypeAlias

MediumName: TypeAlias = Literal["pictures", "volumes"]
"""The kinds of image files that there are; see `ssl_seg.media`."""


@dataclass(frozen=True)
class DataFile:
    """A file of a data set.

    Attributes:
        path: where it lies on this machine; never part of a fingerprint.
        digest: SHA-256 of its bytes as hexadecimal digits; stands for it in fingerprints.
    """

    path: str
    digest: str


@dataclass(frozen=True)
class LabelFile(DataFile):
    """A file of true labels.

    Attributes:
        pixels: pairs (value in the file, number of pixels that hold it), values ascending; empty
            where nobody counted. Never part of a fingerprint: the digest stands for it.
    """

    pixels: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Case:
    """One image or volume.

    Attributes:
        id: name inside its data set, with ``/`` between folders and no suffix; names its outputs.
        image: the picture.
        label: the true label, if there is one.
        group: cases of one group (video sequence, patient) are never parted between folds.
        medium: what the image is, as its catalog says.
    """

    id: str
    image: DataFile
    label: LabelFile | None
    group: str
    medium: MediumName = "pictures"

    def without_label(self) -> Case:
        """Return this case as a stage sees it that must not know the truth."""
        return self if self.label is None else replace(self, label=None)

    @property
    def content(self) -> str:
        """Identity of what a stage reads: id and digests, without paths."""
        return f"{self.id}\0{self.image.digest}\0{self.label.digest if self.label else ''}"


def content_digest(cases: Iterable[Case]) -> str:
    """Hash an ordered list of cases, so that long lists stay cheap inside fingerprints."""
    return sha256("\n".join(case.content for case in cases).encode()).hexdigest()
