"""The ``dataset.json`` of a task of the Medical Segmentation Decathlon (MSD)."""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Self

from ssl_seg.catalog.listing import case_id, natural_order
from ssl_seg.catalog.palette import background_palette
from ssl_seg.catalog.space_file import IGNORE, listed_values
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.media.volumes.facts import SUFFIXES

_PANCREAS = ("background", "pancreas", "cancer")
"""Classes of Task07."""

TUMOUR_AS = {"organ": 1, "background": 0, "ignore": IGNORE}
"""What voxels of cancer can count as in Task07."""


@dataclass(frozen=True)
class Listed:
    """One case of a task, with paths relative to the task's folder.

    Attributes:
        id: the image's name without suffix.
        image: path of the image.
        label: path of its labels; ``None`` for the task's test images.
    """

    id: str
    image: str
    label: str | None


@dataclass(frozen=True)
class Task:
    """What a task says of itself.

    Attributes:
        name: such as ``Hippocampus``.
        classes: pairs (value in the label files, name), values ascending from 0.
        training: cases with labels, in natural order.
        test: cases without.
    """

    name: str
    classes: tuple[tuple[int, str], ...]
    training: tuple[Listed, ...]
    test: tuple[Listed, ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file.

        Raises:
            UserError: it is no description of a task, or a path leads out of the task's folder;
                the message names the file.
        """
        try:
            return cls._of(json.loads(path.read_text(encoding="utf-8-sig")))
        except (json.JSONDecodeError, UnicodeDecodeError, UserError) as error:
            raise UserError(f"{path}: {error}") from error

    @classmethod
    def _of(cls, content: Any) -> Self:
        match content:
            case {"name": str(name), "labels": {**labels}, "training": [*training]}:
                test = content.get("test", [])
            case _:
                raise UserError(
                    "not the description of an MSD task: expected an object with 'name', 'labels' "
                    f"and 'training', got {reprlib.repr(content)}; a folder of nnU-Net can be read "
                    "as VolumeFolder"
                )
        return cls(
            name,
            _classes(labels),
            _in_order([_listed(entry, labeled=True) for entry in training]),
            _in_order([_listed(entry, labeled=False) for entry in test]),
        )

    def values(self, tumour: str | None) -> LabelValues:
        """Return how label files are read.

        Args:
            tumour: what cancer counts as in Task07: a key of `TUMOUR_AS`, or ``None`` for a class
                of its own. Other tasks keep their classes.
        """
        space = f"msd_{re.sub('[^0-9a-z]+', '_', self.name.lower())}"
        names = tuple(name for _, name in self.classes)
        if self.has_tumour_option and tumour is not None:
            organ = LabelSpace(space, names[:2], background_palette(2), IGNORE)
            return LabelValues(organ, ((0, 0), (1, 1), (2, TUMOUR_AS[tumour])))
        if self.has_tumour_option:
            space = f"{space}_{names[2].lower()}"
        whole = LabelSpace(space, names, background_palette(len(names)), IGNORE)
        return listed_values(whole, [value for value, _ in self.classes], ())

    @property
    def has_tumour_option(self) -> bool:
        """Whether this is Task07, whose cancer lies in the pancreas."""
        return tuple((at, name) for at, name in enumerate(_PANCREAS)) == tuple(
            (value, name.lower()) for value, name in self.classes
        )


def _classes(labels: dict[Any, Any]) -> tuple[tuple[int, str], ...]:
    try:
        classes = tuple(sorted((int(value), str(name)) for value, name in labels.items()))
    except (TypeError, ValueError):
        classes = ()
    values = [value for value, _ in classes]
    if not values or values[0] != 0 or values[-1] > IGNORE - 1 or len(set(values)) < len(values):
        raise UserError(
            'labels: expected names by value, as in {"0": "background", "1": "organ"}, with values '
            f"from 0 to {IGNORE - 1} of which 0 is the background, got {reprlib.repr(labels)}"
        )
    if len({name for _, name in classes}) < len(classes):
        raise UserError(f"labels: two values have the same name in {reprlib.repr(labels)}")
    return classes


def _listed(entry: Any, *, labeled: bool) -> Listed:
    match entry:
        case {"image": str(image), "label": str(label)} if labeled:
            return _case(image, _inside(label))
        case {"image": str(image)} | str(image) if not labeled:
            return _case(image, None)
    part = "training" if labeled else "test"
    wanted = "{'image': path, 'label': path}" if labeled else "the path of an image"
    raise UserError(f"{part}: expected {wanted}, got {reprlib.repr(entry)}")


def _case(image: str, label: str | None) -> Listed:
    path = _inside(image)
    name = case_id(PurePosixPath(path).name, SUFFIXES)
    if name is None:
        raise UserError(f"{image!r} is no NIfTI file by its name (.nii.gz or .nii)")
    return Listed(name, path, label)


def _inside(path: str) -> str:
    """Return a path relative to the task's folder without the leading ``./``."""
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts:
        raise UserError(f"{path!r} leads out of the data set; list paths below this file's folder")
    return str(relative)


def _in_order(cases: Sequence[Listed]) -> tuple[Listed, ...]:
    """Sort cases and leave out what macOS leaves beside files, which some copies list."""
    real = [case for case in cases if not PurePosixPath(case.image).name.startswith("._")]
    return tuple(sorted(real, key=lambda case: natural_order(case.id)))
