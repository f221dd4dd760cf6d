"""What every registered data set promises, whatever its layout on disk."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from ssl_seg.catalog.build import read_catalog
from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.registry import DATASETS


@dataclass(frozen=True)
class Layout:
    """How a data set's training part lies on disk.

    Attributes:
        frames: case ids in natural order, which is not the alphabetical one where ids may differ
            in length.
        image: path of a frame's image; ``{}`` stands for the id.
        label: path of its label file.
        arguments: of the data set, besides ``data_root``.
        summary: writes what the data set says of itself into its folder, given the frames.
    """

    frames: tuple[str, ...]
    image: str
    label: str
    arguments: dict[str, Any] = field(default_factory=dict)
    summary: Callable[[Path, Sequence[str]], object] = lambda root, frames: None


def write_task(root: Path, frames: Sequence[str]) -> None:
    """Describe an MSD task, listing its frames in the given order."""
    training = [
        {"image": f"./imagesTr/{frame}.nii.gz", "label": f"./labelsTr/{frame}.nii.gz"}
        for frame in frames
    ]
    labels = {"0": "background", "1": "left", "2": "right"}
    task = {"name": "Kidneys", "labels": labels, "training": training, "test": []}
    (root / "dataset.json").write_text(json.dumps(task))


LAYOUTS = {
    "CamVid": Layout(
        ("0001TP_9", "0001TP_10", "0006R0_f3"), "images/train/{}.jpg", "labels/train/{}.png"
    ),
    "Cityscapes": Layout(
        ("bonn/bonn_000000_000019", "bonn/bonn_000001_000019", "ulm/ulm_000000_000019"),
        "leftImg8bit/train/{}_leftImg8bit.png",
        "gtFine/train/{}_gtFine_labelTrainIds.png",
    ),
    "IDDLite": Layout(
        ("9/frame9", "9/frame10", "10/frame1"),
        "leftImg8bit/train/{}_image.jpg",
        "gtFine/train/{}_label.png",
    ),
    "ImageFolder": Layout(
        ("day9/1", "day9/2", "day10/1"),
        "images/{}.png",
        "masks/{}.png",
        {"classes": ("road", "car", "sky")},
    ),
    "MSD": Layout(
        ("kidneys_9", "kidneys_10", "kidneys_100"),
        "imagesTr/{}.nii.gz",
        "labelsTr/{}.nii.gz",
        summary=write_task,
    ),
    "MapillaryVistas": Layout(
        ("key9", "key10", "other"), "training/images/{}.jpg", "training/v1.2/labels/{}.png"
    ),
    "NIHPancreas": Layout(("0001", "0002", "0010"), "images/{}.nii.gz", "labels/{}.nii.gz"),
    "VolumeFolder": Layout(
        ("site9/1", "site9/2", "site10/1"),
        "imagesTr/{}_0000.nii.gz",
        "labelsTr/{}.nii.gz",
        {
            "classes": ("background", "left", "right"),
            "images": "imagesTr",
            "labels": "labelsTr",
            "image_suffix": "_0000.nii.gz",
        },
    ),
}


DRAWN = {
    f"StreetPhantoms {layout}": (
        "StreetPhantoms",
        {"layout": layout, "train": 3, "val": 1, "frames": 1, "size": (64, 32)},
    )
    for layout in ("cityscapes", "mapillary")
} | {"OrganPhantoms": ("OrganPhantoms", {"train": 3, "test": 1, "size": (32, 32, 16)})}
"""Names and arguments of data sets that draw their files themselves, where they are not there."""


def write(root: Path, layout: Layout, frames: Sequence[str]) -> Path:
    """Write frames in the given order; the same frame has the same bytes wherever it lies."""
    for frame in frames:
        rng = np.random.default_rng(list(frame.encode()))
        image, label = root / layout.image.format(frame), root / layout.label.format(frame)
        volume = layout.image.endswith(".nii.gz")
        shape = (4, 6, 3)
        save(image, rng.integers(0, 256, shape, np.uint8))
        save(label, rng.integers(0, 2 if volume else 3, shape if volume else shape[:2], np.uint8))
    layout.summary(root, frames)
    return root


def save(path: Path, pixels: np.ndarray) -> None:
    """Write a picture, or a volume where the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name.endswith(".nii.gz"):
        nibabel.save(nibabel.Nifti1Image(pixels, np.eye(4)), path)
    else:
        Image.fromarray(pixels).save(path)


def save_another(path: Path) -> None:
    """Write another image in the place of one, on the same grid."""
    if path.name.endswith(".nii.gz"):
        volume = nibabel.load(path)
        other = volume.get_fdata()[::-1].astype(np.int16) + 1
        nibabel.save(nibabel.Nifti1Image(other, volume.affine), path)
    else:
        with Image.open(path) as picture:
            size = picture.size
        Image.new("RGB", size).save(path)


@dataclass(frozen=True)
class OnDisk:
    """A data set of three labeled frames."""

    name: str
    arguments: dict[str, Any]
    root: Path

    def read(self, root: Path | None = None, **arguments: Any) -> Catalog:
        """Read it as a config would have it read, with an index of its own."""
        given = {"type": self.name, "data_root": str(root or self.root)}
        config = {**given, **self.arguments, **arguments}
        return read_catalog(config, DigestIndex(), "train_dataloader.dataset")


