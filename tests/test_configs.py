"""Every config of the project can be planned, names known types only, and its model learns.

Data that cannot be passed on are made up here, in their own layouts.
"""

from __future__ import annotations

import json
import os
from functools import cache
from itertools import product
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from PIL import Image

from ssl_seg.catalog.build import read_catalog
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.config import case_lists, load_config, open_experiment
from ssl_seg.config.check import checked
from ssl_seg.config.overlays import overlaid_parts

ROOT = Path(__file__).parents[1] / "configs"
CONFIGS = sorted(path for path in ROOT.rglob("*.py") if path.parent.name != "_base_")

MODELS = ("deeplabv3plus_r50", "deeplabv3_r101")
TRANSFER = {
    "direct": [19],
    "self_learning": [19] * (1 + 4),
    "stso": [19] * (1 + 4),
    "atso": [19] * (1 + 2 * 4 + 1),
    "stso_5": [5] * (1 + 4),
    "atso_5": [5] * (1 + 2 * 4 + 1),
    "stso_5to19": [5] * (1 + 4) + [19],
    "atso_5to19": [5] * (1 + 2 * 4) + [19],
    "stso_5to19to19": [5] * (1 + 4) + [19, 19],
    "atso_5to19to19": [5] * (1 + 2 * 4) + [19, 19],
}
"""How many classes each model learns, by experiment from Cityscapes to Mapillary Vistas."""

ONE_K = {"supervised": 1, "self_learning": 1 + 4, "stso": 1 + 4, "atso": 1 + 2 * 4 + 1}
"""How many models each experiment on Cityscapes with 1,000 labeled frames trains."""

MAPPED = {
    "road": {13, 24, 41},
    "vehicle": {52, 54, 55, 57, 58, 61},
    "person": {19, 20, 21, 22},
    "vegetation": {30},
    "others": {2, 3, 6, 15, 17, 27, 29, 45, 47, 48, 50},
}
"""Label ids of Mapillary Vistas v1.2 that domain generalisation scores (RobustNet's table of 25),
by the class among five that they belong to."""

NIH = {"supervised": (0, 0), "self_learning": (4, 1), "stso": (4, 1), "atso": (4, 2)}
"""Generations, and models in each of them, of each experiment on NIH Pancreas-CT or to MSD."""

LABELS = {"10pct": 6, "20pct": 12}
"""Labeled volumes of 62."""

NIH_CASES, MSD_CASES = 82, 281
"""Published volumes with labels."""

SECTIONS = {"S": 10000, "I": 30000, "J": 40000}
"""Iterations of RSTN as published with its second release for Caffe."""

FINE, EXTRA, VAL = 1010, 4, 3
"""Made-up frames of Cityscapes: enough to label 1,000, and one of the extra ones is corrupt."""


