"""The table of keys: what holds for each row."""

import pytest

from ssl_seg.config.check import checked
from ssl_seg.config.key import defaults
from ssl_seg.config.keys import KEYS
from ssl_seg.config.unused_keys import UNUSED

NAMES = [key.name for key in KEYS]


def nested(keys):
    return [below for key in keys for below in (key, *nested(key.keys))]


def test_each_key_stands_in_one_row():
    assert len(set(NAMES)) == len(NAMES)
    assert not set(NAMES) & UNUSED.keys()
    for key in KEYS:
        below = [one.name for one in key.keys]
        assert len(set(below)) == len(below), key.name


@pytest.mark.parametrize("key", nested(KEYS), ids=lambda key: key.name)
def test_each_key_is_explained_and_says_its_default(key):
    assert key.doc
    assert not (key.needed and (key.shown or key.default is not None))
    assert "|" not in key.doc + key.shown  # which would end a cell of the reference


def test_the_defaults_of_a_run_pass_their_own_checks():
    for key in KEYS:
        if key.check is not None and key.default is not None:
            key.check(key.default, key.name)


def test_what_no_result_depends_on_is_read_by_a_training_or_labelling_or_by_none():
    for key in KEYS:
        assert not (key.neutral and "evaluate" in key.stages), key.name


def test_an_empty_dict_where_a_base_is_dropped_is_none(tiny, tmp_path):
    for name, default in defaults(KEYS).items():
        if default is None and name not in ("start_point", "inference", "pseudo_labels"):
            config = tiny.settings(tmp_path, {"scheduler": {"type": "Supervised"}, name: {}})
            assert checked(config)[name] is None, name
