"""Made-up streets: same bits every time, two layouts, every class, sequences."""

import functools
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.mapillary_vistas import MapillaryVistas
from ssl_seg.core.errors import UserError
from ssl_seg.phantoms.cityscapes_layout import CITYSCAPES
from ssl_seg.phantoms.data_set import StreetPhantoms
from ssl_seg.phantoms.film import CITIES, Film, Frame, shoot
from ssl_seg.phantoms.layout import Layout
from ssl_seg.phantoms.look import LOOKS
from ssl_seg.phantoms.mapillary_layout import MAPILLARY
from ssl_seg.phantoms.street import write_street

SMALL = {"look": "source", "train": 4, "val": 1, "frames": 2, "size": (64, 48), "seed": 0}

LAYOUTS = (CITYSCAPES, MAPILLARY)

TRAIN_ID_OF_VISTAS_ID = {
    13: 0,  # road
    24: 0,  # general lane marking: road
    15: 1,  # sidewalk
    2: 1,  # curb: sidewalk
    17: 2,  # building
    6: 3,  # wall
    3: 4,  # fence
    45: 5,  # pole
    48: 6,  # traffic light
    50: 7,  # front of a traffic sign
    30: 8,  # vegetation
    29: 9,  # terrain
    27: 10,  # sky
    19: 11,  # person
    20: 12,  # bicyclist: rider
    21: 12,  # motorcyclist: rider
    55: 13,  # car
    61: 14,  # truck
    54: 15,  # bus
    58: 16,  # on rails: train
    57: 17,  # motorcycle
    52: 18,  # bicycle
    64: 255,  # ego vehicle: ignored
}


def read(path: Path) -> NDArray[np.uint8]:
    """Read a picture as it is stored."""
    return np.asarray(Image.open(path))


def contents(root: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def draw(root: Path, layout: Layout = CITYSCAPES, **changes: Any) -> Path:
    """Write a small phantom."""
    write_street(root, Film(**{**SMALL, **changes}), layout)
    return root


@functools.cache
def frames_of(look: str, train: int = 30, layout: Layout = CITYSCAPES) -> list[Frame]:
    """Draw a training split with sequences of 3 frames."""
    film = Film(look=look, train=train, val=1, frames=3, size=(128, 64), seed=0)
    return list(shoot(film, "train", layout.ids))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_same_settings_give_the_same_bytes(tmp_path: Path, layout: Layout) -> None:
    assert contents(draw(tmp_path / "a", layout)) == contents(draw(tmp_path / "b", layout))


@pytest.mark.parametrize("change", [{"seed": 1}, {"look": "target"}])
def test_seed_and_look_change_every_picture(tmp_path: Path, change: dict[str, object]) -> None:
    before = contents(draw(tmp_path / "a"))
    after = contents(draw(tmp_path / "b", **change))
    assert all(before[name] != after[name] for name in before.keys() & after.keys())


def test_layout_is_that_of_cityscapes(tmp_path: Path) -> None:
    draw(tmp_path / "street")
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


def test_layout_is_that_of_mapillary_vistas(tmp_path: Path) -> None:
    draw(tmp_path / "street", MAPILLARY)
    for split, count in (("training", 4), ("validation", 1)):
        images = sorted((tmp_path / "street" / split / "images").iterdir())
        labels = sorted((tmp_path / "street" / split / "v1.2/labels").iterdir())
        assert len(images) == count
        assert [path.name for path in labels] == [f"{path.stem}.png" for path in images]
        for image, label in zip(images, labels, strict=True):
            with Image.open(image) as picture:
                assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (64, 48))
            with Image.open(label) as picture:
                assert (picture.format, picture.mode, picture.size) == ("PNG", "P", (64, 48))
            assert label.read_bytes()[24:26] == b"\x08\x03"  # PNG header: 8 bits, palette


@pytest.mark.parametrize(
    ("layout", "image", "label", "loss"),
    [
        pytest.param(
            CITYSCAPES,
            "leftImg8bit/val/{city}/{key}_leftImg8bit.png",
            "gtFine/val/{city}/{key}_gtFine_labelTrainIds.png",
            0,
            id="cityscapes",
        ),
        pytest.param(
            MAPILLARY,
            "validation/images/{key}.jpg",
            "validation/v1.2/labels/{key}.png",
            24,
            id="mapillary",
        ),
    ],
)
def test_files_hold_the_frames(
    tmp_path: Path, layout: Layout, image: str, label: str, loss: int
) -> None:
    """Labels are read back exactly, pictures but for the few grey levels that JPEG loses."""
    root = draw(tmp_path / "street", layout, look="target")
    (frame,) = shoot(Film(**{**SMALL, "look": "target"}), "val", layout.ids)
    key = f"{frame.city}_{frame.sequence:06}_{frame.number:06}"
    names = {"city": frame.city, "key": key}
    assert np.array_equal(read(root / label.format(**names)), frame.labels)
    stored = read(root / image.format(**names)).astype(int)
    assert np.abs(stored - frame.picture).max() <= loss