def save(path, pixels, palette=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(pixels)
    if palette:
        picture.putpalette(palette)
    picture.save(path)


def frame(rng, root, name, *, labeled):
    """Draw a frame of Cityscapes as noise."""
    pixels = rng.integers(0, 256, (4, 8, 3), np.uint8)
    save(root / "leftImg8bit" / f"{name}_leftImg8bit.png", pixels)
    if labeled:
        ids = rng.integers(0, 34, (4, 8), np.uint8)
        save(root / "gtFine" / f"{name}_gtFine_labelIds.png", ids)


def cityscapes(root):
    rng = np.random.default_rng(0)
    for part, count in (("train", FINE), ("val", VAL)):
        for number in range(count):
            city = f"{part}{number % 18}"
            frame(rng, root, f"{part}/{city}/{city}_{number:06}_000019", labeled=True)
    for number in range(73, 73 - EXTRA, -1):  # 73 is the corrupt one
        name = f"train_extra/troisdorf/troisdorf_000000_{number:06}"
        frame(rng, root, name, labeled=False)


def mapillary(root):
    """All 66 ids stand in the labels."""
    rng = np.random.default_rng(1)
    palette = rng.integers(0, 256, 66 * 3).tolist()
    for part, count in (("training", 6), ("validation", 2)):
        for number in range(count):
            pixels = rng.integers(0, 256, (6, 11, 3), np.uint8)
            save(root / part / "images" / f"{number}.jpg", pixels)
            ids = rng.permutation(66).astype(np.uint8).reshape(6, 11)
            save(root / part / "v1.2/labels" / f"{number}.png", ids, palette)


def volume(rng, image, label, classes):
    """Draw a volume and its labels as noise."""
    for path, values in (
        (image, rng.integers(-100, 240, (3, 4, 5), np.int16)),
        (label, rng.integers(classes, size=(3, 4, 5), dtype=np.uint8)),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(values, np.diag([0.8, 0.8, 2.5, 1])), path)


def nih_pancreas(root):
    rng = np.random.default_rng(2)
    for number in range(1, NIH_CASES + 1):
        name = f"{number:04}.nii.gz"
        volume(rng, root / "images" / name, root / "labels" / name, 2)


def task07(root):
    """All labeled cases; cancer stands in the labels."""
    rng = np.random.default_rng(3)
    names = [f"pancreas_{number:03}.nii.gz" for number in range(1, MSD_CASES + 1)]
    for name in names:
        volume(rng, root / "imagesTr" / name, root / "labelsTr" / name, 3)
    summary = {
        "name": "Pancreas",
        "modality": {"0": "CT"},
        "labels": {"0": "background", "1": "pancreas", "2": "cancer"},
        "training": [{"image": f"./imagesTr/{n}", "label": f"./labelsTr/{n}"} for n in names],
        "test": [],
    }
    (root / "dataset.json").write_text(json.dumps(summary))


MADE_UP = {
    "cityscapes": cityscapes,
    "mapillary_vistas": mapillary,
    "nih_pancreas": nih_pancreas,
    "Task07_Pancreas": task07,
}

DRAWN = ("street", "organ")
"""How folders are called whose data sets draw themselves."""

SIZES = {"StreetPhantoms": (32, 32), "OrganPhantoms": (16, 16, 16)}
"""The smallest that they can be drawn in; plans hold no pixels."""


@pytest.fixture(scope="module")
def at_hand(tmp_path_factory):
    """Return where the data lie that a config looks for: made up, drawn when read, or real."""
    folder = tmp_path_factory.mktemp("data")

    @cache
    def find(root):
        name = Path(root).name
        if name in MADE_UP:
            MADE_UP[name](folder / name)
        elif not name.startswith(DRAWN):
            if not os.environ.get("SSL_SEG_DATA"):
                pytest.skip("SSL_SEG_DATA is not set, so the real data sets are not at hand")
            return str(Path(os.environ["SSL_SEG_DATA"], Path(root).relative_to("data")))
        return str(folder / name)

    return find


def moved(part, at_hand):
    """Return a part of a config with other data roots, and small drawings."""
    if isinstance(part, dict):
        values = {
            key: at_hand(value) if key == "data_root" else moved(value, at_hand)
            for key, value in part.items()
        }
        drawn = SIZES.get(part.get("type"))
        return {**values, "size": drawn} if drawn else values
    if isinstance(part, (list, tuple)):
        return type(part)(moved(value, at_hand) for value in part)
    return part


load = cache(load_config)
"""A config as its file holds it; to be read only."""


@cache
def check(config):
    """Return a checked config; to be read only."""
    return checked(load(config))


@pytest.fixture(scope="module")
def opened(at_hand):
    """Return a config's experiment and its plan; configs with one data set read it once."""
    index = DigestIndex()
    catalogs = {}

    def read_once(dataset, *rest):
        key = repr({name: dataset[name] for name in sorted(dataset) if name != "pipeline"})
        if key not in catalogs:
            catalogs[key] = read_catalog(dataset, *rest)
        return catalogs[key]

    @cache
    def open_config(config):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(case_lists, "read_catalog", read_once)
            moved_config = moved(load(config), at_hand)
            experiment = open_experiment(moved_config, folder=config.parent, index=index)
        return experiment, experiment.plan(config.stem)

    return open_config


def named(path):
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(params=CONFIGS, ids=named)
def config(request):
    return request.param


def test_every_config_is_planned(config, opened):
    _, plan = opened(config)
    assert set(plan.models.values()) <= set(plan.stages)
    assert {row.model for row in plan.rows} >= {"final"}


CHANNELS = ("in_channels", "channels", "c1_in_channels", "c1_channels")


def narrowed(settings):
    """Return a model with a 16th of a deep ResNet's channels; what does not fit still does not."""
    if settings.get("backbone", {}).get("depth", 0) < 50:
        return settings
    backbone = {"base_channels": 64 // 16, "stem_channels": 64 // 16, **settings["backbone"]}
    heads = {
        name: {key: head[key] // 16 if key in CHANNELS else head[key] for key in head}
        for name, head in settings.items()
        if name.endswith("_head")
    }
    return {**settings, **heads, "backbone": backbone}


@cache
def require_learning(model_config):
    """Build a model, train one step of it, and ask whether it could learn in coarser spaces too."""
    from mmengine.structures import PixelData
    from mmseg.structures import SegDataSample

    from ssl_seg.models.mixed_space import check_heads
    from ssl_seg.runner import models

    settings = narrowed(json.loads(model_config))
    is_rstn = settings["type"] == "RSTN"
    if settings.get("network") == "vgg16":
        settings["network"] = {"base": "vgg16", "width": 1 / 32}
    model = models.build(settings).train()
    model.init_weights()
    classes = settings["num_classes"] if is_rstn else settings["decode_head"]["num_classes"]
    samples = []
    for truth in torch.randint(classes, (2, 3 if is_rstn else 1, 64, 96)):
        samples.append(SegDataSample(gt_sem_seg=PixelData(data=truth)))
        samples[-1].set_metainfo({"img_shape": (64, 96)})

    channels = settings.get("backbone", {}).get("in_channels", 3)
    losses = model.loss(torch.rand(2, channels, 64, 96), samples)

    sum(value for name, value in losses.items() if "loss" in name).backward()
    for head in (model.network.coarse, model.network.fine) if is_rstn else (model.decode_head,):
        gradient = next(head.parameters()).grad
        assert gradient is not None
        assert torch.isfinite(gradient).all()
        assert gradient.any()
    if not is_rstn:
        check_heads(model)


def test_every_config_names_known_types_and_its_models_learn(config):
    from ssl_seg.runner import predictors  # noqa: F401 - registers what predicts
    from ssl_seg.runner.check_types import check_types

    settings = check(config)
    check_types(settings)
    for part, _ in overlaid_parts(settings):
        require_learning(json.dumps(part["model"], sort_keys=True))


def require_crops_of_one_size(pictures):
    """Check that pictures are padded to the crop and trained for the whole schedule."""
    steps = pictures["train_dataloader"]["dataset"]["pipeline"]
    (crop,) = [step["crop_size"] for step in steps if step["type"] == "RandomCrop"]
    assert tuple(pictures["model"]["data_preprocessor"]["size"]) == tuple(crop)
    assert pictures["param_scheduler"][-1]["end"] == pictures["train_cfg"]["max_iters"]


def require_known_views(volumes):
    """Check that volumes are cut as the data set asks and rates fall within a training."""
    is_acdc = volumes["train_dataloader"]["dataset"].get("space") == "acdc"
    wanted = ["acquired"] if is_acdc else ["coronal", "sagittal", "axial"]
    assert list(volumes["views"]) == wanted
    _, *parts = overlaid_parts(volumes)
    falling = [part for part, _ in parts if part.get("param_scheduler")]
    assert falling
    for part in falling:
        last = part["param_scheduler"][-1]
        end = part["train_cfg"]["max_iters"]
        assert last["end"] == end if "end" in last else max(last["milestones"]) < end


def test_samples_and_rates_fit_the_medium(config):
    settings = check(config)
    (require_known_views if settings["views"] else require_crops_of_one_size)(settings)


def test_every_experiment_has_a_config_for_each_model():
    assert {path.stem for path in CONFIGS if path.parent.name == "cityscapes_to_mapillary"} == {
        f"{model}_{experiment}" for model, experiment in product(MODELS, TRANSFER)
    }
    assert {path.stem for path in CONFIGS if path.parent.name == "cityscapes_1k"} == {
        f"{model}_{experiment}_1k" for model, experiment in product(MODELS, ONE_K)
    }
    rstn = {path.stem for path in CONFIGS if path.parent.name == "nih_pancreas"}
    wanted = {f"rstn_{experiment}_{part}" for experiment, part in product(NIH, LABELS)}
    assert rstn >= wanted | {"rstn_upper_bound"}
    assert {path.stem for path in CONFIGS if path.parent.name == "nih_to_msd"} == {
        "rstn_direct",
        "rstn_self_learning",
        "rstn_stso",
        "rstn_atso",
        "rstn_supervised_62_msd",
        "rstn_upper_bound_msd",
    }


def test_no_two_configs_share_a_work_dir():
    names = [path.stem for path in CONFIGS]
    assert sorted(set(names)) == sorted(names)


@pytest.fixture(params=product(MODELS, TRANSFER), ids="_".join)
def transfer(request, opened):
    """Numbers of classes, split and plan of an experiment from Cityscapes to Mapillary Vistas."""
    model, experiment = request.param
    opened_experiment, plan = opened(ROOT / f"cityscapes_to_mapillary/{model}_{experiment}.py")
    return TRANSFER[experiment], opened_experiment.split, plan


def test_transfer_trains_as_many_models_in_as_many_classes_as_the_schedule_says(transfer):
    classes, split, plan = transfer
    assert [len(stage.space) for stage in plan.trainings] == classes
    assert {stage.size for stage in plan.trainings} == {40000}
    for stage in plan.trainings:
        heads = stage.config.model
        assert heads["decode_head"]["num_classes"] == len(stage.space)
        assert heads["auxiliary_head"]["num_classes"] == len(stage.space)
    assert [len(part) for part in (split.labeled, split.reference, split.test)] == [FINE, 6, 2]


def test_the_nineteen_classes_are_guided_by_five_and_tuned_by_their_own(transfer):
    classes, _, plan = transfer
    if classes[0] == classes[-1]:
        assert {stage.role for stage in plan.trainings} <= {"initial", "student", "final"}
        return
    *_, last_of_five = (stage for stage in plan.trainings if len(stage.space) == 5)
    guided, *tuned = (stage for stage in plan.trainings if len(stage.space) == 19)
    labeled, *pseudo = guided.sources
    assert guided.role == "guided"
    assert guided.start is None
    assert labeled.reduction is None
    for source in pseudo:
        assert len(source.values.space) == 5
        assert len(source.reduction.source) == 19
        assert source.reduction.target == source.values.space
        teacher = plan.stages[plan.stages[source.written_by].inputs[0]]
        assert teacher.generation == last_of_five.generation
    for stage in tuned:
        assert stage.role == "tuning"
        assert stage.start == guided.fingerprint
        assert [source.reduction for source in stage.sources] == [None, None]


def test_all_ids_of_mapillary_are_mapped_or_ignored(transfer):
    _, split, plan = transfer
    scored = [stage for stage in plan.evaluations if stage.cases == split.test]
    assert scored
    for stage in scored:
        space, lookup = stage.values.space, stage.values.lookup()
        assert set(lookup[66:]) == {None}
        mapped = {file: space.classes[lookup[file]] for file in range(66) if lookup[file] != 255}
        assert mapped.keys() == set().union(*MAPPED.values())
        if len(space) == 5:
            assert mapped == {file: name for name, files in MAPPED.items() for file in files}
        else:
            assert len(set(mapped.values())) == 19


@pytest.fixture(params=product(MODELS, ONE_K), ids="_".join)
def one_k(request, opened):
    """Number of models, split and plan of an experiment with 1,000 labeled frames."""
    model, experiment = request.param
    opened_experiment, plan = opened(ROOT / f"cityscapes_1k/{model}_{experiment}_1k.py")
    return ONE_K[experiment], opened_experiment.split, plan


def test_a_thousand_frames_are_labeled_and_all_others_but_the_corrupt_one_are_reference(one_k):
    count, split, plan = one_k
    assert [len(stage.space) for stage in plan.trainings] == [19] * count
    assert len(split.labeled) == 1000
    hidden = [case for case in split.reference if case.label is not None]
    extra = [case for case in split.reference if case.label is None]
    assert (len(hidden), len(extra), len(split.test)) == (FINE - 1000, EXTRA - 1, VAL)
    assert {case.group for case in extra} == {"troisdorf"}
    assert not any(case.id.endswith("000073") for case in extra)
    labeled = {case.id for case in split.labeled}
    assert labeled.isdisjoint(case.id for case in split.reference)


def require_sections(plan, generations, models):
    """Check that S and I are trained once, on S, and J by each model; return the trainings."""
    trained = {
        "S": 1,
        "I": 1,
        "J": 1 + generations * models + (1 if models > 1 else 0),
    }
    assert [
        (section, sum(stage.section == section for stage in plan.trainings)) for section in trained
    ] == [(section, 3 * count) for section, count in trained.items()]
    assert all(stage.size == SECTIONS[stage.section] for stage in plan.trainings)


@pytest.mark.parametrize(("experiment", "part"), [*product(NIH, LABELS)])
def test_rstn_learns_from_few_of_62_volumes_of_nih(experiment, part, opened):
    generations, models = NIH[experiment]
    of_nih, plan = opened(ROOT / f"nih_pancreas/rstn_{experiment}_{part}.py")
    split = of_nih.split
    assert len(split.labeled) == LABELS[part]
    assert len(split.labeled) + len(split.reference) == 62
    assert [case.id for case in split.test] == [f"{number:04}" for number in range(1, 21)]
    require_sections(plan, generations, models)
    scored = {row.generation for row in plan.rows if row.cases == "reference"}
    assert scored == set(range(generations + 1))


@pytest.mark.parametrize("experiment", NIH)
def test_rstn_goes_from_nih_to_msd_with_slices_one_millimetre_apart(experiment, opened):
    generations, models = NIH[experiment]
    name = "direct" if experiment == "supervised" else experiment
    transfer, plan = opened(ROOT / f"nih_to_msd/rstn_{name}.py")
    assert [len(cases) for cases in transfer.split.lists().values()][:3] == [82, 211, 70]
    require_sections(plan, generations, models)
    working = {stage.config.slice_spacing for stage in (*plan.trainings, *plan.labelings)}
    assert working == {1.0}
    # Cancer lies in the pancreas.
    assert {tuple(stage.values.lookup()[:3]) for stage in plan.evaluations} == {(0, 1, 1)}


@pytest.mark.parametrize(
    ("name", "learned_from"),
    [
        ("nih_pancreas/rstn_upper_bound", 62),
        ("nih_to_msd/rstn_upper_bound_msd", 82 + 211),
        ("nih_to_msd/rstn_supervised_62_msd", 62),
    ],
)
def test_bounds_learn_from_true_labels(name, learned_from, opened):
    _, plan = opened(ROOT / f"{name}.py")
    for stage in plan.trainings:
        assert sum(len(source.cases) for source in stage.sources) == learned_from
        assert {source.written_by for source in stage.sources} == {None}


def test_rstn_vgg16_is_the_published_size():
    from ssl_seg.runner import models

    settings = check(ROOT / "nih_pancreas/rstn_atso_10pct.py")
    with torch.device("meta"):
        model = models.build(settings["model"])
    assert sum(weight.numel() for weight in model.parameters()) == 268_555_786
