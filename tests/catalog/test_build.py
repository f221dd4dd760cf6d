import subprocess
import sys

import pytest

from ssl_seg.catalog.build import read_catalog


@pytest.fixture
def config(draw, tmp_path):
    draw("images/1.jpg")
    draw("masks/1.png", values=(0, 1))
    return {"type": "ImageFolder", "data_root": str(tmp_path), "classes": ("a", "b")}


def test_the_pipeline_is_not_looked_at(config, index):
    catalog = read_catalog({**config, "pipeline": object()}, index, "test.dataset")
    assert [case.id for case in catalog.cases] == ["1"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mask": "m"}, "train.dataset.mask: .* did you mean 'masks'"),
        ({"images": "pictures"}, "train.dataset: .*pictures: no such folder"),
        ({"classes": "a"}, "train.dataset: classes: "),
        ({"type": "ImageFoldr"}, r"train.dataset.type: neither .* did you mean 'ImageFolder'"),
        ({"type": "CityscapesDatset"}, r"did you mean 'CityscapesDataset'"),
    ],
)
def test_errors_start_with_the_place(config, index, change, reason):
    with pytest.raises(ValueError, match=reason) as error:
        read_catalog({**config, **change}, index, "train.dataset")
    assert str(error.value).startswith("train.dataset")


def test_a_missing_type_is_named(index):
    with pytest.raises(ValueError, match=r"train\.dataset: expected a dict with a 'type'"):
        read_catalog({"data_root": "x"}, index, "train.dataset")


def test_reading_needs_no_torch(config):
    program = (
        "import sys; from ssl_seg.catalog import *; "
        f"read_catalog({config!r}, DigestIndex(), 'x'); "
        "print([name for name in ('torch', 'mmcv', 'mmseg') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
