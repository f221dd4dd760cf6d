"""The ramp rises from exp(-5) to 1."""

from __future__ import annotations

from math import exp

import pytest

from ssl_seg.methods.ramp import sigmoid_ramp


def test_the_ramp_is_the_published_one():
    found = [sigmoid_ramp(progress) for progress in (0, 0.5, 1)]
    assert found == pytest.approx([exp(-5), exp(-1.25), 1])
