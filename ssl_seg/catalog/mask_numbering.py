"""How the masks of a user's own data set are numbered, from what a config says of them."""

from __future__ import annotations

from collections.abc import Sequence

from ssl_seg.catalog.palette import generated_palette
from ssl_seg.catalog.space_file import IGNORE, listed_values
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace, LabelValues


def numbered_values(
    name: str,
    classes: Sequence[str],
    palette: Sequence[Sequence[int]] | None,
    values: Sequence[int] | None,
    ignore: int | Sequence[int],
) -> LabelValues:
    """Check what a config says of its classes.

    Args:
        name: of the label space.
        classes: names, in the order of their numbers.
        palette: one RGB triple in [0, 255] per class; ``None`` makes some up.
        values: the value of each class in the masks; ``None`` is 0, 1, ...
        ignore: one or several values in the masks that are of no class.

    Raises:
        UserError: they do not fit together; the message starts with the argument's name.
    """
    if isinstance(classes, str):
        raise UserError(f"classes: expected a list of names; write ({classes!r},)")
    colours = generated_palette(len(classes)) if palette is None else _triples(palette)
    space = LabelSpace(name, tuple(classes), colours, IGNORE)
    owned = tuple(range(len(space))) if values is None else tuple(values)
    ignored = (ignore,) if isinstance(ignore, int) else tuple(ignore)
    _check_bytes("values", owned)
    _check_bytes("ignore", ignored)
    if len(owned) != len(space):
        raise UserError(f"values: expected one for each of {len(space)} classes, got {len(owned)}")
    if both := sorted(set(owned) & set(ignored)):
        raise UserError(
            f"ignore: {both} are values of classes too; where 0 is no class and classes count "
            f"from 1, write values=(1, ..., {len(space)})"
        )
    return listed_values(space, owned, ignored)


def _triples(palette: Sequence[Sequence[int]]) -> tuple[tuple[int, int, int], ...]:
    for colour in palette:
        _check_bytes("palette", colour)
        if len(colour) != 3:
            raise UserError(f"palette: expected RGB triples, got {colour!r}")
    return tuple((red, green, blue) for red, green, blue in palette)


def _check_bytes(name: str, numbers: Sequence[int]) -> None:
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 255:
            raise UserError(f"{name}: expected whole numbers in [0, 255], got {number!r}")
