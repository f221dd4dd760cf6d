"""A sample is a pure function of its index, and no case silently takes another's place."""

import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform

from ssl_seg.core.case import Case, DataFile, LabelFile
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.stage import Source
from ssl_seg.data import transforms  # noqa: F401 - registers the transforms
from ssl_seg.data.pseudo_labels import PseudoLabels
from ssl_seg.data.sample_order import SampleIndex
from ssl_seg.data.training_set import Samples, TrainingSet
from ssl_seg.media.pictures.masks import read_truth, write_mask
from ssl_seg.media.pictures.reader import PictureRecords
from ssl_seg.media.records import MaskedCases
from ssl_seg.registry import TRANSFORMS

SPACE = LabelSpace("made_up", ("sky", "road", "car"), ((0, 0, 0), (9, 0, 0), (0, 9, 0)))
VALUES = LabelValues.identity(SPACE)
PLAIN = ("LoadImageFromFile", "LoadAnnotations", "PackSegInputs")
RANDOM = (
    {"type": "LoadImageFromFile"},
    {"type": "LoadAnnotations"},
    {"type": "RandomResize", "scale": (32, 24), "ratio_range": (0.8, 1.5)},
    {"type": "RandomCrop", "crop_size": (24, 32), "cat_max_ratio": 0.75},
    {"type": "RandomFlip", "prob": 0.5},
    {"type": "RandomRotate", "prob": 0.5, "degree": 20},
    {"type": "PhotoMetricDistortion"},
    {"type": "PackSegInputs"},
)


def steps(names):
    return tuple({"type": name} for name in names)


@pytest.fixture
def cases(data):
    names = ("drive0/0", "drive1/1", "drive2/0")
    return tuple(
        Case(
            name,
            DataFile(str(data / "train/images" / f"{name}.png"), name),
            LabelFile(str(data / "train/masks" / f"{name}.png"), name),
            "g",
        )
        for name in names
    )


def images(source, pseudo):
    """Open a source of a train stage."""
    return Samples(source, pseudo, PictureRecords(MaskedCases(source.cases, source.values, pseudo)))


@pytest.fixture
def open_set(cases, tmp_path):
    """Return a function that opens one labeled and one pseudo-labeled source."""
    for case in cases:
        write_mask(tmp_path / "maps" / f"{case.id}.png", np.full((24, 32), 2, np.uint8), SPACE)

    def opened(pipeline, seed=3):
        unlabeled = tuple(case.without_label() for case in cases)
        true = Source(kind="labeled", cases=cases, values=VALUES, pipeline=pipeline)
        pseudo = Source(
            kind="pseudo", cases=unlabeled, values=VALUES, pipeline=pipeline, written_by="0" * 32
        )
        return TrainingSet(
            [
                images(true, None),
                images(pseudo, PseudoLabels(tmp_path, LabelValues.identity(SPACE))),
            ],
            SPACE,
            seed,
        )

    return opened


INDICES = [
    SampleIndex(i, p, source, i % 3) for i in range(3) for p in range(2) for source in range(2)
]


def pixels(copies):
    (sample,) = copies
    return sample["inputs"], sample["data_samples"].gt_sem_seg.data


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(pixels(one), pixels(other), strict=True))


def test_a_sample_is_the_same_whichever_order_is_asked_for(open_set):
    made = open_set(RANDOM)
    samples = {index: made[index] for index in INDICES}
    anew = open_set(RANDOM)
    assert all(equal(samples[index], anew[index]) for index in reversed(INDICES))
    assert all(equal(samples[index], made[index]) for index in INDICES[::2])


@pytest.mark.parametrize(
    "other", [SampleIndex(1, 0, 0, 0), SampleIndex(0, 1, 0, 0)], ids=["iteration", "position"]
)
def test_each_place_of_the_training_sees_its_own_augmentation(open_set, other):
    made = open_set(RANDOM)
    assert not equal(made[SampleIndex(0, 0, 0, 0)], made[other])


def test_another_seed_augments_differently(open_set):
    index = INDICES[0]
    assert not equal(open_set(RANDOM)[index], open_set(RANDOM, seed=4)[index])


