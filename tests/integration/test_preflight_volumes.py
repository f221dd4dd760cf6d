"""What is impossible with volumes is found on a few of their slices, before any training."""

from __future__ import annotations

from functools import partial

import pytest

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.core.errors import UserError
from ssl_seg.runner.preflight import preflight
from ssl_seg.runner.sample_sizes import known_sizes
from ssl_seg.store.store import Store

LOAD = {"type": "LoadSlices", "slices": 3, "window": (-100, 240)}
NOTHING_KEPT = {"type": "PackSegInputs", "meta_keys": ()}


@pytest.fixture(scope="module")
def data(volumes, tmp_path_factory):
    return volumes.data(tmp_path_factory.mktemp("volumes"))


@pytest.fixture
def check(tiny, volumes, data, tmp_path, monkeypatch):
    """Return a function that plans a changed config and looks whether its first steps work."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))

    def run(changes):
        index = DigestIndex()
        config = volumes.config(tmp_path / "tiny.py", data, {"views": ("axial",), **changes})
        plan = tiny.plan(config, index=index)
        store = Store(tmp_path / "work")
        preflight(list(plan.stages.values()), store, partial(known_sizes, index))
        return tmp_path

    return run


@pytest.mark.parametrize("name", ["STSO", "RSTN"])
def test_what_works_passes_and_leaves_slices_of_images_and_true_labels_alone(check, volumes, name):
    folder = check(volumes.runs[name])
    assert not list((folder / "temporary").glob("ssl-seg-*"))
    assert {path.name for path in (folder / "work").iterdir()} == {"cache"}


IMPOSSIBLE = {
    "slices of differing size": (
        "STSO",
        {"model.data_preprocessor.size": (8, 8)},
        r"^train initial, axial: a training step .*3x10x12.* Samples of one batch differ in size",
    ),
    "a size that the network does not take": (
        "STSO",
        {"model.data_preprocessor.test_cfg": None},
        r"^label .*: labelling .*\.nii\.gz \(.*\) fails: .*size_divisor",
    ),
    "channels": (
        "STSO",
        {"test_dataloader.dataset.pipeline": [{**LOAD, "slices": 5}, {"type": "PackSegInputs"}]},
        r"^label .* Channels do not fit",
    ),
    "no original size": (
        "RSTN",
        {"test_dataloader.dataset.pipeline": [LOAD, NOTHING_KEPT]},
        r"^label .*meta_keys has no 'ori_shape'",
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_does_not_work_is_named(check, volumes, name):
    run, changes, message = IMPOSSIBLE[name]
    with pytest.raises(UserError, match=message):
        check({**volumes.runs[run], **changes})


def test_the_fine_networks_of_rstn_are_tried_too(check, volumes, monkeypatch):
    """Weights that find nothing would never ask them."""
    asked = []

    def fine_map(network, images, *_):
        asked.append(tuple(images.shape))
        raise UserError("no")

    monkeypatch.setattr("ssl_seg.models.rstn.network.RSTNetwork.fine_map", fine_map)
    with pytest.raises(UserError, match=r"^label .*: no"):
        check(volumes.runs["RSTN"])
    assert asked
