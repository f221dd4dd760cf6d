"""The error that means: something the user gave is wrong, and the message says what to do."""

from __future__ import annotations


class UserError(ValueError):
    """A mistake in a config, a command, or data, found on purpose and told in one message.

    The commands print its message alone. Every other exception is a fault of the program and keeps
    its traceback.
    """


def raised_in(error: BaseException, *packages: str) -> bool:
    """Tell whether the line that raised an error is code of one of these packages.

    Third-party code refuses a config by whatever exception it likes; the same exception from our
    own code, or from a plug-in's, is a bug.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    return str(trace.tb_frame.f_globals.get("__name__")).partition(".")[0] in packages
