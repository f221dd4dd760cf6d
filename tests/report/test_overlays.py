"""Pictures of stored masks need the work dir alone, and find data sets that have moved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssl_seg.catalog.image_folder import ImageFolder
from ssl_seg.catalog.index import INDEX, DigestIndex
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace
from ssl_seg.core.stage import EvaluateStage
from ssl_seg.core.stage_config import EvaluateConfig
from ssl_seg.media.by_name import medium_of
from ssl_seg.media.stored_masks import read_true_mask, write_prediction
from ssl_seg.report.overlays import draw_overlays
from ssl_seg.runner import evaluate
from ssl_seg.store.atomic import write_json
from ssl_seg.store.store import Store

LABELS = "a" * 32
COARSE = LabelSpace("coarse", ("back", "car"), ((0, 0, 0), (255, 255, 0)))


@pytest.fixture
def data(tiny, tmp_path):
    return tiny.data(tmp_path / "data") / "test"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "work")


def index_of(store, data, tiny):
    """Look into the data set as a command does, and return its catalog."""
    with DigestIndex(store.work_dir / INDEX) as index:
        return ImageFolder(data_root=str(data), classes=tiny.classes).read(index)


@pytest.fixture
def catalog(store, data, tiny):
    """The catalog of the data set, whose true masks a label stage has written as its own."""
    found = index_of(store, data, tiny)
    out = store.running(LABELS) / "out"
    for case in found.cases:
        write_prediction(out, case, read_true_mask(case, found.values), found.values.space)
    write_json(
        out / "manifest.json",
        {
            "space": found.values.space.plain(),
            "medium": "pictures",
            "pipeline": [],
            "cases": [{"case": case.id, "image": case.image.digest} for case in found.cases],
        },
    )
    store.publish(LABELS, {})
    return found


def draw(store, folder, **options):
    draw_overlays(store, DigestIndex(store.work_dir / INDEX), LABELS, folder, **options)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def expected(catalog, folder, space, mapped=lambda labels: labels):
    """Return the pictures that the medium draws when it knows the cases."""
    for case in catalog.cases:
        labels = mapped(read_true_mask(case, catalog.values))
        medium_of(case).draw(folder, case, labels, space, pipeline=[], truth=None, opacity=0.5)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_all_cases_are_drawn_in_the_colours_of_the_stored_space(store, catalog, tmp_path):
    drawn = draw(store, tmp_path / "drawn")
    assert drawn == expected(catalog, tmp_path / "expected", catalog.values.space)
    assert len(drawn) == len(catalog.cases)


def test_only_the_named_cases_are_drawn(store, catalog, tmp_path):
    assert set(draw(store, tmp_path / "drawn", cases={"frame1"})) == {"frame1.jpg"}


def scored(store, cases, values, reduction=None):
    """Finish an evaluate stage of the labels and return its fingerprint."""
    stage = EvaluateStage(
        predictions=(LABELS,),
        cases=cases,
        values=values,
        reduction=reduction,
        config=EvaluateConfig(metrics=({"type": "IoUMetric"},), max_side=None),
    )
    evaluate.run(stage, store, store.running(stage.fingerprint) / "out", lambda done: None)
    store.publish(stage.fingerprint, {})
    return stage.fingerprint


def test_scored_labels_are_drawn_in_the_space_of_their_score(store, catalog, tmp_path):
    numbers = (0, 0, 1)
    reduction = ClassMapping("to_coarse", catalog.values.space, COARSE, numbers)
    scores = scored(store, catalog.cases, reduction.applied_to(catalog.values), reduction)
    table = np.full(256, COARSE.ignore, np.uint8)
    table[: len(numbers)] = numbers
    assert draw(store, tmp_path / "drawn", scores=scores) == expected(
        catalog, tmp_path / "expected", COARSE, lambda labels: table[labels]
    )


def test_a_data_set_that_has_moved_is_found_after_it_was_planned_again(
    store, catalog, data, tiny, tmp_path
):
    before = draw(store, tmp_path / "before")
    moved = data.rename(tmp_path / "moved")
    with pytest.raises(UserError, match=r"the image of case 'frame0' is not where it was"):
        draw(store, tmp_path / "lost")
    index_of(store, moved, tiny)
    assert draw(store, tmp_path / "after") == before


def test_an_image_that_has_changed_is_refused(store, catalog, tmp_path):
    path = Path(catalog.cases[1].image.path)
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(UserError, match=r"case 'frame1' .* has changed since \(SHA-256 "):
        draw(store, tmp_path / "drawn")


def test_a_true_mask_that_is_gone_is_named(store, catalog, tmp_path):
    scores = scored(store, catalog.cases, catalog.values)
    Path(catalog.cases[2].label.path).unlink()
    with pytest.raises(UserError, match=r"the true mask of case 'frame2' is not where it was"):
        draw(store, tmp_path / "drawn", scores=scores)
