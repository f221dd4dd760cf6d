import io
import logging
import os
import pty
import re
import subprocess
import sys
import textwrap

import pytest
from rich.console import Console

from ssl_seg.execution.bars import Bars
from ssl_seg.execution.tally import Tally

CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|[\r\n]")

RUN = """
    import logging, sys
    from ssl_seg.core.case import Case, LabelFile
    from ssl_seg.core.space import LabelSpace, LabelValues
    from ssl_seg.core.stage import EvaluateStage
    from ssl_seg.core.stage_config import EvaluateConfig
    from ssl_seg.execution import progress

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    values = LabelValues.identity(LabelSpace("one", ("a",), ((0, 0, 0),)))
    file = LabelFile("path", "digest")
    cases = tuple(Case(str(i), file, file, "g") for i in range(30))
    config = EvaluateConfig(metrics=())
    stage = EvaluateStage(predictions=(), cases=cases, values=values, config=config)
    with progress({stage.fingerprint: stage}, set()) as shown:
        late = logging.StreamHandler(sys.stdout)  # as mmengine makes its own
        logging.getLogger("late").addHandler(late)
        logging.getLogger("late").propagate = False
        shown.started(stage.fingerprint)
        for done in range(31):
            shown.advanced(stage.fingerprint, done)
            logging.info("[early] line %d of the log", done)
            logging.getLogger("late").warning("[late] line %d of the log", done)
            print("[print] line", done)
        shown.finished(stage.fingerprint)
    logging.info("[early] after")
    logging.getLogger("late").warning("[late] after")
"""


@pytest.fixture
def screen():
    return io.StringIO()


@pytest.fixture
def bars(stages, screen):
    console = Console(file=screen, force_terminal=True, width=120)
    return Bars(Tally(stages, skipped={list(stages)[1]}), console)


def test_the_bars_tell_stage_units_and_counts(bars, stages, screen):
    first = next(iter(stages))
    with bars:
        bars.started(first)
        bars.finished(first)
    shown = CONTROL.sub("", screen.getvalue())
    assert re.search(r"train initial +[━╸╺ ]+ 0/100 iterations", shown)
    assert "1/3 stages (1 before)" in shown
    assert "train initial: done in " in shown
    assert "2/3 stages (1 before), " in shown


def test_each_running_stage_has_a_bar_until_it_ends(stages, screen):
    train, label, evaluate = stages
    console = Console(file=screen, force_terminal=True, width=120)
    with Bars(Tally(stages, skipped=()), console) as bars:
        bars.started(train)
        bars.started(label)
        bars.advanced(train, 60)
        bars.started(evaluate)
        both = screen.getvalue()
        bars.failed(label, ValueError("no"))
        bars.finished(train)
        left = screen.getvalue().removeprefix(both)
    lines = _on_screen(both)
    assert [line.partition("━")[0].strip() for line in lines[-4:]] == [
        "all stages",
        *(stages[name].title for name in (train, label, evaluate)),
    ]
    assert lines[-3].endswith("60/100 iterations")
    assert re.search(r"label 40 cases by initial: failed after \d+ s \(ValueError\)", left)
    assert "1/3 stages, 1 failed" in CONTROL.sub("", left)
    *_, last, own = _on_screen(both + left)
    assert last.startswith("all stages")
    assert own.startswith("evaluate 40 cases")


def test_log_handlers_get_their_stream_back(bars, stages):
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger("made.before").addHandler(handler)
    before = (sys.stdout, sys.stderr)
    with bars:
        assert handler.stream is sys.stderr
        assert sys.stderr is not before[1]
    assert handler.stream is before[1]
    assert (sys.stdout, sys.stderr) == before
    logging.getLogger("made.before").removeHandler(handler)


def _read_all(descriptor):
    parts = []
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError:  # Linux reports the end of a terminal as an error
            part = b""
        if not part:
            return b"".join(parts).decode()
        parts.append(part)


def _seen(output):
    """Return the lines that stand on a terminal in the end."""
    lines, row, column, end = [""], 0, 0, 0
    for match in CONTROL.finditer(output):
        text, end = output[end : match.start()], match.end()
        line = lines[row]
        lines[row] = line[:column].ljust(column) + text + line[column + len(text) :]
        column += len(text)
        if match[0] == "\r":
            column = 0
        elif match[0] == "\n":
            row += 1
            lines.extend([""] * (row + 1 - len(lines)))
        elif match[2] == "A":
            row -= int(match[1] or 1)
        elif match[2] == "K":
            assert match[1] == "2"
            lines[row] = ""
        else:
            assert match[2] in "mlh", f"{match[0]!r} is not known here"  # colours, cursor on/off
    return [line.rstrip() for line in lines]


def _on_screen(output):
    return [line for line in _seen(output.replace("\n", "\r\n")) if line]


def _on_terminal(**streams):
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(RUN)],
        env=environment,
        **{"stdout": theirs, "stderr": theirs, **streams},
    ) as process:
        os.close(theirs)
        output = _read_all(ours)
    os.close(ours)
    assert process.returncode == 0, output
    return _seen(output)


def test_log_and_printed_lines_stay_whole_above_the_bars():
    lines = [line for line in _on_terminal() if line]
    expected = [
        line
        for done in range(31)
        for line in (
            f"[early] line {done} of the log",
            f"[late] line {done} of the log",
            f"[print] line {done}",
        )
    ]
    count = len(expected)
    assert lines[:count] == expected
    assert lines[count].startswith("evaluate 30 cases: done in ")
    assert re.fullmatch(r"all stages +━+ 1/1 stages, 0 s left", lines[count + 1])
    assert lines[count + 2 :] == ["[early] after", "[late] after"]


def test_what_is_printed_into_a_file_arrives_there(tmp_path):
    with (tmp_path / "out").open("wb") as file:
        lines = _on_terminal(stdout=file)
    printed = (tmp_path / "out").read_text().splitlines()
    assert [line for line in printed if line.startswith("[print]")] == [
        f"[print] line {done}" for done in range(31)
    ]
    assert not any(line.startswith("[print]") for line in lines)
    assert "[early] line 30 of the log" in lines
