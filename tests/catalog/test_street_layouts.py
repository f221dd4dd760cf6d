"""The four street data sets, in made-up files of their original layouts."""

import logging

import pytest

from ssl_seg.catalog.camvid import CamVid
from ssl_seg.catalog.cityscapes import Cityscapes
from ssl_seg.catalog.idd_lite import IDDLite
from ssl_seg.catalog.mapillary_vistas import MapillaryVistas


def ids(catalog):
    return [case.id for case in catalog.cases]


@pytest.fixture(params=["own", "segnet"])
def camvid(request, draw, tmp_path):
    image, mask, suffix = {
        "own": ("images/{}/", "labels/{}/", "jpg"),
        "segnet": ("{}/", "{}annot/", "png"),
    }[request.param]
    for split, frame in (
        ("train", "0001TP_006690"),
        ("train", "0006R0_f00930"),
        ("val", "0016E5_1"),
    ):
        draw(f"{image.format(split)}{frame}.{suffix}")
        draw(f"{mask.format(split)}{frame}.png", values=(0, 10, 11))
    return tmp_path


def test_camvid(camvid, index):
    catalog = CamVid(data_root=camvid, split=("train", "val")).read(index)
    assert ids(catalog) == ["0001TP_006690", "0006R0_f00930", "0016E5_1"]
    assert [case.group for case in catalog.cases] == ["0001TP", "0006R0", "0016E5"]
    assert catalog.values.lookup()[9:13] == [9, 10, 255, None]
    assert catalog.values.space.classes[10] == "Bicyclist"


def test_idd_lite(draw, tmp_path, index):
    draw("leftImg8bit/train/9/frame10_image.jpg")
    draw("leftImg8bit/train/10/024541_image.jpg")
    draw("leftImg8bit/test/3/1_image.jpg")
    for name in ("9/frame10", "10/024541"):
        draw(f"gtFine/train/{name}_label.png", values=(0, 6, 255))
    draw("gtFine/train/9/frame10_inst_label.png", values=(77,))
    catalog = IDDLite(data_root=tmp_path, split=["train", "test"]).read(index)
    assert ids(catalog) == ["9/frame10", "10/024541", "3/1"]
    assert [case.group for case in catalog.cases] == ["9", "10", "3"]
    assert [case.label is None for case in catalog.cases] == [False, False, True]


@pytest.fixture
def cityscapes(draw, tmp_path):
    """Two labeled frames of two cities; call it with the kinds of label files of each."""

    def make(*kinds):
        names = ("bonn/bonn_000000_000019", "ulm/ulm_000001_000019")
        for name, own in zip(names, kinds, strict=True):
            draw(f"leftImg8bit/train/{name}_leftImg8bit.png")
            (tmp_path / "gtFine/train").mkdir(parents=True, exist_ok=True)
            for kind in own:
                values = (0, 18, 255) if kind == "labelTrainIds" else (0, 7, 33)
                draw(f"gtFine/train/{name}_gtFine_{kind}.png", values=values)
        return tmp_path

    return make


def test_cityscapes_prefers_train_ids(cityscapes, index):
    root = cityscapes(("labelTrainIds", "labelIds"), ("labelTrainIds", "labelIds"))
    catalog = Cityscapes(data_root=root).read(index)
    assert ids(catalog) == ["bonn/bonn_000000_000019", "ulm/ulm_000001_000019"]
    assert [case.group for case in catalog.cases] == ["bonn", "ulm"]
    assert catalog.cases[0].label.path.endswith("_gtFine_labelTrainIds.png")


def test_cityscapes_reads_the_original_ids_where_they_are_all_there_is(cityscapes, index):
    root = cityscapes(("labelTrainIds", "labelIds"), ("labelIds",))
    catalog = Cityscapes(data_root=root).read(index)
    table, space = catalog.values.lookup(), catalog.values.space
    assert {case.label.path.rpartition("_")[2] for case in catalog.cases} == {"labelIds.png"}
    named = {7: "road", 11: "building", 19: "traffic light", 24: "person", 31: "train"}
    assert {value: space.classes[table[value]] for value in named} == named
    assert all(table[value] == space.ignore for value in (0, 6, 9, 14, 29, 30))
    assert table[34:] == [None] * 222


