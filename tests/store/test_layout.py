import json
import os

import pytest

from ssl_seg.core.errors import UserError
from ssl_seg.store import Store, writer_lock
from ssl_seg.store.layout import ASIDE, LAYOUT, MARK, OWN_FOLDERS, mark, put_back
from ssl_seg.store.store import starting_over

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


def _start_over(work_dir):
    with starting_over(work_dir) as store:
        store.save_plan({"name": "new"})
    return store


def _contents(work_dir):
    """Return the bytes of every file of a work dir by path."""
    files = (path for path in work_dir.rglob("*") if path.is_file())
    return {path.relative_to(work_dir).as_posix(): path.read_bytes() for path in files}


def test_starting_over_removes_the_stores_own_things_only(tmp_path):
    _filled(tmp_path)
    store = _start_over(tmp_path)
    assert not store.has(FINGERPRINT)
    assert store.plans() == [{"name": "new"}]
    assert {path.name for path in tmp_path.iterdir()} == {MARK, "plans", "report"}


def test_earlier_results_lie_aside_until_the_new_run_has_planned(tmp_path):
    _filled(tmp_path)
    before = _contents(tmp_path)
    with starting_over(tmp_path) as store:
        assert (store.has(FINGERPRINT), store.plans()) == (False, [])
        aside = _contents(tmp_path / ASIDE)
        assert aside == before


@pytest.mark.parametrize("error", [UserError, OSError, KeyboardInterrupt])
def test_starting_over_that_fails_leaves_everything_as_it_was(tmp_path, error):
    _filled(tmp_path)
    (tmp_path / MARK).write_text(json.dumps({**LAYOUT, "format": 0}))
    before = _contents(tmp_path)

    def fail():
        with starting_over(tmp_path) as store:
            store.save_plan({"name": "new"})
            raise error

    with pytest.raises(error):
        fail()
    assert _contents(tmp_path) == before
    assert not (tmp_path / ASIDE).exists()


def test_starting_over_when_killed_keeps_all_or_nothing(tmp_path, kills):
    _filled(tmp_path)
    before = _contents(tmp_path)
    kept = 0
    for _ in kills(lambda: _start_over(tmp_path)):
        put_back(tmp_path)
        store = Store(tmp_path)
        store.tidy()
        if store.has(FINGERPRINT):
            assert _contents(tmp_path) == before
            kept += 1
        else:
            assert [plan["name"] for plan in store.plans()] == ["new"]
            _filled(tmp_path)
            (tmp_path / "plans/new.json").unlink()
    assert kept > 5
    assert [plan["name"] for plan in Store(tmp_path).plans()] == ["new"]


def test_putting_back_when_killed_goes_on(tmp_path, kills):
    _filled(tmp_path)
    before = _contents(tmp_path)

    def cut_off():
        put_back(tmp_path)
        opened = starting_over(tmp_path)
        opened.__enter__().save_plan({"name": "new"})
        os._exit(0)

    for _ in kills(cut_off):
        pass
    for _ in kills(lambda: put_back(tmp_path)):
        pass
    Store(tmp_path).tidy()
    assert _contents(tmp_path) == before


def test_a_folder_of_this_name_in_a_foreign_place_is_left_alone(tmp_path):
    (tmp_path / ASIDE / "artifacts").mkdir(parents=True)
    put_back(tmp_path)
    assert (tmp_path / ASIDE / "artifacts").is_dir()


def test_a_new_folder_can_be_started_over(tmp_path):
    with writer_lock(tmp_path / "new"):
        _start_over(tmp_path / "new")
    assert (tmp_path / "new" / MARK).is_file()


@pytest.mark.parametrize("mark", [None, '{"name": "something else"}'])
def test_a_foreign_folder_is_not_emptied(tmp_path, mark):
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "thesis.pdf").write_bytes(b"")
    if mark is not None:
        (tmp_path / MARK).write_text(mark)
    with pytest.raises(ValueError, match="no work dir of ssl_seg"):
        _start_over(tmp_path)
    assert (tmp_path / "artifacts" / "thesis.pdf").exists()


@pytest.mark.parametrize("name", OWN_FOLDERS)
def test_no_link_leads_out(tmp_path, name):
    work_dir, outside = tmp_path / "work", tmp_path / "outside"
    mark(work_dir)
    outside.mkdir()
    (outside / "precious").write_bytes(b"")
    (work_dir / name).symlink_to(outside)
    for use in (Store, _start_over):
        with pytest.raises(ValueError, match=f"{name}: is a symbolic link"):
            use(work_dir)
    assert (outside / "precious").exists()


def test_links_inside_are_removed_and_not_followed(tmp_path):
    work_dir, outside = tmp_path / "work", tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"")
    (Store(work_dir).running(FINGERPRINT) / "link").symlink_to(outside)
    _start_over(work_dir)
    assert (outside / "precious").exists()
    assert not (work_dir / "running").exists()


def test_another_format_is_refused_until_started_over(tmp_path):
    _filled(tmp_path)
    (tmp_path / MARK).write_text(json.dumps({"layout": "ssl_seg", "format": 0}))
    with pytest.raises(ValueError, match=r"store\.json: expected .*found .*'format': 0.*--fresh"):
        Store(tmp_path)
    assert not _start_over(tmp_path).has(FINGERPRINT)


def test_a_folder_that_something_else_laid_out_is_refused(tmp_path):
    (tmp_path / "plans").mkdir()
    with pytest.raises(ValueError, match="something else than ssl_seg made the folder 'plans'"):
        Store(tmp_path)
