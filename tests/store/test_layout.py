import json

import pytest

from ssl_seg.store import Store, writer_lock
from ssl_seg.store.layout import MARK, OWN_FOLDERS

FINGERPRINT = "0" * 32


def _filled(work_dir):
    store = Store(work_dir)
    for number in range(2):
        name = f"{number:032x}"
        (store.running(name) / "out" / "file").write_bytes(b"content")
        store.publish(name, {})
    store.running(f"{9:032x}")
    store.save_plan({"name": "run"})
    (work_dir / "report").mkdir(exist_ok=True)
    return store


def test_starting_over_removes_the_stores_own_things_only(tmp_path):
    _filled(tmp_path)
    store = Store.fresh(tmp_path)
    assert not store.has(FINGERPRINT)
    assert store.plans() == []
    assert {path.name for path in tmp_path.iterdir()} == {MARK, "report"}


def test_starting_over_when_killed_leaves_no_artifact_in_part(tmp_path, kills):
    _filled(tmp_path)
    for _ in kills(lambda: Store.fresh(tmp_path)):
        store = Store(tmp_path)
        for number in range(2):
            name = f"{number:032x}"
            assert not store.has(name) or store.verify(name) == []
        if not (tmp_path / "artifacts").exists():
            store.tidy()
            _filled(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {MARK, "report"}


def test_a_new_folder_can_be_started_over(tmp_path):
    with writer_lock(tmp_path / "new"):
        Store.fresh(tmp_path / "new")
    assert (tmp_path / "new" / MARK).is_file()


@pytest.mark.parametrize("mark", [None, '{"name": "something else"}'])
def test_a_foreign_folder_is_not_emptied(tmp_path, mark):
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "thesis.pdf").write_bytes(b"")
    if mark is not None:
        (tmp_path / MARK).write_text(mark)
    with pytest.raises(ValueError, match="no work dir of ssl_seg"):
        Store.fresh(tmp_path)
    assert (tmp_path / "artifacts" / "thesis.pdf").exists()


@pytest.mark.parametrize("name", OWN_FOLDERS)
def test_no_link_leads_out(tmp_path, name):
    work_dir, outside = tmp_path / "work", tmp_path / "outside"
    Store.fresh(work_dir)
    outside.mkdir()
    (outside / "precious").write_bytes(b"")
    (work_dir / name).symlink_to(outside)
    for use in (Store, Store.fresh):
        with pytest.raises(ValueError, match=f"{name}: is a symbolic link"):
            use(work_dir)
    assert (outside / "precious").exists()


def test_links_inside_are_removed_and_not_followed(tmp_path):
    work_dir, outside = tmp_path / "work", tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"")
    (Store(work_dir).running(FINGERPRINT) / "link").symlink_to(outside)
    Store.fresh(work_dir)
    assert (outside / "precious").exists()
    assert not (work_dir / "running").exists()


def test_another_format_is_refused_until_started_over(tmp_path):
    _filled(tmp_path)
    (tmp_path / MARK).write_text(json.dumps({"layout": "ssl_seg", "format": 0}))
    with pytest.raises(ValueError, match=r"store\.json: expected .*found .*'format': 0.*--fresh"):
        Store(tmp_path)
    assert not Store.fresh(tmp_path).has(FINGERPRINT)


def test_a_folder_that_something_else_laid_out_is_refused(tmp_path):
    (tmp_path / "plans").mkdir()
    with pytest.raises(ValueError, match="something else than ssl_seg made the folder 'plans'"):
        Store(tmp_path)