def test_cityscapes_with_gaps_in_both_kinds_is_refused(cityscapes, index):
    root = cityscapes(("labelTrainIds",), ("labelIds",))
    with pytest.raises(ValueError, match=r"ulm_000001_000019 has no labelTrainIds and bonn"):
        Cityscapes(data_root=root).read(index)


def test_cityscapes_extra_frames_have_coarse_labels_only(cityscapes, draw, index, caplog):
    caplog.set_level(logging.INFO)
    root = cityscapes(("labelTrainIds",), ("labelTrainIds",))
    draw("leftImg8bit/train_extra/troisdorf/troisdorf_000000_000072_leftImg8bit.png")
    corrupt = draw("leftImg8bit/train_extra/troisdorf/troisdorf_000000_000073_leftImg8bit.png")
    coarse = "gtCoarse/train_extra/troisdorf/troisdorf_000000_000072_gtCoarse_labelIds.png"
    draw(coarse, values=(7,))
    fine = Cityscapes(data_root=root, split=("train", "train_extra")).read(index)
    assert [case.label is None for case in fine.cases] == [False, False, True]
    assert str(corrupt) not in {case.image.path for case in fine.cases}
    assert "left out troisdorf/troisdorf_000000_000073" in caplog.text
    extra = Cityscapes(data_root=root, split="train_extra", labels="coarse").read(index)
    assert extra.cases[0].label.path == str(root / coarse)


def test_cityscapes_as_images_alone(cityscapes, index):
    catalog = Cityscapes(data_root=cityscapes((), ()), labels=None).read(index)
    assert [case.label for case in catalog.cases] == [None, None]


@pytest.mark.parametrize("labels", ["v1.2/labels", "labels"])
def test_vistas_in_both_zip_layouts(draw, tmp_path, index, labels):
    draw("training/images/key.jpg")
    draw(f"training/{labels}/key.png", values=(0, 13, 64, 65), mode="P")
    catalog = MapillaryVistas(data_root=tmp_path).read(index)
    assert ids(catalog) == [catalog.cases[0].group] == ["key"]
    assert len(catalog.values.space) == 65
    assert catalog.values.space.classes[13] == "Road"
    assert catalog.values.lookup()[64:67] == [64, 255, None]


def test_vistas_as_images_alone(draw, tmp_path, index):
    draw("training/images/key.jpg")
    catalog = MapillaryVistas(data_root=tmp_path, version=None).read(index)
    assert [case.label for case in catalog.cases] == [None]
    with pytest.raises(ValueError, match="or version=None for images alone"):
        MapillaryVistas(data_root=tmp_path).read(index)


def test_vistas_2_labels_are_recognised(draw, tmp_path, index):
    draw("training/images/key.jpg")
    draw("training/v2.0/labels/key.png", values=(0, 120), mode="P")
    for arguments in ({"version": "2.0"}, {}):
        with pytest.raises(ValueError, match=r"v2\.0 have 124 other classes"):
            MapillaryVistas(data_root=tmp_path, **arguments).read(index)
    draw("training/labels/key.png", values=(0, 120), mode="P")
    with pytest.raises(ValueError, match=r"key\.png: .* 120, .*v2\.0 have 124 other classes"):
        MapillaryVistas(data_root=tmp_path).read(index)


@pytest.mark.parametrize("kind", [CamVid, IDDLite, Cityscapes, MapillaryVistas])
def test_splits_are_checked(kind, tmp_path):
    with pytest.raises(ValueError, match=r"no part 'tran'.* mean 'train"):
        kind(data_root=tmp_path, split="tran")
    with pytest.raises(ValueError, match="got none"):
        kind(data_root=tmp_path, split=())


def test_a_split_named_twice_is_refused(tmp_path):
    with pytest.raises(ValueError, match="named twice"):
        CamVid(data_root=tmp_path, split=("val", "val"))


def test_unknown_cityscapes_labels_are_refused(tmp_path):
    with pytest.raises(ValueError, match="did you mean 'coarse'"):
        Cityscapes(data_root=tmp_path, labels="corse")
