"""Which weight files a checkpoint stands for, and whether they are of one model."""

import re

import pytest
import torch

from ssl_seg.cli.trained import space_of, weights_by_view
from ssl_seg.core.errors import UserError
from ssl_seg.core.views import VIEWS


def write_weights(path, classes=None):
    meta = {"dataset_meta": {"classes": classes, "palette": [[9, 9, 9]] * len(classes or ())}}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"state_dict": {}, "meta": meta if classes else {}}, path)
    return path


@pytest.fixture
def three_views(tmp_path):
    return {view: write_weights(tmp_path / "model" / f"{view}.pth", ["a", "b"]) for view in VIEWS}


def test_images_have_one_file_and_views_a_folder_of_them(tmp_path, three_views):
    file = write_weights(tmp_path / "model.pth")
    assert weights_by_view(file, ()) == {None: file}
    assert weights_by_view(tmp_path / "model", VIEWS) == three_views
    chosen = weights_by_view(tmp_path / "model", ("sagittal", "axial"))
    assert list(chosen.items()) == [(view, three_views[view]) for view in ("sagittal", "axial")]


def test_a_single_view_may_come_as_a_file(tmp_path, three_views):
    folder = tmp_path / "model"
    expected = {"axial": three_views["axial"]}
    assert weights_by_view(folder / "axial.pth", ("axial",)) == expected
    assert weights_by_view(folder, ("axial",)) == expected


def test_what_is_missing_is_named(tmp_path, three_views):
    three_views["sagittal"].unlink()
    model = tmp_path / "model"
    message = f"{model}: sagittal.pth missing; expected a folder with coronal.pth, sagittal.pth,"
    with pytest.raises(UserError, match=re.escape(message)) as raised:
        weights_by_view(model, VIEWS)
    assert "there is axial.pth, coronal.pth" in str(raised.value)
    with pytest.raises(UserError, match=r"no model .*; expected a folder with coronal.pth"):
        weights_by_view(tmp_path / "modle", VIEWS)
    with pytest.raises(UserError, match=r"expected a weight file .*train.py prints"):
        weights_by_view(tmp_path / "modle.pth", ())


def test_a_file_for_several_views_and_a_folder_for_images_are_refused(tmp_path, three_views):
    with pytest.raises(ValueError, match="a single weight file, but the config has 3 views"):
        weights_by_view(three_views["axial"], VIEWS)
    with pytest.raises(ValueError, match="a folder, but the config has no views"):
        weights_by_view(tmp_path / "model", ())


def test_the_files_of_one_model_state_one_space(tmp_path, three_views):
    space = space_of(three_views)
    assert space is not None
    assert (space.classes, space.palette) == (("a", "b"), ((9, 9, 9), (9, 9, 9)))
    assert space_of({None: write_weights(tmp_path / "silent.pth")}) is None
    for classes, told in ((["a", "c"], "a, c"), (None, "not stated")):
        write_weights(three_views["axial"], classes)
        message = f"axial.pth are not of one model: the classes are a, b and {told}"
        with pytest.raises(ValueError, match=message):
            space_of(three_views)