def written(name: str, folder: Path) -> OnDisk:
    layout = LAYOUTS[name]
    return OnDisk(name, layout.arguments, write(folder / "data", layout, layout.frames))


@pytest.fixture(params=[*LAYOUTS, *DRAWN])
def data_set(request, tmp_path):
    """Each registered data set, in each layout that it draws."""
    if request.param not in DRAWN:
        return written(request.param, tmp_path)
    made = OnDisk(*DRAWN[request.param], tmp_path / "data")
    made.read()
    return made


@pytest.fixture(params=LAYOUTS)
def published(request, tmp_path):
    """Each data set that others have written."""
    return written(request.param, tmp_path)


def test_every_registered_data_set_goes_through_this_contract():
    assert {*LAYOUTS, *(name for name, _ in DRAWN.values())} == set(DATASETS.names())


def natural(name):
    """Return a key that sorts numbers in names as numbers."""
    return [int(part) if part.isdigit() else part for part in re.split("([0-9]+)", name)]


def told(cases):
    """Return what plans depend on: contents and groups, without paths."""
    return [(case.content, case.group) for case in cases]


def test_ids_are_different_relative_and_in_natural_order(data_set):
    ids = [case.id for case in data_set.read().cases]
    assert len(ids) == len(set(ids)) == 3
    assert ids == sorted(ids, key=natural)
    assert not any(Path(name).is_absolute() or ".." in Path(name).parts for name in ids)


def test_ids_are_what_the_layout_calls_the_frames(published):
    layout = LAYOUTS[published.name]
    cases = published.read().cases
    assert tuple(case.id for case in cases) == layout.frames
    for case in cases:
        assert Path(case.image.path) == published.root / layout.image.format(case.id)
        assert Path(case.label.path) == published.root / layout.label.format(case.id)


def test_digests_are_of_the_files_contents(data_set):
    for case in data_set.read().cases:
        for file in (case.image, case.label):
            assert file.digest == sha256(Path(file.path).read_bytes()).hexdigest()


def test_reading_twice_finds_the_same_and_changes_nothing_on_disk(data_set, contents):
    before = contents(data_set.root)
    assert data_set.read() == data_set.read()
    assert contents(data_set.root) == before


def test_the_order_on_disk_does_not_matter(published, tmp_path):
    layout = LAYOUTS[published.name]
    turned = write(tmp_path / "turned", layout, layout.frames[::-1])
    assert told(published.read(turned).cases) == told(published.read().cases)


def test_where_it_lies_does_not_matter(data_set, tmp_path, monkeypatch):
    here = data_set.read().cases
    elsewhere = shutil.move(data_set.root, tmp_path / "else where")
    assert told(data_set.read(elsewhere).cases) == told(here)
    monkeypatch.chdir(elsewhere)
    relative = data_set.read(Path()).cases
    assert told(relative) == told(here)
    assert all(Path(case.image.path).is_absolute() for case in relative)


def test_another_picture_is_another_content_of_the_same_case(data_set):
    before = data_set.read().cases
    save_another(Path(before[1].image.path))
    after = data_set.read().cases
    assert [case.id for case in after] == [case.id for case in before]
    pairs = zip(before, after, strict=True)
    assert [one.content == other.content for one, other in pairs] == [True, False, True]


def test_an_image_without_its_label_is_the_same_case_without_label(data_set):
    first, second, third = data_set.read().cases
    Path(second.label.path).unlink()
    assert data_set.read().cases == (first, second.without_label(), third)


def test_without_any_label_there_are_images_alone_or_a_clear_error(data_set):
    before = data_set.read().cases
    for case in before:
        Path(case.label.path).unlink()
    try:
        found = data_set.read().cases
    except ValueError as error:
        assert str(data_set.root) in str(error)  # noqa: PT017 - either way is fine
    else:
        assert found == tuple(case.without_label() for case in before)


def test_a_list_file_keeps_the_order_of_the_catalog(published):
    first, _, third = published.read().cases
    (published.root / "list.txt").write_text(f"{third.id}\n{first.id}\n")
    assert published.read(list_file="list.txt").cases == (first, third)


@pytest.mark.parametrize("part", ["image", "label"])
def test_a_file_that_is_no_picture_is_named(data_set, part):
    path = Path(getattr(data_set.read().cases[1], part).path)
    path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"^train_dataloader\.dataset") as error:
        data_set.read()
    assert str(path) in str(error.value)


def test_a_missing_folder_is_named_with_the_layout(published, tmp_path):
    with pytest.raises(ValueError, match="layout") as error:
        published.read(tmp_path / "gone")
    assert str(error.value).startswith(f"train_dataloader.dataset: {tmp_path / 'gone'}")


def test_labels_are_read_into_a_space_with_the_usual_ignore_value(data_set):
    values = data_set.read().values
    assert {number for _, number in values.table} <= {*range(len(values.space)), 255}
    assert values.space.ignore == 255
