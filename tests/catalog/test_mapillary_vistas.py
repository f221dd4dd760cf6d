import pytest

from ssl_seg.catalog.mapillary_vistas import MapillaryVistas


@pytest.mark.parametrize("labels", ["v1.2/labels", "labels"])
def test_both_zip_layouts_are_read(draw, tmp_path, index, labels):
    draw("training/images/key.jpg")
    draw(f"training/{labels}/key.png", values=(0, 13, 64, 65), mode="P")
    catalog = MapillaryVistas(data_root=tmp_path).read(index)
    assert [case.id for case in catalog.cases] == [catalog.cases[0].group] == ["key"]
    assert len(catalog.values.space) == 65
    assert catalog.values.space.classes[13] == "Road"
    assert catalog.values.lookup()[64:67] == [64, 255, None]


def test_images_alone_are_enough(draw, tmp_path, index):
    draw("training/images/key.jpg")
    catalog = MapillaryVistas(data_root=tmp_path, version=None).read(index)
    assert [case.label for case in catalog.cases] == [None]
    with pytest.raises(ValueError, match="or version=None for images alone"):
        MapillaryVistas(data_root=tmp_path).read(index)


def test_labels_of_version_2_are_recognised(draw, tmp_path, index):
    draw("training/images/key.jpg")
    draw("training/v2.0/labels/key.png", values=(0, 120), mode="P")
    for arguments in ({"version": "2.0"}, {}):
        with pytest.raises(ValueError, match=r"v2\.0 have 124 other classes"):
            MapillaryVistas(data_root=tmp_path, **arguments).read(index)
    draw("training/labels/key.png", values=(0, 120), mode="P")
    with pytest.raises(ValueError, match=r"key\.png: .* 120, .*v2\.0 have 124 other classes"):
        MapillaryVistas(data_root=tmp_path).read(index)


def test_the_published_sample_is_read(real_data, index):
    cases = (
        MapillaryVistas(data_root=real_data / "mapillary_sample", split="validation")
        .read(index)
        .cases
    )
    assert len(cases) == 6
    assert all(case.label and case.group == case.id for case in cases)
