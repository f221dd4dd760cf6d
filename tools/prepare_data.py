"""``tools/prepare_data.py``: see ``ssl_seg.cli.prepare_data``."""

import sys

from ssl_seg.cli.main import call

if __name__ == "__main__":
    sys.exit(call("prepare_data"))
