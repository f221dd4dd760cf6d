import os
import random

import pytest

from ssl_seg.catalog.listing import Listing, natural_order


def make(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_frames_keep_their_order_in_time(tmp_path, monkeypatch):
    names = ["a/frame9.png", "a/frame10.png", "a/frame100.png", "b10/1.png", "b9/1.png"]
    make(tmp_path, *names)
    scandir = os.scandir
    chance = random.Random(0)

    class Shuffled(list):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    def shuffled(folder):
        entries = Shuffled(scandir(folder))
        chance.shuffle(entries)
        return entries

    monkeypatch.setattr(os, "scandir", shuffled)
    expected = (*names[:3], "b9/1.png", "b10/1.png")
    assert all(Listing.of(tmp_path, "any").files == expected for _ in range(5))


def test_natural_order_is_total():
    names = ["1", "01", "a1b", "a01b", "a", "", "1a", "a1b2"]
    orders = {tuple(sorted(random.Random(n).sample(names, 8), key=natural_order)) for n in range(9)}
    assert len(orders) == 1


def test_suffixes_match_in_any_case_and_the_longest_counts(tmp_path):
    make(tmp_path, "a.JPG", "b_image.jpg", "c.txt", "d/_image.jpg")
    found = Listing.of(tmp_path, "any").by_id(".jpg", "_image.jpg")
    assert found == {
        "a": f"{tmp_path}/a.JPG",
        "b": f"{tmp_path}/b_image.jpg",
        "d/_image": f"{tmp_path}/d/_image.jpg",
    }


def test_two_files_of_one_case_are_refused(tmp_path):
    make(tmp_path, "a/x.jpg", "a/x.png")
    with pytest.raises(ValueError, match=r"the case 'a/x': a/x\.jpg and a/x\.png"):
        Listing.of(tmp_path, "any").by_id(".jpg", ".png")


def test_no_image_tells_which_suffixes_are_there(tmp_path):
    make(tmp_path, "x.bmp", "y.bmp", "README")
    with pytest.raises(ValueError, match=r"'\.jpg'; there are 2 \.bmp, 1 without suffix"):
        Listing.of(tmp_path, "any").images(".jpg")


def test_an_empty_folder_is_called_empty(tmp_path):
    with pytest.raises(ValueError, match="the folder is empty"):
        Listing.of(tmp_path, "any").images(".jpg")


def test_a_missing_folder_names_layout_and_nearest_folder(tmp_path):
    (tmp_path / "leftImg8bit").mkdir()
    with pytest.raises(ValueError, match="no such folder") as error:
        Listing.of(tmp_path / "leftImg8bits" / "train", "<split>/<city>")
    assert "<split>/<city>" in str(error.value)
    assert f"{tmp_path}, with" in str(error.value)
    assert "did you mean 'leftImg8bit'?" in str(error.value)


def test_a_file_in_place_of_a_folder_is_called_so(tmp_path):
    make(tmp_path, "images")
    with pytest.raises(ValueError, match="this is a file"):
        Listing.of(tmp_path / "images", "any")


def test_links_are_followed_and_paths_stay_below_the_folder(tmp_path):
    make(tmp_path, "far/x.png")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "near").symlink_to(tmp_path / "far")
    assert Listing.of(tmp_path / "data", "any").by_id(".png") == {
        "near/x": f"{tmp_path}/data/near/x.png"
    }


def test_a_link_that_leads_nowhere_is_refused(tmp_path):
    (tmp_path / "x.png").symlink_to(tmp_path / "gone")
    with pytest.raises(ValueError, match=r"x\.png: this link leads nowhere"):
        Listing.of(tmp_path, "any")


def test_a_circle_of_links_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="leads back"):
        Listing.of(tmp_path, "any")


def test_hidden_files_are_no_cases(tmp_path):
    make(tmp_path, "a.png", "._a.png", ".cache/b.png")
    assert Listing.of(tmp_path, "any").files == ("a.png",)
