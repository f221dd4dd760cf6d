"""CamVid (SegNet split) at half size and a network of a CPU's size, minutes a model.

A config adds ``test_dataloader``, the number of classes, and the split.
"""

_base_ = ["./deeplabv3plus_mobilenetv2_cpu.py"]

data_root = "data/camvid"
image_size = (240, 180)
crop_size = (120, 160)
iterations = 1000

train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations"),
    dict(type="RandomResize", scale=image_size, ratio_range=(0.75, 1.5), keep_ratio=True),
    dict(type="RandomCrop", crop_size=crop_size, cat_max_ratio=0.75),
    dict(type="RandomFlip", prob=0.5),
    dict(type="PhotoMetricDistortion"),
    dict(type="PackSegInputs"),
]
test_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="Resize", scale=image_size, keep_ratio=True),
    dict(type="LoadAnnotations"),
    dict(type="PackSegInputs"),
]
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    dataset=dict(type="CamVid", data_root=data_root, split="train", pipeline=train_pipeline),
)
model = dict(
    data_preprocessor=dict(size=crop_size),
    backbone=dict(widen_factor=0.5),
    decode_head=dict(in_channels=160, channels=64, c1_in_channels=16),
)

# A high rate: the network starts from random weights and has a minute and a half.
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="AdamW", lr=0.01, weight_decay=0.01))
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, begin=0, end=30, by_epoch=False),
    dict(type="PolyLR", power=0.9, eta_min=1e-6, begin=30, end=iterations, by_epoch=False),
]
train_cfg = dict(max_iters=iterations)
default_hooks = dict(
    logger=dict(type="LoggerHook", interval=50, log_metric_by_epoch=False),
    checkpoint=dict(type="CheckpointHook", by_epoch=False, interval=250),
)
