import csv
import json

import numpy as np
import pytest

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.msd import MSD
from ssl_seg.catalog.nih_pancreas import NIHPancreas

PANCREAS = {"0": "background", "1": "pancreas", "2": "cancer"}
NAMES = ("001", "004", "010", "290", "421")


@pytest.fixture
def task(draw_volume, tmp_path):
    """Write a task of five labeled cases and two images without labels."""

    def write(labels=PANCREAS, name="Pancreas", **changes):
        training = []
        for number in reversed(NAMES):
            image = draw_volume(f"imagesTr/x_{number}.nii.gz")
            label = draw_volume(f"labelsTr/x_{number}.nii.gz", values=(0, 0, 1, 2))
            training.append(
                {"image": f"./imagesTr/{image.name}", "label": f"./labelsTr/{label.name}"}
            )
        test = [f"./imagesTs/{draw_volume(f'imagesTs/x_{n}.nii.gz').name}" for n in ("044", "002")]
        content = {"name": name, "labels": labels, "training": training, "test": test}
        (tmp_path / "dataset.json").write_text(json.dumps({**content, **changes}))
        return tmp_path

    return write


def ids(root, index, **arguments):
    return [case.id for case in MSD(data_root=root, **arguments).read(index).cases]


def test_training_cases_in_natural_order_with_labels(task, index):
    cases = MSD(data_root=task()).read(index).cases
    assert [case.id for case in cases] == [f"x_{number}" for number in NAMES]
    assert all(case.label and case.group == case.id for case in cases)


def test_test_images_have_no_labels(task, index):
    root = task()
    cases = MSD(data_root=root, split="test").read(index).cases
    assert [(case.id, case.label) for case in cases] == [("x_002", None), ("x_044", None)]
    assert len(ids(root, index, split=("training", "test"))) == 7


def test_test_images_may_be_listed_as_training_images_are(task, index):
    root = task(test=[{"image": "./imagesTs/x_044.nii.gz"}])
    assert ids(root, index, split="test") == ["x_044"]


def test_parts_are_contiguous_blocks(task, index):
    root = task()
    assert ids(root, index, part="test", fold=3) == ["x_290", "x_421"]
    assert ids(root, index, part="train", fold=3) == ["x_001", "x_004", "x_010"]


@pytest.mark.parametrize(
    ("tumour", "classes", "table"),
    [
        ("organ", ("background", "pancreas"), ((0, 0), (1, 1), (2, 1))),
        ("background", ("background", "pancreas"), ((0, 0), (1, 1), (2, 0))),
        ("ignore", ("background", "pancreas"), ((0, 0), (1, 1), (2, 255))),
        (None, ("background", "pancreas", "cancer"), ((0, 0), (1, 1), (2, 2))),
    ],
)
def test_cancer_counts_as_the_option_says(task, index, tumour, classes, table):
    values = MSD(data_root=task(), tumour=tumour).read(index).values
    assert values.space.classes == classes
    assert values.table == table
    assert values.space.palette[0] == (0, 0, 0)


def test_spaces_of_different_classes_have_different_names(task, index):
    root = task()
    names = {
        tumour: MSD(data_root=root, tumour=tumour).read(index).values.space.name
        for tumour in ("organ", "background", None)
    }
    assert names == {
        "organ": "msd_pancreas",
        "background": "msd_pancreas",
        None: "msd_pancreas_cancer",
    }


def test_the_pancreas_is_that_of_nih(task, draw_volume, tmp_path, index):
    draw_volume("nih/images/0001.nii.gz")
    draw_volume("nih/labels/0001.nii.gz", values=(0, 1))
    nih = NIHPancreas(data_root=tmp_path / "nih").read(index).values.space
    msd = MSD(data_root=task()).read(index).values.space
    assert (nih.classes, nih.palette) == (msd.classes, msd.palette)


def test_other_tasks_keep_their_classes(task, index):
    labels = {"2": "spleen", "0": "background", "1": "liver"}
    values = MSD(data_root=task(labels, "Upper Abdomen")).read(index).values
    assert values.space.classes == ("background", "liver", "spleen")
    assert values.space.name == "msd_upper_abdomen"
    assert MSD(data_root=task(labels), tumour=None).read(index).values.table == values.table


@pytest.mark.parametrize("tumour", ["background", "ignore"])
def test_other_tasks_have_no_tumour_option(task, index, tumour):
    root = task({"0": "background", "1": "liver", "2": "cancer"}, "Liver")
    with pytest.raises(ValueError, match=r"tumour: only Task07 .* 'Liver' .* leave it out"):
        ids(root, index, tumour=tumour)


def test_images_alone_open_no_label(task, index):
    root = task()
    for label in (root / "labelsTr").iterdir():
        label.write_text("broken")
    cases = MSD(data_root=root, labeled=False).read(index).cases
    assert [case.label for case in cases] == [None] * 5


def test_a_listed_image_that_is_missing_is_told_and_refused(task, index):
    root = task()
    (root / "imagesTr/x_010.nii.gz").unlink()
    with pytest.raises(ValueError, match=r"x_010\.nii\.gz: No such file"):
        ids(root, index)
    (root / "here.txt").write_text("x_001\nx_421\n")
    assert ids(root, index, list_file="here.txt") == ["x_001", "x_421"]


def test_a_listed_label_that_is_missing_is_told(task, index, caplog):
    root = task()
    (root / "labelsTr/x_010.nii.gz").unlink()
    cases = MSD(data_root=root).read(index).cases
    assert [case.id for case in cases if not case.label] == ["x_010"]
    assert "1 files that dataset.json lists are not there, e.g. labelsTr/x_010" in caplog.text


