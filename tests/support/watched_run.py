"""Commands run under watch: what they do to the disk, what they open, how much memory they take.

All of it is patched in from outside, in a child process that does nothing else.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
from pathlib import Path

MODULES = (
    *("ssl_seg.cli.train", "ssl_seg.cli.main", "ssl_seg.phantoms.data_set"),
    *(f"ssl_seg.runner.{name}" for name in ("preflight", "check_types", "train", "label")),
    *("ssl_seg.runner.evaluate", "ssl_seg.runner.volume_predictors"),
    # What torch's optimisers and mmengine's Visualizer import when they are built takes seconds.
    *("torch._dynamo", "matplotlib.figure", "matplotlib.backends.backend_agg"),
)
CHANGES = ("fsync", "mkdir", "rename", "replace", "rmdir", "unlink")
PICTURES = (".jpg", ".png")
PLANNING = "planning"


def import_all():
    """Import what a run needs, so that forked children start at once."""
    from ssl_seg.compat import import_mmseg

    import_mmseg()
    for name in MODULES:
        importlib.import_module(name)


def command(arguments, log, kill_at=None, name="train"):
    """Run a command; note events by stage, and die where it is told to.

    Args:
        arguments: of the command line.
        log: file that gets one line of JSON per event: ``stage`` (fingerprint or ``planning``),
            ``kind``, ``event``, and for ``open`` and ``advance`` the ``value``.
        kill_at: stage, number of the event in it (from 1) that the process is killed at, and
            where only events of one name count that name.
        name: of the command.
    """
    from ssl_seg.cli.main import call

    _watch(_Events(log, kill_at))
    return call(name, arguments)


def memory(arguments, log):
    """Run ``train.py`` and write the peak memory of each stage, in bytes, to the log."""
    from ssl_seg.cli.main import call

    peaks = {}

    def around(run_stage, stage, *rest):
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        before = _status_bytes("VmRSS")
        run_stage(stage, *rest)
        peaks.setdefault(stage.kind, []).append(_status_bytes("VmHWM") - before)

    _wrap_stages(around)
    status = call("train", arguments)
    Path(log).write_text(json.dumps(peaks))
    return status


def init_model(config, weights, image, log):
    """Write the logits of an image by mmsegmentation's own API, as nested lists, to the log."""
    from mmseg.apis import inference_model, init_model

    model = init_model(config, weights, device="cpu")
    logits = inference_model(model, image).seg_logits.data
    answer = {"logits": logits.tolist(), "classes": model.dataset_meta["classes"]}
    Path(log).write_text(json.dumps(answer))


def page_faults(prepare, log):
    """Write to the log how many pages are mapped anew while blocks of 64 MiB come and go."""
    import resource

    import torch

    from ssl_seg.runner.environment import prepare_process

    if prepare:
        prepare_process(1)
    torch.ones(2**24)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(2**24)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    Path(log).write_text(json.dumps(after - before))


def _status_bytes(name):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


class _Events:
    """Counts what happens within each stage."""

    def __init__(self, log, kill_at):
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        self._stage_to_die_in, self._left, *self._name = kill_at or (None, 0)
        self._lock = threading.Lock()
        self.enter(PLANNING, PLANNING)

    def enter(self, stage, kind):
        self._stage, self._kind = stage, kind

    def note(self, event, value=None):
        with self._lock:
            line = {"stage": self._stage, "kind": self._kind, "event": event, "value": value}
            os.write(self._log, (json.dumps(line) + "\n").encode())
            if self._stage == self._stage_to_die_in and event in (self._name or [event]):
                self._left -= 1
                if self._left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)


def _watch(events):
    from torch.optim.optimizer import register_optimizer_step_post_hook

    register_optimizer_step_post_hook(lambda *_: events.note("step"))
    for name in CHANGES:
        setattr(os, name, _noting(getattr(os, name), name, events))
    sys.addaudithook(lambda name, given: _note_open(name, given, events))

    def around(run_stage, stage, store, advance):
        events.enter(stage.fingerprint, stage.kind)

        def noting(done):
            events.note("advance", done)
            advance(done)

        run_stage(stage, store, noting)
        events.enter(PLANNING, PLANNING)

    _wrap_stages(around)


def _noting(call, name, events):
    def noted(*args, **kwargs):
        events.note(name)
        result = call(*args, **kwargs)
        if name in ("rename", "replace"):
            events.note("renamed")
        return result

    return noted


def _note_open(name, given, events):
    if name == "open" and str(given[0]).endswith(PICTURES):
        events.note("open", str(given[0]))


def _wrap_stages(around):
    """Replace the function by which executors run a stage."""
    import ssl_seg.runner

    original = ssl_seg.runner.run_stage
    ssl_seg.runner.run_stage = lambda *args: around(original, *args)
