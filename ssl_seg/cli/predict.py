"""``predict.py CONFIG CHECKPOINT IMAGES OUT``: label maps and overlays of new images."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

from ssl_seg.catalog.image_folder import ImageFolder
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.cli.arguments import add_config_options, read_config
from ssl_seg.cli.trained import recipes_without_training, require_weights
from ssl_seg.core.space import LabelSpace

logger = logging.getLogger(__name__)

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")


def run(arguments: Sequence[str] | None = None) -> None:
    """Label the images of a folder: OUT/maps holds indexed PNGs, OUT/overlays pictures."""
    parser = argparse.ArgumentParser(prog="predict.py", description=run.__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("checkpoint", type=Path, help="weights of the config's model")
    parser.add_argument("images", type=Path, help="folder of images, searched below too")
    parser.add_argument("out", type=Path, help="folder for the results")
    parser.add_argument(
        "--opacity", type=float, default=0.5, help="of the classes in overlays, 0 to 1; 0: none"
    )
    add_config_options(parser)
    args = parser.parse_args(arguments)
    if not 0 <= args.opacity <= 1:
        raise ValueError(f"--opacity must lie between 0 and 1, got {args.opacity}")
    config = read_config(args.config, args.cfg_options, None)
    _predict(config, args)


def _predict(config: dict[str, object], args: argparse.Namespace) -> None:
    from ssl_seg.data.label_maps import write_label_map  # noqa: PLC0415 - heavy imports
    from ssl_seg.data.overlay import write_overlay  # noqa: PLC0415
    from ssl_seg.data.working_size import at_size_of  # noqa: PLC0415
    from ssl_seg.runner.environment import prepare_process  # noqa: PLC0415
    from ssl_seg.runner.models import stated_space  # noqa: PLC0415
    from ssl_seg.runner.predictors import open_predictor  # noqa: PLC0415

    weights = require_weights(args.checkpoint)
    space: LabelSpace | None = stated_space(weights)
    if space is None:
        raise ValueError(f"{weights}: no classes are stated; expected meta.dataset_meta")
    folder = ImageFolder(
        data_root=args.images,
        images=".",
        masks=None,
        image_suffix=IMAGE_SUFFIXES,
        classes=space.classes,
        palette=space.palette,
    )
    catalog = folder.read(DigestIndex(None))
    recipes = recipes_without_training(config, args.config.parent, catalog.values, space)
    recipe, _ = recipes.label("test", "final")
    prepare_process(recipe["threads"])
    predictor = open_predictor(recipe, weights, recipes.label_pipeline("test"))
    size = recipe["batch_size"]
    for start in range(0, len(catalog.cases), size):
        batch = catalog.cases[start : start + size]
        predictions = predictor.predict([predictor.read(case) for case in batch])
        for case, prediction in zip(batch, predictions, strict=True):
            image = Path(case.image.path)
            labels = at_size_of(image, prediction.labels)
            write_label_map(args.out / "maps" / f"{case.id}.png", labels, space)
            if args.opacity:
                picture = args.out / "overlays" / f"{case.id}.jpg"
                write_overlay(picture, image, labels, space, args.opacity)
        logger.info("%d of %d images", start + len(batch), len(catalog.cases))
    print(f"label maps: {args.out / 'maps'}")
    if args.opacity:
        print(f"overlays: {args.out / 'overlays'}")
