"""`predict`: masks and pictures of images, and of volumes in their own grids."""

import nibabel
import numpy as np
import pytest
from PIL import Image

from ssl_seg.cli.main import call
from ssl_seg.core.views import BODY_VIEWS

# Axis and direction of each canonical axis in a file, as nibabel writes orientations.
ORDERS = ([[0, 1], [1, 1], [2, 1]], [[1, -1], [2, 1], [0, -1]], [[2, -1], [0, 1], [1, 1]])


def predict(given, images, out, *flags):
    command = [given.config, given.checkpoint, images, out, *flags]
    return call("predict", [str(argument) for argument in command])


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


@pytest.fixture(scope="module")
def turned(volumes, scans, tmp_path_factory):
    """One body stored in several orders of its voxels, and what was predicted of it."""
    folder = tmp_path_factory.mktemp("turned")
    body = scans.write(folder / "body.nii", scans(9)[0])
    for number, order in enumerate(ORDERS):
        path = folder / "scans" / "ward" / f"{number}.nii{'.gz' if number else ''}"
        path.parent.mkdir(parents=True, exist_ok=True)
        nibabel.save(body.as_reoriented(np.array(order)), path)
    # The same bytes under another name.
    (folder / "scans" / "copy.nii").write_bytes((path.parent / "0.nii").read_bytes())
    assert predict(volumes, folder / "scans", folder / "out") == 0
    return folder


def test_each_volume_gets_a_map_in_its_own_grid_and_a_picture_of_each_view(turned):
    cases = ["copy", "ward/0", "ward/1", "ward/2"]
    assert names(turned / "out" / "maps") == [f"{case}.nii.gz" for case in cases]
    expected = sorted(f"{case}-{view}.png" for case in cases for view in BODY_VIEWS)
    assert names(turned / "out" / "overlays") == expected
    assert {path.name for path in (turned / "out").iterdir()} == {"maps", "overlays"}
    for number in range(len(ORDERS)):
        (scan,) = (turned / "scans" / "ward").glob(f"{number}.*")
        image = nibabel.load(scan)
        labels = nibabel.load(turned / "out" / "maps" / "ward" / f"{number}.nii.gz")
        assert labels.shape == image.shape
        assert labels.get_data_dtype() == np.uint8
        np.testing.assert_allclose(labels.affine, image.affine, rtol=1e-6)


def test_the_order_in_which_a_file_stores_a_body_changes_no_label(turned):
    maps = turned / "out" / "maps"
    first, *others = [
        np.asarray(nibabel.as_closest_canonical(nibabel.load(maps / f"{case}.nii.gz")).dataobj)
        for case in ("ward/0", "ward/1", "ward/2", "copy")
    ]
    assert set(np.unique(first)) == {0, 1}
    for other in others:
        np.testing.assert_array_equal(other, first)
    for view in BODY_VIEWS:
        pictures = {
            Image.open(turned / "out" / "overlays" / "ward" / f"{number}-{view}.png").tobytes()
            for number in range(len(ORDERS))
        }
        assert len(pictures) == 1


def test_the_views_vote_and_a_single_view_may_come_as_a_file(volumes, scans, tmp_path):
    scans.write(tmp_path / "scans" / "a.nii.gz", scans(9)[0])

    def labels(name, checkpoint, views):
        flags = ["--opacity", 0, "--cfg-options", f"views={views}"]
        command = [volumes.config, checkpoint, tmp_path / "scans", tmp_path / name, *flags]
        assert call("predict", [str(argument) for argument in command]) == 0
        assert names(tmp_path / name) == ["maps/a.nii.gz"]
        return np.asarray(nibabel.load(tmp_path / name / "maps" / "a.nii.gz").dataobj)

    one = {
        view: labels(view, volumes.checkpoint / f"{view}.pth", f"[{view}]") for view in BODY_VIEWS
    }
    # Weights of random views differ, so a view's weights in the place of another's would show.
    assert len({found.tobytes() for found in one.values()}) == 3
    np.testing.assert_array_equal(labels("again", volumes.checkpoint, "[axial]"), one["axial"])
    together = labels("all", volumes.checkpoint, "[coronal,sagittal,axial]")
    agreed = (one["coronal"] == one["sagittal"]) & (one["coronal"] == one["axial"])
    np.testing.assert_array_equal(together[agreed], one["axial"][agreed])


def test_images_get_indexed_maps_and_overlays_of_their_size(images, tmp_path, tiny):
    scenes = images.data / "test" / "images"
    assert predict(images, scenes, tmp_path / "out") == 0
    assert names(tmp_path / "out" / "maps") == [f"frame{number}.png" for number in range(3)]
    assert names(tmp_path / "out" / "overlays") == [f"frame{number}.jpg" for number in range(3)]
    with Image.open(tmp_path / "out" / "maps" / "frame0.png") as labels:
        assert (labels.mode, labels.size) == ("P", tiny.size)
        assert set(np.unique(labels)) <= {0, 1, 2}
    with Image.open(tmp_path / "out" / "overlays" / "frame0.jpg") as picture:
        assert picture.size == tiny.size


def test_a_folder_of_both_kinds_or_of_the_other_kind_is_refused(
    volumes, images, scans, tmp_path, capsys
):
    picture = tmp_path / "both" / "a.png"
    scans.write(tmp_path / "both" / "b.nii.gz", scans(0)[0])
    Image.new("RGB", (32, 24)).save(picture)
    for given in (volumes, images):
        assert predict(given, picture.parent, tmp_path / "out") == 1
        error = capsys.readouterr().err
        assert "there are both: 1 such as b.nii.gz and 1 such as a.png" in error

    (picture.parent / "b.nii.gz").unlink()
    assert predict(volumes, picture.parent, tmp_path / "out") == 1
    assert "so it labels volumes; expected .nii.gz files" in capsys.readouterr().err
    assert predict(images, volumes.data / "test" / "images", tmp_path / "out") == 1
    assert "the config has no views, so it labels images" in capsys.readouterr().err
    picture.unlink()
    assert predict(volumes, picture.parent, tmp_path / "out") == 1
    assert f"{picture.parent}: no image found" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("bad", ["nan", "4-D", "truncated"])
def test_a_bad_volume_is_named_before_anything_is_written(volumes, scans, tmp_path, capsys, bad):
    voxels, _ = scans(0)
    good, path = tmp_path / "scans" / "good.nii.gz", tmp_path / "scans" / "bad.nii.gz"
    scans.write(good, voxels)
    if bad == "nan":
        scans.write(path, np.where(voxels > 100, np.nan, voxels).astype(np.float32))
    elif bad == "4-D":
        scans.write(path, np.stack([voxels] * 2, axis=-1))
    else:
        path.write_bytes(good.read_bytes()[:-200])
    assert predict(volumes, good.parent, tmp_path / "out") == 1
    error = capsys.readouterr().err
    assert str(path) in error
    assert str(good) not in error
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_that_does_not_fit_the_views_is_refused(volumes, images, tmp_path, capsys):
    folder = volumes.data / "test" / "images"
    file = volumes.checkpoint / "axial.pth"
    for checkpoint, given, message in (
        (file, volumes, "a single weight file, but the config has 3 views"),
        (volumes.checkpoint, images, "a folder, but the config has no views"),
        (tmp_path / "none.pth", images, "there is no model"),
    ):
        command = [given.config, checkpoint, folder, tmp_path / "out"]
        assert call("predict", [str(argument) for argument in command]) == 1
        assert message in capsys.readouterr().err
