"""Made-up scans as NIH Pancreas-CT would hold them.

```
root/manifest-1599750808610/Pancreas-CT/PANCREAS_{number:04}/
    11-24-2015-PANCREAS{number:04}-Pancreas-{end of the study's identifier}/
        Pancreas-{end of the series' identifier}/1-{slice:03}.dcm
root/TCIA_pancreas_labels-02-05-2017/label{number:04}.nii.gz
```

As published: there are label files, but no scans, of numbers 25 and 70; a label's array has the
columns of the scan along its first axis, the rows along its second, and slices by InstanceNumber
along its third; and what its header tells of its place is not that of the scan (here: nothing). A
label is 1 in the whole organ, 0 elsewhere. Nothing tells training and test cases apart: the test
cases are the last ones.

Two makes of scanner take turns: cases of odd numbers are stored as Hounsfield units, those of even
numbers as unsigned values with an intercept.
"""

from collections.abc import Iterator
from datetime import date
from itertools import count, islice
from pathlib import Path
from typing import Final

import numpy as np

from ssl_seg.core.errors import UserError
from ssl_seg.media.volumes.nifti import write_unplaced
from ssl_seg.phantoms.organ.cohort import Cohort, draw_case
from ssl_seg.phantoms.organ.layout import Layout
from ssl_seg.phantoms.organ.scan import LOWEST_HU
from ssl_seg.phantoms.organ.volume import Volume

WITHDRAWN: Final = (25, 70)
"""Numbers whose scans are not published any more."""

_STUDIED: Final = date(2015, 11, 24)
_SCANS: Final = "manifest-1599750808610/Pancreas-CT"
_LABELS: Final = "TCIA_pancreas_labels-02-05-2017"


def _write(root: Path, cohort: Cohort) -> None:
    """Write all cases.

    Raises:
        UserError: If pydicom is missing.
        UserError: If some cases are to have no labels.
    """
    if cohort.unlabeled:
        raise UserError(
            "unlabeled: the layout 'nih' has a label file for every scan: expected 0, got "
            f"{cohort.unlabeled}"
        )
    published = list(islice(_published(), cohort.train + cohort.test))
    for number in range(1, published[-1] + 1):
        volume = draw_case(cohort, number)
        if number in published:
            _write_scan(root / _SCANS, cohort, number, volume)
        labels = (volume.labels > 0)[:, :, ::-1].astype(np.uint8)
        name = f"label{number:04}.nii.gz"
        write_unplaced(root / _LABELS / name, labels, volume.grid.spacing_mm)


def _published() -> Iterator[int]:
    """Count the numbers of published scans."""
    return (number for number in count(1) if number not in WITHDRAWN)


def _write_scan(folder: Path, cohort: Cohort, number: int, volume: Volume) -> None:
    """Write the DICOM series of a case."""
    try:
        from ssl_seg.phantoms.organ import dicom_series  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError as error:
        raise UserError(
            "the layout 'nih' has DICOM files, which pydicom writes: pip install 'ssl-seg[medical]'"
        ) from error
    drawn = (cohort.look, str(cohort.seed), str(cohort.shape), str(number))
    identity = dicom_series.Identity(patient=f"PANCREAS_{number:04}", studied=_STUDIED, key=drawn)
    study = f"{_STUDIED:%m-%d-%Y}-PANCREAS{number:04}-Pancreas-{identity.study[-5:]}"
    series = f"Pancreas-{identity.series[-5:]}"
    encoding = dicom_series.Encoding(
        is_signed=number % 2 == 1, intercept=0 if number % 2 else LOWEST_HU
    )
    dicom_series.write_series(
        folder / identity.patient / study / series, volume, identity, encoding
    )


NIH: Final = Layout(name="nih", write=_write)
