"""Made-up streets: same bits every time, Cityscapes' layout, every class, sequences."""

import functools
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ssl_seg.data.phantoms.film import CITIES, Film, Frame, shoot
from ssl_seg.data.phantoms.look import LOOKS
from ssl_seg.data.phantoms.street import TRAIN_IDS, write_street

SMALL = {"train": 4, "val": 1, "frames": 2, "size": (64, 48)}


def read(path: Path) -> NDArray[np.uint8]:
    """Read a picture as it is stored."""
    return np.asarray(Image.open(path))


def contents(root: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


@functools.cache
def frames_of(look: str, train: int = 30) -> list[Frame]:
    """Draw a training split with sequences of 3 frames."""
    film = Film(look=look, train=train, val=1, frames=3, size=(128, 64), seed=0)
    return list(shoot(film, "train", TRAIN_IDS))


def test_same_settings_give_the_same_bytes(tmp_path: Path) -> None:
    write_street(tmp_path / "a", **SMALL)
    write_street(tmp_path / "b", **SMALL)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize("change", [{"seed": 1}, {"look": "target"}])
def test_seed_and_look_change_every_picture(tmp_path: Path, change: dict[str, object]) -> None:
    write_street(tmp_path / "a", **SMALL)
    write_street(tmp_path / "b", **SMALL, **change)
    before, after = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert all(before[name] != after[name] for name in before.keys() & after.keys())


def test_layout_is_that_of_cityscapes(tmp_path: Path) -> None:
    write_street(tmp_path / "street", **SMALL)
    for split, count in (("train", 4), ("val", 1)):
        pictures = sorted((tmp_path / "street/leftImg8bit" / split).rglob("*.png"))
        assert len(pictures) == count
        for picture in pictures:
            city, sequence, frame, end = picture.name.split("_")
            assert (picture.parent.name, end) == (city, "leftImg8bit.png")
            assert (len(sequence), len(frame)) == (6, 6)
            label = tmp_path / "street/gtFine" / split / city
            label /= picture.name.replace("leftImg8bit", "gtFine_labelTrainIds")
            assert read(picture).shape == (48, 64, 3)
            assert read(label).shape == (48, 64)
            assert read(label).dtype == np.uint8


def test_more_frames_do_not_change_those_before() -> None:
    few, many = frames_of("source", train=6), frames_of("source", train=12)
    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(few, many, strict=False))


@pytest.mark.parametrize("look", LOOKS)
def test_every_class_appears_and_no_other_value(look: str) -> None:
    labels = np.stack([frame.labels for frame in frames_of(look)])
    assert set(range(19)) <= set(np.unique(labels).tolist()) <= {*range(19), 255}


@pytest.mark.parametrize("look", LOOKS)
def test_frames_of_a_sequence_are_more_alike_than_sequences(look: str) -> None:
    """Neighbours differ less than frames of different streets, in labels and in colour."""
    frames = frames_of(look)
    for field in ("picture", "labels"):
        same, other = [], []
        for a, b in pairwise(frames):
            difference = np.mean(getattr(a, field) != getattr(b, field))
            if field == "picture":
                difference = np.mean(np.abs(a.picture.astype(int) - b.picture))
            in_sequence = (a.city, a.sequence) == (b.city, b.sequence)
            (same if in_sequence else other).append(float(difference))
        assert 0 < np.mean(same) < 0.7 * np.mean(other), field


def test_looks_differ_in_colour() -> None:
    """A look shows in what no single street decides: the colour cast over many pictures."""
    source, target = (
        np.stack([frame.picture for frame in frames_of(look)]).astype(float)
        for look in ("source", "target")
    )
    warmth = [np.mean(split[..., 0] - split[..., 2]) for split in (source, target)]
    assert warmth[1] > warmth[0] + 10


def test_no_city_is_in_two_splits() -> None:
    assert not set(CITIES["train"]) & set(CITIES["val"])


def test_second_call_touches_nothing(tmp_path: Path) -> None:
    root = tmp_path / "street"
    write_street(root, **SMALL)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    write_street(root, **SMALL)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_other_settings_replace_the_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_street(tmp_path / "street", **SMALL)
    write_street(tmp_path / "street", **SMALL, seed=1)
    write_street(tmp_path / "fresh", **SMALL, seed=1)
    assert "other settings" in caplog.text
    assert contents(tmp_path / "street") == contents(tmp_path / "fresh")
    assert {path.name for path in tmp_path.iterdir()} == {"street", "fresh"}


def test_foreign_folder_is_refused_and_kept(tmp_path: Path) -> None:
    root = tmp_path / "cityscapes"
    root.mkdir()
    (root / "precious.png").write_bytes(b"data")
    with pytest.raises(FileExistsError, match="no phantom"):
        write_street(root, **SMALL)
    assert contents(root) == {"precious.png": b"data"}


def test_failed_call_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="no space"):
        write_street(tmp_path / "street", **SMALL)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "change",
    [{"look": "sorce"}, {"train": 0}, {"val": -1}, {"frames": 0}, {"size": (16, 64)}, {"seed": -1}],
)
def test_bad_setting_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        write_street(tmp_path / "street", **{**SMALL, **change})
    assert not list(tmp_path.iterdir())
