"""Cityscapes to Mapillary Vistas: from one country's cities to streets all over the world.

S is the fine training set of Cityscapes (2,975 frames), R the training images of Mapillary Vistas
(18,000), E its validation set (2,000), whose 66 label ids are mapped to Cityscapes' 19 classes.
Models predict these unless a config or a phase says 5.
"""

_base_ = ["./cityscapes_512x1024.py"]

mapillary = dict(type="MapillaryVistas", data_root="data/mapillary_vistas")

test_dataloader = dict(
    batch_size=4,
    num_workers=8,
    dataset=dict(split="validation", pipeline={{_base_.test_pipeline}}, **mapillary),
)
split = dict(reference=dict(split="training", **mapillary))
adapters = [
    dict(type="ClassReduction", map="mapillary_vistas_to_cityscapes_dg"),
    dict(type="ClassReduction", map="cityscapes_to_cityscapes_5"),
]
