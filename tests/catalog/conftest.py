"""What the tests of data sets share."""

import pytest

from ssl_seg.catalog.index import DigestIndex


@pytest.fixture
def index() -> DigestIndex:
    return DigestIndex()
