"""``tools/test.py``: see ``ssl_seg.cli.test``."""

import sys

from ssl_seg.cli.main import call

if __name__ == "__main__":
    sys.exit(call("test"))
