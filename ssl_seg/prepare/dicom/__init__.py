"""DICOM series as volumes. These modules need pydicom, which the extra ``medical`` brings."""
