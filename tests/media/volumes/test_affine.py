from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_seg.media.volumes.affine import farthest, spacing, written, written_shape

ROWS = st.lists(st.lists(st.floats(-5, 5), min_size=4, max_size=4), min_size=3, max_size=3)


def tuples(matrix):
    return tuple(tuple(float(entry) for entry in row) for row in matrix)


@given(ROWS, ROWS, st.tuples(*[st.integers(1, 4)] * 3))
def test_no_voxel_lies_farther_apart_than_told_and_one_does(one, other, shape):
    voxels = np.array([(*voxel, 1) for voxel in product(*map(range, shape))])
    apart = np.linalg.norm(voxels @ (np.array(one) - np.array(other)).T, axis=1)
    last = [0.0, 0.0, 0.0, 1.0]
    found = farthest(tuples([*one, last]), tuples([*other, last]), shape)
    assert found == pytest.approx(apart.max(), abs=1e-9)


def test_spacing_is_the_length_of_a_step_along_each_axis():
    turned = np.array([[0, 0, 2, 9], [0.6, 0.8, 0, 9], [-0.8, 0.6, 0, 9], [0, 0, 0, 1]])
    turned[:, 1] *= 3
    assert spacing(tuples(turned)) == pytest.approx((1, 3, 2))


def test_affines_and_shapes_are_written_short():
    assert written(np.diag([1, 0.5, 2, 1]).tolist()) == "[1 0 0 0; 0 0.5 0 0; 0 0 2 0]"
    assert written_shape((512, 512, 7)) == "512×512×7"
    assert written_shape([0.75, 0.0]) == "0.75×0"
