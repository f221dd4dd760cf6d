"""``tools/report.py``: see ``ssl_seg.cli.report``."""

import sys

from ssl_seg.cli.main import call

if __name__ == "__main__":
    sys.exit(call("report"))
