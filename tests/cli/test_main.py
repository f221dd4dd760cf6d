"""Which errors become one line, and which keep their traceback."""

import errno
import os
import sys
from types import SimpleNamespace

import pytest

from ssl_seg.cli.main import COMMANDS, call
from ssl_seg.core.errors import UserError


@pytest.fixture
def failing(monkeypatch):
    """Let every command raise an error."""

    def replace(error):
        def run(arguments):
            raise error

        for command in COMMANDS:
            monkeypatch.setitem(sys.modules, f"ssl_seg.cli.{command}", SimpleNamespace(run=run))

    return replace


def test_a_users_mistake_is_one_message_with_its_notes(failing, capsys):
    error = UserError("threads: expected a number")
    error.add_note("This happened in the stage 'train initial'.")
    failing(error)
    assert call("train", []) == 1
    told = "error: threads: expected a number\nThis happened in the stage 'train initial'.\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    "bug",
    [
        ValueError("from our own code, for all that anybody can tell"),
        RuntimeError("x"),
        ImportError("x"),
        KeyError("x"),
        FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "a.png"),
        OSError("without a number"),
    ],
)
def test_everything_else_is_a_bug_and_passes(failing, bug):
    failing(bug)
    with pytest.raises(type(bug)) as raised:
        call("train", [])
    assert raised.value is bug


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_what_the_machine_lacks_is_one_message_with_the_file(failing, capsys, number):
    failing(OSError(number, os.strerror(number), "work/a.pth"))
    assert call("train", []) == 1
    assert capsys.readouterr().err.startswith(f"error: work/a.pth: {os.strerror(number)}; ")


def test_an_interrupt_is_no_error(failing, capsys):
    failing(KeyboardInterrupt())
    assert call("train", []) == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "error", [UserError("x"), OSError(errno.ENOSPC, "full", "a.pth"), KeyboardInterrupt()]
)
def test_debug_shows_every_traceback(failing, command, error):
    failing(error)
    with pytest.raises(type(error)):
        call(command, ["--debug"])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_debug(command, capsys):
    with pytest.raises(SystemExit):
        call(command, ["--help"])
    assert "--debug" in capsys.readouterr().out


def test_debug_may_stand_after_a_data_set_to_prepare(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        call("prepare_data", ["cityscapes", str(tmp_path / "gone"), "--debug"])


def test_a_loader_workers_mistake_is_told_without_its_traceback(failing, capsys):
    from torch._utils import ExceptionWrapper

    try:
        raise UserError("a.png: a mask\nof two lines")
    except UserError:
        wrapped = ExceptionWrapper(where="in DataLoader worker process 0")
    with pytest.raises(UserError, match="Original Traceback") as raised:
        wrapped.reraise()
    failing(raised.value)
    assert call("train", []) == 1
    assert capsys.readouterr().err == "error: a.png: a mask\nof two lines\n"
