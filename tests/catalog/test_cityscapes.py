import logging

import pytest

from ssl_seg.catalog.cityscapes import Cityscapes


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


def test_train_ids_come_first(cityscapes, index):
    root = cityscapes(("labelTrainIds", "labelIds"), ("labelTrainIds", "labelIds"))
    catalog = Cityscapes(data_root=root).read(index)
    assert [case.id for case in catalog.cases] == [
        "bonn/bonn_000000_000019",
        "ulm/ulm_000001_000019",
    ]
    assert [case.group for case in catalog.cases] == ["bonn", "ulm"]
    assert catalog.cases[0].label.path.endswith("_gtFine_labelTrainIds.png")


def test_the_original_ids_are_read_where_they_are_all_there_is(cityscapes, index):
    root = cityscapes(("labelTrainIds", "labelIds"), ("labelIds",))
    catalog = Cityscapes(data_root=root).read(index)
    table, space = catalog.values.lookup(), catalog.values.space
    assert {case.label.path.rpartition("_")[2] for case in catalog.cases} == {"labelIds.png"}
    named = {7: "road", 11: "building", 19: "traffic light", 24: "person", 31: "train"}
    assert {value: space.classes[table[value]] for value in named} == named
    assert all(table[value] == space.ignore for value in (0, 6, 9, 14, 29, 30))
    assert table[34:] == [None] * 222


def test_gaps_in_both_kinds_are_refused(cityscapes, index):
    root = cityscapes(("labelTrainIds",), ("labelIds",))
    with pytest.raises(ValueError, match=r"ulm_000001_000019 has no labelTrainIds and bonn"):
        Cityscapes(data_root=root).read(index)


def test_extra_frames_have_coarse_labels_only(cityscapes, draw, index, caplog):
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


def test_images_alone_are_enough(cityscapes, index):
    catalog = Cityscapes(data_root=cityscapes((), ()), labels=None).read(index)
    assert [case.label for case in catalog.cases] == [None, None]


def test_unknown_labels_are_refused(tmp_path):
    with pytest.raises(ValueError, match="did you mean 'coarse'"):
        Cityscapes(data_root=tmp_path, labels="corse")
