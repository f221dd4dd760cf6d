"""``predict.py CONFIG CHECKPOINT IMAGES OUT``: masks and pictures of new images or volumes."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ssl_seg.catalog.catalog import DataSet
from ssl_seg.catalog.image_folder import ImageFolder
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.listing import Listing
from ssl_seg.catalog.volume_folder import VolumeFolder
from ssl_seg.cli.arguments import add_config_options, command_parser, read_config
from ssl_seg.cli.trained import (
    UNSTATED_ROLE,
    configs_without_training,
    model_of,
    views_of,
    weights_by_view,
)
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace
from ssl_seg.core.views import View
from ssl_seg.media.by_name import MEDIA
from ssl_seg.media.stored_masks import mask_path
from ssl_seg.media.volumes.facts import SUFFIXES
from ssl_seg.store.atomic import make_folder

logger = logging.getLogger(__name__)

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")


def run(arguments: Sequence[str] | None = None) -> None:
    """Label the images or NIfTI volumes of a folder.

    OUT/maps holds masks: indexed PNGs, or NIfTI files in the grids of the volumes.
    OUT/overlays holds pictures of them: of a volume one for each view.
    """
    parser = command_parser("predict", run.__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument(
        "checkpoint",
        type=Path,
        help="model file; if the config has views, a folder with <view>.pth for each of them",
    )
    parser.add_argument(
        "images", type=Path, help="folder of images or .nii.gz files, with its subfolders"
    )
    parser.add_argument("out", type=Path, help="folder for the results")
    parser.add_argument(
        "--opacity",
        type=float,
        default=0.5,
        help="opacity of the classes in overlays, 0 to 1 (default: 0.5); 0 writes no overlays",
    )
    add_config_options(parser)
    args = parser.parse_args(arguments)
    if not 0 <= args.opacity <= 1:
        raise UserError(f"--opacity must lie between 0 and 1, got {args.opacity}")
    if args.out.resolve().is_relative_to(args.images.resolve()):
        raise UserError(
            f"OUT ({args.out}) lies inside IMAGES ({args.images}), so a second call would label "
            "its own results; choose another folder"
        )
    config = read_config(args.config, args.cfg_options, None)
    _predict(config, args)


def _predict(config: Mapping[str, Any], args: argparse.Namespace) -> None:
    from ssl_seg.runner.environment import prepare_process  # noqa: PLC0415
    from ssl_seg.runner.failures import naming_known_causes  # noqa: PLC0415
    from ssl_seg.runner.predictors import open_predictor  # noqa: PLC0415

    views = views_of(config)
    weights = weights_by_view(args.checkpoint, views)
    model = model_of(weights)
    space = model.space
    if space is None:
        raise UserError(
            f"{args.checkpoint}: does not say which classes the model predicts; expected them in "
            "meta.dataset_meta, as model files of ssl_seg and mmsegmentation have them"
        )
    catalog = _data_set(args.images, views, space).read(DigestIndex(None))
    medium = MEDIA[catalog.medium]
    configs = configs_without_training(config, args.config.parent, catalog, space)
    asked = configs.label("test", model.role or UNSTATED_ROLE)
    pipeline = configs.label_pipeline("test")
    prepare_process(asked.threads)
    size = asked.batch_size
    make_folder(args.out)
    with TemporaryDirectory(prefix=".slices-", dir=args.out) as slices:
        reader = medium.reader(Path(slices), slice_spacing=asked.slice_spacing, one_by_one=True)
        predictor = open_predictor(asked, [weights], pipeline, reader)
        for start in range(0, len(catalog.cases), size):
            batch = catalog.cases[start : start + size]
            with naming_known_causes(f"labelling {batch[0].image.path}"):
                predictions = predictor.predict([predictor.read(case) for case in batch])
            for case, prediction in zip(batch, predictions, strict=True):
                labels = medium.at_own_size(case, prediction.labels)
                medium.write_mask(mask_path(args.out / "maps", case), case, labels, space)
                if args.opacity:
                    medium.draw(
                        args.out / "overlays",
                        case,
                        labels,
                        space,
                        pipeline=pipeline,
                        truth=None,
                        opacity=args.opacity,
                    )
            logger.info("%d of %d cases", start + len(batch), len(catalog.cases))
    print(f"masks: {args.out / 'maps'}")
    if args.opacity:
        print(f"overlays: {args.out / 'overlays'}")


def _data_set(images: Path, views: Sequence[View], space: LabelSpace) -> DataSet:
    """Return the reader of a folder of volumes, where the config has views, or of images.

    Raises:
        UserError: files of the other kind are there.
    """
    listing = Listing.of(images, "<IMAGES>/<any folders>/<case>.nii.gz, or .jpg, .png, ...")
    volumes, pictures = listing.by_id(*SUFFIXES), listing.by_id(*IMAGE_SUFFIXES)
    if volumes and pictures:
        raise UserError(
            f"{images}: expected volumes or images, there are both: {_count(volumes)} and "
            f"{_count(pictures)}; give each kind a folder of its own"
        )
    if views and pictures:
        raise UserError(
            f"{images}: the config has views ({', '.join(views)}), so it labels volumes; expected "
            f".nii.gz files, there are {_count(pictures)}"
        )
    if volumes and not views:
        raise UserError(
            f"{images}: the config has no views, so it labels images; expected .png or .jpg "
            f"files, there are {_count(volumes)}"
        )
    if views:
        return VolumeFolder(
            data_root=images,
            images=".",
            labels=None,
            classes=space.classes,
            palette=space.palette,
        )
    return ImageFolder(
        data_root=images,
        images=".",
        masks=None,
        image_suffix=IMAGE_SUFFIXES,
        classes=space.classes,
        palette=space.palette,
    )


def _count(files: Mapping[str, str]) -> str:
    """Count files for people."""
    return f"{len(files)} such as {Path(next(iter(files.values()))).name}"
