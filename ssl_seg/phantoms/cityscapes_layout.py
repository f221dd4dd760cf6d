"""Made-up streets as Cityscapes would hold them.

```
root/leftImg8bit/{train,val}/{city}/{city}_{sequence:06}_{frame:06}_leftImg8bit.png
root/gtFine/{train,val}/{city}/{city}_{sequence:06}_{frame:06}_gtFine_labelTrainIds.png
```
"""

from typing import Final

from ssl_seg.catalog.cityscapes import Cityscapes
from ssl_seg.phantoms.layout import Layout

CITYSCAPES: Final = Layout(
    name="cityscapes",
    ids={
        "road": 0,
        "lane marking": 0,
        "sidewalk": 1,
        "curb": 1,
        "building": 2,
        "wall": 3,
        "fence": 4,
        "pole": 5,
        "traffic light": 6,
        "traffic sign": 7,
        "vegetation": 8,
        "terrain": 9,
        "sky": 10,
        "person": 11,
        "bicyclist": 12,
        "motorcyclist": 12,
        "car": 13,
        "truck": 14,
        "bus": 15,
        "train": 16,
        "motorcycle": 17,
        "bicycle": 18,
        "ego vehicle": 255,
    },
    splits={"train": "train", "val": "val"},
    image="leftImg8bit/{split}/{city}/{key}_leftImg8bit.png",
    label="gtFine/{split}/{city}/{key}_gtFine_labelTrainIds.png",
    data_set=Cityscapes,
)
"""The ids are Cityscapes' trainIds."""
