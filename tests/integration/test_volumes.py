"""Volumes go through the same commands as images: every schedule, to the last bit."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from pydicom import dcmread

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.nih_pancreas import NIHPancreas
from ssl_seg.cli.main import call
from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.media.stored_masks import read_true_mask, write_prediction
from ssl_seg.media.volumes.cache import VolumeCache
from ssl_seg.media.volumes.working_grid import WorkingGrid
from ssl_seg.metrics.surface import surface_distances
from ssl_seg.models.predictor import Prediction
from ssl_seg.phantoms.organ.cohort import Cohort
from ssl_seg.phantoms.organ.nih_layout import NIH
from ssl_seg.store.store import Store

SIGKILLED = -9
SALIENCY = "network.saliency."
AXIS = {"sagittal": 0, "coronal": 1, "axial": 2}
"""Body axis that the slices of a view count along."""


def voxels(path: Path) -> np.ndarray:
    return np.asarray(nibabel.load(path).dataobj)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "model.pth", weights_only=True)["state_dict"]


def differing(one: Path, other: Path) -> set[str]:
    """Return the names of the weights that differ between two artifacts."""
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    return {name for name in first if not torch.equal(first[name], second[name])}


# What a run leaves


def test_every_scheduler_runs_on_volumes(scheduler, finished_volumes):
    run = finished_volumes(scheduler)
    store = Store(run.work_dir)
    assert all(store.has(name) for name in run.plan.stages)
    rows = json.loads((run.work_dir / "report/report.json").read_text())["rows"]
    assert len(rows) == len(run.plan.rows)
    assert all(row["metrics"] for row in rows)


def test_a_model_has_a_network_for_each_view(finished_volumes):
    run = finished_volumes("ATSO")
    assert tuple(run.plan.models) == BODY_VIEWS
    assert len({run.plan.models[view] for view in BODY_VIEWS}) == len(BODY_VIEWS)
    (names,) = {tuple(sorted(p.name for p in f.iterdir())) for f in run.work_dir.glob("models/*")}
    assert names == tuple(sorted(f"{view}.pth" for view in BODY_VIEWS))


@pytest.mark.parametrize("name", ["ATSO", "RSTN"])
def test_every_map_lies_on_its_image(finished_volumes, name):
    run = finished_volumes(name)
    seen = set()
    for stage in run.plan.labelings:
        folder = run.artifact(stage) / "maps"
        written = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
        assert written == {f"{case.id}.nii.gz" for case in stage.cases}
        for case in stage.cases:
            image = nibabel.load(case.image.path)
            stored = nibabel.load(folder / f"{case.id}.nii.gz")
            assert stored.shape == image.shape
            assert stored.get_data_dtype() == np.uint8
            assert stored.header.get_xyzt_units()[0] == "mm"
            np.testing.assert_array_equal(stored.affine, image.affine)
            np.testing.assert_allclose(stored.get_qform(), image.affine, atol=1e-4)
            assert set(np.unique(stored.dataobj)) <= {0, 1, 2}
            seen.add((nibabel.aff2axcodes(image.affine), image.shape))
    assert len(seen) > 5  # the grids differ, so that one that is mixed up would show


@pytest.mark.parametrize("name", ["ATSO", "RSTN"])
def test_the_maps_that_are_compared_say_something(finished_volumes, name):
    """Maps of one class would be equal whatever happened to the weights."""
    maps = list(finished_volumes(name).work_dir.glob("artifacts/*/maps/*.nii.gz"))
    assert sum(len(np.unique(voxels(path))) > 1 for path in maps) > len(maps) / 2


def test_the_manifest_counts_what_is_in_the_maps(finished_volumes):
    run = finished_volumes("RSTN")
    for stage in run.plan.labelings:
        manifest = run.manifest(stage)
        folder = run.artifact(stage)
        for entry in manifest["cases"]:
            stored = voxels(folder / "maps" / f"{entry['case']}.nii.gz")
            assert entry["histogram"] == np.bincount(stored.ravel(), minlength=3).tolist()


# Pseudo labels


def test_what_a_student_trusts_is_above_the_threshold(finished_volumes):
    run = finished_volumes("RSTN")
    store = Store(run.work_dir)
    counted = set()
    for stage in run.plan.trainings:
        said = store.manifest(stage.fingerprint)["description"]["sources"]
        for source, noted in zip(stage.sources, said, strict=True):
            if source.written_by is None:
                assert noted["coverage"] == 1
                continue
            paths = list((run.artifact(source.written_by) / "confidence").glob("*.nii.gz"))
            levels = np.concatenate([voxels(path).ravel() for path in paths])
            assert levels.min() >= 0
            assert levels.max() <= 1 + 1e-6  # the scale of the file is of 32 bits
            expected = np.mean(np.rint(levels * 255) >= round(0.6 * 255))
            assert noted["coverage"] == pytest.approx(expected)
            counted.add(noted["coverage"])
    assert counted
    assert any(0 < coverage < 1 for coverage in counted)


# RSTN's start point


@pytest.fixture
def students(finished_volumes):
    """The students of a run whose weights no step has changed, and the run."""
    run = finished_volumes("RSTN")
    return run, [stage for stage in run.plan.trainings if stage.role == "student"]


def test_only_the_first_sections_are_trained_on_s_alone(finished_volumes):
    plan = finished_volumes("RSTN").plan
    by_role = {
        role: [stage.section for stage in plan.trainings if stage.role == role]
        for role in ("initial", "student", "final")
    }
    assert by_role == {"initial": ["S", "I", "J"], "student": ["J", "J"], "final": ["J"]}


def test_students_start_with_another_saliency_and_all_other_weights(students):
    run, stages = students
    for stage in stages:
        start = run.plan.stages[stage.start]
        assert (start.role, start.section) == ("initial", "I")
        changed = differing(run.artifact(start), run.artifact(stage))
        assert changed
        assert all(name.startswith(SALIENCY) for name in changed)
        drawn = {
            name
            for name, value in weights(run.artifact(stage)).items()
            if name.startswith(SALIENCY) and value.ndim == 4
        }
        assert drawn <= changed


def test_students_of_one_generation_draw_different_saliencies(students):
    run, (first, second) = students
    changed = differing(run.artifact(first), run.artifact(second))
    assert changed
    assert all(name.startswith(SALIENCY) for name in changed)


# Nothing but what was asked for decides about bits


def run_again(volumes, command, run, name, folder, **changes):
    """Run a finished run's config once more, with changes."""
    data = changes.pop("data", run.data)
    config = volumes.config(folder / "tiny.py", data, {**volumes.runs[name], **changes})
    done = command.train(config, folder / "work")
    assert done.status == 0, done.output
    return done


