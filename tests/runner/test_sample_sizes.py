"""Some cases stand for all others in size."""

from __future__ import annotations

from functools import partial

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.core.case import Case, DataFile
from ssl_seg.runner.sample_sizes import extremes, known_sizes, representatives

MODES = ("RGB", "RGB", "L", "RGBA")
SIZES = st.tuples(st.integers(1, 200), st.integers(1, 200))


def cases(sizes):
    return [
        Case(str(at), DataFile(f"{at}.png", f"{at}"), None, "group") for at in range(len(sizes))
    ]


def chosen(sizes):
    """Return the sizes of the cases that stand for cases of these sizes."""
    listed = cases(sizes)
    by_case = dict(zip(listed, sizes, strict=True))
    found = extremes(listed, lambda asked: [by_case[case] for case in asked])
    return [by_case[case] for case in found]


@given(st.lists(SIZES, min_size=1, max_size=30))
def test_whatever_size_breaks_a_network_a_chosen_one_does_too(sizes):
    """It may be too large, too small along an axis, or no multiple of a power of 2."""
    some = chosen(sizes)
    assert set(some) <= set(sizes)
    assert len(some) == len(set(some))
    area = [height * width for height, width in sizes]
    assert {min(area), max(area)} <= {height * width for height, width in some}
    for axis in (0, 1):
        assert min(size[axis] for size in some) == min(size[axis] for size in sizes)
        for multiple in (2, 4, 8, 16, 32):
            fits = all(size[axis] % multiple == 0 for size in sizes)
            assert all(size[axis] % multiple == 0 for size in some) == fits


def test_one_case_stands_for_all_of_its_size():
    assert chosen([(8, 8)] * 5) == [(8, 8)]
    assert chosen([]) == []


def test_sizes_are_those_that_the_catalog_knows(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (5, 3)).save(path)
    index = DigestIndex()
    case = Case("a", DataFile(str(path), "digest"), None, "group")
    assert known_sizes(index, [case]) == [(3, 5)]


def test_each_kind_of_pixels_is_seen_where_the_pipeline_keeps_it(tmp_path):
    for at, mode in enumerate(MODES):
        Image.new(mode, (4, 4)).save(tmp_path / f"{at}.png")
    listed = [
        Case(str(at), DataFile(str(tmp_path / f"{at}.png"), ""), None, "group") for at in range(4)
    ]
    find = partial(representatives, listed, lambda asked: [(4, 4) for _ in asked])
    assert len(find([{"type": "LoadImageFromFile"}])) == 1
    kept = find([{"type": "LoadImageFromFile", "color_type": "unchanged"}])
    assert {MODES[int(case.id)] for case in kept} == set(MODES)
