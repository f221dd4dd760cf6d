"""Pictures of stored masks on their images, from a work dir alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.core.case import Case, DataFile, LabelFile
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.media.by_name import medium_of
from ssl_seg.media.stored_masks import read_mask
from ssl_seg.store.manifest import read_json
from ssl_seg.store.store import Store


def draw_overlays(
    store: Store,
    index: DigestIndex,
    labels: str,
    folder: Path,
    *,
    scores: str | None = None,
    cases: Collection[str] | None = None,
    opacity: float = 0.5,
) -> None:
    """Draw the masks of a label stage over their images.

    Artifacts know images and true masks by their content; the index knows where that lies now.

    Args:
        store: holds the finished stages.
        index: of the work dir.
        labels: fingerprint of the label stage.
        folder: of the pictures; names in it start with the case's id.
        scores: fingerprint of an evaluate stage that scored the labels: predictions are shown in
            the space that they were scored in, beside the true masks where the medium can.
        cases: ids of the cases to draw; all by default.
        opacity: of the colours, 0 (image only) to 1 (colours only).

    Raises:
        FileNotFoundError: a stage is not finished.
        UserError: an image or a true mask is not where the index last saw it, or has changed.
    """
    artifact = store.path(labels)
    manifest = read_json(artifact / "manifest.json")
    truth: LabelValues | None = None
    predicted = LabelValues.identity(LabelSpace.from_plain(manifest["space"]))
    masks: Mapping[str, str] = {}
    if scores is not None:
        scored = read_json(store.path(scores) / "manifest.json")
        truth = LabelValues.from_plain(scored["truth"])
        predicted = LabelValues.from_plain(scored["predicted"])
        masks = {entry["case"]: entry["mask"] for entry in scored["cases"]}
    for entry in manifest["cases"]:
        if cases is not None and entry["case"] not in cases:
            continue
        case = _case(entry, masks.get(entry["case"]), manifest, index)
        medium_of(case).draw(
            folder,
            case,
            read_mask(artifact / "maps", case, predicted),
            predicted.space,
            pipeline=manifest["pipeline"],
            truth=truth if case.label else None,
            opacity=opacity,
        )


def _case(
    entry: Mapping[str, Any], mask: str | None, manifest: Mapping[str, Any], index: DigestIndex
) -> Case:
    """Return a case with its files where they lie now."""
    name = entry["case"]
    return Case(
        id=name,
        image=_file(entry["image"], f"the image of case {name!r}", index),
        label=None if mask is None else _mask(mask, name, index),
        group="",
        medium=manifest["medium"],
    )


def _mask(digest: str, case: str, index: DigestIndex) -> LabelFile:
    found = _file(digest, f"the true mask of case {case!r}", index)
    return LabelFile(found.path, found.digest)


def _file(digest: str, what: str, index: DigestIndex) -> DataFile:
    found = index.find(digest)
    if found is None:
        raise UserError(
            f"{what} is not where it was, or has changed since (SHA-256 {digest[:12]}…); run the "
            "command that labeled it again, which finds data sets that have moved"
        )
    return found