@pytest.fixture(params=["ATSO", "RSTN"])
def without_labels(request, finished_volumes, tmp_path):
    """A finished run, and a copy of its data in which R's labels are gone."""
    run = finished_volumes(request.param)
    data = shutil.copytree(run.data, tmp_path / "data")
    hidden = (run.work_dir / "splits/tiny-seed0/reference.txt").read_text().split()
    assert len(hidden) == 4
    for case in hidden:
        (data / "train/labels" / f"{case}.nii.gz").unlink()
    return request.param, run, data


def test_hidden_labels_change_no_bit(without_labels, volumes, command, contents, tmp_path):
    name, run, data = without_labels
    run_again(volumes, command, run, name, tmp_path / "new", data=data)
    left = contents(tmp_path / "new" / "work" / "artifacts")
    made = contents(run.work_dir / "artifacts")
    for stage in (*run.plan.trainings, *run.plan.labelings):
        of_stage = {path for path in made if path.startswith(stage.fingerprint)}
        assert of_stage
        assert {path: left.get(path) for path in of_stage} == {
            path: made[path] for path in of_stage
        }
    assert made.items() >= left.items()
    assert made.keys() > left.keys()  # the scores of R


def test_deleting_hidden_labels_runs_nothing_again(
    finished_volumes, volumes, command, contents, tmp_path
):
    run = finished_volumes("STSO")
    data = shutil.copytree(run.data, tmp_path / "data")
    hidden = (run.work_dir / "splits/tiny-seed0/reference.txt").read_text().split()
    for case in hidden:
        (data / "train/labels" / f"{case}.nii.gz").unlink()
    shutil.copytree(run.work_dir, tmp_path / "work")
    done = run_again(volumes, command, run, "STSO", tmp_path, data=data)
    assert {event["stage"] for event in done.events} == {"planning"}
    assert contents(tmp_path / "work/artifacts") == contents(run.work_dir / "artifacts")


