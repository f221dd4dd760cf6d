"""Training on Cityscapes in crops of half a picture, 40,000 iterations a model, on one GPU.

The ATSO paper states neither network nor crop, batch or schedule of its driving experiments, so
these are the usual ones: mmsegmentation's for DeepLab on Cityscapes. Its four GPUs take two crops
each, in 7.5 GB (DeepLabV3+ R50) or 9.6 GB (DeepLabV3 R101) as it reports; here one takes all eight.

A config adds a model, ``test_dataloader`` and the split.
"""

data_root = "data/cityscapes"
picture_size = (2048, 1024)
crop_size = (512, 1024)
iterations = 40000

train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations"),
    dict(type="RandomResize", scale=picture_size, ratio_range=(0.5, 2.0), keep_ratio=True),
    dict(type="RandomCrop", crop_size=crop_size, cat_max_ratio=0.75),
    dict(type="RandomFlip", prob=0.5),
    dict(type="PhotoMetricDistortion"),
    dict(type="PackSegInputs"),
]
# No change for Cityscapes; pictures of other data sets are fitted into its size.
test_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="Resize", scale=picture_size, keep_ratio=True),
    dict(type="LoadAnnotations"),
    dict(type="PackSegInputs"),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=8,
    persistent_workers=True,
    dataset=dict(type="Cityscapes", data_root=data_root, split="train", pipeline=train_pipeline),
)

optim_wrapper = dict(
    type="OptimWrapper", optimizer=dict(type="SGD", lr=0.01, momentum=0.9, weight_decay=5e-4)
)
param_scheduler = [
    dict(type="PolyLR", power=0.9, eta_min=1e-4, begin=0, end=iterations, by_epoch=False)
]
train_cfg = dict(max_iters=iterations)
default_hooks = dict(
    logger=dict(type="LoggerHook", interval=50, log_metric_by_epoch=False),
    checkpoint=dict(type="CheckpointHook", by_epoch=False, interval=2000),
)
