"""What must be known of image and mask files before work starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from PIL import Image, UnidentifiedImageError

from ssl_seg.core.errors import UserError, raised_in
from ssl_seg.media.facts import Known

_INDEXED_MODES = ("P", "L", "1")

_END_MARKS = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"IEND"}
"""What a whole file of a format has near its end."""

_END_LENGTH = 1 << 16
"""Bytes at the end of a file that may hold the mark; some cameras append data of their own."""

_ORIENTATION = 0x0112
_TURNED_BY_A_QUARTER = (5, 6, 7, 8)


@dataclass(frozen=True)
class ImageFacts:
    """Size of an image in pixels, as a loader that obeys EXIF orientation returns it."""

    width: int
    height: int
    kind: ClassVar[str] = "image"

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width, as arrays have them."""
        return self.height, self.width

    @classmethod
    def of(cls, path: str) -> Self:
        """Read an image's header and check that its end is there; pixels are not decoded.

        Raises:
            UserError: there is no readable header, or the file is cut off.
        """
        with _opened(path) as picture:
            width, height = upright_size(picture)
            picture_format = picture.format or ""
        _check_end(Path(path), picture_format)
        return cls(width, height)

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> Self:
        """Return the facts that `plain` wrote."""
        return cls(*plain)

    def plain(self) -> Sequence[Any]:
        """Return the facts as a list of plain values."""
        return [self.width, self.height]


@dataclass(frozen=True)
class MaskFacts:
    """Size of a mask in pixels, and what is in it.

    Attributes:
        pixels: pairs (value, number of pixels that hold it, at least 1), values ascending.
    """

    width: int
    height: int
    pixels: tuple[tuple[int, int], ...]
    kind: ClassVar[str] = "mask"

    @classmethod
    def of(cls, path: str) -> Self:
        """Decode a mask; a palette PNG's values are its palette indices.

        Raises:
            UserError: it is no readable image, or one of colours or of more than 8 bits.
        """
        with _opened(path) as picture:
            if picture.mode not in _INDEXED_MODES:
                raise UserError(_not_indexed(picture.mode))
            # Loaders read black and white as 0 and 1, while Pillow counts them as 0 and 255.
            step = 255 if picture.mode == "1" else 1
            counts = picture.histogram()[::step]
            found = ((value, count) for value, count in enumerate(counts) if count)
            return cls(*picture.size, tuple(found))

    @property
    def values(self) -> tuple[int, ...]:
        """The distinct values, ascending."""
        return tuple(value for value, _ in self.pixels)

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> Self:
        """Return the facts that `plain` wrote."""
        width, height, values, counts = plain
        return cls(width, height, tuple(zip(values, counts, strict=True)))

    def plain(self) -> Sequence[Any]:
        """Return the facts as a list of plain values."""
        counts = [count for _, count in self.pixels]
        return [self.width, self.height, list(self.values), counts]


def size_misfit(image: Known[ImageFacts], mask: Known[MaskFacts]) -> str | None:
    """Say how the sizes of an image and its mask differ."""
    size, other = (image.facts.width, image.facts.height), (mask.facts.width, mask.facts.height)
    if size == other:
        return None
    return (
        f"{mask.file.path}: the mask is {other[0]}×{other[1]} pixels, its image "
        f"{image.file.path} is {size[0]}×{size[1]}; "
        + (
            "one of them is turned by a quarter (the image perhaps by its EXIF orientation)"
            if size == other[::-1]
            else "both must have the same size"
        )
    )


def upright_size(picture: Image.Image) -> tuple[int, int]:
    """Return the width and height of an opened image as loaders that obey EXIF data return it."""
    # Not asked of a PNG: Pillow would decode all of it, and cameras write JPEG.
    jpeg = picture.format in ("JPEG", "MPO")
    if jpeg and picture.getexif().get(_ORIENTATION) in _TURNED_BY_A_QUARTER:
        return picture.height, picture.width
    return picture.width, picture.height


@contextmanager
def _opened(path: str) -> Iterator[Image.Image]:
    """Open an image; what Pillow has to say against it becomes a ``UserError``."""
    try:
        with Image.open(path) as picture:
            yield picture
    except UnidentifiedImageError as error:
        size = Path(path).stat().st_size
        raise UserError(
            f"expected an image, but there is no readable header ({size} bytes); replace the file "
            "or take it out of the data set"
        ) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # Our own complaints, and what the file system has to say, pass as they are.
        if not raised_in(error, "PIL") or getattr(error, "strerror", None) is not None:
            raise
        raise UserError(f"not a readable image: {error}") from error


def _check_end(path: Path, picture_format: str) -> None:
    mark = _END_MARKS.get(picture_format)
    if mark is None:
        return
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _END_LENGTH))
        if mark not in file.read():
            raise UserError(
                f"the {picture_format} file is cut off: it does not end as it should; copy or "
                "download it again"
            )


def _not_indexed(mode: str) -> str:
    if mode.startswith("I"):
        return f"the mask has more than 8 bits per pixel (mode {mode}); save it as 8-bit grey"
    return (
        f"a colour mask (mode {mode}) instead of class numbers; save it with one channel (8-bit "
        "grey or palette) whose values are the numbers of the classes"
    )
