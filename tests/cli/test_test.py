"""`test`: scores of a trained model, and pictures that show what the scores say."""

import json

import pytest
from PIL import Image

from ssl_seg.cli.main import call
from ssl_seg.core.views import VIEWS


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
    assert pictures == sorted(f"{case}-{view}.png" for case in by_case for view in VIEWS)
    # Models that were never trained find something by chance.
    assert all(0 < scores["organ"]["DSC"] < 100 for scores in by_case.values())
    for case, scores in by_case.items():
        for view in VIEWS:
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
