"""Plans say where views cut thin strips, and where files differ in directions."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.media.volumes.facts import VolumeFacts
from ssl_seg.media.volumes.view_notes import view_notes


def facts(shape=(64, 64, 64), spacing=(1, 1, 1), directions="RAS", turn=0.0):
    """Return the facts of a volume whose axes lead to ends of the body, turned a little."""
    start = nibabel.orientations.axcodes2ornt(directions)
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, (body, sign) in enumerate(start):
        affine[int(body), axis] = sign * spacing[axis]
    affine[:3, :3] = nibabel.eulerangles.euler2mat(turn, turn, turn) @ affine[:3, :3]
    codes = "".join(nibabel.aff2axcodes(affine))
    return VolumeFacts(shape, tuple(map(tuple, affine.tolist())), codes)


CUBE = ("cube", facts())


def notes(volumes, views):
    return list(view_notes(volumes, views))


def test_isotropic_volumes_are_worth_no_note():
    assert notes([CUBE, ("other", facts((40, 16, 90)))], BODY_VIEWS) == []
    assert notes([CUBE], ("acquired",)) == []


@pytest.mark.parametrize("turn", [0.0, 0.3])
def test_slices_across_a_stack_are_thin_strips(turn):
    heart = facts((200, 180, 10), (1.5, 1.4, 10), "LPS", turn)
    found = notes([CUBE, ("heart", heart)], ("axial", "coronal"))
    assert found == [
        "view 'coronal': the slices of 1 of 2 volumes are thin strips, such as 200×10 voxels in "
        "heart; the view 'acquired' takes each file's own slices"
    ]


def test_the_file_tells_which_of_its_axes_a_view_cuts():
    found = notes([("a", facts((10, 200, 180), (10, 1.5, 1.4), "SLP"))], BODY_VIEWS)
    assert [note.split(":")[0] for note in found] == ["view 'coronal'", "view 'sagittal'"]
    assert "180×10" in found[1]


def test_a_volume_that_is_thin_in_itself_is_not_helped_by_another_view():
    (found,) = notes([("rod", facts((12, 12, 90), (1, 1, 3)))], ("acquired",))
    assert found.endswith("12×12 voxels in rod")
    assert facts((16, 16, 90), (1, 1, 3)).shape[0] == 16
    assert notes([("rod", facts((16, 16, 90), (1, 1, 3)))], ("acquired",)) == []


def test_stacks_along_different_axes_are_told_unless_acquired_slices_are_taken():
    stacks = [
        ("lying", facts(spacing=(1, 1, 5))),
        ("upright", facts(spacing=(1, 5, 1), turn=0.2)),
        ("third", facts(spacing=(1, 1, 4))),
        CUBE,
    ]
    (found,) = notes(stacks, ("axial",))
    assert "2 axial (such as lying), 1 coronal (such as upright); views cut some" in found
    assert notes(stacks, ("axial", "acquired")) == []
    assert notes(stacks[:1] + stacks[2:], ("axial",)) == []


def test_acquired_slices_of_files_that_run_differently_are_told():
    (found,) = notes([CUBE, ("b", facts(directions="LPS"))], ("acquired",))
    assert "1 RAS (such as cube), 1 LPS (such as b); slices may be mirrored" in found
    assert notes([CUBE, ("b", facts(directions="LPS"))], ("axial",)) == []
