"""The error that means: something the user gave is wrong, and the message says what to do."""

from __future__ import annotations


class UserError(ValueError):
    """A mistake in a config, a command, or data, found on purpose and told in one message.

    The commands print its message alone. Every other exception is a fault of the program and keeps
    its traceback.
    """
