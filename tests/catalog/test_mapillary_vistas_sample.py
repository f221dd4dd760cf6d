"""Genuine Vistas files, read, mapped and scored; Pillow and plain numpy are the oracle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssl_seg.catalog.class_mapping_file import open_map
from ssl_seg.catalog.mapillary_vistas import MapillaryVistas
from ssl_seg.media.pictures.masks import read_truth
from ssl_seg.metrics import IoUMetric, Sample

IGNORE = 255
TRAIN_IDS = 19

# fmt: off
# Vistas label ids by train id.
DG = {
    0: (13, 24, 41), 1: (2, 15), 2: (17,), 3: (6,), 4: (3,), 5: (45, 47), 6: (48,), 7: (50,),
    8: (30,), 9: (29,), 10: (27,), 11: (19,), 12: (20, 21, 22), 13: (55,), 14: (61,), 15: (54,),
    16: (58,), 17: (57,), 18: (52,),
}
EXTENDED = {**DG, 0: (7, 8, 13, 14, 23, 24), 1: (2, 9, 11, 15)}
TOTAL = {
    **DG,
    0: (7, 8, 10, 12, 13, 14, 23, 24, 36, 41, 43), 1: (2, 9, 11, 15), 2: (0, 16, 17, 18, 42),
    4: (3, 4, 5, 33, 34), 5: (37, 38, 39, 40, 44, 45, 47, 51), 7: (32, 35, 46, 49, 50), 8: (1, 30),
    9: (25, 26, 28, 29, 31), 13: (55, 56, 63, 64), 14: (53, 59, 60, 61), 18: (52, 62),
}

# Pixels of the six files by train id, and those of no class at the end.
PIXELS = {
    "dg": [
        12331022, 1840223, 5722596, 118198, 551643, 784324, 135844, 236114, 6752422, 215054,
        12319882, 99441, 31244, 1134266, 134799, 28148, 144935, 28302, 42936, 3440895,
    ],
    "extended": [
        12945258, 1867651, 5722596, 118198, 551643, 784324, 135844, 236114, 6752422, 215054,
        12319882, 99441, 31244, 1134266, 134799, 28148, 144935, 28302, 42936, 2799231,
    ],
    "total": [
        13030209, 1867651, 5776341, 118198, 588168, 959717, 135844, 794473, 6752422, 279981,
        12319882, 99441, 31244, 2078181, 135261, 28148, 144935, 28302, 42936, 880954,
    ],
}
# fmt: on
TABLES = {"dg": DG, "extended": EXTENDED, "total": TOTAL}


@pytest.fixture(scope="module")
def sample(real_data) -> Path:
    return real_data / "mapillary_sample"


@pytest.fixture
def catalog(sample, index):
    return MapillaryVistas(data_root=sample, split="validation").read(index)


@pytest.fixture(scope="module")
def indices(sample) -> dict[str, np.ndarray]:
    """Palette indices by case, as Pillow reads them."""
    found = {}
    for path in (sample / "validation/v1.2/labels").glob("*.png"):
        with Image.open(path) as picture:
            assert picture.mode == "P"
            found[path.stem] = np.asarray(picture)
    return found


@pytest.fixture(scope="module")
def counts(indices):
    """Pixels by palette index in all files."""
    return sum(np.bincount(labels.ravel(), minlength=256) for labels in indices.values())


def reading(catalog, table):
    """Return the cases' label files and how they are read through a shipped map."""
    class_mapping = open_map(f"mapillary_vistas_to_cityscapes_{table}", Path())
    values = class_mapping.applied_to(catalog.values)
    return values, {case.id: Path(case.label.path) for case in catalog.cases}


@pytest.mark.parametrize("table", TABLES)
def test_every_pixel_of_every_file_is_mapped_as_the_table_says(catalog, indices, table):
    values, files = reading(catalog, table)
    assert files.keys() == indices.keys()
    train_id_of = {id_: train_id for train_id, ids in TABLES[table].items() for id_ in ids}
    pixels = np.zeros(256, np.int64)
    for case, path in files.items():
        truth = read_truth(path, values)
        pairs = np.bincount((indices[case] * np.uint16(256) + truth).ravel(), minlength=256**2)
        for id_, read_as in np.argwhere(pairs.reshape(256, 256)).tolist():
            assert read_as == train_id_of.get(id_, IGNORE)
        pixels += pairs.reshape(256, 256).sum(0)
    assert [*pixels[:TRAIN_IDS], pixels[IGNORE]] == PIXELS[table]


@pytest.mark.parametrize("table", TABLES)
def test_the_sums_agree_with_the_palette_indices(counts, table):
    expected = [int(counts[list(TABLES[table][train_id])].sum()) for train_id in range(TRAIN_IDS)]
    assert [*expected, int(counts.sum()) - sum(expected)] == PIXELS[table]


@pytest.mark.parametrize(("table", "shift"), [("total", 0), ("dg", 16)])
def test_mapped_truth_is_scored_as_plain_numpy_scores_it(catalog, table, shift):
    values, files = reading(catalog, table)
    metric = IoUMetric(values.space, iou_metrics="mIoU")
    pairs = np.zeros(TRAIN_IDS**2, np.int64)
    for case, path in files.items():
        truth = read_truth(path, values)
        scored = truth != IGNORE
        # A prediction is a class everywhere.
        prediction = np.roll(np.where(scored, truth, np.uint8(0)), shift, axis=1)
        metric.add(Sample(case=case, prediction=prediction, truth=truth))
        joint = truth[scored] * np.uint16(TRAIN_IDS) + prediction[scored]
        pairs += np.bincount(joint, minlength=TRAIN_IDS**2)
    confusion = pairs.reshape(TRAIN_IDS, TRAIN_IDS)
    both = confusion.diagonal()
    expected = 100 * both / (confusion.sum(0) + confusion.sum(1) - both)
    scores = metric.scores()
    stated = [scores["classes"][label]["IoU"] for label in values.space.classes]
    np.testing.assert_allclose(stated, expected, rtol=1e-12)
    assert scores["metrics"]["mIoU"] == pytest.approx(expected.mean(), rel=1e-12)
    assert (scores["metrics"]["mIoU"] == 100) is (shift == 0)
