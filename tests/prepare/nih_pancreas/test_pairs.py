"""Scans and labels are paired by number."""

import shutil

import pytest

from ssl_seg.prepare.nih_pancreas.pairs import find_pairs


@pytest.fixture
def make(tmp_path):
    """Return a function that makes empty files of the given names in one folder."""

    def made(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return made


NEW = "manifest-1/Pancreas-CT/PANCREAS_{:04}/11-24-2015-PANCREAS0001-Pancreas-1/Pancreas-9/1-1.dcm"
OLD = "DOI/PANCREAS_{:04}/1.2.3/1.2.4/000000.dcm"
LABEL = "TCIA_pancreas_labels-02-05-2017/label{:04}.nii.gz"


@pytest.mark.parametrize("layout", [NEW, OLD, "PANCREAS_{:04}/1.dcm"])
def test_both_published_layouts_are_found(make, layout):
    root = make(*(pattern.format(number) for number in (3, 12) for pattern in (layout, LABEL)))
    found = find_pairs(root, root)
    assert found.withdrawn == ()
    assert [(pair.number, pair.case) for pair in found.pairs] == [(3, "0003"), (12, "0012")]
    for pair in found.pairs:
        assert pair.files == (root / layout.format(pair.number),)
        assert pair.label == root / LABEL.format(pair.number)


def test_the_published_82_labels_and_80_scans_are_no_error(make):
    root = make(
        *(LABEL.format(number) for number in range(1, 83)),
        *(NEW.format(number) for number in range(1, 83) if number not in (25, 70)),
    )
    found = find_pairs(root, root)
    assert found.withdrawn == (25, 70)
    assert len(found.pairs) == 80
    for pair in found.pairs:
        assert f"PANCREAS_{pair.number:04}" in str(pair.files[0])
        assert f"label{pair.number:04}" in str(pair.label)


def test_an_old_download_keeps_its_82_scans(make):
    root = make(*(pattern.format(n) for n in range(1, 83) for pattern in (OLD, LABEL)))
    found = find_pairs(root, root)
    assert len(found.pairs) == 82
    assert found.withdrawn == ()


def test_chosen_cases_need_no_others(make):
    root = make(NEW.format(1), NEW.format(2), LABEL.format(2), LABEL.format(3))
    assert [pair.number for pair in find_pairs(root, root, [2]).pairs] == [2]


def test_missing_scans_and_labels_are_listed(make):
    root = make(*map(NEW.format, (1, 2, 4)), *map(LABEL.format, (1, 2, 3, 5, 25)))
    with pytest.raises(ValueError, match=r"no scan .* below .* for the cases 3, 5; .*--cases"):
        find_pairs(root, root)
    with pytest.raises(ValueError, match=r"no label file .* for the cases 4;"):
        find_pairs(root, root, [1, 4])
    with pytest.raises(ValueError, match=r"the cases 25 \(25: withdrawn by the publisher\);"):
        find_pairs(root, root, [1, 25])


def test_hidden_files_of_other_systems_are_no_labels(make):
    root = make(NEW.format(1), LABEL.format(1), "more/._label0001.nii.gz")
    assert len(find_pairs(root, root).pairs) == 1


def test_two_labels_of_one_number_are_refused(make):
    root = make(NEW.format(1), LABEL.format(1), "more/label0001.nii")
    with pytest.raises(ValueError, match=r"two label files have the number 1: .* and .*; remove"):
        find_pairs(root, root)


def test_folders_without_scans_or_labels_say_what_is_there(make, tmp_path):
    root = make("a/1.dcm", "b/labels.zip")
    with pytest.raises(ValueError, match=r"no scan found: .* 1 \.dcm, 1 \.zip"):
        find_pairs(root / "a" / "..", root)
    make(NEW.format(1))
    shutil.rmtree(root / "a")
    with pytest.raises(ValueError, match="no label file found: none is named like label0001"):
        find_pairs(root, root / "b")
    with pytest.raises(ValueError, match="no such folder"):
        find_pairs(tmp_path / "nowhere", root)
