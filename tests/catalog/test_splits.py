import pytest

from ssl_seg.catalog.camvid import CamVid
from ssl_seg.catalog.cityscapes import Cityscapes
from ssl_seg.catalog.idd_lite import IDDLite
from ssl_seg.catalog.mapillary_vistas import MapillaryVistas


@pytest.mark.parametrize("kind", [CamVid, IDDLite, Cityscapes, MapillaryVistas])
def test_splits_are_checked(kind, tmp_path):
    with pytest.raises(ValueError, match=r"no part 'tran'.* mean 'train"):
        kind(data_root=tmp_path, split="tran")
    with pytest.raises(ValueError, match="got none"):
        kind(data_root=tmp_path, split=())


def test_a_split_named_twice_is_refused(tmp_path):
    with pytest.raises(ValueError, match="named twice"):
        CamVid(data_root=tmp_path, split=("val", "val"))
