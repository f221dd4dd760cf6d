import os
import signal
import socket
from contextlib import contextmanager

import pytest

from ssl_seg.core.errors import UserError
from ssl_seg.store import WorkDirInUseError, lock, writer_lock


@contextmanager
def _child(action):
    """Run an action in a forked child, up to its ``yield``; the child stays until it is ended."""
    ready, tell = os.pipe()
    stay, end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(end)
        with action() as word:
            os.write(tell, str(word).encode())
            os.read(stay, 1)  # returns when all other ends of the pipe are closed
        os._exit(0)
    os.close(stay)
    os.close(tell)
    try:
        yield child, os.read(ready, 100).decode()
    finally:
        os.close(end)
        os.close(ready)
        os.waitpid(child, 0)


def test_a_second_run_is_refused_with_the_firsts_host_and_process(tmp_path):
    with _child(lambda: writer_lock(tmp_path)) as (child, _):
        with pytest.raises(WorkDirInUseError) as refusal, writer_lock(tmp_path):
            pass
        assert f"process {child} on {socket.gethostname()} (since 20" in str(refusal.value)
        assert str(tmp_path) in str(refusal.value)
    with writer_lock(tmp_path):
        pass


def test_a_lock_without_a_name_yet_is_respected(tmp_path):
    with _child(lambda: writer_lock(tmp_path)):
        (tmp_path / lock.LOCK_NAME).write_text("")
        with pytest.raises(WorkDirInUseError, match="another run"), writer_lock(tmp_path):
            pass


def _try_in_child(work_dir):
    @contextmanager
    def attempt():
        try:
            with writer_lock(work_dir):
                yield "got it"
        except WorkDirInUseError:
            yield "refused"

    with _child(attempt) as (_, word):
        return word


def test_the_same_process_is_refused_too_and_keeps_its_lock(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    with writer_lock(tmp_path):
        for path in (tmp_path, tmp_path / "link"):
            with pytest.raises(WorkDirInUseError, match=str(os.getpid())), writer_lock(path):
                pass
            assert _try_in_child(tmp_path) == "refused"
    assert _try_in_child(tmp_path) == "got it"


def test_a_forked_worker_that_ends_does_not_give_the_lock_up(tmp_path):
    with writer_lock(tmp_path):
        child = os.fork()
        if child == 0:
            os.closerange(3, 256)
            os._exit(0)
        os.waitpid(child, 0)
        assert _try_in_child(tmp_path) == "refused"


def test_a_forked_worker_that_outlives_the_run_does_not_keep_the_lock(tmp_path):
    @contextmanager
    def run_with_worker():
        with writer_lock(tmp_path):
            worker = os.fork()
            # The worker goes on like its parent: it waits for the test to close the pipe.
            yield worker if worker else ""

    with _child(run_with_worker) as (run, word):
        worker = int(word)
        os.kill(run, signal.SIGKILL)
        os.waitid(os.P_PID, run, os.WEXITED | os.WNOWAIT)
        os.kill(worker, 0)
        assert _try_in_child(tmp_path) == "got it"
        os.kill(worker, 0)


def test_a_run_that_failed_gives_the_lock_up(tmp_path):
    with pytest.raises(ZeroDivisionError), writer_lock(tmp_path):
        _ = 1 / 0
    assert _try_in_child(tmp_path) == "got it"


def test_systems_without_record_locks_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "fcntl", None)
    with pytest.raises(UserError, match="POSIX record locks"), writer_lock(tmp_path):
        pass


def test_file_systems_without_record_locks_are_named(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(lock.fcntl, "lockf", refuse)
    with pytest.raises(UserError, match="another file system"), writer_lock(tmp_path):
        pass
