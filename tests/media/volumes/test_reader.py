"""Volumes reach trainings slice by slice, and predictors through a cache."""

from __future__ import annotations

import numpy as np
import pytest

from ssl_seg.core.case import Case
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.media.by_name import VOLUMES
from ssl_seg.media.records import MaskedCases

VALUES = LabelValues.identity(LabelSpace("two", ("back", "organ"), ((0, 0, 0), (90, 0, 0))))


class Blocks:
    """Masks that no file holds: foreground in the last two slices of the file."""

    def read(self, case):
        labels = np.zeros((6, 5, 4), np.uint8)
        labels[..., 2] = 1
        labels[:2, :2, 3] = 1
        return labels

    def key(self, case):
        return "blocks"


@pytest.fixture
def source(write_nifti, data_file, noise):
    case = Case("a", data_file(write_nifti(noise)), None, "g", "volumes")
    return MaskedCases((case,), VALUES, Blocks())


def read(reader, source, tmp_path, view="acquired", threshold=None):
    (records,) = reader.records(
        [source], view, slice_threshold=threshold, passing=tmp_path / "passing"
    )
    return [records.record(at)["slice"] for at in range(len(records))]


def test_slices_that_hold_too_little_are_left_out(tmp_path, source):
    reader = VOLUMES.reader(tmp_path / "cache", slice_spacing=None)
    assert read(reader, source, tmp_path) == [0, 1, 2, 3]
    assert read(reader, source, tmp_path, threshold=4) == [2, 3]
    assert read(reader, source, tmp_path, threshold=5) == [2]


def test_masks_of_models_pass_and_images_stay(tmp_path, source):
    read(VOLUMES.reader(tmp_path / "cache", slice_spacing=None), source, tmp_path)
    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert len(list((tmp_path / "passing").iterdir())) == 1


def test_without_a_view_nothing_is_cut(tmp_path, source):
    reader = VOLUMES.reader(tmp_path / "cache", slice_spacing=None)
    with pytest.raises(ValueError, match="no view"):
        read(reader, source, tmp_path, view=None)


@pytest.mark.parametrize("one_by_one", [False, True])
def test_predictors_get_networks_by_view_and_a_cache(tmp_path, source, one_by_one):
    reader = VOLUMES.reader(tmp_path / "cache", slice_spacing=2.5, one_by_one=one_by_one)
    networks = {"axial": object(), "acquired": object()}
    given, pipeline, cache = reader.given(networks, ())
    assert (given, pipeline, cache.working.slice_spacing) == (networks, (), 2.5)
    image = source.cases[0].image
    cache.image(image, ("axial",))
    cache.image(type(image)(image.path, image.digest), ("acquired",))
    assert len(list((tmp_path / "cache").iterdir())) == 1