def test_mapillary_labels_show_the_colours_of_their_classes(tmp_path: Path) -> None:
    draw(tmp_path / "street", MAPILLARY)
    for path in (tmp_path / "street").rglob("*.png"):
        with Image.open(path) as picture:
            colours = np.reshape(picture.getpalette(), (-1, 3)).tolist()
            shown = np.asarray(picture.convert("RGB"))
        assert len(colours) == 66
        assert (colours[2], colours[13]) == ([196, 196, 196], [128, 64, 128])  # curb, road
        assert (colours[58], colours[65]) == ([0, 80, 100], [0, 0, 0])  # on rails, unlabeled
        assert np.array_equal(shown, np.array(colours)[read(path)])


@pytest.mark.parametrize("look", LOOKS)
def test_layouts_show_the_same_streets(look: str) -> None:
    """Mapped to trainIds by a table of its own, Mapillary's labels are those of Cityscapes."""
    table = np.full(256, 99)
    table[list(TRAIN_ID_OF_VISTAS_ID)] = list(TRAIN_ID_OF_VISTAS_ID.values())
    seen = set()
    pairs = zip(frames_of(look, layout=MAPILLARY), frames_of(look), strict=True)
    for vistas, cityscapes in pairs:
        seen |= set(np.unique(vistas.labels).tolist())
        assert np.array_equal(vistas.picture, cityscapes.picture)
        assert np.array_equal(table[vistas.labels], cityscapes.labels)
    assert seen == TRAIN_ID_OF_VISTAS_ID.keys()


def test_no_two_frames_have_the_same_key() -> None:
    """More sequences than cities, so that a city has several."""
    film = Film(**{**SMALL, "train": 30, "val": 16})
    keys = [frame.key for split in CITIES for frame in shoot(film, split, MAPILLARY.ids)]
    assert len(set(keys)) == len(keys) == 46


def streets(root: Path, **changes: Any) -> StreetPhantoms:
    """Return the small phantom as a config names it."""
    return StreetPhantoms(data_root=str(root), **{**SMALL, **changes})


@pytest.mark.parametrize(
    ("layout", "classes", "groups"), [("cityscapes", 19, 3), ("mapillary", 65, 5)]
)
def test_it_is_read_in_its_layout(tmp_path: Path, layout: str, classes: int, groups: int) -> None:
    """The groups are three cities in Cityscapes' layout, all five frames in Mapillary's."""
    index = DigestIndex()
    catalog = streets(tmp_path / "street", layout=layout, split=("train", "val")).read(index)
    parts = [streets(tmp_path / "street", layout=layout, split=s).read(index) for s in CITIES]
    assert [len(part.cases) for part in parts] == [4, 1]
    assert catalog.cases == (*parts[0].cases, *parts[1].cases)
    assert all(case.label for case in catalog.cases)
    assert len({case.group for case in catalog.cases}) == groups
    assert len(catalog.values.space) == classes


def test_mapillary_streets_are_read_in_the_older_zip_layout_too(tmp_path: Path) -> None:
    index = DigestIndex()
    new = streets(tmp_path / "street", layout="mapillary").read(index)
    (tmp_path / "street/training/v1.2/labels").rename(tmp_path / "street/training/labels")
    (tmp_path / "street/training/v1.2").rmdir()
    old = MapillaryVistas(data_root=tmp_path / "street").read(index)
    assert [case.content for case in old.cases] == [case.content for case in new.cases]
    assert all(Path(case.label.path).parent.parent.name == "training" for case in old.cases)


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


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_second_call_touches_nothing(tmp_path: Path, layout: Layout) -> None:
    root = draw(tmp_path / "street", layout)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    draw(root, layout)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.parametrize("change", [{"seed": 1}, {"layout": MAPILLARY}], ids=["seed", "layout"])
def test_other_settings_replace_the_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, change: dict[str, Any]
) -> None:
    draw(tmp_path / "street")
    draw(tmp_path / "street", **change)
    assert "other settings" in caplog.text
    assert contents(tmp_path / "street") == contents(draw(tmp_path / "fresh", **change))
    assert {path.name for path in tmp_path.iterdir()} == {"street", "fresh"}


def test_foreign_folder_is_refused_and_kept(tmp_path: Path) -> None:
    root = tmp_path / "cityscapes"
    root.mkdir()
    (root / "precious.png").write_bytes(b"data")
    with pytest.raises(UserError, match="no phantom"):
        draw(root)
    assert contents(root) == {"precious.png": b"data"}


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_failed_call_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: Layout
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="no space"):
        draw(tmp_path / "street", layout)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "change",
    [
        {"look": "sorce"},
        {"train": 0},
        {"val": -1},
        {"frames": 0},
        {"frames": "2"},
        {"size": (16, 64)},
        {"size": 64},
        {"size": (64, 64, 3)},
        {"seed": -1},
        {"layout": "vistas"},
        {"split": "training", "layout": "mapillary"},
    ],
)
def test_bad_setting_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(change))}: "):
        streets(tmp_path / "street", **change)
    assert not list(tmp_path.iterdir())


def test_the_nearest_layout_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"did you mean 'mapillary'\? Known: cityscapes, mapillary"
    ):
        streets(tmp_path / "street", layout="mapillary_vistas")
