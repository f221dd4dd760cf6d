"""Made-up Cityscapes to made-up Mapillary Vistas: other cities, another camera and light.

S is the training set of the former, in 19 classes. R and E are training and validation set of the
latter, which is labeled in 65 classes of its own.
"""

_base_ = ["./street_phantoms.py"]

iterations = 450
vistas = dict(
    type="StreetPhantoms",
    data_root="data/street_vistas",
    layout="mapillary",
    look="target",
    train=120,
    val=60,
    size={{_base_.image_size}},
)

# The target's colours are others, and its wider lens shows things smaller.
train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations"),
    dict(
        type="RandomResize",
        scale={{_base_.image_size}},
        ratio_range=(0.6, 1.3),
        keep_ratio=True,
    ),
    dict(type="RandomCrop", crop_size={{_base_.crop_size}}, cat_max_ratio=0.75),
    dict(type="RandomFlip", prob=0.5),
    dict(type="PhotoMetricDistortion"),
    dict(type="PackSegInputs"),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(split="val", **vistas))
split = dict(_delete_=True, seed=0, reference=dict(split="train", **vistas))
adapters = [dict(type="ClassReduction", map="mapillary_vistas_to_cityscapes_dg")]

param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, begin=0, end=20, by_epoch=False),
    dict(type="PolyLR", power=0.9, eta_min=1e-6, begin=20, end=iterations, by_epoch=False),
]
train_cfg = dict(max_iters=iterations)