def test_loader_workers_and_a_shared_cache_change_no_bit(
    finished_volumes, volumes, command, contents, tmp_path
):
    run = finished_volumes("STSO")
    changes = {
        "train_dataloader.num_workers": 1,
        "test_dataloader.num_workers": 1,
        "cache_dir": str(tmp_path / "shared"),
    }
    run_again(volumes, command, run, "STSO", tmp_path, **changes)
    assert contents(tmp_path / "work/artifacts") == contents(run.work_dir / "artifacts")
    assert contents(tmp_path / "shared")
    assert not (tmp_path / "work/cache").exists()


def test_kills_change_no_bit(finished_volumes, command, contents, tmp_path):
    """In section J, while labels are written, and between; once the cache is lost too."""
    run = finished_volumes("RSTN")
    final = next(stage for stage in run.plan.trainings if stage.role == "final")
    initial = next(stage for stage in run.plan.trainings if stage.section == "J")
    by_initial = next(stage for stage in run.plan.labelings if initial.fingerprint in stage.inputs)
    work_dir = tmp_path / "work"
    instants = [
        (initial.fingerprint, 2, "step"),
        (by_initial.fingerprint, 5, "renamed"),
        (by_initial.fingerprint, 3, "advance"),
        (final.fingerprint, 1, "step"),
        (final.fingerprint, 1, "rename"),
    ]
    for instant in instants:
        done = command.train(run.config, work_dir, kill_at=instant)
        assert done.status == SIGKILLED, (instant, done.output)
        assert done.events[-1]["stage"] == instant[0]
        if instant is instants[1]:
            shutil.rmtree(work_dir / "cache")
    done = command.train(run.config, work_dir)
    assert done.status == 0, done.output
    assert contents(work_dir / "artifacts") == contents(run.work_dir / "artifacts")
    assert contents(work_dir / "running") == {}


def test_no_labels_of_r_are_left_in_the_cache(finished_volumes):
    """What a student learned from goes with its checkpoints; images and S stay."""
    run = finished_volumes("RSTN")
    count = sum(1 for _ in (run.work_dir / "cache").iterdir())
    assert count == 6 + 2 + 2  # images, test images, labels of S


# Scores


def dice(prediction, truth):
    return 200 * np.sum(prediction & truth) / (prediction.sum() + truth.sum())


def test_scores_are_those_of_the_files_in_mm(finished_volumes):
    run = finished_volumes("ATSO")
    compared = apart = 0
    for stage in run.plan.evaluations:
        scores = json.loads((run.artifact(stage) / "scores.json").read_text())
        assert scores["distance_unit"] == "mm"
        maps = {
            path.name.removesuffix(".nii.gz"): path
            for name in stage.predictions
            for path in (run.artifact(name) / "maps").iterdir()
        }
        for case in stage.cases:
            spacing = nibabel.load(case.image.path).header.get_zooms()
            labels, truths = voxels(maps[case.id]), voxels(case.label.path)
            for number, label in enumerate(("organ", "mass"), start=1):
                prediction, truth = labels == number, truths == number
                said = scores["by_case"][case.id][label]
                assert truth.any()
                assert said["DSC"] == pytest.approx(dice(prediction, truth), abs=1e-6)
                if not prediction.any():
                    assert said["HD95"] is None
                    continue
                in_mm, in_voxels = (
                    surface_distances(prediction, truth, step) for step in (spacing, (1, 1, 1))
                )
                assert said["HD95"] == pytest.approx(in_mm.hausdorff(95), rel=1e-4)
                assert said["ASSD"] == pytest.approx(in_mm.average(), rel=1e-4)
                compared += 1
                apart += abs(in_mm.average() - in_voxels.average()) > 0.01
        means = {
            label: np.mean([said[label]["DSC"] for said in scores["by_case"].values()])
            for label in ("organ", "mass")
        }
        assert scores["metrics"]["case mDSC"] == pytest.approx(np.mean(list(means.values())))
    assert compared
    assert apart > compared / 2


# Transfer


