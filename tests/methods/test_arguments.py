"""What a config gives a method is refused where it makes no sense, and named."""

from __future__ import annotations

from math import inf, nan

import pytest

from ssl_seg.core.errors import UserError
from ssl_seg.methods import UAMT
from ssl_seg.methods.arguments import check_share, check_weight
from ssl_seg.registry import METHODS


@pytest.mark.parametrize("value", [-0.1, 1.1, nan, inf, True, "0.5", None])
def test_what_is_no_share_is_refused(value):
    with pytest.raises(UserError, match=r"^cutmix: expected a number in \[0, 1\], got"):
        check_share("cutmix", value)


def test_ends_of_the_interval():
    for value in (0, 0.0, 1, 1.0):
        check_share("cutmix", value)
    check_share("threshold", 0, one=False)
    with pytest.raises(UserError, match=r"^threshold: expected a number in \[0, 1\), got 1$"):
        check_share("threshold", 1, one=False)


@pytest.mark.parametrize("value", [-1, nan, inf, False, "1"])
def test_what_is_no_weight_is_refused(value):
    with pytest.raises(UserError, match=r"^weight: expected a number of at least 0, got"):
        check_weight("weight", value)
    check_weight("weight", 5)


@pytest.mark.parametrize("value", [0, -3, 2.0, True, "2", None])
def test_what_is_no_count_is_refused(value):
    with pytest.raises(UserError, match=r"^votes: expected a whole number of at least 1, got"):
        UAMT(votes=value)
    UAMT(votes=1)


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("ClassMix", "weight", -1),
        ("CPS", "weight", -1),
        ("FixMatch", "weight", -1),
        ("UniMatch", "weight", -1),
        ("UniMatchV2", "weight", -1),
        ("ClassMix", "threshold", 1),
        ("FixMatch", "threshold", 1),
        ("UniMatch", "threshold", 1),
        ("UniMatchV2", "threshold", 1),
        ("CPS", "cutmix", 2),
        ("FixMatch", "cutmix", 2),
        ("UniMatch", "cutmix", 2),
        ("UniMatchV2", "cutmix", 2),
        ("ClassMix", "decay", 1.0),
        ("UniMatchV2", "decay", 1.0),
    ],
)
def test_methods_refuse(name, argument, value):
    with pytest.raises(UserError, match=rf"^method: {argument}: expected"):
        METHODS.build({"type": name, argument: value}, where="method")
