"""The commands: parse, call, print."""

from ssl_seg.cli.main import main

__all__ = ["main"]
