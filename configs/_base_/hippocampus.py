# MSD Task04: hippocampus in MR at 1 mm, 65 test cases (the first of four contiguous folds), 3
# labeled ones and 192 without labels. Each of the three views has a U-Net of its own.
_base_ = ["./unet_slices.py"]

data_root = "data/Task04_Hippocampus"

load = dict(type="LoadSlices", slices=3, percentiles=(0.5, 99.5))
train_pipeline = [
    load,
    dict(type="LoadSliceLabels"),
    dict(type="RandomRotate", prob=0.7, degree=15.0, pad_val=0, seg_pad_val=255),
    dict(type="PackSegInputs"),
]
test_pipeline = [load, dict(type="PackSegInputs")]

views = ("coronal", "sagittal", "axial")
inference = dict(type="Views", fusion="soft", batch_size=16)

train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    dataset=dict(type="MSD", data_root=data_root, part="train", pipeline=train_pipeline),
)
test_dataloader = dict(
    dataset=dict(type="MSD", data_root=data_root, part="test", pipeline=test_pipeline),
)
test_evaluator = [
    dict(type="DiceMetric", first="case"),
    dict(type="SurfaceMetric", tolerance=1.0),
]
split = dict(labeled=3, seed=0)
# Labeled slices are 1.5 % of all; half of each batch are of S.
mix = dict(labeled=0.5)

max_iters = 200
train_cfg = dict(max_iters=max_iters)
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="AdamW", lr=3e-3, weight_decay=1e-4))
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, begin=0, end=20, by_epoch=False),
    dict(type="PolyLR", power=0.9, eta_min=1e-5, begin=20, end=max_iters, by_epoch=False),
]
default_hooks = dict(
    logger=dict(type="LoggerHook", interval=50, log_metric_by_epoch=False),
    checkpoint=dict(type="CheckpointHook", by_epoch=False, interval=100),
)
threads = 1
