"""What ``train.py`` says at its end of where the results lie."""

from pathlib import Path

import pytest

from ssl_seg.cli import test
from ssl_seg.cli.train import run as train
from ssl_seg.core.views import BODY_VIEWS

SHORT = ["--cfg-options", "train_cfg.max_iters=1"]


@pytest.fixture
def trained(tmp_path, capsys):
    """Train a given config in a work dir; returns the model that is printed."""

    def run(given):
        train([str(given.config), "--work-dir", str(tmp_path / "work"), *SHORT])
        (line,) = (line for line in capsys.readouterr().out.splitlines() if line[:7] == "model: ")
        return Path(line.removeprefix("model: "))

    return run


def test_the_model_of_images_is_a_file(trained, images, tmp_path):
    path = trained(images)
    assert path.parts[-1] == "model.pth"
    assert path.is_relative_to(tmp_path / "work/artifacts")


def test_the_model_of_volumes_is_a_folder_of_a_file_for_each_view(
    trained, volumes, tmp_path, capsys
):
    folder = trained(volumes)
    files = sorted(folder.iterdir())
    assert [path.name for path in files] == sorted(f"{view}.pth" for view in BODY_VIEWS)
    artifacts = tmp_path.glob("work/artifacts/*/model.pth")
    # The weights of the store by a second name: no second copy of them.
    assert {path.stat().st_ino for path in files} == {path.stat().st_ino for path in artifacts}
    assert len({path.read_bytes() for path in files}) == len(BODY_VIEWS)

    assert trained(volumes) == folder

    test.run([str(volumes.config), str(folder), "--work-dir", str(tmp_path / "scored")])
    assert "case DSC" in capsys.readouterr().out
