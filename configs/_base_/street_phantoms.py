"""Made-up street scenes and a network that learns them from scratch in 15 seconds on one core."""

_base_ = ["./deeplabv3plus_mobilenetv2_cpu.py"]

iterations = 350
image_size = (128, 64)
crop_size = (64, 128)
street = dict(type="StreetPhantoms", data_root="data/street", train=80, val=60, size=image_size)

train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations"),
    dict(type="RandomResize", scale=image_size, ratio_range=(1.0, 1.3), keep_ratio=True),
    dict(type="RandomCrop", crop_size=crop_size, cat_max_ratio=0.75),
    dict(type="RandomFlip", prob=0.5),
    dict(type="PackSegInputs"),
]
test_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations"),
    dict(type="PackSegInputs"),
]
train_dataloader = dict(
    batch_size=4, dataset=dict(split="train", pipeline=train_pipeline, **street)
)
test_dataloader = dict(batch_size=8, dataset=dict(split="val", pipeline=test_pipeline, **street))

model = dict(
    data_preprocessor=dict(size=crop_size),
    backbone=dict(widen_factor=0.5, strides=(1, 2, 2, 2, 1, 1, 1), dilations=(1,) * 7),
    decode_head=dict(
        in_channels=160,
        channels=32,
        dilations=(1, 3, 6),
        c1_in_channels=16,
        c1_channels=16,
        dropout_ratio=0,
        num_classes=19,
    ),
)
split = dict(labeled=0.1, seed=0)

# A high rate: the network starts from random weights and has half a minute.
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="AdamW", lr=0.02, weight_decay=0.01))
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, begin=0, end=20, by_epoch=False),
    dict(type="PolyLR", power=0.9, eta_min=1e-6, begin=20, end=iterations, by_epoch=False),
]
train_cfg = dict(max_iters=iterations)
default_hooks = dict(
    logger=dict(type="LoggerHook", interval=100, log_metric_by_epoch=False),
    checkpoint=dict(type="CheckpointHook", by_epoch=False, interval=150),
)
# A network of this size gains nothing from a second thread.
threads = 1
