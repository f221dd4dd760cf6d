import json

import pytest

from ssl_seg.core.errors import raised_in


def test_the_line_that_raised_decides_whose_error_it_is():
    with pytest.raises(ValueError, match="Expecting") as theirs:
        json.loads("{")
    assert raised_in(theirs.value, "json")
    assert not raised_in(theirs.value, "ssl_seg", "js")

    def hook(pairs):
        raise ValueError("ours, called by theirs")

    with pytest.raises(ValueError, match="ours") as ours:
        json.loads("{}", object_pairs_hook=hook)
    assert not raised_in(ours.value, "json")


def test_an_error_that_was_never_raised_is_nobodys():
    assert not raised_in(ValueError("x"), "json", "")
