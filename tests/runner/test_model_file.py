"""What the file of a model says of it, whoever wrote the file."""

from __future__ import annotations

import pytest
import torch

from ssl_seg.core.errors import UserError
from ssl_seg.core.model_meta import ModelMeta
from ssl_seg.runner.model_file import read_model_meta

STATED = {"classes": ["sky", "road"], "palette": [[1, 2, 3], [4, 5, 6]]}


@pytest.fixture
def read(tmp_path):
    def read(content):
        torch.save(content, tmp_path / "model.pth")
        return read_model_meta(tmp_path / "model.pth")

    return read


@pytest.mark.parametrize("content", [{}, {"meta": None}, {"meta": {"epoch": 3}}])
def test_a_file_of_weights_alone_says_nothing(read, content):
    assert read({"state_dict": {}, **content}) == ModelMeta(space=None)


@pytest.mark.parametrize("palette", [{}, {"palette": None}, {"palette": []}])
def test_classes_without_colours_get_some(read, palette):
    space = read({"meta": {"dataset_meta": {"classes": ["sky", "road"], **palette}}}).space
    assert space.classes == ("sky", "road")
    assert len(set(space.palette)) == 2


def test_what_a_later_version_says_besides_is_passed_over(read):
    own = {"space": "street", "role": "student", "generation": 2, "weather": "rain"}
    meta = read({"meta": {"dataset_meta": STATED, "ssl_seg": own}})
    assert (meta.space.name, meta.role, meta.generation) == ("street", "student", 2)


@pytest.mark.parametrize(
    "meta",
    [
        "street",
        {"ssl_seg": "final"},
        {"dataset_meta": ["sky"]},
        {"dataset_meta": {**STATED, "palette": [1, 2]}},
        {"dataset_meta": {**STATED, "classes": 3}},
        {"dataset_meta": {**STATED, "classes": ["sky", "sky"]}},
    ],
)
def test_what_cannot_be_understood_is_refused_by_file(read, meta):
    with pytest.raises(UserError, match=r"model\.pth: .*meta"):
        read({"meta": meta})
