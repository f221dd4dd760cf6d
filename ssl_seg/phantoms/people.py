"""How people and the two-wheelers that they ride are built from faces.

Every function draws one thing at distance `z` whose middle stands at `x`, both in metres.
"""

from numpy.random import Generator

from ssl_seg.phantoms.face import Face, across, disc, draw_tint, faces
from ssl_seg.phantoms.vehicles import lamps


def _body(rng: Generator, kind: str, cloth: str, x: float, z: float, hip: float) -> list[Face]:
    """Draw trunk and head of a human above the hip, whose height is given in metres."""
    shirt, skin = draw_tint(rng), draw_tint(rng)
    half = rng.uniform(0.26, 0.36)
    return [
        *faces(kind, cloth, [across(x - half, x + half, hip - 0.1, hip + 0.7, z)], shirt),
        *faces(kind, "skin", [disc(x, hip + 0.88, z, 0.19)], skin),
    ]


def person(rng: Generator, x: float, z: float) -> list[Face]:
    """Draw a human on two legs."""
    trousers, stride = draw_tint(rng), rng.uniform(0.05, 0.25)
    legs = [across(x + side - 0.13, x + side + 0.13, 0, 0.95, z) for side in (-stride, stride)]
    return [*faces("person", "cloth", legs, trousers), *_body(rng, "person", "cloth", x, z, 0.9)]


def bicycle(rng: Generator, x: float, z: float) -> list[Face]:
    """Draw a bicycle from the side or, half as often, from its end."""
    tint = draw_tint(rng)
    if rng.random() < 1 / 3:
        parts = [across(x - 0.09, x + 0.09, 0, 0.75, z), across(x - 0.32, x + 0.32, 0.95, 1.07, z)]
        return faces("bicycle", "frame", parts, tint)
    frame = [across(x - 0.5, x + 0.5, 0.55, 0.68, z), across(x + 0.3, x + 0.45, 0.4, 1.1, z)]
    wheels = [disc(x - 0.55, 0.37, z, 0.37), disc(x + 0.55, 0.37, z, 0.37)]
    hubs = [disc(x - 0.55, 0.37, z, 0.24), disc(x + 0.55, 0.37, z, 0.24)]
    return [
        *faces("bicycle", "tyre", wheels, tint),
        *faces("bicycle", "spokes", hubs, tint),
        *faces("bicycle", "frame", frame, tint),
    ]


def motorcycle(rng: Generator, x: float, z: float) -> list[Face]:
    """Draw a motorcycle from the side or, half as often, from its end."""
    tint = draw_tint(rng)
    if rng.random() < 1 / 3:
        return [
            *faces("motorcycle", "tyre", [across(x - 0.14, x + 0.14, 0, 0.7, z)], tint),
            *faces("motorcycle", "tank", [across(x - 0.35, x + 0.35, 0.5, 1.1, z)], tint),
            *lamps("motorcycle", x - 0.25, x + 0.25, 0.75, z, oncoming=bool(x < 0)),
        ]
    wheels = [disc(x - 0.65, 0.34, z, 0.34), disc(x + 0.65, 0.34, z, 0.34)]
    return [
        *faces("motorcycle", "tyre", wheels, tint),
        *faces("motorcycle", "tank", [across(x - 0.6, x + 0.6, 0.4, 0.85, z)], tint),
        *faces("motorcycle", "tank", [across(x + 0.3, x + 0.7, 0.8, 1.15, z)], tint),
    ]


def bicyclist(rng: Generator, x: float, z: float) -> list[Face]:
    """Draw a bicycle and who rides it."""
    return [*bicycle(rng, x, z), *_seated(rng, "bicyclist", x, z)]


def motorcyclist(rng: Generator, x: float, z: float) -> list[Face]:
    """Draw a motorcycle and who rides it."""
    return [*motorcycle(rng, x, z), *_seated(rng, "motorcyclist", x, z)]


def _seated(rng: Generator, kind: str, x: float, z: float) -> list[Face]:
    """Draw a rider: one leg in front of the machine, trunk and head above it."""
    leg = across(x - 0.15, x + 0.12, 0.35, 1.0, z)
    return [*faces(kind, "cloth", [leg], draw_tint(rng)), *_body(rng, kind, "jacket", x, z, 1.05)]
