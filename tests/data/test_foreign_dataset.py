import numpy as np
import pytest
from PIL import Image

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.compat import import_mmseg
from ssl_seg.data.foreign_dataset import read_foreign

WHERE = "train_dataloader.dataset"


@pytest.fixture
def root(tmp_path):
    """Two images in two folders, with masks that hold 0, 1, 2, 3 and 255."""
    for name in ("a/10", "b/9"):
        for folder, suffix, mode in (("img", "jpg", "RGB"), ("ann", "png", "L")):
            path = tmp_path / folder / f"{name}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.resize(np.array((0, 1, 2, 3, 255), np.uint8), (4, 5))
            Image.fromarray(pixels).convert(mode).save(path)
    return tmp_path


def config(root, **changes):
    return {
        "type": "BaseSegDataset",
        "data_root": str(root),
        "data_prefix": {"img_path": "img", "seg_map_path": "ann"},
        "metainfo": {"classes": ("w", "x", "y", "z")},
        **changes,
    }


def read(cfg):
    return read_foreign(cfg, DigestIndex(), WHERE)


def test_cases_and_groups_follow_the_folders(root):
    cases = read(config(root)).cases
    assert [(case.id, case.group) for case in cases] == [("a/10", "a"), ("b/9", "b")]
    assert cases[0].image.path == str(root / "img/a/10.jpg")
    assert cases[0].label.path == str(root / "ann/a/10.png")


def test_images_alone(root):
    catalog = read(config(root, data_prefix={"img_path": "img"}))
    assert [case.label for case in catalog.cases] == [None, None]


def test_a_list_chooses_cases(root):
    (root / "list.txt").write_text("b/9\n")
    assert [case.id for case in read(config(root, ann_file="list.txt")).cases] == ["b/9"]


@pytest.mark.parametrize("type_name", ["LoveDADataset", "ADE20KDataset", "CityscapesDataset"])
def test_every_value_means_what_mmsegmentations_loader_makes_of_it(root, type_name):
    """Also with classes taken out and with zero as no class."""
    import_mmseg()
    from mmseg.datasets.transforms import LoadAnnotations
    from mmseg.registry import DATASETS

    classes = DATASETS.get(type_name).METAINFO["classes"]
    kept = (classes[2], classes[0], classes[1])
    cfg = config(root, type=type_name, img_suffix=".jpg", seg_map_suffix=".png")
    cfg["metainfo"] = {"classes": kept}
    catalog = read(cfg)
    data_set = DATASETS.get(type_name)(**{k: v for k, v in cfg.items() if k != "type"}, pipeline=[])
    Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).save(root / "all.png")
    loaded = LoadAnnotations()(data_set.get_data_info(0) | {"seg_map_path": str(root / "all.png")})
    table = catalog.values.lookup()
    meant = {value: number for value, number in enumerate(table) if number is not None}
    assert {value: int(loaded["gt_seg_map"].flat[value]) for value in meant} == meant
    assert set(meant.values()) == {0, 1, 2, 255}
    assert catalog.values.space.classes == kept
    old = DATASETS.get(type_name).METAINFO
    assert catalog.values.space.palette[0] == tuple(old["palette"][2])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "BaseSegDatset"}, r"\.type: neither .* did you mean 'BaseSegDataset'"),
        ({"type": "RepeatDataset"}, "without a wrapper"),
        ({"data_rot": "x"}, r"\.data_rot: .* did you mean 'data_root'"),
        ({"metainfo": {}}, "it has no classes"),
        ({"data_prefix": {"img_path": "images"}}, "images"),
        ({"data_prefix": {"img_path": "img", "seg_map_path": "gt"}}, "no image has its mask"),
        ({"img_suffix": ".bmp"}, r"no image found that ends in '\.bmp'"),
        ({"ann_file": "gone.txt"}, "gone.txt"),
        ({"metainfo": {"classes": ("w", "x")}}, r"10\.png: the mask holds the values 2–3"),
        ({"type": "DarkZurichDataset", "metainfo": None}, "no image found"),
    ],
)
def test_errors_start_with_the_place(root, changes, reason):
    with pytest.raises(ValueError, match=reason) as error:
        read(config(root, **changes))
    assert str(error.value).startswith(WHERE)


@pytest.mark.parametrize("line", ["../img/a/10", "/a/10"])
def test_lists_cannot_reach_outside(root, line):
    (root / "list.txt").write_text(line)
    with pytest.raises(ValueError, match="leads out of the images folder"):
        read(config(root, ann_file="list.txt"))


def test_a_case_listed_twice_is_refused(root):
    (root / "list.txt").write_text("a/10\na/10\n")
    with pytest.raises(ValueError, match="two images have the case id 'a/10'"):
        read(config(root, ann_file="list.txt"))
