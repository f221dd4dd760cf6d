import pytest

from ssl_seg.catalog.volume_folder import VolumeFolder

CLASSES = ("background", "liver", "spleen")


@pytest.fixture
def folder(draw_volume, tmp_path):
    """Two volumes with labels and one without."""
    for case in ("a", "b", "c"):
        draw_volume(f"images/{case}.nii.gz")
    draw_volume("labels/a.nii.gz", values=(0, 1, 255))
    draw_volume("labels/b.nii.gz", values=(0, 2))
    return tmp_path


def read(root, index, **arguments):
    return VolumeFolder(**{"data_root": root, "classes": CLASSES, **arguments}).read(index)


def test_cases_are_volumes_with_their_labels(folder, index):
    catalog = read(folder, index)
    assert [(case.id, case.group, bool(case.label)) for case in catalog.cases] == [
        ("a", "a", True),
        ("b", "b", True),
        ("c", "c", False),
    ]
    assert all(case.medium == "volumes" for case in catalog.cases)
    assert catalog.values.space.classes == CLASSES


def test_images_alone_are_a_data_set(folder, index):
    alone = read(folder, index, labels=None).cases
    assert alone == tuple(case.without_label() for case in read(folder, index).cases)


def test_the_background_is_black_unless_a_palette_says_otherwise(folder, index):
    background, *organs = read(folder, index).values.space.palette
    assert background == (0, 0, 0)
    assert len({*organs, background}) == 3
    own = [(9, 9, 9), (1, 2, 3), (4, 5, 6)]
    assert list(read(folder, index, palette=own).values.space.palette) == own


def test_the_names_of_nnunet_are_suffixes(draw_volume, tmp_path, index):
    for case in ("liver_1", "liver_2"):
        draw_volume(f"imagesTr/{case}_0000.nii.gz")
        draw_volume(f"labelsTr/{case}.nii.gz", values=(0, 1))
    cases = read(
        tmp_path, index, images="imagesTr", labels="labelsTr", image_suffix="_0000.nii.gz"
    ).cases
    assert [case.id for case in cases] == ["liver_1", "liver_2"]
    assert all(case.label for case in cases)


def test_volumes_and_labels_may_share_a_folder(draw_volume, tmp_path, index):
    draw_volume("all/a.nii")
    draw_volume("all/a_seg.nii.gz", values=(0, 1))
    shared = {"images": "all", "labels": "all"}
    (case,) = read(tmp_path, index, **shared, label_suffix="_seg.nii.gz").cases
    assert (case.id, case.label.path) == ("a", str(tmp_path / "all/a_seg.nii.gz"))


@pytest.mark.parametrize("image_suffix", [".nii.gz", "_0000.nii.gz"])
def test_suffixes_must_tell_images_and_labels_of_one_folder_apart(tmp_path, image_suffix):
    with pytest.raises(ValueError, match="tell them apart"):
        VolumeFolder(
            data_root=tmp_path, classes=CLASSES, labels="images", image_suffix=image_suffix
        )


def test_labels_may_follow_another_numbering(draw_volume, tmp_path, index):
    draw_volume("images/a.nii.gz")
    draw_volume("labels/a.nii.gz", values=(0, 6, 205))
    values = read(tmp_path, index, classes=("other", "liver"), values=(0, 6), ignore=205).values
    assert values.table == ((0, 0), (6, 1), (205, 255))


def test_groups_by_folder_or_by_pattern(draw_volume, tmp_path, index):
    for case in ("p1/before", "p1/after", "p2/before"):
        draw_volume(f"images/{case}.nii.gz")
    cases = read(tmp_path, index, labels=None).cases
    assert [case.group for case in cases] == ["p1", "p1", "p2"]
    cases = read(tmp_path, index, labels=None, group="/(.*)$").cases
    assert [case.group for case in cases] == ["after", "before", "before"]


def test_a_list_chooses_cases_and_the_files_of_others_stay_closed(folder, index):
    (folder / "images/b.nii.gz").write_text("broken")
    (folder / "list.txt").write_text("c\na\n")
    assert [case.id for case in read(folder, index, list_file="list.txt").cases] == ["a", "c"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"image_suffix": ".png"}, r"^image_suffix: .* \.nii\.gz or \.nii .*got '\.png'"),
        ({"label_suffix": ".mha"}, "^label_suffix: "),
        ({"classes": "liver"}, r"write \('liver',\)"),
        ({"classes": ()}, "no classes"),
        ({"values": (0, 1)}, "^values: expected one for each of 3"),
        ({"group": "x"}, "^group: "),
    ],
)
def test_bad_arguments_are_refused(tmp_path, arguments, reason):
    with pytest.raises(ValueError, match=reason):
        VolumeFolder(**{"data_root": tmp_path, "classes": CLASSES, **arguments})


def test_messages_name_the_arguments_of_volumes(folder, index):
    with pytest.raises(ValueError, match=r"set label_suffix, or labels=None for images alone"):
        read(folder, index, label_suffix="_label.nii.gz")
    with pytest.raises(ValueError, match="<case><label_suffix>, or labels=None for images alone"):
        read(folder, index, labels="masks")


def test_a_published_scan_and_its_labels_may_have_suffixes_of_their_own(real_data, index):
    catalog = VolumeFolder(
        data_root=real_data / "ct_sample",
        classes=[str(value) for value in range(118)],
        images=".",
        labels=".",
        image_suffix="_ct_sm.nii.gz",
        label_suffix="_seg.nii.gz",
    ).read(index)
    (case,) = catalog.cases
    assert case.id == "example"
    counts = dict(case.label.pixels)
    assert sum(counts.values()) == 122 * 101 * 30
    assert counts[7] > 0
