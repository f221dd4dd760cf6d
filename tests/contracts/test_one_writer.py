"""Law 9: a work dir has one writer; the store's own tests try the lock itself."""

from __future__ import annotations

import os
import socket

from ssl_seg.store.lock import writer_lock


def test_a_second_run_is_refused_with_host_and_process(finished, command, tmp_path):
    reference = finished("Supervised")
    with writer_lock(tmp_path):
        before = set(tmp_path.rglob("*"))
        done = command.train(reference.config, tmp_path)
        assert done.status == 1
        assert f"process {os.getpid()} on {socket.gethostname()}" in done.output
        assert "Traceback" not in done.output
        assert set(tmp_path.rglob("*")) == before
    assert command.train(reference.config, tmp_path).status == 0


def test_starting_over_needs_the_lock_too(finished, command, tmp_path):
    reference = finished("Supervised")
    assert command.train(reference.config, tmp_path).status == 0
    artifacts = set(tmp_path.glob("artifacts/*"))
    with writer_lock(tmp_path):
        assert command.train(reference.config, tmp_path, "--fresh").status == 1
    assert set(tmp_path.glob("artifacts/*")) == artifacts


def test_a_plan_can_be_printed_while_another_run_writes(finished, command):
    reference = finished("Supervised")
    with writer_lock(reference.work_dir):
        done = command.train(reference.config, reference.work_dir, "--dry-run")
    assert done.status == 0, done.output
    assert "5 of 5 stages done" in done.output