def test_image_and_label_are_those_of_the_case(open_set, cases, tmp_path):
    made = open_set(steps(PLAIN))
    for number, case in enumerate(cases):
        image, truth = pixels(made[SampleIndex(0, 0, 0, number)])
        same_image, pseudo = pixels(made[SampleIndex(0, 0, 1, number)])
        assert torch.equal(image, same_image)
        expected = read_truth(tmp_path / case.label.path, VALUES)
        assert np.array_equal(truth[0].numpy(), expected)
        assert {0, 1, 2, 255} >= set(np.unique(truth))
        assert torch.equal(pseudo, torch.full_like(pseudo, 2))


def test_samples_say_what_they_are(open_set):
    made = open_set(RANDOM)
    said = [made[SampleIndex(0, 0, source, 1)][0]["data_samples"].metainfo for source in (0, 1)]
    for meta, kind in zip(said, ("labeled", "pseudo"), strict=True):
        assert (meta["case"], meta["source"], meta["space"]) == ("drive1/1", kind, "made_up")
        assert meta["copy"] == 0
        assert "img_path" in meta


def test_the_set_states_the_classes_for_visualizers(open_set):
    assert open_set(RANDOM).metainfo == {"classes": SPACE.classes, "palette": SPACE.palette}


@pytest.fixture
def dropping():
    @TRANSFORMS.register_module(name="DropEverything")
    class DropEverything(BaseTransform):
        def transform(self, results):
            return None

    yield "DropEverything"
    TRANSFORMS.module_dict.pop("DropEverything")


def test_a_pipeline_that_drops_a_case_is_an_error(open_set, dropping):
    made = open_set(steps((*PLAIN[:2], dropping)))
    with pytest.raises(UserError, match=r"drive2/0\.png; a transform dropped the case"):
        made[SampleIndex(0, 0, 0, 2)]


def test_a_labeled_case_without_a_label_is_an_error(cases):
    bare = tuple(case.without_label() for case in cases)
    source = Source(kind="labeled", cases=bare, values=VALUES, pipeline=steps(PLAIN))
    made = TrainingSet([images(source, None)], SPACE, 0)
    with pytest.raises(ValueError, match="'drive0/0' has no label file"):
        made[SampleIndex(0, 0, 0, 0)]


def test_a_value_outside_the_space_names_the_file(cases):
    narrow = LabelSpace("two", SPACE.classes[:2], SPACE.palette[:2])
    source = Source(
        kind="labeled", cases=cases, values=LabelValues.identity(narrow), pipeline=steps(PLAIN)
    )
    made = TrainingSet([images(source, None)], SPACE, 0)
    with pytest.raises(ValueError, match=r"masks/drive0/0\.png: holds the values \[2\]"):
        made[SampleIndex(0, 0, 0, 0)]


def test_the_pipeline_cannot_renumber_labels(cases):
    pipeline = (
        {"type": "LoadImageFromFile"},
        {"type": "LoadAnnotations", "reduce_zero_label": True},
    )
    source = Source(kind="labeled", cases=cases, values=VALUES, pipeline=pipeline)
    with pytest.raises(ValueError, match="reduce_zero_label is set by the data set"):
        images(source, None)


def test_a_picture_and_a_label_of_two_sizes_are_an_error(open_set):
    """As where a loader of a plug-in does not obey the working size that the label obeys."""
    whole = {"type": "LoadImageFromFile"}
    shrunk = {"type": "LoadAnnotations", "max_side": 16}
    made = open_set((whole, shrunk, {"type": "PackSegInputs"}))
    with pytest.raises(ValueError, match=r"picture of 32x24 pixels and a mask of 16x12"):
        made[SampleIndex(0, 0, 0, 0)]


def test_each_kind_has_the_copies_that_are_asked_for(cases):
    unlabeled = tuple(case.without_label() for case in cases)
    source = Source(
        kind="unlabeled", cases=unlabeled, values=VALUES, pipeline=RANDOM[:1] + RANDOM[2:]
    )
    records = PictureRecords(MaskedCases(source.cases, source.values, None, unlabeled=True))
    strong = [{"type": "PhotoMetricDistortion"}]
    samples = Samples(source, None, records, strong)
    made = TrainingSet([samples], SPACE, 3, {"unlabeled": ("weak", "strong", "strong")})
    copies = made[SampleIndex(0, 0, 0, 1)]
    assert [copy["data_samples"].metainfo["copy"] for copy in copies] == [0, 1, 2]
    masks = [copy["data_samples"].gt_sem_seg.data for copy in copies]
    assert all(torch.equal(masks[0], mask) for mask in masks)
    assert set(masks[0].unique().tolist()) <= {0, 255}
    assert not torch.equal(copies[1]["inputs"], copies[2]["inputs"])
