"""The declaration of a slice distance."""

from __future__ import annotations

import math

import pytest

from ssl_seg.registry import ADAPTERS


@pytest.mark.parametrize(("given", "spacing"), [({}, 1.0), ({"spacing": 2}, 2.0)])
def test_it_states_the_distance_in_mm(given, spacing):
    adapter = ADAPTERS.build({"type": "SliceSpacing", **given}, where="adapters[0]")
    assert adapter.slice_spacing() == spacing
    assert not hasattr(adapter, "around")
    assert not hasattr(adapter, "class_mapping")


@pytest.mark.parametrize("spacing", [0, -1.0, math.nan, math.inf, True, "1", None])
def test_anything_but_a_positive_number_is_refused(spacing):
    expected = r"adapters\[0\]: spacing: expected mm between slices, above 0, got"
    with pytest.raises(ValueError, match=expected):
        ADAPTERS.build({"type": "SliceSpacing", "spacing": spacing}, where="adapters[0]")
