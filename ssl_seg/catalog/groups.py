"""Which cases belong together, told by their ids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from ssl_seg.core.errors import UserError


def folder_groups(cases: Iterable[str]) -> dict[str, str]:
    """Group cases by their folder; where all lie in one folder, each is a group of its own."""
    folders = {case: str(PurePosixPath(case).parent) for case in cases}
    if len(set(folders.values())) > 1:
        return folders
    return {case: case for case in folders}


def pattern_groups(cases: Iterable[str], pattern: re.Pattern[str]) -> dict[str, str]:
    """Group cases by what a pattern's one group finds in their ids.

    Raises:
        UserError: it finds nothing in a case id.
    """
    groups = {}
    for case in cases:
        found = pattern.search(case)
        if found is None or found[1] is None:
            raise UserError(
                f"group: the pattern {pattern.pattern!r} finds nothing in the case id {case!r}; it "
                "must match every case"
            )
        groups[case] = found[1]
    return groups


def group_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern.

    Raises:
        UserError: it is no regular expression, or has not exactly one group.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UserError(f"group: {pattern!r} is no regular expression: {error}") from error
    if compiled.groups != 1:
        raise UserError(
            f"group: expected one group in brackets, as in '^(seq[0-9]+)_', got {compiled.groups} "
            f"in {pattern!r}"
        )
    return compiled
