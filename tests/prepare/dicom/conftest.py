"""Small DICOM series whose every detail a test may change."""

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

ROWS, COLUMNS, SLICES = 4, 5, 6


class Series:
    """Six axial slices, the first one lowest; files are named against their order."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        # Row y, column x: no two pixels are equal, so that nothing can change places unnoticed.
        self.stored = np.arange(SLICES * ROWS * COLUMNS, dtype=np.int16).reshape(
            SLICES, ROWS, COLUMNS
        )
        for number in range(1, SLICES + 1):
            self._write(number)

    def path(self, number):
        return self.folder / f"{SLICES - number:02}.dcm"

    @property
    def files(self):
        return sorted(self.folder.iterdir())

    def change(self, number, **values):
        """Set attributes of one slice, or delete those that are None."""
        dataset = dcmread(self.path(number))
        for keyword, value in values.items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)
        dataset.save_as(self.path(number))

    def change_all(self, **values):
        for number in range(1, SLICES + 1):
            self.change(number, **values)

    def _write(self, number):
        one = Dataset()
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = CTImageStorage
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = f"1.2.3.{number}"
        one.Modality = "CT"
        one.PatientID = "somebody"
        one.SeriesInstanceUID = "1.2.3"
        one.InstanceNumber = number
        one.ImagePositionPatient = [-10, 20, 100 + 2 * number]
        one.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        one.PixelSpacing = [0.5, 0.75]
        one.Rows, one.Columns = ROWS, COLUMNS
        one.SamplesPerPixel = 1
        one.PhotometricInterpretation = "MONOCHROME2"
        one.BitsAllocated = one.BitsStored = 16
        one.HighBit = 15
        one.PixelRepresentation = 1
        one.RescaleSlope, one.RescaleIntercept = 1, 0
        one.PixelData = self.stored[number - 1].astype("<i2").tobytes()
        one.save_as(self.path(number), enforce_file_format=True)


@pytest.fixture
def series(tmp_path):
    return Series(tmp_path / "series")
