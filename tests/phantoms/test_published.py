"""A made-up folder stands whole or not at all, and nothing else is ever deleted."""

import pytest

from ssl_seg.core.errors import UserError
from ssl_seg.phantoms.published import publish_phantom


def writer(text):
    """Return what writes one file."""

    def write(folder):
        (folder / "part").mkdir()
        (folder / "part/drawn.txt").write_text(text)

    return write


def unwanted(folder):
    raise AssertionError(f"nothing is to be drawn, not into {folder}")


def test_a_folder_holds_what_was_written_and_its_settings(tmp_path, contents):
    publish_phantom(tmp_path / "deep/data", {"seed": 0}, writer("a"))
    found = contents(tmp_path / "deep")
    assert found.keys() == {"data/part/drawn.txt", "data/phantom.json"}
    assert found["data/part/drawn.txt"] == b"a"


def test_others_may_read_it(tmp_path):
    publish_phantom(tmp_path / "data", {"seed": 0}, writer("a"))
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o755


def test_the_same_settings_are_not_drawn_again(tmp_path):
    publish_phantom(tmp_path / "data", {"seed": 0}, writer("a"))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    publish_phantom(tmp_path / "data", {"seed": 0}, unwanted)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_other_settings_replace_it_and_say_so(tmp_path, contents, caplog):
    publish_phantom(tmp_path / "data", {"seed": 0}, writer("a"))
    publish_phantom(tmp_path / "data", {"seed": 1}, writer("b"))
    assert f"{tmp_path / 'data'} holds a phantom of other settings" in caplog.text
    assert contents(tmp_path)["data/part/drawn.txt"] == b"b"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_an_empty_folder_is_taken(tmp_path, contents):
    (tmp_path / "data").mkdir()
    publish_phantom(tmp_path / "data", {"seed": 0}, writer("a"))
    assert contents(tmp_path)["data/part/drawn.txt"] == b"a"


def test_a_foreign_folder_is_refused_and_kept(tmp_path, contents):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/precious.nii.gz").write_bytes(b"data")
    with pytest.raises(UserError, match=r"holds no phantom.*give another folder"):
        publish_phantom(tmp_path / "data", {"seed": 0}, unwanted)
    assert contents(tmp_path) == {"data/precious.nii.gz": b"data"}


@pytest.mark.parametrize("is_there", [False, True])
def test_a_failure_changes_nothing(tmp_path, contents, is_there):
    def fail(folder):
        writer("b")(folder)
        raise OSError("no space left on device")

    if is_there:
        publish_phantom(tmp_path / "data", {"seed": 0}, writer("a"))
    before = contents(tmp_path)
    with pytest.raises(OSError, match="no space"):
        publish_phantom(tmp_path / "data", {"seed": 1}, fail)
    assert contents(tmp_path) == before
    assert len(list(tmp_path.iterdir())) == int(is_there)
