"""Pictures reach trainings and predictors one by one, through the pipeline alone."""

from __future__ import annotations

import numpy as np
import pytest

from ssl_seg.core.case import Case, DataFile, LabelFile
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.media.by_name import PICTURES
from ssl_seg.media.records import MaskedCases

VALUES = LabelValues(LabelSpace("two", ("back", "car"), ((0, 0, 0), (90, 0, 0))), ((3, 0), (7, 1)))


class Ones:
    """Masks that no file holds."""

    def read(self, case):
        return np.ones((4, 6), np.uint8)

    def key(self, case):
        return "ones"


@pytest.fixture
def cases(draw):
    return tuple(
        Case(
            name,
            DataFile(str(draw(f"{name}.png")), name),
            LabelFile(str(draw(f"{name}_mask.png", values=(3, 7))), name),
            "g",
        )
        for name in "ab"
    )


@pytest.fixture
def reader(tmp_path):
    return PICTURES.reader(tmp_path / "never made", slice_spacing=None)


def test_each_case_is_a_sample_with_its_mask(reader, cases, tmp_path):
    true, other = reader.records(
        [MaskedCases(cases, VALUES), MaskedCases(cases[:1], VALUES, Ones())],
        None,
        slice_threshold=None,
        passing=tmp_path / "never made",
    )
    assert [true.case(at).id for at in range(len(true))] == ["a", "b"]
    record = true.record(1)
    assert record["img_path"] == cases[1].image.path
    assert record["read_label"]().tolist() == [[0, 1] * 3] * 4
    assert len(other) == 1
    assert other.record(0)["read_label"]().all()
    assert not (tmp_path / "never made").exists()


def test_an_unlabeled_case_is_a_sample_without_a_mask(reader, cases, tmp_path):
    (hidden,) = reader.records(
        [MaskedCases(cases, VALUES, unlabeled=True)], None, slice_threshold=None, passing=tmp_path
    )
    assert hidden.record(1) == {"img_path": cases[1].image.path}


def test_levels_come_with_masks_that_have_them(reader, cases, tmp_path):
    (sure,) = reader.records(
        [MaskedCases(cases, VALUES, Ones(), levels=Ones())],
        None,
        slice_threshold=None,
        passing=tmp_path,
    )
    assert sure.record(0)["read_levels"]().all()


def test_a_predictor_gets_the_one_network_and_the_pipeline(reader):
    assert reader.given({None: "network"}, ("step",)) == ("network", ("step",))
