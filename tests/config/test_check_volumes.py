"""Configs of views, sections and their overlays: what they become, and what is refused."""

import re
from copy import deepcopy

import pytest

from ssl_seg.config.check import checked
from ssl_seg.core.views import BODY_VIEWS

RULE = {"mean": 0.4, "least": 0.35, "window": 0.02, "attempts": 3}


@pytest.fixture
def config(tiny, made_up_volumes, tmp_path):
    """Return the config of three views and the sections S, I and J, changed by dotted keys."""

    def make(changes=None):
        volumes = deepcopy(made_up_volumes.changes)
        scheduler = {"scheduler": {"type": "Supervised"}}
        return tiny.settings(tmp_path, {**scheduler, **volumes, **(changes or {})})

    return make


def test_views_are_written_in_full_and_in_their_order(config):
    assert checked(config())["views"] == {view: {} for view in BODY_VIEWS}
    assert list(checked(config({"views": ["axial", "coronal"]}))["views"]) == ["axial", "coronal"]
    overlays = {"axial": {"train_cfg": {"max_iters": 7}}, "sagittal": {}}
    assert checked(config({"views": overlays}))["views"] == overlays


def test_with_views_volumes_are_predicted(config):
    assert checked(config())["inference"] == {"type": "Views"}
    own = {"type": "CoarseToFine"}
    assert checked(config({"inference": own}))["inference"] == own


@pytest.mark.parametrize(
    ("names", "first"), [("SIJ", ("S", "I")), ("SJ", ("S",)), ("J", ()), ("", ())]
)
def test_all_sections_but_the_last_are_the_start_point(config, names, first):
    assert checked(config({"sections": {name: {} for name in names}}))["start_point"] == first


@pytest.mark.parametrize("first", [(), ("S",), ("S", "I"), ["S", "I"]])
def test_a_start_point_is_the_first_of_the_sections(config, first):
    assert checked(config({"start_point": first}))["start_point"] == first


@pytest.mark.parametrize("first", [("I",), ("S", "J"), ("I", "S"), ("S", "I", "J"), ("X",), "S", 1])
def test_other_start_points_are_refused(config, first):
    message = r"^start_point: expected the first of the sections \('S', 'I', 'J'\), but not all"
    with pytest.raises(ValueError, match=f"{message}.*got {re.escape(repr(first))}$"):
        checked(config({"start_point": first}))


def test_a_start_point_without_sections_is_refused(config):
    with pytest.raises(ValueError, match=r"^start_point: .*got \('S',\)"):
        checked(config({"sections": {}, "start_point": ("S",)}))


def test_what_has_been_checked_is_fine(config):
    changes = {"convergence": RULE, "slice_threshold": 0.98, "views": ("axial",)}
    once = checked(config(changes))
    assert checked(once) == once


@pytest.mark.parametrize("threshold", [None, 0.98, 1, 100])
def test_a_slice_threshold_is_a_share_or_a_count(config, threshold):
    assert checked(config({"slice_threshold": threshold}))["slice_threshold"] == threshold


BAD = {
    "views": "axial",
    "views.axial": None,
    "views.axal": {},
    "views.axial.modle": {},
    "views.axial.split": {},
    "views.axial.start_point": ("S",),
    "views.axial.cache_dir": "elsewhere",
    "views.axial.inference": {"type": "Views"},
    "views.axial.views": {},
    "views.axial.sections": {},
    "views.axial.train_cfg.max_iters": 0,
    "views.axial.oversample": 0.5,
    "sections": ["S", "I", "J"],
    "sections.J": 3,
    "sections.J.modle": {},
    "sections.J.inference": {"type": "Views"},
    "sections.J.sections": {},
    "sections.J.param_scheduler": [{"type": "PolyLR"}],
    "sections.J.slice_threshold": 0,
    "sections.J.pseudo_labels.threshold": 5,
    "sections.J.views.axal": {},
    "sections.J.views.axial.modle": {},
    "sections.J.views.axial.train_cfg.max_iters": -1,
    "roles.student.sections.K": {},
    "roles.student.sections.J.modle": {},
    "roles.student.sections.J.train_cfg.max_iters": -1,
    "roles.student.sections.J.views.axial.mix": "both",
    "roles.student.views.axial.slice_threshold": -1,
    "roles.student.oversample": 0.5,
    "slice_threshold": "many",
    "oversample": 0.5,
    "convergence": 0.4,
    "convergence.mean": "low",
    "convergence.least": True,
    "convergence.window": 2,
    "convergence.attempts": 0,
    "convergence.atempts": 3,
    "test_dataloader.batch_size": 2,
    "val_dataloader.batch_size": 4,
}
"""A bad value by its place in the config."""


@pytest.mark.parametrize("place", BAD)
def test_every_message_starts_with_the_place(config, place):
    changes = {"convergence": dict(RULE), "views": {view: {} for view in BODY_VIEWS}}
    if place.startswith("val_dataloader"):
        changes["val_dataloader"] = deepcopy(config()["test_dataloader"])
    said = {"views.axial": "views.axial: expected a dict", "views.axal": "views: there is no view"}
    given = config({**changes, place: BAD[place]})
    with pytest.raises(ValueError, match=f"^{re.escape(said.get(place, place))}"):
        checked(given)


@pytest.mark.parametrize("key", RULE)
def test_what_convergence_needs_is_named(config, key):
    rule = {name: value for name, value in RULE.items() if name != key}
    with pytest.raises(ValueError, match=f"^convergence.{key}: missing"):
        checked(config({"convergence": rule}))


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"views": ("axail",)}, "there is no view 'axail'; did you mean 'axial'"),
        ({"views": ("axial", "axial")}, "listed twice"),
        ({"views": (0, 1, 2)}, "there is no view 0"),
        ({"views": "axial"}, "a list of coronal, sagittal, axial, acquired, or a dict of overlays"),
        ({"sections": {"../up": {}}}, r"names of letters, digits and _, got '\.\./up'"),
        ({"sections": {1: {}}}, "names of letters, digits and _, got 1"),
        ({"test_dataloader.batch_size": 2}, r"one by one, .*inference\.batch_size"),
        ({"oversample": 0.5}, "for pictures; .*set by slice_threshold"),
        ({"slice_threshold": 0}, r"share of the slices to keep, in \(0, 1\], or the least number"),
        (
            {"roles.student": {"sections": {"j": {}}}},
            r"roles\.student\.sections\.j: .* Known: I, J, S",
        ),
        ({"views": {"axial": {"optim_wraper": {}}}}, "did you mean 'optim_wrapper'"),
    ],
)
def test_messages_say_what_to_do(config, changes, hint):
    with pytest.raises(ValueError, match=hint):
        checked(config(changes))


def test_images_may_be_labeled_in_batches(config):
    assert checked(config({"views": (), "test_dataloader.batch_size": 2}))["views"] == {}


def test_a_dict_over_a_plain_value_in_a_section_is_refused_by_place(config):
    with pytest.raises(ValueError, match=r"^sections\.J: .*max_iters"):
        checked(config({"sections.J.train_cfg": {"max_iters": {"least": 1}}}))
