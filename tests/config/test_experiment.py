import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.config import open_experiment

TRAIN = tuple(f"drive{number // 2}/{number % 2}" for number in range(10))
"""Cases of the tiny training set: five drives of two frames each."""


@pytest.fixture
def opened(tiny, data, tmp_path):
    """Open the tiny experiment with changes by dotted key."""

    def make(changes=None, *, folder=data, **arguments):
        changes = {"scheduler": {"type": "Supervised"}, **(changes or {})}
        arguments = {"folder": tmp_path, "index": DigestIndex(), **arguments}
        return open_experiment(tiny.settings(folder, changes), **arguments)

    return make


@pytest.fixture
def own(data, tmp_path):
    """A copy of the tiny data set that may be changed."""
    return shutil.copytree(data, tmp_path / "own")


@pytest.fixture
def listed(tmp_path):
    """Write a list file beside the config; returns its name."""

    def make(*cases, name="list.txt"):
        (tmp_path / name).write_text("".join(f"{case}\n" for case in cases))
        return name

    return make


def ids(cases):
    return tuple(case.id for case in cases)


@pytest.mark.parametrize(("amount", "count"), [(0.4, 4), (0.25, 3), (1, 1), (10, 10)])
@pytest.mark.parametrize("draw", ["random", "spread"])
def test_fractions_and_counts_divide_the_training_set(opened, amount, count, draw):
    split = opened({"split": {"labeled": amount, "draw": draw}}).split
    assert len(split.labeled) == count
    assert sorted(ids(split.labeled) + ids(split.reference)) == sorted(TRAIN)
    assert ids(split.test) == ("frame0", "frame1", "frame2")


def test_without_an_amount_everything_is_labeled(opened):
    split = opened({"split": {}}).split
    assert (ids(split.labeled), split.reference) == (TRAIN, ())


def test_a_spread_draw_takes_one_frame_of_every_drive(opened):
    labeled = opened({"split": {"labeled": 5, "draw": "spread"}}).split.labeled
    assert [case.group for case in labeled] == [f"drive{number}" for number in range(5)]


def test_groups_are_drawn_where_all_their_cases_are_labeled(opened, own):
    for drive in range(4):
        (own / f"train/masks/drive{drive}/1.png").unlink()
    split = {"split": {"labeled": 2, "draw": "groups"}}
    assert ids(opened(split, folder=own).split.labeled) == ("drive4/0", "drive4/1")
    (own / "train/masks/drive4/1.png").unlink()
    with pytest.raises(ValueError, match=r"^split\.draw='groups': each group .*'drive0/1'"):
        opened(split, folder=own)


def test_an_unknown_draw_is_refused_with_the_nearest(opened):
    with pytest.raises(ValueError, match=r"^split\.draw: .*'spred'; did you mean 'spread'"):
        opened({"split": {"labeled": 4, "draw": "spred"}})


def test_the_seed_of_a_benchmark_redraws_split_and_weights(opened):
    config = {"split": {"labeled": 5, "seed": 0}, "randomness": {"seed": 7}}
    usual, other = opened(config), opened(config, seed=1)
    assert (usual.seed, other.seed) == (7, 1)
    assert usual.split != other.split
    models = [experiment.plan("x").trainings[0] for experiment in (usual, other)]
    assert models[0].scratch_seed != models[1].scratch_seed


def test_the_seed_of_the_split_leaves_the_weights(opened):
    first, second = (opened({"split": {"labeled": 5, "seed": seed}}) for seed in (0, 1))
    assert first.split != second.split
    models = [experiment.plan("x").trainings[0] for experiment in (first, second)]
    assert models[0].scratch_seed == models[1].scratch_seed


def test_the_split_follows_the_seed_of_the_run_where_it_has_none(opened):
    follow = [opened({"split": {"labeled": 5}, "randomness": {"seed": seed}}) for seed in (0, 1)]
    fixed = opened({"split": {"labeled": 5, "seed": 1}})
    assert follow[0].split != follow[1].split
    assert follow[1].split == fixed.split


