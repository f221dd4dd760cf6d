"""What is where in one frame: the surfaces from which labels and picture both follow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final

import cv2
import numpy as np
from numpy.typing import NDArray

from ssl_seg.phantoms.camera import NEAR_M, Camera
from ssl_seg.phantoms.face import Face, Tint, level
from ssl_seg.phantoms.world import World

ADVANCE_M: Final = 1.5
"""How far the camera moves from frame to frame."""

_SUBPIXEL_BITS: Final = 4
_FARTHEST_PX: Final = 1e6
"""Corners are clamped to this: cv2 keeps coordinates in 32 bits."""


@final
@dataclass(frozen=True, kw_only=True)
class Surface:
    """One face as seen in a frame.

    Attributes:
        kind: What it is.
        material: What it is made of.
        tint: Appearance of the instance.
        depth_m: Its typical distance from the camera.
    """

    kind: str
    material: str
    tint: Tint
    depth_m: float


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """One frame before painting.

    Attributes:
        index: `(H, W)`, int32, for every pixel the position of what is seen there in `surfaces`.
        surfaces: What is seen, or hidden by what was drawn later.
    """

    index: NDArray[np.int32]
    surfaces: tuple[Surface, ...]

    def labels(self, ids: Mapping[str, int]) -> NDArray[np.uint8]:
        """Return the `(H, W)` mask, given the id of every kind."""
        table = np.array([ids[surface.kind] for surface in self.surfaces], dtype=np.uint8)
        return table[self.index]


_SKY: Final = Surface(kind="sky", material="sky", tint=(0.5, 0.5, 0.5), depth_m=0.0)
_BONNET_BELOW_M: Final = 0.8
"""How far the own car's bonnet lies below the camera."""


def draw_scene(world: World, camera: Camera, size: tuple[int, int], frame: int) -> Scene:
    """Draw a street as the camera sees it in the given frame of its sequence.

    Args:
        world: The street.
        camera: Who looks; it has moved by `ADVANCE_M` a frame.
        size: Width and height in pixels.
        frame: Number of the frame, from 0.
    """
    width, height = size
    index = np.zeros((height, width), dtype=np.int32)
    surfaces = [_SKY]
    for face, depth_m, polygons in _project(
        *_in_painting_order(world, camera, frame), camera, size
    ):
        cv2.fillPoly(index, polygons, len(surfaces), cv2.LINE_8, _SUBPIXEL_BITS)
        surfaces.append(
            Surface(kind=face.kind, material=face.material, tint=face.tint, depth_m=depth_m)
        )
    return Scene(index=index, surfaces=tuple(surfaces))


def _in_painting_order(world: World, camera: Camera, frame: int) -> tuple[list[Face], list[float]]:
    """Return all faces in painting order, and by how many metres each has come nearer."""
    moved = frame * ADVANCE_M
    things = sorted(world.things, key=lambda thing: -(thing.z_m + frame * thing.drift_m))
    groups: list[tuple[tuple[Face, ...], float]] = [
        (world.ground, 0.0),  # alike all along, but for the dashes: these run with the camera
        (world.borders, moved),
        *((thing.faces, moved - frame * thing.drift_m) for thing in things),
        ((_bonnet(camera),), 0.0),
    ]
    faces = [face for group, _ in groups for face in group]
    return faces, [nearer for group, nearer in groups for _ in group]


def _bonnet(camera: Camera) -> Face:
    """Return the part of the own car that the camera sees."""
    corners = level(-0.85, 0.85, camera.height_m - _BONNET_BELOW_M, 0.5, 2.6)
    return Face(kind="ego vehicle", material="bonnet", corners=corners, tint=(0.5, 0.5, 0.5))


def _project(
    faces: list[Face], nearer_m: list[float], camera: Camera, size: tuple[int, int]
) -> Iterator[tuple[Face, float, list[NDArray[np.int32]]]]:
    """Yield every face that is ahead of the camera, its distance, and its polygons in the frame.

    All points are projected at once: face by face takes three times as long.

    Args:
        faces: In painting order.
        nearer_m: By how much each has come nearer.
        camera: Who looks.
        size: Width and height in pixels.

    Yields:
        The face, its typical distance in metres, and polygons of `(N, 2)` columns and rows in
        fractions of a pixel as cv2 takes them.
    """
    sheets = [len(face.corners) for face in faces]
    corners = np.repeat([face.corners.shape[1] for face in faces], sheets)
    points = np.concatenate([face.corners.reshape(-1, 3) for face in faces])
    points[:, 2] -= np.repeat(np.repeat(nearer_m, sheets), corners)
    starts, firsts = np.cumsum(corners) - corners, np.cumsum(sheets) - sheets
    is_ahead = np.maximum.reduceat(points[:, 2], starts) > NEAR_M
    depths = _typical_depth(points[:, 2], starts[firsts])
    pixels = camera.project(points, size).clip(-_FARTHEST_PX, _FARTHEST_PX)
    polygons = np.split(np.rint(pixels * 2**_SUBPIXEL_BITS).astype(np.int32), starts[1:])
    for face, first, count, depth in zip(faces, firsts, sheets, depths, strict=True):
        ahead = [polygons[sheet] for sheet in range(first, first + count) if is_ahead[sheet]]
        if ahead:
            yield face, float(depth), ahead


def _typical_depth(z: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a distance between the nearest and the farthest point of every face, in metres.

    Args:
        z: `(N,)`, the distances of all points; the points of a face follow one another.
        starts: `(F,)`, the position of every face's first point.
    """
    depth = np.maximum(z, NEAR_M)
    return np.sqrt(np.minimum.reduceat(depth, starts) * np.maximum.reduceat(depth, starts))
