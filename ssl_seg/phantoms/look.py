"""How a scene is painted: materials, weather, light and camera of a look, a city and a sequence."""

from dataclasses import dataclass
from typing import Final, final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ssl_seg.phantoms.camera import Camera
from ssl_seg.phantoms.materials import MATERIALS, Colour
from ssl_seg.phantoms.scene import Scene, Surface

Image = NDArray[np.float32]

_GREY: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@final
@dataclass(frozen=True, kw_only=True)
class Look:
    """What all pictures of one data set have in common.

    Attributes:
        height_m: Mean height of the camera above the ground.
        focal: Focal length as a share of the frame's width.
        horizon: Mean row of the horizon as a share of the frame's height.
        saturation: 0 paints in greys, 1 in the materials' own colours.
        cast: Factors on red, green and blue.
        city_spread: How far a city's materials lie off the common ones, in grey levels
            (standard deviation).
        dimmest: Lower bound of a sequence's brightness; the upper one is 1.15.
        haze_m: Shortest distance at which haze covers half of the colour.
        haze: Colour of the haze, RGB in 0..255.
        texture: Factor on the materials' texture.
        noise: Noise of the sensor, in grey levels (half of its range).
        blur: Whether the lens is soft.
    """

    height_m: float
    focal: float
    horizon: float
    saturation: float
    cast: tuple[float, float, float]
    city_spread: float
    dimmest: float
    haze_m: float
    haze: Colour
    texture: float
    noise: float
    blur: bool


LOOKS: Final[dict[str, Look]] = {
    "source": Look(
        height_m=1.5,
        focal=0.9,
        horizon=0.42,
        saturation=0.9,
        cast=(0.96, 1.02, 0.98),
        city_spread=8.0,
        dimmest=0.65,
        haze_m=120.0,
        haze=(190, 198, 205),
        texture=0.6,
        noise=5.0,
        blur=False,
    ),
    "target": Look(
        height_m=2.1,
        focal=0.65,
        horizon=0.48,
        saturation=1.15,
        cast=(1.12, 0.98, 0.82),
        city_spread=10.0,
        dimmest=0.55,
        haze_m=60.0,
        haze=(225, 205, 175),
        texture=0.9,
        noise=12.0,
        blur=True,
    ),
}


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class City:
    """What all pictures of one city have in common.

    Attributes:
        shift: For every material what is added to its colour, `(3,)` in grey levels.
    """

    shift: dict[str, Image]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Weather:
    """What all frames of one sequence have in common.

    Attributes:
        light: Factors on red, green and blue, `(3,)`.
        haze_m: Distance at which haze covers half of the colour.
        sky: 0 for a clear sky, 1 for clouds.
        camera: The camera, as it is mounted in this drive.
    """

    light: Image
    haze_m: float
    sky: float
    camera: Camera


def draw_city(rng: Generator, look: Look) -> City:
    """Draw a city's own shade of every material."""
    shades = rng.uniform(-1.0, 1.0, (len(MATERIALS), 3)) * look.city_spread * np.sqrt(3.0)
    return City(shift=dict(zip(MATERIALS, shades.astype(np.float32), strict=True)))


def draw_weather(rng: Generator, look: Look) -> Weather:
    """Draw light, haze, sky and the camera's mounting for one sequence."""
    warmth = rng.uniform(-0.10, 0.10)
    colour = np.array([1.0 + warmth, 1.0, 1.0 - warmth]) * look.cast
    return Weather(
        light=(rng.uniform(look.dimmest, 1.15) * colour).astype(np.float32),
        haze_m=look.haze_m * rng.uniform(1.0, 3.0),
        sky=rng.random(),
        camera=Camera(
            height_m=look.height_m * rng.uniform(0.9, 1.1),
            focal=look.focal * rng.uniform(0.95, 1.05),
            horizon=look.horizon + rng.uniform(-0.04, 0.04),
            centre=0.5 + rng.uniform(-0.10, 0.10),
        ),
    )


def paint(
    scene: Scene, look: Look, city: City, weather: Weather, rng: Generator
) -> NDArray[np.uint8]:
    """Paint a scene.

    Args:
        scene: What is where, `(2 H, 2 W)`: the picture has half its size, so that edges are smooth.
        look: The data set's look.
        city: The city's shades.
        weather: Light and air.
        rng: Source of texture and noise.

    Returns:
        `(H, W, 3)`, RGB in 0..255.
    """
    flat = _colours(scene.surfaces, look, city, weather)
    textured = flat[scene.index] * _texture(scene, look, rng)[..., None]
    picture = _saturate(_half(textured * weather.light), look.saturation)
    if look.blur:
        picture = _blur(picture)
    noisy = picture + look.noise * _noise(rng, picture.shape)
    return np.rint(noisy).clip(0, 255).astype(np.uint8)


def _colours(surfaces: tuple[Surface, ...], look: Look, city: City, weather: Weather) -> Image:
    """Return the `(S, 3)` colours of all surfaces.

    They hold the city's shades and the haze between camera and surface.
    """
    materials = [MATERIALS[surface.material] for surface in surfaces]
    tint = np.array([surface.tint for surface in surfaces])
    low = np.array([material.low for material in materials])
    high = np.array([material.high for material in materials])
    spread = np.array([material.spread for material in materials])[:, None]
    shift = np.stack([city.shift[surface.material] for surface in surfaces])
    tint[[surface.kind == "sky" for surface in surfaces], 0] = weather.sky
    colour = low + tint[:, :1] * (high - low) + spread * (tint - 0.5) + shift
    depth = np.array([surface.depth_m for surface in surfaces])[:, None]
    veil = depth / (depth + weather.haze_m)
    return ((1 - veil) * colour + veil * np.array(look.haze)).astype(np.float32)


def _texture(scene: Scene, look: Look, rng: Generator) -> Image:
    """Return the `(2 H, 2 W)` factors that give every material its texture."""
    materials = [MATERIALS[surface.material] for surface in scene.surfaces]
    grain = np.array([material.grain for material in materials], dtype=np.float32)
    blotch = np.array([material.blotch for material in materials], dtype=np.float32)
    height, width = scene.index.shape
    fine = _stretch(_noise(rng, (height // 2, width // 2)), (width, height))
    coarse = _stretch(_noise(rng, (height // 16 + 1, width // 16 + 1)), (width, height))
    both = grain[scene.index] * fine + np.float32(2) * blotch[scene.index] * coarse
    return np.float32(1) + np.float32(2 * look.texture) * both


def _noise(rng: Generator, shape: tuple[int, ...]) -> Image:
    """Return white noise in [-1, 1], made of integers so that all machines agree."""
    return rng.integers(-127, 128, shape, dtype=np.int8).astype(np.float32) / np.float32(127)


def _stretch(field: Image, size: tuple[int, int]) -> Image:
    """Enlarge a field to the given width and height."""
    return np.asarray(cv2.resize(field, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _half(picture: Image) -> Image:
    """Return the mean of every 2 × 2 pixels."""
    rows = picture[0::2] + picture[1::2]
    return np.divide(rows[:, 0::2] + rows[:, 1::2], 4, dtype=np.float32)


def _blur(picture: Image) -> Image:
    """Return a picture as a soft lens shows it."""
    return np.asarray(cv2.blur(picture, (2, 2)), dtype=np.float32)


def _saturate(picture: Image, saturation: float) -> Image:
    """Move colours away from their grey, or towards it."""
    grey = (picture @ _GREY)[..., None]
    return grey + np.multiply(picture - grey, saturation, dtype=np.float32)
