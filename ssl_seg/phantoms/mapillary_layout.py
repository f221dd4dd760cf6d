"""Made-up streets as Mapillary Vistas would hold them, with labels of version 1.2.

```
root/{training,validation}/images/{city}_{sequence:06}_{frame:06}.jpg
root/{training,validation}/v1.2/labels/{city}_{sequence:06}_{frame:06}.png
```
"""

from typing import Final

from ssl_seg.catalog.mapillary_vistas import MapillaryVistas
from ssl_seg.catalog.space_file import shipped_values
from ssl_seg.phantoms.layout import Layout

_SPACE: Final = shipped_values("mapillary_vistas", "labels").space
_UNLABELED: Final = (0, 0, 0)
"""The colour of the last id, 65, which is no class."""

_CLASSES: Final = {
    "road": "Road",
    "lane marking": "Lane Marking - General",
    "sidewalk": "Sidewalk",
    "curb": "Curb",
    "building": "Building",
    "wall": "Wall",
    "fence": "Fence",
    "pole": "Pole",
    "traffic light": "Traffic Light",
    "traffic sign": "Traffic Sign (Front)",
    "vegetation": "Vegetation",
    "terrain": "Terrain",
    "sky": "Sky",
    "person": "Person",
    "bicyclist": "Bicyclist",
    "motorcyclist": "Motorcyclist",
    "car": "Car",
    "truck": "Truck",
    "bus": "Bus",
    "train": "On Rails",
    "motorcycle": "Motorcycle",
    "bicycle": "Bicycle",
    "ego vehicle": "Ego Vehicle",
}
"""What Mapillary Vistas calls every kind of thing in a street."""

MAPILLARY: Final = Layout(
    name="mapillary",
    ids={kind: _SPACE.classes.index(name) for kind, name in _CLASSES.items()},
    splits={"train": "training", "val": "validation"},
    image="{split}/images/{key}.jpg",
    label="{split}/v1.2/labels/{key}.png",
    palette=(*_SPACE.palette, _UNLABELED),
    data_set=MapillaryVistas,
)
"""The ids are those of Mapillary Vistas v1.2; as there, label files are palette PNGs of all 66."""
