import pytest

from ssl_seg.catalog.assemble import Entry, assemble
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.palette import generated_palette
from ssl_seg.core.space import LabelSpace, LabelValues

SPACE = LabelSpace("roads", ("road", "car", "sky"), generated_palette(3))
STRICT = LabelValues(SPACE, ((0, 0), (1, 1), (2, 2)))


@pytest.fixture
def check(draw, index):
    """Assemble one case per mask, each a tuple of values."""

    def read(*masks, values=STRICT, mask_size=(6, 4), cause=None):
        entries = [
            Entry(
                f"case{number}",
                str(draw(f"image{number}.jpg")),
                str(draw(f"mask{number}.png", values=mask, size=mask_size)),
                "group",
            )
            for number, mask in enumerate(masks)
        ]
        return assemble("roads", values, entries, index, cause=cause)

    return read


def test_listed_values_pass(check):
    assert len(check((0, 1, 2), (1,)).cases) == 2


@pytest.mark.parametrize(
    ("masks", "values", "reason"),
    [
        ([(0, 1), (0, 255)], STRICT, r"mask1\.png: .* values 255, .* set ignore=255"),
        ([(0, 255)], STRICT, "Did you mean 1"),
        ([(0, 255), (0,)], LabelValues.identity(SPACE), "did you mean 1"),
        ([(1, 2), (3,)], STRICT, r"count classes from 1: write values=\(1, \.\.\., 3\)"),
        ([(0, 1), (3,)], STRICT, "is one missing in classes, or is 0 or 3 no class"),
        ([(0, 4, 5, 9), (7,)], STRICT, r"mask0\.png: .* values 4–5, 9, .* allowed are 0–2 .1 more"),
    ],
)
def test_unlisted_values_are_refused_with_file_values_and_cause(check, masks, values, reason):
    with pytest.raises(ValueError, match=reason):
        check(*masks, values=values)


def test_a_data_set_may_know_the_cause(check):
    with pytest.raises(ValueError, match=r"another version\.$"):
        check((9,), cause="These are labels of another version.")


def test_void_pixels_beside_classes_are_fine(check):
    assert check((0, 255), (0, 1), values=LabelValues.identity(SPACE)).cases


def test_a_mask_of_another_size_is_refused(check):
    with pytest.raises(ValueError, match=r"mask0\.png: the mask is 3×2 .*image0\.jpg is 6×4"):
        check((0, 1), mask_size=(3, 2))


def test_a_turned_mask_is_called_turned(check):
    with pytest.raises(ValueError, match="turned by a quarter"):
        check((0, 1), mask_size=(4, 6))


def test_a_label_tells_how_many_pixels_hold_each_value(check):
    first, second = check((0, 1, 1, 2), (2,)).cases
    assert first.label.pixels == ((0, 6), (1, 12), (2, 6))
    assert second.label.pixels == ((2, 24),)


def test_a_later_run_tells_the_same_counts(draw, tmp_path):
    entry = Entry("x", str(draw("x.jpg")), str(draw("x.png", values=(0, 2, 2))), "x")
    read = []
    for _ in range(2):
        with DigestIndex(tmp_path / "index.json") as index:
            read.append(assemble("roads", STRICT, [entry], index).cases)
    assert read[0] == read[1]
    assert read[0][0].label.pixels == ((0, 8), (2, 16))


def test_two_images_of_one_case_are_refused(draw, index):
    entries = [Entry("x", str(draw(f"{part}/x.jpg")), None, "x") for part in ("train", "val")]
    with pytest.raises(ValueError, match=r"case id 'x': .*train/x\.jpg and .*val/x\.jpg"):
        assemble("roads", STRICT, entries, index)
