import io
import logging
import sys

import pytest

from ssl_seg.execution import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_without_a_terminal_that_moves_its_cursor_there_are_log_lines(
    stages, caplog, monkeypatch, stream
):
    monkeypatch.setattr(sys, "stderr", stream())
    monkeypatch.setenv("TERM", "dumb")
    caplog.set_level(logging.INFO, logger="ssl_seg")
    first = next(iter(stages))
    with progress(stages, {"another run's"}) as shown:
        shown.started(first)
        shown.finished(first)
    messages = [record.getMessage() for record in caplog.records]
    assert messages[0] == "stage 1 of 3: train initial (100 iterations)"
    assert sys.stderr.getvalue() == ""