def test_transfer_to_thick_slices_works_at_one_distance_and_answers_in_the_files_own(
    volumes, run_volumes, tmp_path
):
    data = volumes.data(tmp_path / "data")  # 2.5 mm
    volumes.write(tmp_path / "thin", "train", (0.8, 1.1, 1.0))
    run = run_volumes(
        tmp_path,
        data,
        {
            **volumes.runs["STSO"],
            "views": ("axial", "sagittal"),
            "model.data_preprocessor.size": (24, 24),
            "train_dataloader.dataset.data_root": str(tmp_path / "thin/train"),
            "split": {"reference": volumes.data_set(data / "train")},
            "adapters": [{"type": "SliceSpacing", "spacing": 1.0}],
        },
    )
    labeled = {case.image.path for stage in run.plan.labelings for case in stage.cases}
    assert len(labeled) == 6 + 2
    for stage in run.plan.labelings:
        for case in stage.cases:
            stored = nibabel.load(run.artifact(stage) / "maps" / f"{case.id}.nii.gz")
            image = nibabel.load(case.image.path)
            assert stored.shape == image.shape
            np.testing.assert_array_equal(stored.affine, image.affine)
    found = {tuple(json.loads(p.read_text())["facts"]["shape"]) for p in cached(run, "axial")}
    # 7, 8 and 9 slices in both; as thick ones they reach 6, 7 and 8 times 2.5 mm far.
    assert {depth for depth, _, _ in found} == {7, 8, 9, 16, 19, 21}


def cached(run, view):
    return list((run.work_dir / "cache").glob(f"*/{view}.json"))


# Memory

FEW, MANY = 2, 16
SIDE = 96


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="peak memory of a stage is Linux's to tell"
)
def test_more_volumes_take_no_more_memory(volumes, command, tmp_path):
    """Holding one byte a voxel of each volume, a mask's, would already be too much."""
    data = volumes.data(tmp_path / "data")
    big = tmp_path / "big"
    for number in range(MANY):
        image = np.zeros((SIDE, SIDE, SIDE), np.int16)
        image[20:60, 30:70, 40 : 50 + number] = 100
        for kind, values in (("images", image), ("labels", (image > 0).astype(np.uint8))):
            path = big / kind / f"case{number}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            nifti = nibabel.Nifti1Image(values, np.diag([1, 1, 2, 1]))
            path.write_bytes(gzip.compress(nifti.to_bytes(), 1))
    shrink = {"type": "Resize", "scale": (8, 8)}
    load, pack = volumes.test_pipeline
    peaks = {}
    for count in (FEW, MANY):
        listed = "\n".join(f"case{number}" for number in range(count))
        (big / f"{count}.txt").write_text(listed)
        changes = {
            **volumes.runs["Supervised"],
            "train_cfg.max_iters": 1,
            "inference.batch_size": 16,
            "test_dataloader.dataset.data_root": str(big),
            "test_dataloader.dataset.list_file": f"{count}.txt",
            "test_dataloader.dataset.pipeline": [load, shrink, pack],
            "test_evaluator": [{"type": "DiceMetric"}],
        }
        config = volumes.config(tmp_path / f"{count}.py", data, changes)
        peaks[count] = command.memory(config, tmp_path / f"work{count}")
    allowed = (MANY - FEW) * SIDE**3 // 2
    for kind in ("label", "evaluate"):
        assert max(peaks[MANY][kind]) < max(peaks[FEW][kind]) + allowed, peaks


# Bad input


def rewritten(kind: str, change: Callable) -> Callable[[Path], Path]:
    """Return what spoils a file: a function of its values and its affine."""

    def spoil(data: Path) -> Path:
        path = data / kind / "case4.nii.gz"
        image = nibabel.load(path)
        values, affine = change(np.asarray(image.dataobj).copy(), image.affine.copy())
        nibabel.save(nibabel.Nifti1Image(values, affine), path)
        return path

    return spoil


def with_nan(values, affine):
    values = values.astype(np.float32)
    values[3, 2, 1] = np.nan
    return values, affine


def shifted(values, affine):
    affine[:3, 3] += 3
    return values, affine


def of_unknown_class(values, affine):
    values[0, 0, 0] = 7
    return values, affine


def truncated(data: Path) -> Path:
    path = data / "images/case4.nii.gz"
    path.write_bytes(path.read_bytes()[:-200])
    return path


