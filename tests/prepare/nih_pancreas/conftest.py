"""Made-up scans in the layout of NIH Pancreas-CT, and ways to spoil them."""

import shutil

import nibabel
import numpy as np
import pytest
from pydicom import dcmread

from ssl_seg.phantoms.organ.cohort import Cohort, draw_case
from ssl_seg.phantoms.organ.nih_layout import NIH

COHORT = Cohort(look="source", train=3, size=(48, 40, 24))


class Published:
    """The folder that a user has downloaded."""

    def __init__(self, root):
        self.root = root

    def scan(self, number):
        """Return the folder of a scan."""
        (folder,) = self.root.rglob(f"PANCREAS_{number:04}")
        return folder

    def slices(self, number):
        """Return the files of a scan by InstanceNumber, which is the order of their names."""
        return sorted(self.scan(number).rglob("*.dcm"))

    def label(self, number):
        (path,) = self.root.rglob(f"label{number:04}.nii.gz")
        return path

    def labels(self, number):
        return np.asarray(nibabel.load(self.label(number)).dataobj)

    def write_label(self, number, labels):
        nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), self.label(number))

    def change_slices(self, number, **values):
        for path in self.slices(number):
            dataset = dcmread(path)
            for keyword, value in values.items():
                setattr(dataset, keyword, value)
            dataset.save_as(path)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    root = tmp_path_factory.mktemp("nih") / "drawn"
    root.mkdir()
    NIH.write(root, COHORT)
    return root


@pytest.fixture
def published(drawn, tmp_path):
    return Published(shutil.copytree(drawn, tmp_path / "published"))


@pytest.fixture(scope="session")
def volumes():
    """Return what was drawn, by number: x to the left, y to the back, z to the head."""
    return {number: draw_case(COHORT, number) for number in (1, 2, 3)}
