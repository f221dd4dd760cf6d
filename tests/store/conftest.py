import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

CALLS = ("fsync", "rename", "replace", "mkdir", "unlink", "rmdir")


@pytest.fixture
def kills() -> Callable[[Callable[[], object]], Iterator[int]]:
    """Run an action in child processes, the n-th killed right before its n-th change to the disk.

    Yields after each kill, and ends when a child has survived.
    """
    return _kills


def _kills(action: Callable[[], object]) -> Iterator[int]:
    nth = 1
    while _is_killed(action, nth):
        yield nth
        nth += 1
    assert nth > 1, "the action changes nothing on the disk"


def _is_killed(action: Callable[[], object], nth: int) -> bool:
    child = os.fork()
    if child == 0:
        try:
            _kill_at(nth)
            action()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0, f"it failed after {nth - 1} kills"
    return False


def _kill_at(nth: int) -> None:
    counted, lock = 0, threading.Lock()

    def counting(call: Callable[..., object]) -> Callable[..., object]:
        def wrapper(*args: object, **kwargs: object) -> object:
            nonlocal counted
            with lock:
                counted += 1
                if counted == nth:
                    os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **kwargs)

        return wrapper

    for name in CALLS:
        setattr(os, name, counting(getattr(os, name)))
