"""One scan as a series of DICOM files, a file for each slice.

Equal arguments give equal bytes. This module needs pydicom, which the extra `medical` brings.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from ssl_seg.phantoms.organ.volume import Volume


@final
@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How a make of scanner stores Hounsfield units.

    Attributes:
        is_signed: Whether stored values may be negative.
        intercept: What is added to a stored value; the slope is 1.
    """

    is_signed: bool
    intercept: int


@final
@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who was scanned.

    Attributes:
        patient: Name and number of the patient.
        studied: Day of the study.
        key: Words that no other scan has all of; the unique identifiers follow from them.
    """

    patient: str
    studied: date
    key: tuple[str, ...]

    def uid(self, *of: str) -> str:
        """Return the unique identifier of the study, the series, or anything else within them."""
        return str(generate_uid(entropy_srcs=["ssl_seg", *self.key, *of]))

    @property
    def study(self) -> str:
        """The study's unique identifier."""
        return self.uid("study")

    @property
    def series(self) -> str:
        """The series' unique identifier."""
        return self.uid("series")


def write_series(folder: Path, volume: Volume, identity: Identity, encoding: Encoding) -> None:
    """Write a scan as `1-001.dcm`, `1-002.dcm` and so on, from its highest slice to its lowest.

    Args:
        folder: Is made.
        volume: The scan.
        identity: Whose it is.
        encoding: How values are stored.
    """
    folder.mkdir(parents=True)
    for number, one in enumerate(_slices(volume, identity, encoding), start=1):
        one.save_as(folder / f"1-{number:03}.dcm", enforce_file_format=True)


def _slices(volume: Volume, identity: Identity, encoding: Encoding) -> Iterator[Dataset]:
    """Yield the slices, complete."""
    x, y, _ = volume.grid.first_mm
    for number, level in enumerate(reversed(range(volume.grid.shape[2])), start=1):
        one = _description(volume, identity, encoding)
        z = round(volume.grid.first_mm[2] + level * volume.grid.spacing_mm[2], 4)
        one.InstanceNumber = number
        one.ImagePositionPatient = [x, y, z]
        one.SliceLocation = z
        one.SOPInstanceUID = identity.uid("slice", str(number))
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        one.PixelData = _stored(volume.voxels[:, :, level], encoding)
        yield one


def _description(volume: Volume, identity: Identity, encoding: Encoding) -> Dataset:
    """Return what all slices have in common."""
    columns, rows, _ = volume.grid.shape
    across, along, _ = volume.grid.spacing_mm
    one = Dataset()
    one.file_meta = _file_meta()
    one.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    one.SOPClassUID = CTImageStorage
    one.StudyDate = one.SeriesDate = one.AcquisitionDate = f"{identity.studied:%Y%m%d}"
    one.ContentDate = one.StudyDate
    one.StudyTime = one.ContentTime = "120000"
    one.AccessionNumber = one.ReferringPhysicianName = one.StudyID = ""
    one.Modality = "CT"
    one.Manufacturer = "ssl_seg"
    one.StudyDescription = one.SeriesDescription = "Pancreas"
    one.PatientName = one.PatientID = identity.patient
    one.PatientBirthDate = one.PatientSex = ""
    one.KVP = 120
    one.SliceThickness = volume.thickness_mm
    one.PatientPosition = "HFS"
    one.StudyInstanceUID = identity.study
    one.SeriesInstanceUID = identity.series
    one.FrameOfReferenceUID = identity.uid("frame of reference")
    one.PositionReferenceIndicator = ""
    one.SeriesNumber = one.AcquisitionNumber = 1
    one.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    one.PixelSpacing = [along, across]
    one.Rows, one.Columns = rows, columns
    one.SamplesPerPixel = 1
    one.PhotometricInterpretation = "MONOCHROME2"
    one.BitsAllocated = one.BitsStored = 16
    one.HighBit = 15
    one.PixelRepresentation = int(encoding.is_signed)
    one.RescaleSlope, one.RescaleIntercept, one.RescaleType = 1, encoding.intercept, "HU"
    one.WindowCenter, one.WindowWidth = 70, 340
    return one


def _file_meta() -> FileMetaDataset:
    """Return the head of a file; it names no version of pydicom, so that all write the same."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = generate_uid(entropy_srcs=["ssl_seg"])
    meta.ImplementationVersionName = "SSL_SEG"
    return meta


def _stored(hu: NDArray[np.int16], encoding: Encoding) -> bytes:
    """Return the pixels of a slice, row by row.

    Args:
        hu: `(X, Y)`.
        encoding: How values are stored; they fit.
    """
    values = hu.T.astype(np.int32) - encoding.intercept
    return values.astype("<i2" if encoding.is_signed else "<u2").tobytes()