def test_lists_name_the_labeled_cases(opened, listed):
    split = opened({"split": {"labeled": listed("drive4/1", "drive0/0")}}).split
    assert ids(split.labeled) == ("drive0/0", "drive4/1")
    assert ids(split.reference) == tuple(name for name in TRAIN if name not in ids(split.labeled))


def test_lists_name_the_reference_cases(opened, listed):
    labeled, reference = listed("drive0/0"), listed("drive1/0", "drive1/1", name="r.txt")
    experiment = opened({"split": {"labeled": labeled, "reference": reference}})
    assert ids(experiment.split.reference) == ("drive1/0", "drive1/1")
    plan = experiment.plan("x", {"type": "STSO", "generations": 1})
    assert [len(source.cases) for source in plan.trainings[1].sources] == [1, 2]


def test_a_case_in_two_lists_is_refused(opened, listed):
    labeled, reference = listed("drive0/0"), listed("drive0/0", "drive1/1", name="r.txt")
    with pytest.raises(ValueError, match=r"'drive0/0' is in two lists, labeled and reference"):
        opened({"split": {"labeled": labeled, "reference": reference}})


def test_a_listed_case_that_is_not_there_is_refused_with_the_nearest(opened, listed):
    with pytest.raises(ValueError, match=r"^split\.labeled: .*'drive0/7'; did you mean 'drive0/"):
        opened({"split": {"labeled": listed("drive0/7")}})


def test_testing_on_training_cases_is_refused(opened, data):
    with pytest.raises(ValueError, match="is in two lists, labeled and test"):
        opened({"test_dataloader.dataset.data_root": str(data / "train")})


def test_the_same_picture_under_another_path_is_warned_of(opened, own, caplog):
    labeled = opened(folder=own).split.labeled[0]
    for name in ("copy", "another"):
        shutil.copy(labeled.image.path, own / f"test/images/{name}.png")
        shutil.copy(labeled.label.path, own / f"test/masks/{name}.png")
    caplog.clear()
    opened(folder=own)
    (warning,) = (record for record in caplog.records if record.levelno == logging.WARNING)
    text = warning.getMessage()
    assert text.startswith("2 pictures of labeled are in test too")
    assert labeled.image.path in text
    assert str(own / "test/images/another.png") in text


def test_different_pictures_are_not_warned_of(opened, caplog):
    opened()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_validation_set_that_is_the_test_set_is_none(opened, data):
    test = opened().config["test_dataloader"]
    assert opened({"val_dataloader": test}).split.validation == ()
    faster = {**test, "batch_size": 3}
    assert opened({"val_dataloader": faster}).split.validation == ()


def test_a_validation_set_of_its_own_is_scored_too(opened, own):
    shutil.copytree(own / "test", own / "val")
    for picture in (own / "val").rglob("*.png"):
        picture.rename(picture.with_name(f"val_{picture.name}"))
    test = opened().config["test_dataloader"]
    data_set = {**test["dataset"], "data_root": str(own / "val")}
    experiment = opened({"val_dataloader": {**test, "dataset": data_set}}, folder=own)
    assert len(experiment.split.validation) == 3
    rows = {(row.model, row.cases) for row in experiment.plan("x").rows}
    assert {("single", "validation"), ("final", "validation")} <= rows


def test_with_a_reference_set_of_its_own_all_of_train_is_labeled(opened, own):
    shutil.copytree(own / "test/images", own / "target/images")
    data_set = {
        "type": "ImageFolder",
        "data_root": str(own / "target"),
        "masks": None,
        "classes": ("sky", "road", "car"),
    }
    split = opened({"split": {"reference": data_set}}, folder=own).split
    assert ids(split.labeled) == TRAIN
    assert ids(split.reference) == ("frame0", "frame1", "frame2")
    assert {case.label for case in split.reference} == {None}


@pytest.fixture
def parts(own):
    """Two more data sets, of six and of three images; the second one has no labels."""
    for picture in (own / "train").rglob("drive[012]/*.png"):
        kind, *rest = picture.relative_to(own / "train").parts
        target = own / "one" / kind / "one".join(rest)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, target)
    shutil.copytree(own / "test/images", own / "two/images")
    usual = {"type": "ImageFolder", "classes": ("sky", "road", "car")}
    return [
        {**usual, "data_root": str(own / "one")},
        {**usual, "data_root": str(own / "two"), "masks": None},
    ]


