"""Made-up scans as the Medical Segmentation Decathlon would hold them.

```
root/dataset.json
root/imagesTr/pancreas_{number:03}.nii.gz      int16, Hounsfield units
root/labelsTr/pancreas_{number:03}.nii.gz      uint8, 0 background, 1 pancreas, 2 cancer
root/imagesTs/pancreas_{number:03}.nii.gz      images without labels
root/train.txt, root/test.txt                  names of labeled cases, which are not MSD's
```

The labels of MSD's own test cases are not public, so a cohort's test cases are labeled ones beside
its training cases. Numbers run through labeled and unlabeled cases, so that neither has them all.
The first axis of the arrays rises to the right, the second to the front, the third to the head, and
the affine says so.
"""

import json
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ssl_seg.media.volumes.nifti import write_placed
from ssl_seg.phantoms.organ.cohort import Cohort, draw_case
from ssl_seg.phantoms.organ.grid import Grid
from ssl_seg.phantoms.organ.layout import Layout


def _write(root: Path, cohort: Cohort) -> None:
    """Write all cases and what they are."""
    parts = _parts(cohort)
    for part, numbers in parts.items():
        is_labeled = part != "unlabeled"
        for index, number in enumerate(numbers):
            volume = draw_case(cohort, part, index)
            affine, name = _affine(volume.grid), f"{_name(number)}.nii.gz"
            images = root / ("imagesTr" if is_labeled else "imagesTs")
            write_placed(images / name, volume.voxels[::-1, ::-1], affine)
            if is_labeled:
                write_placed(root / "labelsTr" / name, volume.labels[::-1, ::-1], affine)
        if is_labeled:
            names = [f"{_name(number)}\n" for number in numbers]
            (root / f"{part}.txt").write_text("".join(names))
    summary = json.dumps(_summary(parts["train"] + parts["test"], parts["unlabeled"]), indent=1)
    (root / "dataset.json").write_text(f"{summary}\n")


def _parts(cohort: Cohort) -> dict[str, list[int]]:
    """Number the cases of every part; the unlabeled ones are spread evenly."""
    cases = cohort.train + cohort.test + cohort.unlabeled
    parts: dict[str, list[int]] = {"train": [], "test": [], "unlabeled": []}
    for number in range(1, cases + 1):
        before, after = ((count * cohort.unlabeled) // cases for count in (number - 1, number))
        if after > before:
            part = "unlabeled"
        else:
            part = "train" if len(parts["train"]) < cohort.train else "test"
        parts[part].append(number)
    return parts


def _name(number: int) -> str:
    """Return the name of a case."""
    return f"pancreas_{number:03}"


def _affine(grid: Grid) -> NDArray[np.float64]:
    """Return the affine of an array whose first two axes are turned around."""
    affine = np.diag([*grid.spacing_mm, 1.0])
    for axis in (0, 1):
        affine[axis, 3] = -(grid.first_mm[axis] + (grid.shape[axis] - 1) * grid.spacing_mm[axis])
    affine[2, 3] = grid.first_mm[2]
    return affine


def _summary(labeled: list[int], unlabeled: list[int]) -> dict[str, object]:
    """Return what `dataset.json` holds."""
    names = [f"{_name(number)}.nii.gz" for number in labeled]
    return {
        "name": "Pancreas",
        "description": "Made-up CT of a pancreas and a mass in it; nobody was scanned",
        "reference": "ssl_seg",
        "licence": "Apache-2.0",
        "release": "1.0",
        "tensorImageSize": "3D",
        "modality": {"0": "CT"},
        "labels": {"0": "background", "1": "pancreas", "2": "cancer"},
        "numTraining": len(labeled),
        "numTest": len(unlabeled),
        "training": [
            {"image": f"./imagesTr/{name}", "label": f"./labelsTr/{name}"} for name in names
        ],
        "test": [f"./imagesTs/{_name(number)}.nii.gz" for number in unlabeled],
    }


MSD: Final = Layout(name="msd", write=_write)
