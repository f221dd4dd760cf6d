"""mmsegmentation's own data sets as catalogs: the same cases, classes and label values."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from ssl_seg.catalog.assemble import Entry, assemble
from ssl_seg.catalog.catalog import Catalog
from ssl_seg.catalog.groups import folder_groups
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.listing import natural_order
from ssl_seg.compat import import_mmseg
from ssl_seg.core.errors import UserError, raised_in
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.registry import DATASETS, check_arguments, suggestion

_IGNORE = 255
"""What mmsegmentation's label loading writes for pixels of no class, whatever it is told."""

_OWN: Mapping[str, Any] = {"pipeline": [], "lazy_init": False, "serialize_data": False}
"""Arguments that are not the user's: the data set is asked for its list of files and no more."""


def read_foreign(cfg: Mapping[str, Any], index: DigestIndex, where: str) -> Catalog:
    """Read a data set that mmsegmentation, or a plug-in of it, has registered.

    The data set is built without its pipeline, to be asked for its files and classes. Case ids and
    groups follow the rules of `ssl_seg.catalog.image_folder.ImageFolder`.

    Args:
        cfg: the data set's type and arguments, without ``pipeline``.
        index: of file digests.
        where: the dict's place in the config, for messages.

    Raises:
        UserError: the type or an argument is unknown, or the data is wrong; the message starts
            with the place.
    """
    kind = _data_set_type(str(cfg["type"]), where)
    arguments = {key: value for key, value in cfg.items() if key not in ("type", *_OWN)}
    check_arguments(kind, arguments, where)
    try:
        data_set = kind(**arguments, **_OWN)
        entries = list(_entries(data_set))
        return assemble(kind.__name__, _values(data_set), entries, index)
    except (OSError, ValueError, TypeError, KeyError, AssertionError) as error:
        if not isinstance(error, UserError) and not raised_in(error, "mmengine", "mmseg"):
            raise
        # mmsegmentation asserts without a word where a folder is missing.
        reason = str(error) or f"it was refused without a reason; are all paths there? {arguments}"
        raise UserError(f"{where} ({kind.__name__}): {reason}") from error


def _data_set_type(name: str, where: str) -> type[Any]:
    import_mmseg()
    foreign = importlib.import_module("mmseg.registry").DATASETS
    kind: type[Any] | None = foreign.get(name)
    if kind is None:
        known = [*DATASETS.names(), *foreign.module_dict]
        raise UserError(
            f"{where}.type: neither ssl_seg nor mmsegmentation has a data set {name!r}"
            + suggestion(name, known)
        )
    if not issubclass(kind, importlib.import_module("mmseg.datasets").BaseSegDataset):
        raise UserError(
            f"{where}.type: {name} is not a data set of images with one mask each (a "
            "BaseSegDataset); name such a data set itself, without a wrapper around it"
        )
    return kind


def _entries(data_set: Any) -> Iterator[Entry]:
    root = data_set.data_prefix.get("img_path") or ""
    files = [data_set.get_data_info(at) for at in range(len(data_set))]
    if not files:
        raise UserError(f"{root}: no image found that ends in {data_set.img_suffix!r}")
    cases = [_case_id(file["img_path"], root, data_set.img_suffix) for file in files]
    masks = [file["seg_map_path"] for file in files if file.get("seg_map_path")]
    if masks and not any(Path(mask).is_file() for mask in masks):
        raise UserError(
            f"{masks[0]}: no image has its mask; check data_prefix and seg_map_suffix, or leave "
            "seg_map_path out for images alone"
        )
    groups = folder_groups(cases)
    for case, file in sorted(zip(cases, files, strict=True), key=_by_case):
        mask = Path(file["seg_map_path"]).absolute() if file.get("seg_map_path") else None
        yield Entry(
            id=case,
            image=str(Path(file["img_path"]).absolute()),
            mask=str(mask) if mask and mask.is_file() else None,
            group=groups[case],
        )


def _case_id(image: str, root: str, suffix: str) -> str:
    """Return an image's path below the images folder without its suffix."""
    try:
        below = PurePath(image).relative_to(root)
    except ValueError:
        below = PurePath("..")
    if ".." in below.parts:
        raise UserError(f"{image}: leads out of the images folder {root}; correct the list file")
    return below.as_posix().removesuffix(suffix)


def _by_case(entry: tuple[str, Any]) -> tuple[list[str | int], str]:
    return natural_order(entry[0])


def _values(data_set: Any) -> LabelValues:
    """Return what mmsegmentation's ``LoadAnnotations`` makes of each value in a mask."""
    classes = data_set.metainfo.get("classes")
    if not classes:
        raise UserError("it has no classes; name them in metainfo=dict(classes=(...))")
    palette = tuple(
        (int(red), int(green), int(blue)) for red, green, blue in data_set.metainfo["palette"]
    )
    space = LabelSpace(type(data_set).__name__, tuple(classes), palette, _IGNORE)
    table = []
    for value in range(256):
        number = _loaded(value, data_set.reduce_zero_label, data_set.label_map or {})
        if number in (_IGNORE, data_set.ignore_index):
            table.append((value, _IGNORE))
        elif number < len(space):
            table.append((value, number))
    return LabelValues(space, tuple(table))


def _loaded(value: int, reduce_zero_label: bool, label_map: Mapping[int, int]) -> int:
    if reduce_zero_label:
        value = _IGNORE if value in (0, _IGNORE) else value - 1
    return label_map.get(value, value)