def test_the_reference_set_may_come_from_several_data_sets_and_a_part_of_each(opened, own, parts):
    drawn = [{**parts[0], "draw": 4}, parts[1]]
    draws = [
        ids(opened({"split": {"seed": seed, "reference": drawn}}, folder=own).split.reference)
        for seed in (0, 0, 1, 2)
    ]
    everything = ids(opened({"split": {"reference": parts}}, folder=own).split.reference)
    assert draws[0] == draws[1]
    assert len(set(draws)) > 1
    for found in draws:
        assert (len(found), found[4:]) == (7, ("frame0", "frame1", "frame2"))
        assert [case for case in everything if case in found] == list(found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"draw": 7}, r"^split\.reference\[1\]\.draw asks for 7 of 3 cases"),
        ({"draw": "four"}, r"^split\.reference\[1\]\.draw: expected a fraction"),
        ({"classes": ("sky", "car")}, r"^split\.reference\[1\]: all parts of R must be labeled"),
        ({"pipeline": []}, r"^split\.reference\[1\]\.pipeline: all parts of R share one pipeline"),
        ({"type": "ImageFlder"}, r"^split\.reference\[1\].*ImageFlder"),
    ],
)
def test_a_wrong_part_of_the_reference_set_is_named(opened, own, parts, change, message):
    with pytest.raises(ValueError, match=message):
        opened({"split": {"reference": [parts[0], {**parts[1], **change}]}}, folder=own)


def test_a_case_of_two_parts_of_the_reference_set_is_named(opened, own, parts):
    with pytest.raises(ValueError, match=r"^split\.reference\[1\]: .* a case 'frame0' too"):
        opened({"split": {"reference": [parts[1], parts[1]]}}, folder=own)


@pytest.mark.parametrize("reference", [[], 7, [{"data_root": "data"}]])
def test_a_reference_of_no_known_kind_is_refused(opened, reference):
    with pytest.raises(ValueError, match=r"^split\.reference: expected a data set .* a list file"):
        opened({"split": {"reference": reference}})


@pytest.mark.parametrize("home", ["test_dataloader.dataset", "split.reference"])
def test_other_classes_are_refused(opened, tiny, tmp_path, home):
    other = tiny.data(tmp_path / "other")
    data_set = {
        "type": "ImageFolder",
        "data_root": str(other / "test"),
        "classes": ("sky", "road", "tree"),
        "pipeline": [{"type": "LoadImageFromFile"}],
    }
    message = r"two label spaces are named 'image_folder'.*sky, road, car.*sky, road, tree"
    with pytest.raises(ValueError, match=message):
        opened({"split": {}, home: data_set})
    apart = {"split": {}, home: {**data_set, "space": "other"}}
    if home == "split.reference":
        # R's labels decide nothing, so they stop nothing either.
        stopped = opened({**apart, "test_dataloader.dataset.data_root": str(other / "train")})
        assert any("R is not scored" in note for note in stopped.plan("x").notes)
    else:
        message = r"share no label space .*sky, road, car.*'other' \(sky, road, tree\)"
        with pytest.raises(ValueError, match=message):
            opened(apart)


def test_a_model_of_another_number_of_classes_is_refused_by_place(opened):
    with pytest.raises(ValueError, match=r"^model\.decode_head\.num_classes is 19"):
        opened({"model.decode_head.num_classes": 19}).plan("x")
    overlay = {"model": {"decode_head": {"num_classes": 2}}}
    message = r"^roles\.student\.model\..*num_classes is 2, .* 3 classes \(sky, road, car\)"
    schedule = {"type": "STSO", "generations": 1}
    with pytest.raises(ValueError, match=message):
        opened({"roles.student": overlay, "split": {"labeled": 4}, "scheduler": schedule}).plan("x")
    # What no training of the plan uses need not fit.
    opened({"roles.student": overlay}).plan("x")


