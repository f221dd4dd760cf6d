"""A training with ``oversample`` draws cases of rare classes more often, and resumes as any."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssl_seg.data.oversampling import repeat_counts
from ssl_seg.data.sample_order import SampleOrder
from ssl_seg.media.pictures.masks import read_indices
from ssl_seg.runner.batches import Batches
from ssl_seg.runner.sources import open_sources
from ssl_seg.store.store import Store

THRESHOLD = 0.9


@pytest.fixture(scope="module")
def rare(tiny, tmp_path_factory):
    """The tiny data set in which one labeled case alone holds cars; a finished run up to labels."""
    folder = tmp_path_factory.mktemp("rare")
    data = tiny.data(folder / "data")
    for path in sorted((data / "train" / "masks").rglob("*.png"))[1:]:
        mask = read_indices(path)
        Image.fromarray(np.where(mask == 2, 1, mask).astype(np.uint8)).save(path)
    lists = {"labeled": "labeled.txt"}
    (folder / "labeled.txt").write_text("drive0/0\ndrive0/1\ndrive1/0\ndrive1/1\n")
    changes = {"scheduler": {"type": "STSO", "generations": 1}, "split": lists}
    plan = tiny.plan(tiny.config(folder / "tiny.py", data, changes))
    store = Store(folder / "work")
    initial, student = plan.trainings
    for stage in (initial, *(s for s in plan.labelings if s.fingerprint in student.inputs)):
        tiny.run(stage, store)
    return store, student


def loader(rare, oversample):
    """Return the student's loader and its sources."""
    store, stage = rare
    stage = replace(stage, config=replace(stage.config, oversample=oversample))
    sources = open_sources(stage, store, store.work_dir)
    return Batches(replace(stage, config=replace(stage.config, batch_size=1)), sources), sources


def drawn(made, start=0):
    """Return source and case of every sample from an iteration on."""
    return [(t.source, t.item) for batch in made(start).batch_sampler for t in batch]


def expected_repeats(rare, sources):
    """Return how often each case is to come, from the pixels of the files themselves."""
    store, _ = rare
    held = []
    for opened in sources:
        paths = (
            [Path(case.label.path) for case in opened.source.cases]
            if opened.pseudo is None
            else [
                store.path(opened.source.written_by) / "maps" / f"{case.id}.png"
                for case in opened.source.cases
            ]
        )
        held.append([set(np.unique(read_indices(path)).tolist()) - {255} for path in paths])
    return [repeat_counts(classes, THRESHOLD) for classes in held]


@pytest.fixture
def long(rare):
    """The same student, trained for as long as some passes take."""
    store, stage = rare
    return store, replace(stage, config=replace(stage.config, max_iters=120))


def test_a_pass_holds_each_case_as_often_as_its_rarest_class_asks_for(long):
    made, sources = loader(long, THRESHOLD)
    repeats = expected_repeats(long, sources)
    # One of four labeled cases holds cars: sqrt(0.9 / 0.25) is 1.9.
    assert repeats[0] == [2, 1, 1, 1]
    expected = Counter(
        {(s, c): count for s, counts in enumerate(repeats) for c, count in enumerate(counts)}
    )
    length = expected.total()
    assert Counter(drawn(made)[:length]) == expected
    assert Counter(drawn(made)[length : 2 * length]) == expected


def test_without_it_the_order_is_the_plain_one(long):
    made, sources = loader(long, None)
    sizes = [len(opened.source.cases) for opened in sources]
    plain = SampleOrder(["labeled", "pseudo"], sizes, "concat", long[1].seed)
    assert drawn(made) == [plain.at(place) for place in range(120)]


@pytest.mark.parametrize("start", [1, 37, 119])
def test_a_resumed_training_draws_the_rest(long, start):
    made, _ = loader(long, THRESHOLD)
    assert drawn(made, start) == drawn(made)[start:]


def test_a_whole_training_runs_with_it(rare, tiny, tmp_path, caplog):
    store, stage = rare
    stage = replace(stage, config=replace(stage.config, oversample=THRESHOLD))
    with caplog.at_level("INFO"):
        tiny.run(stage, store)
    assert (store.path(stage.fingerprint) / "model.pth").is_file()
    assert "4 labeled cases stand 5 times in one pass" in caplog.text
