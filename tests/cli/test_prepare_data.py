"""`prepare_data cityscapes`: train ids beside the published ids, for tools that ask for them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ssl_seg.catalog.cityscapes import Cityscapes
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.cli.main import COMMANDS, call, main
from ssl_seg.media.pictures.masks import read_truth

TRAIN_IDS = {
    7: 0,
    8: 1,
    11: 2,
    12: 3,
    13: 4,
    17: 5,
    19: 6,
    20: 7,
    21: 8,
    22: 9,
    23: 10,
    24: 11,
    25: 12,
    26: 13,
    27: 14,
    28: 15,
    31: 16,
    32: 17,
    33: 18,
}
"""Label id to train id as cityscapesScripts (helpers/labels.py) publishes them."""

FRAMES = ("train/ulm/ulm_000001_000019", "train/bonn/bonn_000000_000019", "val/lund/lund_000002_7")


class Made:
    """Cityscapes in a folder; label files hold all 34 ids, each frame in an order of its own."""

    def __init__(self, root, folder):
        self.root, self._folder = root, folder
        for number, frame in enumerate(FRAMES):
            ids = np.random.default_rng(number).permutation(34).astype(np.uint8).reshape(2, 17)
            self.write(frame, ids)
            image = root / "leftImg8bit" / f"{frame}_leftImg8bit.png"
            image.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.stack([ids] * 3, axis=-1)).save(image)

    def path(self, frame, kind):
        return self.root / self._folder / f"{frame}_{self._folder}_{kind}.png"

    def write(self, frame, ids):
        path = self.path(frame, "labelIds")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(ids).save(path)

    def expected(self, frame):
        """Map one id after the other."""
        ids = np.array(Image.open(self.path(frame, "labelIds")))
        return np.array([[TRAIN_IDS.get(int(value), 255) for value in row] for row in ids])

    def written(self):
        return sorted(self.root.rglob("*labelTrainIds*"))


@pytest.fixture
def cityscapes(tmp_path):
    def make(folder="gtFine"):
        return Made(tmp_path / "cityscapes", folder)

    return make


@pytest.mark.parametrize("labels", ["fine", "coarse"])
def test_train_ids_are_plain_8_bit_pngs_beside_the_published_ids(cityscapes, labels, capsys):
    made = cityscapes({"fine": "gtFine", "coarse": "gtCoarse"}[labels])
    assert main(["prepare_data", "cityscapes", str(made.root), "--labels", labels]) == 0
    assert made.written() == sorted(made.path(frame, "labelTrainIds") for frame in FRAMES)
    for frame in FRAMES:
        with Image.open(made.path(frame, "labelTrainIds")) as picture:
            assert (picture.format, picture.mode) == ("PNG", "L")
            np.testing.assert_array_equal(np.array(picture), made.expected(frame))
    assert "3 written, 0 already existed" in capsys.readouterr().out


def test_mmsegmentation_s_own_data_set_reads_them(cityscapes):
    from ssl_seg.compat import import_mmseg

    import_mmseg()
    from mmseg.datasets import CityscapesDataset
    from mmseg.datasets.transforms.loading import LoadAnnotations

    made = cityscapes()
    call("prepare_data", ["cityscapes", str(made.root)])
    prefix = {"img_path": "leftImg8bit/train", "seg_map_path": "gtFine/train"}
    data_set = CityscapesDataset(data_root=str(made.root), data_prefix=prefix, pipeline=[])
    assert len(data_set) == 2
    load = LoadAnnotations()
    for number in range(2):
        results = load(data_set.get_data_info(number))
        name = results["seg_map_path"].removeprefix(f"{made.root}/gtFine/")
        expected = made.expected(name.removesuffix("_gtFine_labelTrainIds.png"))
        np.testing.assert_array_equal(results["gt_seg_map"], expected)


def test_the_reader_finds_the_same_labels_before_and_afterwards(cityscapes):
    made = cityscapes()

    def labels():
        catalog = Cityscapes(data_root=made.root, split=("train", "val")).read(DigestIndex())
        return {
            case.id: (case.label.path, read_truth(case.label.path, catalog.values))
            for case in catalog.cases
        }

    before = labels()
    call("prepare_data", ["cityscapes", str(made.root)])
    for case, (path, truth) in labels().items():
        assert path.endswith("_labelTrainIds.png")
        np.testing.assert_array_equal(truth, before[case][1])


def test_files_that_are_there_are_kept_unless_told_otherwise(cityscapes, capsys):
    made = cityscapes()
    kept = made.path(FRAMES[1], "labelTrainIds")
    Image.fromarray(np.zeros((2, 17), np.uint8)).save(kept)
    before = kept.read_bytes()

    call("prepare_data", ["cityscapes", str(made.root)])
    assert kept.read_bytes() == before
    assert "2 written, 1 already existed" in capsys.readouterr().out

    call("prepare_data", ["cityscapes", str(made.root), "--overwrite"])
    np.testing.assert_array_equal(np.array(Image.open(kept)), made.expected(FRAMES[1]))
    assert "3 written, 0 already existed" in capsys.readouterr().out


def test_nothing_is_written_where_any_published_file_is_bad(cityscapes, capsys):
    made = cityscapes()
    made.write(FRAMES[0], np.full((2, 17), 34, np.uint8))
    made.path(FRAMES[2], "labelIds").write_bytes(b"no picture")
    assert call("prepare_data", ["cityscapes", str(made.root)]) == 1
    assert made.written() == []
    error = capsys.readouterr().err
    assert f"{made.path(FRAMES[0], 'labelIds')}: holds the values [34]" in error
    assert "allowed are 0-33" in error
    assert f"{made.path(FRAMES[2], 'labelIds')}: not a readable image" in error
    assert FRAMES[1] not in error


def test_a_folder_without_published_labels_is_an_error_that_says_what_is_there(
    tmp_path, cityscapes, capsys
):
    assert call("prepare_data", ["cityscapes", str(tmp_path / "citiscapes")]) == 1
    assert "no such folder; expected the layout gtFine/<part>" in capsys.readouterr().err

    made = cityscapes()
    assert call("prepare_data", ["cityscapes", str(made.root), "--labels", "coarse"]) == 1
    assert "gtCoarse: no such folder" in capsys.readouterr().err

    for frame in FRAMES:
        path = made.path(frame, "labelIds")
        path.rename(path.with_name(path.name.replace("labelIds", "color")))
    assert call("prepare_data", ["cityscapes", str(made.root)]) == 1
    assert "'_gtFine_labelIds.png'; there are 3 .png, e.g." in capsys.readouterr().err


def test_the_command_is_listed_with_its_data_sets(capsys):
    main(["--help"])
    assert f"prepare_data  {COMMANDS['prepare_data']}" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        call("prepare_data", ["--help"])
    assert "cityscapes" in capsys.readouterr().out
