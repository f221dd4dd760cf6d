import json

import numpy as np
import pytest
from PIL import Image

from ssl_seg.media.pictures.facts import ImageFacts, MaskFacts


@pytest.mark.parametrize("mode", ["L", "P"])
def test_mask_values_are_indices_whatever_the_palette(draw, mode):
    path = draw("mask.png", values=(0, 7, 200), size=(9, 3), mode=mode)
    facts = MaskFacts.of(str(path))
    assert facts == MaskFacts(9, 3, ((0, 9), (7, 9), (200, 9)))
    assert facts.values == (0, 7, 200)


def test_pixels_are_counted_by_value(tmp_path):
    pixels = np.random.default_rng(0).geometric(0.05, (37, 53)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    values, counts = np.unique(pixels, return_counts=True)
    counted = MaskFacts.of(str(tmp_path / "mask.png")).pixels
    assert counted == tuple(zip(values.tolist(), counts.tolist(), strict=True))


def test_facts_survive_json(draw):
    facts = MaskFacts.of(str(draw("mask.png", values=(5, 0, 0, 255), size=(5, 5))))
    assert MaskFacts.from_plain(json.loads(json.dumps(facts.plain()))) == facts


def test_black_and_white_masks_hold_0_and_1_as_loaders_read_them(tmp_path):
    Image.fromarray(np.eye(4, dtype=bool)).save(tmp_path / "mask.png")
    assert MaskFacts.of(str(tmp_path / "mask.png")).pixels == ((0, 12), (1, 4))


def test_a_mask_that_is_all_white_holds_1(tmp_path):
    Image.fromarray(np.ones((4, 4), dtype=bool)).save(tmp_path / "mask.png")
    assert MaskFacts.of(str(tmp_path / "mask.png")).pixels == ((1, 16),)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_colour_masks_are_refused(draw, mode):
    path = draw("mask.png", values=(0, 1), mode=mode)
    with pytest.raises(ValueError, match=f"colour mask .mode {mode}. instead of class numbers"):
        MaskFacts.of(str(path))


def test_masks_of_16_bits_are_refused(tmp_path):
    Image.fromarray(np.full((4, 4), 300, np.uint16)).save(tmp_path / "mask.png")
    with pytest.raises(ValueError, match="more than 8 bits"):
        MaskFacts.of(str(tmp_path / "mask.png"))


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_cut_off_image_is_refused(draw, suffix):
    path = draw(f"image{suffix}", size=(64, 64))
    assert ImageFacts.of(str(path)) == ImageFacts(64, 64)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 4])
    with pytest.raises(ValueError, match="cut off"):
        ImageFacts.of(str(path))


def test_a_cut_off_mask_is_refused(tmp_path):
    path = tmp_path / "mask.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 9, (64, 64), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:800])
    with pytest.raises(ValueError, match="not a readable image"):
        MaskFacts.of(str(path))


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n"])
def test_a_file_without_header_is_refused(tmp_path, content):
    path = tmp_path / "image.png"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"no readable header|not a readable image"):
        ImageFacts.of(str(path))


@pytest.mark.parametrize(("orientation", "size"), [(1, (8, 4)), (3, (8, 4)), (6, (4, 8))])
def test_size_is_that_of_the_picture_as_it_is_to_be_seen(tmp_path, orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (8, 4)).save(tmp_path / "image.jpg", exif=exif)
    assert ImageFacts.of(str(tmp_path / "image.jpg")) == ImageFacts(*size)


def test_size_is_what_the_loader_of_training_images_returns(tmp_path):
    cv2 = pytest.importorskip("cv2")
    exif = Image.Exif()
    exif[0x0112] = 8
    Image.new("RGB", (8, 4)).save(tmp_path / "image.jpg", exif=exif)
    height, width, _ = cv2.imread(str(tmp_path / "image.jpg")).shape
    assert ImageFacts.of(str(tmp_path / "image.jpg")) == ImageFacts(width, height)
