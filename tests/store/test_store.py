import shutil

import pytest

from ssl_seg.core.errors import UserError
from ssl_seg.store import Store

FINGERPRINT = "0123456789abcdef" * 2
FILES = {"model.pth": b"weights", "maps/a.png": b"a", "maps/b.png": b"b"}
DESCRIPTION = {"kind": "label", "histogram": [1, 2]}


def _work(store):
    """Do a stage's work: what is there already from an earlier attempt is written over."""
    folder = store.running(FINGERPRINT)
    (folder / "checkpoint").write_bytes(b"scrap")
    for name, content in FILES.items():
        path = folder / "out" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


def _published(store):
    folder = store.path(FINGERPRINT)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.p*")}


def test_what_is_published_can_be_found(tmp_path):
    store = Store(tmp_path / "work")
    assert not store.has(FINGERPRINT)
    _work(store)
    assert not store.has(FINGERPRINT)
    folder = store.publish(FINGERPRINT, DESCRIPTION)
    assert store.has(FINGERPRINT)
    assert folder == store.path(FINGERPRINT)
    assert _published(store) == FILES
    assert store.manifest(FINGERPRINT)["description"] == DESCRIPTION
    assert store.manifest(FINGERPRINT)["files"].keys() == FILES.keys()
    assert store.verify(FINGERPRINT) == []
    assert not list((tmp_path / "work" / "running").iterdir())


def test_opening_and_reading_write_nothing(tmp_path):
    store = Store(tmp_path / "work")
    assert not store.has(FINGERPRINT)
    assert store.plans() == []
    store.tidy()
    assert not store.work_dir.exists()


def test_equal_work_leaves_equal_bytes(tmp_path):
    manifests = []
    for name in "ab":
        store = Store(tmp_path / name)
        _work(store)
        manifests.append((store.publish(FINGERPRINT, DESCRIPTION) / "artifact.json").read_bytes())
    assert manifests[0] == manifests[1]


def test_a_killed_publication_leaves_the_artifact_whole_or_absent(tmp_path, kills):
    def attempt():
        store = Store(tmp_path)
        store.tidy()
        if not store.has(FINGERPRINT):
            _work(store)
            store.publish(FINGERPRINT, DESCRIPTION)

    outcomes = set()
    for _ in kills(attempt):
        store = Store(tmp_path)
        outcomes.add(store.has(FINGERPRINT))
        if store.has(FINGERPRINT):
            assert _published(store) == FILES
            assert store.verify(FINGERPRINT) == []
            # The next attempt publishes again, to be killed after the rename too.
            shutil.rmtree(store.path(FINGERPRINT))
    assert outcomes == {True, False}
    assert _published(Store(tmp_path)) == FILES


def test_publishing_again_after_every_kill_completes_the_work(tmp_path, kills):
    store = Store(tmp_path)
    _work(store)
    for _ in kills(lambda: store.publish(FINGERPRINT, DESCRIPTION)):
        store.publish(FINGERPRINT, DESCRIPTION)
        assert _published(store) == FILES
        assert store.verify(FINGERPRINT) == []
        assert not (tmp_path / "running" / FINGERPRINT).exists()
        shutil.rmtree(store.path(FINGERPRINT))
        _work(store)
    assert _published(store) == FILES


def test_an_artifact_is_written_once(tmp_path):
    store = Store(tmp_path)
    _work(store)
    store.publish(FINGERPRINT, DESCRIPTION)
    (store.running(FINGERPRINT) / "out" / "model.pth").write_bytes(b"other")
    store.publish(FINGERPRINT, {"kind": "other"})
    assert _published(store) == FILES
    assert store.manifest(FINGERPRINT)["description"] == DESCRIPTION


def test_scraps_of_finished_stages_are_removed_and_unfinished_work_is_kept(tmp_path):
    store, unfinished = Store(tmp_path), "f" * 32
    _work(store)
    store.publish(FINGERPRINT, DESCRIPTION)
    store.running(FINGERPRINT)
    (store.running(unfinished) / "checkpoint").write_bytes(b"1")
    (tmp_path / "trash").mkdir()
    store.tidy()
    assert [path.name for path in (tmp_path / "running").iterdir()] == [unfinished]
    assert (store.running(unfinished) / "checkpoint").read_bytes() == b"1"
    assert not (tmp_path / "trash").exists()


def test_a_folder_without_a_manifest_is_no_artifact(tmp_path):
    store = Store(tmp_path)
    _work(store)
    folder = store.publish(FINGERPRINT, DESCRIPTION)
    (folder / "artifact.json").unlink()
    assert not store.has(FINGERPRINT)
    with pytest.raises(UserError, match="is not finished"):
        store.path(FINGERPRINT)


def test_what_is_not_there_is_named(tmp_path):
    store = Store(tmp_path)
    for look_up in (store.path, store.manifest, store.verify):
        with pytest.raises(UserError, match=f"stage {FINGERPRINT} is not finished"):
            look_up(FINGERPRINT)
    with pytest.raises(FileNotFoundError, match="expected the stage's result"):
        store.publish(FINGERPRINT, {})


@pytest.mark.parametrize("name", ["", "../../etc", "0" * 31, "G" * 32])
def test_only_fingerprints_name_artifacts(tmp_path, name):
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        Store(tmp_path).has(name)


def test_plans_come_back_by_name_and_the_last_one_counts(tmp_path):
    store = Store(tmp_path)
    for record in ({"name": "b"}, {"name": "a-1", "old": 1}, {"name": "a-1", "seed": 0}):
        store.save_plan(record)
    assert store.plans() == [{"name": "a-1", "seed": 0}, {"name": "b"}]


@pytest.mark.parametrize("name", ["", "a/b", ".hidden", "..", "a\n", "x" * 300])
def test_a_plans_name_must_do_as_a_file_name(tmp_path, name):
    with pytest.raises(ValueError, match="a run's name must"):
        Store(tmp_path).save_plan({"name": name})
