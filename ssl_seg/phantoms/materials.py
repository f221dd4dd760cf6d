"""The paint box: colour range and texture of every material."""

from dataclasses import dataclass
from typing import Final, final

Colour = tuple[int, int, int]


@final
@dataclass(frozen=True, kw_only=True)
class Material:
    """How instances of a material look before light and camera.

    Attributes:
        low: One end of the colour range, RGB in 0..255.
        high: The other end.
        spread: How far an instance may lie off the line between both, in grey levels.
        grain: Amplitude of the fine texture, as a share of the colour.
        blotch: Amplitude of the coarse texture, as a share of the colour.
    """

    low: Colour
    high: Colour
    spread: float = 10.0
    grain: float = 0.06
    blotch: float = 0.06


MATERIALS: Final[dict[str, Material]] = {
    "sky": Material(low=(130, 165, 215), high=(215, 215, 220), grain=0.0, blotch=0.07),
    "asphalt": Material(low=(70, 70, 76), high=(125, 120, 116), grain=0.10, blotch=0.12),
    "shadow": Material(low=(35, 35, 40), high=(35, 35, 40), spread=0.0),
    "marking": Material(low=(205, 205, 200), high=(225, 220, 190)),
    "rail": Material(low=(60, 50, 45), high=(60, 50, 45)),
    "paving": Material(low=(100, 98, 100), high=(165, 150, 140), grain=0.06, blotch=0.08),
    "curb": Material(low=(150, 148, 145), high=(180, 175, 170)),
    "grass": Material(low=(90, 115, 55), high=(150, 130, 90), grain=0.12, blotch=0.15),
    "leaves": Material(low=(45, 75, 35), high=(115, 120, 55), grain=0.28, blotch=0.12),
    "bark": Material(low=(70, 55, 40), high=(95, 85, 70), grain=0.15),
    "plaster": Material(low=(120, 115, 112), high=(220, 205, 180), spread=35.0, blotch=0.10),
    "concrete": Material(low=(105, 105, 110), high=(150, 145, 135), spread=20.0, blotch=0.10),
    "brick": Material(low=(110, 65, 50), high=(165, 115, 95), spread=20.0, grain=0.14, blotch=0.10),
    "window": Material(low=(45, 50, 60), high=(150, 165, 180), spread=20.0),
    "gap": Material(low=(60, 75, 45), high=(130, 125, 115), spread=20.0, grain=0.15),
    "lath": Material(low=(85, 75, 65), high=(200, 195, 185), spread=20.0),
    "metal": Material(low=(75, 78, 80), high=(170, 172, 172), spread=8.0),
    "case": Material(low=(25, 28, 28), high=(60, 60, 50)),
    "red lamp": Material(low=(235, 50, 40), high=(255, 80, 60)),
    "yellow lamp": Material(low=(240, 180, 40), high=(255, 205, 70)),
    "green lamp": Material(low=(40, 210, 120), high=(80, 240, 160)),
    "sign": Material(low=(195, 35, 35), high=(35, 70, 175), spread=60.0),
    "field": Material(low=(225, 225, 220), high=(240, 235, 225)),
    "car paint": Material(low=(35, 40, 65), high=(185, 190, 205), spread=80.0, grain=0.03),
    "truck canvas": Material(low=(150, 135, 105), high=(228, 222, 205), spread=50.0, grain=0.03),
    "bus paint": Material(low=(205, 150, 40), high=(195, 60, 45), spread=60.0, grain=0.03),
    "tram paint": Material(low=(35, 105, 75), high=(150, 195, 95), spread=55.0, grain=0.03),
    "tank": Material(low=(125, 25, 40), high=(55, 40, 70), spread=50.0, grain=0.03),
    "glass": Material(low=(30, 35, 42), high=(85, 95, 105), spread=8.0),
    "tyre": Material(low=(25, 25, 27), high=(45, 43, 42), spread=4.0),
    "head lamp": Material(low=(240, 240, 225), high=(255, 255, 245)),
    "tail lamp": Material(low=(190, 30, 30), high=(225, 50, 40)),
    "display": Material(low=(230, 160, 40), high=(250, 200, 90)),
    "cloth": Material(low=(35, 35, 75), high=(135, 70, 110), spread=60.0, grain=0.08),
    "jacket": Material(low=(210, 120, 30), high=(190, 215, 70), spread=70.0, grain=0.08),
    "skin": Material(low=(110, 75, 55), high=(225, 185, 160)),
    "frame": Material(low=(30, 60, 110), high=(90, 150, 190), spread=60.0),
    "spokes": Material(low=(80, 80, 80), high=(130, 128, 122), grain=0.2),
    "bonnet": Material(low=(30, 32, 38), high=(60, 62, 70), grain=0.01, blotch=0.2),
}
