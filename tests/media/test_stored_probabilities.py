"""Probabilities come back as they were written, to the nearest step."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from ssl_seg.core.case import Case, DataFile
from ssl_seg.media.stored_probabilities import read_probabilities, write_probabilities

CASE = Case("drive/7", DataFile("7.png", "7"), None, "drive")


@pytest.mark.parametrize("shape", [(3, 5, 4), (2, 5, 4, 3)], ids=["picture", "volume"])
def test_they_come_back_to_the_nearest_step(tmp_path, shape):
    values = np.random.default_rng(0).dirichlet(np.ones(shape[0]), shape[1:])
    values = np.moveaxis(values, -1, 0).astype(np.float32)
    path = write_probabilities(tmp_path, CASE, values)
    assert path == tmp_path / "probabilities" / "drive" / "7.npz"
    found = read_probabilities(tmp_path, CASE)
    assert found.dtype == np.float32
    assert np.abs(found - values).max() <= 0.5 / 255 + 1e-6
    assert np.array_equal(read_probabilities(tmp_path, CASE), found)


def test_zero_and_one_stay_what_they_are(tmp_path):
    certain = np.eye(3, dtype=np.float32)[:, :, None]
    write_probabilities(tmp_path, CASE, certain)
    assert np.array_equal(read_probabilities(tmp_path, CASE), certain)


def test_equal_arrays_are_equal_bytes_at_any_time(tmp_path, monkeypatch):
    values = np.linspace(0, 1, 24, dtype=np.float32).reshape(2, 3, 4)
    first = write_probabilities(tmp_path, CASE, values).read_bytes()
    monkeypatch.setattr("time.time", lambda: 2e9)
    path = write_probabilities(tmp_path, CASE, values)
    assert path.read_bytes() == first
    assert {entry.date_time[0] for entry in zipfile.ZipFile(path).infolist()} == {1980}


def test_nothing_is_unpickled(tmp_path):
    path = tmp_path / "probabilities" / "drive" / "7.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, probabilities=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_probabilities(tmp_path, CASE)
