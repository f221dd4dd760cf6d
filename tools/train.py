"""``tools/train.py``: see ``ssl_seg.cli.train``."""

import sys

from ssl_seg.cli.main import call

if __name__ == "__main__":
    sys.exit(call("train"))
