"""What came out: rows, tables and files, from the store alone and at any time.

Imports without torch, so that a report on a running benchmark costs nothing.
"""

from ssl_seg.report.write import write_report

__all__ = ["write_report"]
