"""CamVid (SegNet split) at full size, 37 labeled frames, for a GPU.

A config adds a model by naming one of the parts beside this file and the model's
``data_preprocessor`` and ``num_classes``.
"""

data_root = "data/camvid"
crop_size = (360, 480)
iterations = 8000

train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations"),
    dict(type="RandomResize", scale=(480, 360), ratio_range=(0.5, 2.0), keep_ratio=True),
    dict(type="RandomCrop", crop_size=crop_size, cat_max_ratio=0.75),
    dict(type="RandomFlip", prob=0.5),
    dict(type="PhotoMetricDistortion"),
    dict(type="PackSegInputs"),
]
test_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations"),
    dict(type="PackSegInputs"),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    dataset=dict(type="CamVid", data_root=data_root, split="train", pipeline=train_pipeline),
)
test_dataloader = dict(
    batch_size=8,
    num_workers=4,
    dataset=dict(type="CamVid", data_root=data_root, split="test", pipeline=test_pipeline),
)
split = dict(labeled=37, draw="spread", seed=0)

optim_wrapper = dict(
    type="OptimWrapper", optimizer=dict(type="SGD", lr=0.01, momentum=0.9, weight_decay=5e-4)
)
param_scheduler = [
    dict(type="PolyLR", power=0.9, eta_min=1e-4, begin=0, end=iterations, by_epoch=False)
]
train_cfg = dict(max_iters=iterations)
default_hooks = dict(
    logger=dict(type="LoggerHook", interval=50, log_metric_by_epoch=False),
    checkpoint=dict(type="CheckpointHook", by_epoch=False, interval=1000),
)
