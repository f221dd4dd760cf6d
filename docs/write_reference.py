"""Write the tables of config keys in the pages anew, from the table of keys in the code.

Run ``python docs/write_reference.py`` after a change of ``ssl_seg/config/keys.py``; a test checks
that the pages are current.
"""

from __future__ import annotations

import re
from pathlib import Path

from ssl_seg.config.key_reference import key_reference, nested_reference, unused_reference

DOCS = Path(__file__).parent
_BLOCK = re.compile(r"(<!-- keys: (\S+) -->\n).*?(\n<!-- end of keys -->)", re.DOTALL)


def with_tables(page: str) -> str:
    """Return a page with the table in each block ``<!-- keys: NAME -->`` written anew.

    The name is ``all``, ``unused``, or that of a key whose value is a dict.
    """
    return _BLOCK.sub(lambda found: found[1] + _table(found[2]) + found[3], page)


def _table(name: str) -> str:
    if name == "all":
        return key_reference()
    return unused_reference() if name == "unused" else nested_reference(name)


if __name__ == "__main__":
    for path in DOCS.rglob("*.md"):
        old = path.read_text()
        if (new := with_tables(old)) != old:
            path.write_text(new)
