import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.core.fingerprint import canonical_json, derive_seed, fingerprint, ranked

NAMES = st.lists(st.text("abc/019", min_size=1), unique=True, min_size=2, max_size=20)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # Half of a surrogate pair is no character and has no bytes.
    | st.text(st.integers(0, 0xD7FF).map(chr) | st.integers(0xE000, 0x10FFFF).map(chr)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_canonical_json_says_all_of_a_value(value):
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text("abc"), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_matter(value):
    turned = dict(reversed(value.items()))
    assert fingerprint(turned) == fingerprint(value)


def test_tuples_and_lists_are_the_same_list():
    assert fingerprint({"size": (8, 8)}) == fingerprint({"size": [8, 8]})


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (0, False), (1, "1"), (None, "null"), ([], {}), ([[1], 2], [1, [2]])],
)
def test_values_of_different_kinds_have_different_names(one, other):
    assert fingerprint([one]) != fingerprint([other])


def test_a_fingerprint_is_32_hexadecimal_digits_for_all_time():
    assert re.fullmatch("[0-9a-f]{32}", fingerprint({}))
    # Work dirs on disk are known by this: it may change with RESULT_FORMAT only.
    assert fingerprint({"a": [1, 2.5, None, "é"]}) == "d10f86951f0443079a60cb4cfeaf7a5e"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"model": {"size": [1, {2}]}}, "model.size[1]: set cannot be hashed"),
        ({"model": {1: 2}}, "model: keys must be strings, got 1"),
        (object(), "the value: object cannot be hashed"),
        ({"a": b"x"}, "a: bytes cannot be hashed"),
    ],
)
def test_what_is_not_plain_is_refused_by_place(value, place):
    with pytest.raises(TypeError, match=f"^{re.escape(place)}"):
        fingerprint(value)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_json_lacks_are_refused(number):
    with pytest.raises(ValueError, match="JSON"):
        fingerprint([number])


def test_seeds_fill_32_bits_and_differ_by_every_part():
    parts = [
        ("train", seed, role, generation, fold)
        for seed in range(5)
        for role in ("initial", "student", "final")
        for generation in range(5)
        for fold in (None, 0, 1)
    ]
    seeds = [derive_seed(*part) for part in parts]
    assert len(set(seeds)) == len(parts)
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert max(seeds) > 2**31
    assert seeds == [derive_seed(*part) for part in parts]


def test_where_parts_of_a_seed_end_matters():
    assert derive_seed("ab", "c") != derive_seed("a", "bc")
    assert derive_seed("1") != derive_seed(1)


@given(NAMES, st.randoms(use_true_random=False), st.integers())
def test_ranks_do_not_depend_on_the_listing(names, random, seed):
    shuffled = random.sample(names, len(names))
    assert ranked(shuffled, seed) == ranked(names, seed)
    assert sorted(ranked(names, seed)) == sorted(names)


@given(NAMES, st.integers())
def test_a_name_more_leaves_the_others_in_their_order(names, seed):
    without = ranked(names[1:], seed)
    assert [name for name in ranked(names, seed) if name != names[0]] == without


def test_the_seed_changes_the_ranks():
    names = [str(number) for number in range(20)]
    assert len({tuple(ranked(names, "draw", seed)) for seed in range(50)}) == 50
    assert ranked(names, "draw", 0) != ranked(names, "folds", 0)


def test_every_name_comes_first_for_some_seed():
    names = [str(number) for number in range(5)]
    firsts = [ranked(names, seed)[0] for seed in range(200)]
    # 40 each are expected; a fair draw leaves 15 to 70 with near certainty.
    assert all(15 < firsts.count(name) < 70 for name in names)
