"""What the tests of volumes share."""

import numpy as np
import pytest


@pytest.fixture
def noise():
    """Return a volume of CT-like values in which no voxel is like its neighbours."""
    return np.random.default_rng(0).integers(-1000, 1500, (6, 5, 4), np.int16)
