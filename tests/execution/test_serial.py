import subprocess
import sys

import pytest

from ssl_seg.execution import progress
from ssl_seg.registry import EXECUTORS
from ssl_seg.store import Store


@pytest.fixture
def ran(monkeypatch):
    """Titles of the stages that ran; each publishes an empty artifact."""
    titles = []

    def run_stage(stage, store, advance):
        assert all(store.has(fingerprint) for fingerprint in stage.inputs)
        titles.append(stage.title)
        store.running(stage.fingerprint)
        advance(stage.size)
        store.publish(stage.fingerprint, {})

    monkeypatch.setattr("ssl_seg.runner.run_stage", run_stage)
    return titles


def _run(stages, store):
    with progress(stages, {name for name in stages if store.has(name)}) as shown:
        EXECUTORS.build({"type": "Serial"}).run(stages, store, shown)


def test_every_stage_runs_once_and_in_order(stages, tmp_path, ran):
    _run(stages, Store(tmp_path))
    assert ran == [stage.title for stage in stages.values()]
    _run(stages, Store(tmp_path))
    assert len(ran) == len(stages)


def test_what_the_store_has_is_skipped(stages, tmp_path, ran):
    first, *rest = stages
    _run({first: stages[first]}, Store(tmp_path))
    del ran[:]
    _run(stages, Store(tmp_path))
    assert ran == [stages[name].title for name in rest]


def test_a_failure_ends_the_run_and_names_the_stage(stages, tmp_path, ran, monkeypatch):
    def fail(stage, store, advance):
        raise ZeroDivisionError("no")

    first, *_ = stages
    _run({first: stages[first]}, Store(tmp_path))
    monkeypatch.setattr("ssl_seg.runner.run_stage", fail)
    with pytest.raises(ZeroDivisionError) as failure:
        _run(stages, Store(tmp_path))
    assert failure.value.__notes__[0].startswith(
        "This happened in the stage 'label 40 cases by initial'"
    )
    assert ran == ["train initial"]


def test_scraps_of_a_killed_run_are_removed(stages, tmp_path, ran):
    store = Store(tmp_path)
    _run(stages, store)
    store.running(next(iter(stages)))
    _run(stages, store)
    assert not list((tmp_path / "running").iterdir())


def test_an_executor_is_made_without_torch():
    code = (
        "import sys; from ssl_seg.registry import EXECUTORS; EXECUTORS.build({'type': 'Serial'}); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