BAD = {
    "NaN": (rewritten("images", with_nan), "[3, 2, 1] holds nan"),
    "constant": (rewritten("images", lambda v, a: (np.zeros_like(v), a)), "the same value, 0"),
    "4-D": (rewritten("images", lambda v, a: (np.stack([v, v], 3), a)), "×2; several channels"),
    "other shape": (rewritten("labels", lambda v, a: (v[:-1], a)), "the mask has the shape"),
    "other axes": (rewritten("labels", lambda v, a: (v.transpose(2, 1, 0), a)), "the mask has the"),
    "other affine": (rewritten("labels", shifted), "mm off its image"),
    "unknown class": (rewritten("labels", of_unknown_class), "the mask holds the values 7"),
    "half a class": (rewritten("labels", lambda v, a: (v / np.float32(2), a)), "holds 0.5"),
    "truncated": (truncated, "cut off"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_named_before_any_work(kind, volumes, volume_data, command, tmp_path):
    spoil, cause = BAD[kind]
    data = shutil.copytree(volume_data, tmp_path / "data")
    path = spoil(data / "train")
    config = volumes.config(tmp_path / "tiny.py", data, volumes.runs["Supervised"])
    done = command.train(config, tmp_path / "work")
    assert done.status == 1
    assert str(path) in done.output
    assert cause in done.output
    assert "Traceback" not in done.output
    assert {event["stage"] for event in done.events} == {"planning"}


def test_labels_may_be_whole_numbers_stored_as_floats(finished_volumes, volumes, command, tmp_path):
    run = finished_volumes("Supervised")
    data = shutil.copytree(run.data, tmp_path / "data")
    for path in data.glob("*/labels/*.nii.gz"):
        image = nibabel.load(path)
        values = np.asarray(image.dataobj).copy().astype(np.float64)
        nibabel.save(nibabel.Nifti1Image(values, image.affine), path)
    run_again(volumes, command, run, "Supervised", tmp_path, data=data)
    # Other files have other fingerprints, but what is learned from them is the same.
    (model,) = (tmp_path / "work").glob("models/*/axial.pth")
    assert model.read_bytes() == (run.artifact(run.plan.models["axial"]) / "model.pth").read_bytes()


# From DICOM files to a map and back


@pytest.fixture(scope="module")
def nih(tmp_path_factory):
    """Made-up scans as NIH Pancreas-CT is published, and what is prepared from them."""
    root = tmp_path_factory.mktemp("nih")
    NIH.write(root / "published", Cohort(look="source", train=2, size=(24, 20, 16)))
    published, out = root / "published", root / "prepared"
    assert call("prepare_data", ["nih-pancreas", str(published), str(published), str(out)]) == 0
    return published, out


@pytest.mark.parametrize("view", BODY_VIEWS)
def test_a_true_prediction_of_a_prepared_scan_overlays_the_published_label(nih, tmp_path, view):
    published, out = nih
    catalog = NIHPancreas(data_root=out).read(DigestIndex())
    cache = VolumeCache(tmp_path / "cache", WorkingGrid())
    for case in catalog.cases:
        image = cache.image(case.image, (view,))
        read = partial(read_true_mask, case, catalog.values)
        slices = cache.labels(case.label.digest, image.grid, read, (view,)).slices(view)
        # What a network says of each slice, put together along x, y and z.
        body = np.moveaxis(slices.transpose(0, 2, 1), 0, AXIS[view])
        native = np.ascontiguousarray(image.grid.to_native(body))
        prediction = Prediction(native, np.ones(native.shape, np.float32))
        space = catalog.values.space
        path = write_prediction(tmp_path / view, case, prediction.labels, space)
        (label,) = published.rglob(f"label{case.id}.nii.gz")
        stored = nibabel.load(path)
        assert voxels(label).any()
        np.testing.assert_array_equal(stored.dataobj, voxels(label))
        np.testing.assert_array_equal(stored.affine, nibabel.load(case.image.path).affine)
        (folder,) = published.rglob(f"PANCREAS_{case.id}")
        for file in map(dcmread, folder.rglob("*.dcm")):
            at = int(file.InstanceNumber) - 1
            hu = file.pixel_array * file.RescaleSlope + file.RescaleIntercept
            # Only transposed: pixels are row by row, voxels column by column.
            np.testing.assert_array_equal(voxels(case.image.path)[..., at], hu.T)
