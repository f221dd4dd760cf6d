"""A body in a scanner: the voxels that come out, and their labels."""

from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ssl_seg.phantoms.organ.body import Body, draw_body
from ssl_seg.phantoms.organ.fields import Field, noise, smooth_field, soften
from ssl_seg.phantoms.organ.grid import Grid
from ssl_seg.phantoms.organ.look import GRAIN_HU, Look
from ssl_seg.phantoms.organ.pancreas import LESION, PANCREAS
from ssl_seg.phantoms.organ.raster import rasterise
from ssl_seg.phantoms.organ.volume import Volume

LOWEST_HU: Final = -1024
"""What a scanner gives for air, and for all that lies outside its round field."""

_HIGHEST_HU: Final = 3071

_LABELS: Final = {PANCREAS: 1, LESION: 2}
_BLOOD: Final = ("artery", "vein", "kidney", "spleen")
_WATER_HU: Final = 10.0
_GRAIN_MM: Final = 3.0
_DRIFT_MM: Final = 40.0
_DRIFT_HU: Final = 15.0
"""Within plus and minus this the whole scan drifts from place to place."""


def scan(look: Look, size: tuple[int, int, int], rng: Generator) -> Volume:
    """Draw a case and scan it.

    The body and its place depend on neither the size nor each other's: another size shows the same
    case in finer or coarser voxels.

    Args:
        look: How it is scanned.
        size: Number of columns, rows and slices.
        rng: Source of all randomness.
    """
    anatomy, surfaces, scanner, texture, detector = rng.spawn(5)
    body = draw_body(anatomy, has_lesion=bool(anatomy.random() < look.lesions))
    grid = _draw_grid(scanner, look, size)
    index = rasterise(body, grid, surfaces)
    hu = _densities(body, look, scanner)[index]
    hu += _texture(body, grid, texture, index)
    for axis in range(3):
        hu = soften(hu, axis, look.blur)
    hu += np.float32(scanner.uniform(*look.noise_hu)) * noise(detector, size)
    return Volume(
        grid=grid,
        voxels=_read_out(hu),
        labels=_labels(body)[index],
        thickness_mm=round(look.overlap * grid.spacing_mm[2], 2),
    )


def _draw_grid(rng: Generator, look: Look, size: tuple[int, int, int]) -> Grid:
    """Place the field of view around the body; lengths are whole tenths of a micrometre."""
    field_mm = rng.uniform(*look.field_mm)
    extents = (field_mm, field_mm, rng.uniform(*look.length_mm))
    off = rng.uniform(-look.off_mm, look.off_mm, 3)
    x, y, z = (round(extent / count, 4) for extent, count in zip(extents, size, strict=True))
    first = [
        round(float(shift) - 0.5 * (count - 1) * step, 4)
        for shift, count, step in zip(off, size, (x, y, z), strict=True)
    ]
    return Grid(shape=size, spacing_mm=(x, y, z), first_mm=(first[0], first[1], first[2]))


def _densities(body: Body, look: Look, rng: Generator) -> Field:
    """Return the density of the air around the body, and of all parts, in HU."""
    dose = rng.uniform(*look.dose)
    hu = [look.hu["air"]]
    for part in body.parts:
        density = look.hu[part.tissue] + part.shift_hu
        if part.tissue in _BLOOD:
            density = _WATER_HU + dose * (density - _WATER_HU)
        hu.append(density)
    return np.array(hu, dtype=np.float32)


def _texture(body: Body, grid: Grid, rng: Generator, index: NDArray[np.uint8]) -> Field:
    """Return what makes tissues uneven, and the whole scan drift, in HU."""
    grains = [GRAIN_HU["air"], *(GRAIN_HU[part.tissue] for part in body.parts)]
    axes = [grid.axis(axis) for axis in range(3)]
    grain = np.array(grains, dtype=np.float32)[index] * smooth_field(rng, axes, _GRAIN_MM)
    return grain + np.float32(_DRIFT_HU) * smooth_field(rng, axes, _DRIFT_MM)


def _labels(body: Body) -> NDArray[np.uint8]:
    """Return the label of the air around the body, and of all parts."""
    return np.array([0, *(_LABELS.get(part.tissue, 0) for part in body.parts)], dtype=np.uint8)


def _read_out(hu: Field) -> NDArray[np.int16]:
    """Round to what a scanner stores, and blank all that lies outside its round field."""
    columns, rows = (np.linspace(-1, 1, count, dtype=np.float32) for count in hu.shape[:2])
    outside = columns[:, None] ** 2 + rows[None, :] ** 2 > 1
    voxels = np.rint(hu).clip(LOWEST_HU, _HIGHEST_HU).astype(np.int16)
    voxels[outside] = LOWEST_HU
    return voxels
