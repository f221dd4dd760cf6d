import hashlib
import json
import os
import threading
from pathlib import Path

import pytest

from ssl_seg.catalog import index as index_module
from ssl_seg.catalog.index import FORMAT, DigestIndex
from ssl_seg.media.pictures.facts import ImageFacts, MaskFacts


@pytest.fixture
def looks(monkeypatch):
    """Paths whose content is read, in the order of reading."""
    read = []
    digest = index_module._digest
    monkeypatch.setattr(index_module, "_digest", lambda path: read.append(path) or digest(path))
    return read


def test_tells_digest_and_facts(draw, index):
    image, mask = draw("a.jpg", size=(7, 5)), draw("a.png", values=(3, 0, 255), size=(7, 5))
    (known,) = index.read([str(image)], ImageFacts)
    assert known.file.path == str(image)
    assert known.file.digest == hashlib.sha256(image.read_bytes()).hexdigest()
    assert known.facts == ImageFacts(7, 5)
    assert index.read([str(mask)], MaskFacts)[0].facts == MaskFacts(
        7, 5, ((0, 12), (3, 12), (255, 11))
    )


def test_an_unchanged_file_is_read_once_also_by_a_later_run(draw, tmp_path, looks):
    paths = [str(draw(f"{number}.png", values=(number,))) for number in range(3)]
    with DigestIndex(tmp_path / "index.json") as cold:
        first = cold.read(paths, MaskFacts)
        cold.read(paths, MaskFacts)
    warm = DigestIndex(tmp_path / "index.json").read(paths, MaskFacts)
    assert warm == first
    assert sorted(looks) == paths


def test_another_kind_of_facts_needs_no_second_digest(draw, index, looks):
    path = str(draw("a.png", values=(1,)))
    index.read([path], MaskFacts)
    assert index.read([path], ImageFacts)[0].facts == ImageFacts(6, 4)
    assert index.read([path], MaskFacts)[0].facts.values == (1,)
    assert looks == [path]


@pytest.mark.parametrize("same", ["size", "mtime"])
def test_a_file_changed_in_place_is_read_anew(tmp_path, same):
    class Text(ImageFacts):
        kind = "text"

        @classmethod
        def of(cls, path):
            return cls(len(Path(path).read_text()), 0)

    file, index = tmp_path / "file", DigestIndex()
    file.write_text("one")
    stated = file.stat()
    before = index.read([str(file)], Text)[0]
    file.write_text("two" if same == "size" else "three")
    moved = 10**9 if same == "size" else 0
    os.utime(file, ns=(stated.st_atime_ns, stated.st_mtime_ns + moved))
    after = index.read([str(file)], Text)[0]
    assert after.file.digest == hashlib.sha256(file.read_bytes()).hexdigest() != before.file.digest
    assert after.facts.width == len(file.read_text())


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"format": -1, "files": {}}',
        f'{{"format": {FORMAT}, "files": {{"a": [1]}}}}',
    ],
)
def test_an_unreadable_index_is_made_anew_and_said_so(draw, tmp_path, caplog, content):
    path, mask = tmp_path / "index.json", str(draw("a.png", values=(1,)))
    path.write_text(content)
    with DigestIndex(path) as index:
        index.read([mask], MaskFacts)
    assert str(path) in caplog.text
    assert "anew" in caplog.text
    assert list(json.loads(path.read_text())["files"]) == [mask]


def test_an_index_that_knows_no_counts_is_made_anew(draw, tmp_path, looks):
    """Format 1 kept a mask's values only."""
    path, mask = tmp_path / "index.json", str(draw("a.png", values=(3, 0), size=(4, 2)))
    with DigestIndex(path) as index:
        (new,) = index.read([mask], MaskFacts)
    content = json.loads(path.read_text())
    content["format"] = 1
    content["files"][mask][3]["mask"] = [4, 2, [0, 3]]
    path.write_text(json.dumps(content))
    assert DigestIndex(path).read([mask], MaskFacts) == [new]
    assert new.facts.pixels == ((0, 4), (3, 4))
    assert looks == [mask, mask]


def test_nothing_new_writes_nothing(draw, tmp_path):
    path, mask = tmp_path / "index.json", str(draw("a.png", values=(1,)))
    with DigestIndex(path) as index:
        index.read([mask], MaskFacts)
    before = path.stat()
    with DigestIndex(path) as index:
        index.read([mask], MaskFacts)
    assert path.stat() == before


def test_bad_files_are_named_and_good_ones_kept(draw, tmp_path, looks):
    good = str(draw("good.png", values=(1,)))
    bad = []
    for number in range(7):
        file = tmp_path / f"bad{number}.png"
        file.write_text("no image")
        bad.append(str(file))
    with (
        pytest.raises(ValueError, match=r"bad0\.png: expected an image") as error,
        DigestIndex(tmp_path / "index.json") as index,
    ):
        index.read([good, *bad], MaskFacts)
    assert "2 more" in str(error.value)
    looks.clear()
    DigestIndex(tmp_path / "index.json").read([good], MaskFacts)
    assert looks == []


def test_a_missing_file_is_named(tmp_path, index):
    with pytest.raises(ValueError, match=r"gone\.png: No such file"):
        index.read([str(tmp_path / "gone.png")], ImageFacts)


def test_a_file_is_found_by_its_content_as_long_as_it_is_there(draw, tmp_path):
    first, second = draw("a.png", values=(1,)), tmp_path / "b.png"
    second.write_bytes(first.read_bytes())
    with DigestIndex(tmp_path / "index.json") as index:
        known = index.read([str(first), str(second)], MaskFacts)
    digest = known[0].file.digest
    index = DigestIndex(tmp_path / "index.json")
    assert index.find(digest) == known[0].file
    first.unlink()
    assert index.find(digest) == known[1].file
    second.write_bytes(b"changed")
    assert index.find(digest) is None
    assert index.find("0" * 64) is None


def test_the_first_look_is_over_before_threads_take_the_others(tmp_path):
    """Threads that import the same modules at the same time may find them half imported."""
    looked = []

    class Lookout:
        kind = "lookout"

        @classmethod
        def of(cls, path):
            looked.append((Path(path).name, threading.current_thread() is threading.main_thread()))
            return cls()

        @classmethod
        def from_plain(cls, plain):
            return cls()

        def plain(self):
            return []

    for name in "abc":
        (tmp_path / name).write_text(name)
    DigestIndex().read([str(tmp_path / name) for name in "abc"], Lookout)
    assert looked[0] == ("a", True)
    assert sorted(looked[1:]) == [("b", False), ("c", False)]