def test_test_cases_without_truth_are_refused(opened, own):
    (own / "test/masks/frame1.png").unlink()
    with pytest.raises(ValueError, match=r"^test_dataloader\.dataset: 1 of 3 .*'frame1'"):
        opened(folder=own)


def test_reference_cases_need_no_label(opened, own):
    kept = ("drive0/0", "drive1/0", "drive2/0", "drive3/0")
    for name in TRAIN:
        if name not in kept:
            (own / f"train/masks/{name}.png").unlink()
    split = opened({"split": {"labeled": 4}}, folder=own).split
    assert ids(split.labeled) == kept
    assert {case.label for case in split.reference} == {None}
    with pytest.raises(ValueError, match="asks for 5 labeled cases, but only 4 of 10"):
        opened({"split": {"labeled": 5}}, folder=own)


def test_a_listed_labeled_case_without_label_is_refused(opened, own, listed):
    (own / "train/masks/drive1/0.png").unlink()
    with pytest.raises(ValueError, match=r"^split\.labeled: 'drive1/0' has no label file"):
        opened({"split": {"labeled": listed("drive1/0", "drive2/0")}}, folder=own)


def test_where_the_data_lies_changes_no_stage(opened, own):
    here, there = opened(), opened(folder=own)
    scheduler = {"type": "ATSO", "generations": 1}
    assert list(here.plan("x", scheduler).stages) == list(there.plan("y", scheduler).stages)


@pytest.mark.parametrize(
    ("scheduler", "reason"),
    [
        ({"type": "ATOS"}, r"^scheduler\.type: .*'ATOS'; did you mean 'ATSO'"),
        ({"type": "ATSO", "fold": 3}, r"^scheduler\.fold: .* did you mean 'folds'"),
        ({"type": "ATSO", "folds": 1}, "^scheduler: ATSO needs at least 2 folds"),
    ],
)
def test_a_wrong_schedule_is_named(opened, scheduler, reason):
    with pytest.raises(ValueError, match=reason):
        opened().plan("x", scheduler)


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ({"type": "IoUMetrc"}, r"^test_evaluator\[1\]\.type: .* did you mean 'IoUMetric'"),
        ({"type": "IoUMetric", "iou_metric": []}, r"^test_evaluator\[1\]\.iou_metric: .*did you"),
    ],
)
def test_a_wrong_metric_is_named_before_anything_is_trained(opened, metric, reason):
    with pytest.raises(ValueError, match=reason):
        opened({"test_evaluator": [{"type": "IoUMetric"}, metric]}).plan("x")


