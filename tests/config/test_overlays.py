"""What overlays may hold, and how they are merged."""

import pytest

from ssl_seg.config.key import defaults
from ssl_seg.config.keys import KEYS
from ssl_seg.config.overlays import OVERLAYS, keys_in, overlaid, overlaid_parts
from ssl_seg.core.errors import UserError

BASE = {**defaults(KEYS), "views": {}, "train_cfg": {"max_iters": 4, "type": "Loop"}}


def test_each_kind_of_overlay_holds_no_more_than_the_one_before_it():
    roles, sections, views = (set(keys_in(kind)) for kind in OVERLAYS)
    assert sections - {"views"} < roles
    assert sections == views | {"views"}
    only_roles = {
        "average",
        "batch",
        "inference",
        "method",
        "reference_inference",
        "sections",
        "threads",
    }
    assert roles - sections == only_roles


def test_no_overlay_holds_its_own_kind_or_a_key_of_the_run():
    of_the_run = {key.name for key in KEYS if key.scope == "run"}
    for kind in OVERLAYS:
        assert not {kind, *of_the_run} & set(keys_in(kind)), kind


def test_a_merged_config_has_the_keys_of_the_one_below_in_their_order():
    merged = overlaid(
        BASE, {"train_cfg": {"max_iters": 9}, "convergence": {"mean": 1.0}}, "roles.x"
    )
    assert list(merged) == list(BASE)
    assert merged["train_cfg"] == {"max_iters": 9, "type": "Loop"}
    assert merged["convergence"] == {"mean": 1.0}
    assert merged["load_from"] is None


def test_what_an_overlay_sets_leaves_the_config_below_as_it_is():
    overlaid(BASE, {"train_cfg": {"max_iters": 9}}, "roles.x")
    assert BASE["train_cfg"] == {"max_iters": 4, "type": "Loop"}


@pytest.mark.parametrize("mark", [{}, {"_delete_": True}], ids=["plain", "marked"])
def test_a_dict_replaces_a_word_or_nothing(mark):
    for base in (BASE, {**BASE, "mix": None}):
        replaced = overlaid(base, {"mix": {**mark, "labeled": 0.5}}, "roles.x")
        assert replaced["mix"] == {"labeled": 0.5}


def test_a_dict_over_a_plain_value_inside_a_dict_is_refused_unless_it_replaces_it():
    given = {"max_iters": {"least": 1}}
    with pytest.raises(UserError, match=r"^roles\.x: max_iters="):
        overlaid(BASE, {"train_cfg": given}, "roles.x")


def test_each_overlay_is_found_with_its_place_after_the_config_itself():
    inner = {"threads": 3}
    config = {
        **BASE,
        "roles": {"final": {"sections": {"J": {"log_level": "ERROR"}}, **inner}},
        "sections": {"J": {}},
    }
    found = list(overlaid_parts(config))
    assert [where for _, where in found] == [
        "",
        "roles.final.",
        "roles.final.sections.J.",
        "sections.J.",
    ]
    assert [part["threads"] for part, _ in found] == [2, 3, 3, 2]


def test_an_overlay_that_replaces_a_dict_does_so_again():
    """Every stage of a role is overlaid anew, after the checks were."""
    overlay = {"optimizer": {"_delete_": True, "type": "SGD"}}
    base = {"optimizer": {"type": "Adam", "betas": (0.9, 0.99)}}
    for _ in range(2):
        assert overlaid(base, overlay, "roles.x")["optimizer"] == {"type": "SGD"}
