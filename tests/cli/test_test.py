"""`test`: scores of a trained model, and pictures that show what the scores say."""

import json

import pytest
import torch
from PIL import Image

from ssl_seg.cli.main import call
from ssl_seg.core.views import BODY_VIEWS


def score(given, work_dir, *flags):
    command = [given.config, given.checkpoint, "--work-dir", work_dir, *flags]
    return call("test", [str(argument) for argument in command])


def stored(work_dir):
    (path,) = work_dir.glob("artifacts/*/scores.json")
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def scored(volumes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored")
    assert score(volumes, folder / "work", "--show-dir", folder / "shown") == 0
    return folder


def test_the_pictures_of_volumes_say_the_dice_that_is_scored(scored):
    by_case = stored(scored / "work")["by_case"]
    assert by_case.keys() == {"case4", "case5"}
    pictures = sorted(path.name for path in (scored / "shown").iterdir())
    assert pictures == sorted(f"{case}-{view}.png" for case in by_case for view in BODY_VIEWS)
    # Models that were never trained find something by chance.
    assert all(0 < scores["organ"]["DSC"] < 100 for scores in by_case.values())
    for case, scores in by_case.items():
        for view in BODY_VIEWS:
            with Image.open(scored / "shown" / f"{case}-{view}.png") as picture:
                title = picture.text["Title"]
            assert title.startswith(f"{case}, {view} slice ")
            assert title.endswith(f"DSC {scores['organ']['DSC']:.1f} %")


def test_pictures_of_a_finished_test_need_no_new_labels(scored, volumes, tmp_path):
    artifacts = {path.name for path in (scored / "work" / "artifacts").iterdir()}
    assert score(volumes, scored / "work", "--show-dir", tmp_path) == 0
    assert {path.name for path in (scored / "work" / "artifacts").iterdir()} == artifacts
    for path in (scored / "shown").iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_images_are_scored_and_shown_as_overlays(images, tiny, tmp_path, capsys):
    assert score(images, tmp_path / "work", "--show-dir", tmp_path / "shown") == 0
    metrics = stored(tmp_path / "work")["metrics"]
    printed = capsys.readouterr().out
    assert f"mIoU {metrics['mIoU']:.2f}" in printed
    assert f"pictures: {tmp_path / 'shown'}" in printed
    assert sorted(path.name for path in (tmp_path / "shown").iterdir()) == [
        f"frame{number}.jpg" for number in range(3)
    ]
    with Image.open(tmp_path / "shown" / "frame0.jpg") as picture:
        assert picture.size == tiny.size


def test_without_the_flag_no_picture_is_written(images, tmp_path, capsys):
    assert score(images, tmp_path / "work") == 0
    assert "pictures:" not in capsys.readouterr().out
    assert not list(tmp_path.rglob("*.jpg"))


def maps(work_dir):
    """Return the only stored maps of the test cases by name."""
    (folder,) = {path.parent for path in work_dir.glob("artifacts/*/maps/frame0.png")}
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_model_is_tested_by_the_overlay_of_its_own_role(tiny, data, tmp_path):
    """The result of `Supervised` is an initial model, whatever `roles.final` says of others."""
    changes = {
        "scheduler": {"type": "Supervised"},
        "split": {},
        "adapters": [],
        "train_cfg.max_iters": 12,
        "param_scheduler": [],
        "roles": {"final": {"model": {"data_preprocessor": {"mean": [0.0] * 3, "std": [1.0] * 3}}}},
    }
    config = tiny.config(tmp_path / "mine.py", data, changes)
    assert call("train", [str(config), "--work-dir", str(tmp_path / "run")]) == 0
    (file,) = (tmp_path / "run").glob("artifacts/*/model.pth")
    assert call("test", [str(config), str(file), "--work-dir", str(tmp_path / "own")]) == 0
    assert maps(tmp_path / "own") == maps(tmp_path / "run")
    assert stored(tmp_path / "own")["metrics"] == stored(tmp_path / "run")["metrics"]

    # A file of another program does not say what it is, so the final model's part counts.
    content = torch.load(file, weights_only=True)
    del content["meta"]["ssl_seg"]
    torch.save(content, tmp_path / "foreign.pth")
    foreign = [str(config), str(tmp_path / "foreign.pth"), "--work-dir", str(tmp_path / "foreign")]
    assert call("test", foreign) == 0
    assert maps(tmp_path / "foreign") != maps(tmp_path / "run")