def test_a_dry_run_needs_no_torch_and_writes_nothing(tiny, data, tmp_path):
    config = tiny.config(tmp_path / "mine.py", data, {"scheduler": {"type": "ATSO"}})
    program = (
        "import runpy, sys\n"
        "try:\n"
        "    runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    heavy = [name for name in ('torch', 'mmcv', 'mmseg') if name in sys.modules]\n"
        "    print('status', end.code, 'imported', heavy)\n"
    )
    root = Path(__file__).parents[2]
    arguments = ["tools/train.py", str(config), "--dry-run", "--work-dir", str(tmp_path / "work")]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.argv = {arguments!r}\n{program}"],
        capture_output=True,
        text=True,
        cwd=root,
    )
    assert done.stdout.splitlines()[-1:] == ["status 0 imported []"], done.stderr
    assert "10 trainings (40 iterations)" in done.stdout
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("joined", ["as fine", "coarser", "finer", "partly", "not at all"])
def test_labels_of_a_reference_set_in_another_space_change_no_model(opened, own, joined):
    """The same config with and without R's masks plans the same trainings and labelings."""
    here = {"name": "image_folder", "classes": ["sky", "road", "car"]}
    there = {
        "as fine": ["air", "way", "auto"],
        "coarser": ["back", "auto", "none"],
        "finer": ["air", "way", "auto"],
        "partly": ["air", "way", "auto"],
        "not at all": ["air", "way", "auto"],
    }[joined]
    tables = {
        "as fine": {"sky": "air", "road": "way", "car": "auto"},
        "coarser": {"sky": "back", "road": "back", "car": "auto"},
        "finer": {"air": "sky", "way": "road", "auto": "car"},
        "partly": {"sky": "air", "car": "auto"},
        "not at all": None,
    }
    table, target = tables[joined], {"name": "there", "classes": there}
    ends = (target, here) if joined == "finer" else (here, target)
    adapters = []
    if table is not None:
        ignored = [name for name in ends[0]["classes"] if name not in table]
        content = {"from": ends[0], "to": ends[1], "total": not ignored, "classes": table}
        (own / "map.json").write_text(json.dumps({**content, "ignored": ignored}))
        adapters = [{"type": "ClassReduction", "map": str(own / "map.json")}]
    shutil.copytree(own / "train", own / "target")
    for picture in (own / "target").rglob("*.png"):
        picture.write_bytes(picture.read_bytes() + b"another file")
    reference = {
        "type": "ImageFolder",
        "data_root": str(own / "target"),
        "classes": there,
        "space": "there",
    }
    stages = []
    for masks in ("masks", None):
        changes = {
            "split": {"reference": {**reference, "masks": masks}},
            "adapters": adapters,
            "scheduler": {"type": "STSO", "generations": 1},
        }
        plan = opened(changes, folder=own).plan("x")
        stages.append([stage.fingerprint for stage in (*plan.trainings, *plan.labelings)])
        scored = {row.cases for row in plan.rows}
        can_score = masks is not None and joined in ("as fine", "coarser", "finer")
        assert ("reference" in scored) == can_score
        assert any("R is not scored" in note for note in plan.notes) == (
            masks is not None and not can_score
        )
    assert stages[0] == stages[1]


@pytest.fixture
def volumes(tmp_path):
    """A folder of two volumes with labels, as data set config."""
    for kind in ("images", "labels"):
        for name in ("a", "b"):
            path = tmp_path / "volumes" / kind / f"{name}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            voxels = np.arange(24, dtype=np.uint8).reshape(4, 3, 2) % 3
            image = nibabel.Nifti1Image(voxels, np.eye(4))
            image.header.set_xyzt_units("mm")
            nibabel.save(image, path)
    pipeline = [{"type": "LoadSlices"}, {"type": "LoadSliceLabels"}, {"type": "PackSegInputs"}]
    return {
        "type": "VolumeFolder",
        "data_root": str(tmp_path / "volumes"),
        "classes": ("sky", "road", "car"),
        "pipeline": pipeline,
    }


AXIAL = {"views": ("axial",), "test_dataloader.batch_size": 1}


def halves(volumes):
    """Return the changes by which one volume is trained on and the other one tested."""
    parts = {"train": "a", "test": "b"}
    for part, name in parts.items():
        root = Path(volumes["data_root"])
        (root / f"{part}.txt").write_text(f"{name}\n")
    return {
        "split": {},
        **{f"{part}_dataloader.dataset": {**volumes, "list_file": f"{part}.txt"} for part in parts},
    }


def test_views_cut_volumes(opened, volumes):
    experiment = opened({**AXIAL, **halves(volumes)})
    assert ids(experiment.split.labeled) == ("a",)
    plan = experiment.plan("x")
    assert list(plan.models) == ["axial"]
    (note,) = [note for note in plan.notes if "thin strips" in note]
    assert note.startswith("view 'axial': the slices of 2 of 2 volumes")


def test_images_with_views_are_refused(opened):
    message = r"^views: they cut volumes .* the labeled case 'drive.* a picture .*leave views"
    with pytest.raises(ValueError, match=message):
        opened(AXIAL)


def test_volumes_without_views_are_refused(opened, volumes):
    message = r"^views: the labeled case 'a' is a volume .*a\.nii\.gz.* views=\('acq"
    with pytest.raises(ValueError, match=message):
        opened(halves(volumes))


def test_volumes_and_images_in_one_experiment_are_refused(opened, volumes):
    train = {key: value for key, value in halves(volumes).items() if "test" not in key}
    with pytest.raises(ValueError, match=r"^views: .*the test case 'frame0' is a picture"):
        opened({**AXIAL, **train})
