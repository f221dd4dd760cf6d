import json

import numpy as np
import pytest

from ssl_seg.core.case import Case, DataFile
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.data.pseudo_labels import LEVELS, PseudoLabels, balanced_levels
from ssl_seg.media.pictures.masks import write_confidence, write_mask

SPACE = LabelSpace("three", ("a", "b", "c"), ((0, 0, 0), (90, 0, 0), (0, 90, 0)), ignore=254)


@pytest.fixture
def stored(tmp_path):
    """An artifact of two masks whose class c is never sure; its maps and levels by case."""
    rng = np.random.default_rng(0)
    cases, counts = {}, np.zeros((3, LEVELS), np.int64)
    for name in ("drive/1", "drive/2"):
        case = Case(name, DataFile(f"{name}.jpg", name), None, "drive")
        labels = rng.integers(0, 3, (20, 30), dtype=np.uint8)
        levels = rng.integers(90, LEVELS, labels.shape).astype(np.uint8)
        levels = np.where(labels == 2, levels // 3, levels).astype(np.uint8)
        write_mask(tmp_path / "maps" / f"{name}.png", labels, SPACE)
        write_confidence(tmp_path / "confidence" / f"{name}.png", levels / 255)
        np.add.at(counts, (labels, levels), 1)
        cases[case] = labels, levels
    manifest = {"confidence_histogram": counts.tolist()}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path, cases


def kept(pseudo, cases):
    """Return which pixels are trusted, and check that these are the stored labels."""
    trusted = {}
    for case, (labels, _) in cases.items():
        read = pseudo.read(case)
        assert read.dtype == np.uint8
        trusted[case] = read != SPACE.ignore
        assert np.array_equal(read[trusted[case]], labels[trusted[case]])
    return trusted


def test_without_a_threshold_labels_are_as_stored(stored):
    folder, cases = stored
    (folder / "manifest.json").unlink()  # confidences need not be there at all
    pseudo = PseudoLabels(folder, LabelValues.identity(SPACE))
    assert all(mask.all() for mask in kept(pseudo, cases).values())
    assert pseudo.coverage == 1


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8, 0.95])
def test_a_threshold_keeps_what_is_at_least_as_sure(stored, threshold):
    folder, cases = stored
    pseudo = PseudoLabels(folder, LabelValues.identity(SPACE), threshold=threshold)
    for case, mask in kept(pseudo, cases).items():
        assert np.array_equal(mask, cases[case][1] >= round(threshold * 255))


@pytest.mark.parametrize("weight", [None, 0, 2])
def test_levels_are_handed_out_where_pixels_count_by_them(stored, weight):
    folder, cases = stored
    levels = PseudoLabels(folder, LabelValues.identity(SPACE), weight=weight).levels
    assert (levels is None) == (not weight)
    if levels is not None:
        assert all(np.array_equal(levels.read(case), cases[case][1]) for case in cases)
        assert len({levels.key(case) for case in cases}) == len(cases)


def test_each_class_may_have_a_least_level_of_its_own(stored):
    folder, cases = stored
    least = np.array([100, 256, 40])
    pseudo = PseudoLabels(folder, LabelValues.identity(SPACE), least_levels=least)
    shares = []
    for case, mask in kept(pseudo, cases).items():
        labels, levels = cases[case]
        assert np.array_equal(mask, levels >= least[labels])
        assert not mask[labels == 1].any()
        shares.append(mask.mean())
    assert pseudo.coverage == pytest.approx(np.mean(shares))


def test_a_balanced_threshold_keeps_the_surest_share_of_every_class(stored):
    folder, cases = stored
    pseudo = PseudoLabels(folder, LabelValues.identity(SPACE), class_balanced=0.4)
    masks = kept(pseudo, cases)
    for number in range(len(SPACE)):
        of_class = {case: cases[case][0] == number for case in cases}
        trusted = np.concatenate([masks[case][of_class[case]] for case in cases])
        levels = np.concatenate([cases[case][1][of_class[case]] for case in cases])
        assert (
            0.4
            <= trusted.mean()
            < 0.4 + np.unique(levels, return_counts=True)[1].max() / len(levels)
        )
        assert levels[trusted].min() > levels[~trusted].max()


def test_one_threshold_for_all_would_empty_the_class_that_is_never_sure(stored):
    folder, cases = stored
    masks = kept(PseudoLabels(folder, LabelValues.identity(SPACE), threshold=0.5), cases)
    assert not any(masks[case][cases[case][0] == 2].any() for case in cases)


@pytest.mark.parametrize("asked", [{"threshold": 0.7}, {"class_balanced": 0.3}])
def test_coverage_is_the_share_of_pixels_that_is_kept(stored, asked):
    folder, cases = stored
    pseudo = PseudoLabels(folder, LabelValues.identity(SPACE), **asked)
    masks = np.concatenate([mask.ravel() for mask in kept(pseudo, cases).values()])
    assert pseudo.coverage == pytest.approx(masks.mean(), abs=1e-12)
    assert 0 < pseudo.coverage < 1


def test_balanced_levels_by_hand():
    counts = np.zeros((3, LEVELS), np.int64)
    counts[0, [10, 20, 30, 40]] = 25
    counts[1, 255] = 7
    assert balanced_levels(counts, 0.5).tolist()[:2] == [30, 255]
    assert balanced_levels(counts, 0.51).tolist()[0] == 20
    assert balanced_levels(counts, 0.99).tolist()[0] == 10


def test_labels_are_read_into_a_coarser_space_and_thresholds_are_of_the_stored_classes(stored):
    folder, cases = stored
    few = LabelSpace("few", ("ab", "c"), ((0, 0, 0), (0, 90, 0)), ignore=200)
    values = LabelValues(few, ((0, 0), (1, 0), (2, 1), (254, 200)))
    for case, (labels, levels) in cases.items():
        mapped = np.where(labels == 2, 1, 0)
        assert np.array_equal(PseudoLabels(folder, values).read(case), mapped)
        trusted = levels >= round(0.5 * (LEVELS - 1))
        read = PseudoLabels(folder, values, threshold=0.5).read(case)
        assert np.array_equal(read, np.where(trusted, mapped, 200))


def test_a_stored_value_that_is_no_class_names_the_map(stored):
    folder, (case, _) = stored
    write_mask(folder / "maps/drive/1.png", np.full((20, 30), 7, np.uint8), SPACE)
    with pytest.raises(ValueError, match=r"drive/1\.png: holds the values \[7\]"):
        PseudoLabels(folder, LabelValues.identity(SPACE)).read(case)