def test_files_that_are_not_listed_are_told(task, draw_volume, index, caplog):
    root = task()
    draw_volume("imagesTr/x_500.nii.gz")
    draw_volume("elsewhere/x_501.nii.gz")
    assert "x_500" not in ids(root, index)
    assert (
        "1 files that dataset.json does not list are left out, e.g. imagesTr/x_500" in caplog.text
    )


def test_macos_leftovers_are_no_cases_even_where_they_are_listed(task, index, caplog):
    left = {"image": "./imagesTr/._x_001.nii.gz", "label": "./labelsTr/._x_001.nii.gz"}
    root = task()
    summary = json.loads((root / "dataset.json").read_text())
    summary["training"].append(left)
    (root / "dataset.json").write_text(json.dumps(summary))
    for path in left.values():
        (root / path).write_bytes(b"\0\5\x16\7")
    assert len(ids(root, index)) == 5
    assert caplog.text == ""


@pytest.mark.parametrize(
    "path", ["../x.nii.gz", "/etc/x.nii.gz", "./imagesTr/../../x.nii.gz", "imagesTr/../x.nii.gz"]
)
@pytest.mark.parametrize("key", ["image", "label"])
def test_paths_that_lead_out_are_refused(task, index, path, key):
    entry = {"image": "./imagesTr/x_001.nii.gz", "label": "./labelsTr/x_001.nii.gz", key: path}
    with pytest.raises(ValueError, match=r"dataset\.json: .*x\.nii\.gz' leads out of the data set"):
        ids(task(training=[entry]), index)


def test_test_images_that_lead_out_are_refused(task, index):
    with pytest.raises(ValueError, match="leads out"):
        ids(task(test=["../x.nii.gz"]), index, split="test")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"training": "all"}, "not the description of an MSD task"),
        ({"name": 7}, "not the description of an MSD task"),
        ({"training": []}, "it lists no case as training"),
        ({"training": ["./imagesTr/x_001.nii.gz"]}, "training: expected .*'label': path"),
        ({"training": [{"image": "a.png", "label": "b.nii.gz"}]}, "no NIfTI file by its name"),
        ({"labels": {"background": 0, "organ": 1}}, "labels: expected names by value"),
        ({"labels": {"1": "organ"}}, "of which 0 is the background"),
        ({"labels": {"0": "a", "300": "b"}}, "from 0 to 254"),
        ({"labels": {"0": "a", "1": "a"}}, "labels: two values have the same name"),
    ],
)
def test_a_bad_summary_is_named_with_what_is_wrong(task, tmp_path, index, changes, reason):
    with pytest.raises(ValueError, match=reason) as error:
        ids(task(**changes), index)
    assert str(error.value).startswith(str(tmp_path / "dataset.json"))


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_a_summary_that_is_no_json_object_is_named(task, index, content):
    root = task()
    (root / "dataset.json").write_text(content)
    with pytest.raises(ValueError, match=r"dataset\.json: "):
        ids(root, index)


def test_a_folder_without_summary_is_named(task, index):
    root = task()
    (root / "dataset.json").unlink()
    with pytest.raises(ValueError, match=r"there is no dataset\.json; .* VolumeFolder"):
        ids(root, index)


def test_images_of_several_channels_are_named_and_refused(task, draw_volume, index):
    root = task()
    draw_volume("imagesTr/x_004.nii.gz", shape=(6, 5, 4, 2))
    with pytest.raises(ValueError, match=r"x_004\.nii\.gz: .* 6×5×4×2; several channels"):
        ids(root, index)


def test_labels_on_another_grid_are_named(task, draw_volume, index):
    root = task()
    draw_volume("labelsTr/x_004.nii.gz", values=(0, 1), affine=np.eye(4))
    with pytest.raises(ValueError, match=r"labelsTr/x_004\.nii\.gz: by its affine"):
        ids(root, index)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"tumour": "tumour"}, "^tumour: expected 'organ', 'background', 'ignore' or None"),
        ({"split": "train"}, "^split: .*did you mean 'training'"),
        ({"split": "test", "part": "test"}, "^part: folds divide the labeled cases"),
        ({"split": ("training", "test"), "part": "train"}, "^part: "),
        ({"part": "test", "fold": 9}, "^fold: "),
    ],
)
def test_bad_arguments_are_refused(tmp_path, arguments, reason):
    with pytest.raises(ValueError, match=reason):
        MSD(data_root=tmp_path, **arguments)


@pytest.fixture(scope="module")
def published_index():
    """The digests of published files, which are read once."""
    return DigestIndex()


def test_the_published_hippocampi_have_the_voxels_of_their_table(real_data, published_index):
    """Two of the label files, 003 and 243, hold floats."""
    root = real_data / "Task04_Hippocampus"
    with (root / "manifest.csv").open(newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    catalog = MSD(data_root=root).read(published_index)
    assert catalog.values.space.name == "msd_hippocampus"
    assert catalog.values.space.classes == ("background", "Anterior", "Posterior")
    assert [case.id for case in catalog.cases] == sorted(rows)
    assert len(catalog.cases) == 260
    for case in catalog.cases:
        row = rows[case.id]
        counts = dict(case.label.pixels)
        assert counts.pop(0, 0) + sum(counts.values()) == int(row["x"]) * int(row["y"]) * int(
            row["z"]
        )
        assert counts == {1: int(row["vox_1_anterior"]), 2: int(row["vox_2_posterior"])}


def test_the_published_hippocampi_fall_into_four_folds(real_data, published_index):
    root = real_data / "Task04_Hippocampus"
    parts = {
        part: MSD(data_root=root, part=part, fold=0).read(published_index).cases
        for part in ("train", "test")
    }
    assert [len(parts["train"]), len(parts["test"])] == [195, 65]
    assert max(case.id for case in parts["test"]) < min(case.id for case in parts["train"])
