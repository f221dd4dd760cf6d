"""Made-up scans: small organ, no way around its shape, and nothing but the key decides."""

import functools

import numpy as np
import pytest

from ssl_seg.phantoms.organ.cohort import Cohort, draw_case
from ssl_seg.phantoms.organ.look import LOOKS

looks = pytest.mark.parametrize("look", LOOKS)


@functools.cache
def cases_of(look):
    """Draw eight cases."""
    cohort = Cohort(look=look, train=8)
    return [draw_case(cohort, "train", number) for number in range(cohort.train)]


def best_band_dice(volumes):
    """Return the global Dice of the best of all pairs of a lower and an upper bound in HU."""
    low, high = -200, 401
    hu = np.concatenate([volume.voxels.ravel() for volume in volumes]).clip(low, high) - low
    organ = np.concatenate([volume.labels.ravel() for volume in volumes]) > 0
    inside, outside = (
        np.cumsum(np.bincount(hu[chosen], minlength=high - low + 1)) for chosen in (organ, ~organ)
    )
    hit = inside[None, :] - inside[:, None]
    wrong = outside[None, :] - outside[:, None]
    return np.max(2 * hit / (hit + wrong + organ.sum()).clip(1))


@looks
def test_the_organ_takes_between_half_and_two_percent(look):
    shares = [np.mean(volume.labels > 0) for volume in cases_of(look)]
    assert min(shares) > 0.005
    assert max(shares) < 0.02


@looks
def test_no_threshold_finds_the_organ(look):
    """What lies around it is as dense; an organ brighter than all else would reach 1."""
    assert best_band_dice(cases_of(look)) < 0.2


@looks
def test_the_organ_is_in_no_fixed_place(look):
    """The voxels that are organ in most cases are a poor guess of it in each."""
    organs = np.stack([volume.labels > 0 for volume in cases_of(look)])
    others = (organs.sum(0) - organs) / (len(organs) - 1) >= 0.5
    hits = (organs & others).sum((1, 2, 3))
    dice = 2 * hits / (organs.sum((1, 2, 3)) + others.sum((1, 2, 3)))
    assert dice.mean() < 0.65


@looks
def test_the_organ_is_about_as_dense_as_in_patients(look):
    means = [volume.voxels[volume.labels > 0].mean() for volume in cases_of(look)]
    assert min(means) > 60
    assert max(means) < 130


@looks
def test_voxels_are_hounsfield_units_between_air_and_bone(look):
    for volume in cases_of(look):
        assert volume.voxels.dtype == np.int16
        assert volume.voxels.min() == -1024
        assert 300 < volume.voxels.max() <= 3071


def test_a_mass_grows_in_every_organ_of_the_target_and_in_none_of_the_source():
    for look, values in (("source", {0, 1}), ("target", {0, 1, 2})):
        assert all({*np.unique(volume.labels)} == values for volume in cases_of(look))


def test_the_target_has_thicker_slices_a_narrower_field_and_more_noise():
    source, target = cases_of("source"), cases_of("target")
    spacing = [np.array([volume.grid.spacing_mm for volume in of]) for of in (source, target)]
    assert spacing[1][:, 2].min() > 1.5 * spacing[0][:, 2].max()
    assert spacing[1][:, 0].max() < spacing[0][:, 0].min()
    assert grain(target) > 1.2 * grain(source)


def grain(volumes):
    """Return how much neighbours within a row of organ voxels differ, in HU."""
    steps = [
        np.abs(np.diff(volume.voxels, axis=0))[(volume.labels[1:] > 0) & (volume.labels[:-1] > 0)]
        for volume in volumes
    ]
    return np.concatenate(steps).mean()


def test_equal_keys_draw_equal_scans_whatever_else_the_cohort_has():
    few = draw_case(Cohort(look="source", train=1), "train", 0)
    many = draw_case(Cohort(look="source", train=9, test=4, unlabeled=2), "train", 0)
    assert few.grid == many.grid
    assert np.array_equal(few.voxels, many.voxels)
    assert np.array_equal(few.labels, many.labels)


@pytest.mark.parametrize("change", ["seed", "part", "number"])
def test_seed_part_and_number_draw_another_body(change):
    one = draw_case(Cohort(look="source", train=1), "train", 0)
    cohort = Cohort(look="source", train=1, seed=int(change == "seed"))
    part, number = "test" if change == "part" else "train", int(change == "number")
    other = draw_case(cohort, part, number)
    assert not np.array_equal(one.labels, other.labels)


def test_another_size_shows_the_same_body():
    """The organ keeps its volume and its centre in mm; only the voxels are coarser."""
    found = []
    for size in ((64, 64, 40), (32, 40, 30)):
        volume = draw_case(Cohort(look="source", train=1, size=size), "train", 0)
        assert volume.voxels.shape == volume.labels.shape == size
        at = np.nonzero(volume.labels)
        centre = [volume.grid.axis(axis)[index].mean() for axis, index in enumerate(at)]
        found.append((len(at[0]) * np.prod(volume.grid.spacing_mm), centre))
    (fine_mm3, fine_at), (coarse_mm3, coarse_at) = found
    assert coarse_mm3 == pytest.approx(fine_mm3, rel=0.1)
    assert coarse_at == pytest.approx(fine_at, abs=1.0)


@pytest.mark.parametrize(
    "change",
    [
        {"look": "sorce"},
        {"look": ["source"]},
        {"train": 0},
        {"train": 1.5},
        {"test": -1},
        {"unlabeled": -1},
        {"seed": "0"},
        {"size": 64},
        {"size": (64, 64)},
        {"size": (64, 64, 8)},
        {"size": (64.0, 64, 40)},
    ],
)
def test_a_bad_setting_is_named(change):
    with pytest.raises(ValueError, match=f"^{next(iter(change))}: "):
        Cohort(**{"look": "source", "train": 1, **change})


def test_the_nearest_look_is_suggested():
    with pytest.raises(ValueError, match=r"did you mean 'source'\? Known: source, target"):
        Cohort(look="sorce", train=1)
