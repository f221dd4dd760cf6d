import os

import pytest

from ssl_seg.core.errors import UserError
from ssl_seg.store.atomic import (
    finished_files,
    is_unfinished,
    make_folder,
    publish,
    write_bytes,
    write_json,
)


def test_a_killed_write_leaves_the_old_content_or_the_new(tmp_path, kills):
    path = tmp_path / "deep" / "file"
    old, new = b"old", b"new" * 1000
    write_bytes(path, old)
    for _ in kills(lambda: write_bytes(path, new)):
        assert path.read_bytes() in (old, new)
        others = [entry.name for entry in path.parent.iterdir() if entry != path]
        assert all(is_unfinished(name) for name in others)
        write_bytes(path, old)
    assert path.read_bytes() == new


def test_a_files_content_is_on_disk_before_it_has_its_name(tmp_path, monkeypatch):
    events, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda at: (events.append(os.fstat(at).st_ino), fsync(at)))
    monkeypatch.setattr(os, "replace", lambda *names: (events.append("named"), replace(*names)))
    write_bytes(tmp_path / "name", b"content")
    file, folder = (path.stat().st_ino for path in (tmp_path / "name", tmp_path))
    assert events == [file, "named", folder]


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    (tmp_path / "name").mkdir()
    with pytest.raises(OSError, match="name"):
        write_bytes(tmp_path / "name", b"")
    assert [entry.name for entry in tmp_path.iterdir()] == ["name"]


def test_names_as_long_as_the_file_system_allows_can_be_written(tmp_path):
    write_bytes(tmp_path / ("x" * 255), b"1")
    assert (tmp_path / ("x" * 255)).read_bytes() == b"1"


def test_equal_values_are_written_as_equal_bytes(tmp_path):
    write_json(tmp_path / "a", {"é": (1, 2.5), "a": None})
    write_json(tmp_path / "b", {"a": None, "é": [1, 2.5]})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_text("utf-8") == '{\n "a": null,\n "é": [\n  1,\n  2.5\n ]\n}\n'


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_what_json_cannot_say_is_refused_with_the_file(tmp_path, value):
    with pytest.raises((TypeError, ValueError), match=r"scores\.json"):
        write_json(tmp_path / "scores.json", {"value": value})
    assert not list(tmp_path.iterdir())


def _tree(folder):
    (folder / "sub" / "deeper").mkdir(parents=True)
    (folder / "one").write_bytes(b"1")
    (folder / "sub" / "two").write_bytes(b"2")
    (folder / "sub" / "deeper" / "three").write_bytes(b"3")


def _content(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_killed_publication_leaves_the_folder_whole_or_absent(tmp_path, kills):
    source, target = tmp_path / "source", tmp_path / "targets" / "target"
    _tree(source)
    whole = _content(source)
    for _ in kills(lambda: publish(source, target)):
        assert source.exists() != target.exists()
        if target.exists():
            target.rename(source)
        assert _content(source) == whole
    assert _content(target) == whole


def test_all_is_on_disk_before_the_name_and_then_the_name(tmp_path, monkeypatch):
    source, target = tmp_path / "source", tmp_path / "targets" / "target"
    _tree(source)
    expected = {path.stat().st_ino for path in (source, *source.rglob("*"))}
    events, fsync, rename = [], os.fsync, os.rename

    def recording_fsync(descriptor):
        fsync(descriptor)
        events.append(os.fstat(descriptor).st_ino)

    def recording_rename(*args, **kwargs):
        rename(*args, **kwargs)
        events.append("rename")

    monkeypatch.setattr(os, "fsync", recording_fsync)
    monkeypatch.setattr(os, "rename", recording_rename)
    publish(source, target)
    before, after = events[: events.index("rename")], events[events.index("rename") + 1 :]
    assert expected <= set(before)
    assert tmp_path.stat().st_ino in before  # it lists the new folder `targets`
    assert {target.parent.stat().st_ino, tmp_path.stat().st_ino} <= set(after)


def test_a_name_that_is_taken_stays_as_it_is(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    _tree(source)
    target.mkdir()
    (target / "mine").write_bytes(b"")
    with pytest.raises(OSError, match="target"):
        publish(source, target)
    assert list(_content(target).values()) == [b""]


def test_what_a_crash_left_is_not_published(tmp_path):
    source = tmp_path / "source"
    _tree(source)
    whole = _content(source)
    (source / "sub" / ".0123456789abcdef.part").write_bytes(b"half")
    publish(source, tmp_path / "target")
    assert _content(tmp_path / "target") == whole


def test_a_link_is_refused_by_its_name(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("file")
    with pytest.raises(ValueError, match="link: expected a plain file"):
        list(finished_files(tmp_path))


@pytest.mark.parametrize("below", ["", "deep/er"])
def test_a_folder_where_a_file_is_is_refused(tmp_path, below):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file: expected a folder, but this is a file"):
        make_folder(tmp_path / "file" / below)
