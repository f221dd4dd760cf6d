"""Which weight files a checkpoint stands for, and whether they are of one model."""

import re

import pytest
import torch

from ssl_seg.cli.trained import model_of, weights_by_view
from ssl_seg.core.errors import UserError
from ssl_seg.core.views import BODY_VIEWS


def write_weights(path, classes=None, own=None):
    meta = {"dataset_meta": {"classes": classes, "palette": [[9, 9, 9]] * len(classes or ())}}
    if own:
        meta["ssl_seg"] = own
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"state_dict": {}, "meta": meta if classes else {}}, path)
    return path


@pytest.fixture
def three_views(tmp_path):
    return {
        view: write_weights(tmp_path / "model" / f"{view}.pth", ["a", "b"]) for view in BODY_VIEWS
    }


def test_images_have_one_file_and_views_a_folder_of_them(tmp_path, three_views):
    file = write_weights(tmp_path / "model.pth")
    assert weights_by_view(file, ()) == {None: file}
    assert weights_by_view(tmp_path / "model", BODY_VIEWS) == three_views
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
        weights_by_view(model, BODY_VIEWS)
    assert "there is axial.pth, coronal.pth" in str(raised.value)
    with pytest.raises(UserError, match=r"no model .*; expected a folder with coronal.pth"):
        weights_by_view(tmp_path / "modle", BODY_VIEWS)
    with pytest.raises(UserError, match=r"expected a weight file .*train.py prints"):
        weights_by_view(tmp_path / "modle.pth", ())


def test_a_file_for_several_views_and_a_folder_for_images_are_refused(tmp_path, three_views):
    with pytest.raises(ValueError, match="a single weight file, but the config has 3 views"):
        weights_by_view(three_views["axial"], BODY_VIEWS)
    with pytest.raises(ValueError, match="a folder, but the config has no views"):
        weights_by_view(tmp_path / "model", ())


def test_the_files_of_one_model_state_one_space(tmp_path, three_views):
    space = model_of(three_views).space
    assert space is not None
    assert (space.classes, space.palette) == (("a", "b"), ((9, 9, 9), (9, 9, 9)))
    assert model_of({None: write_weights(tmp_path / "silent.pth")}).space is None
    for classes, told in ((["a", "c"], "a, c"), (None, "none stated")):
        write_weights(three_views["axial"], classes)
        message = rf"axial.pth are not of one model: .*classes: a, b\), .*classes: {told}\)"
        with pytest.raises(UserError, match=message):
            model_of(three_views)


def test_the_files_of_one_model_state_one_training(tmp_path, three_views):
    own = {"space": "two", "role": "student", "generation": 2, "fold": 0, "section": "J"}
    for view, path in three_views.items():
        write_weights(path, ["a", "b"], {**own, "view": view})
    model = model_of(three_views)
    assert (model.role, model.generation, model.fold, model.section) == ("student", 2, 0, "J")
    assert model.space is not None
    assert model.space.name == "two"
    path = three_views["axial"]
    for other in ({"role": "final"}, {"generation": 1}, {"fold": 1}, {"section": "I"}):
        write_weights(path, ["a", "b"], {**own, "view": "axial", **other})
        with pytest.raises(UserError, match=r"axial.pth are not of one model: one is student 2, f"):
            model_of(three_views)


def test_a_network_of_another_view_is_refused(tmp_path, three_views):
    own = {"space": "two", "role": "final", "generation": 0, "fold": None, "section": None}
    for view, path in three_views.items():
        write_weights(path, ["a", "b"], {**own, "view": view})
    swapped = {**three_views, "axial": three_views["coronal"]}
    message = r"coronal.pth: expected a network for the view axial, but .* for the view coronal"
    with pytest.raises(UserError, match=message):
        model_of(swapped)
    with pytest.raises(UserError, match=r"expected a network for images, but .* the view axial"):
        model_of({None: three_views["axial"]})
