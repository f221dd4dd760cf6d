"""DeepLabV3+ on ResNet-50 for each view of CT volumes of up to 512 voxels a side, on one GPU."""

_base_ = ["./deeplabv3plus_r50.py"]

views = ("coronal", "sagittal", "axial")
inference = dict(type="Views", fusion="soft", batch_size=4)
iterations = 40000

load = dict(type="LoadSlices", slices=3, window=(-100, 240))
train_pipeline = [
    load,
    dict(type="LoadSliceLabels"),
    dict(type="RandomRotate", prob=0.5, degree=10.0, pad_val=0, seg_pad_val=255),
    dict(type="PackSegInputs"),
]
test_pipeline = [load, dict(type="PackSegInputs")]
train_dataloader = dict(batch_size=8, num_workers=8, persistent_workers=True)
slice_threshold = 0.98

# A small organ: cross entropy alone begins with background everywhere and is content for long.
losses = [
    dict(type="CrossEntropyLoss", loss_name="loss_ce", avg_non_ignore=True),
    dict(type="TverskyLoss", loss_name="loss_dice", alpha=0.5, beta=0.5),
]
model = dict(
    # The window scales to [0, 1], which these bring to what ImageNet weights know; -2 is black.
    data_preprocessor=dict(
        _delete_=True,
        type="SegDataPreProcessor",
        mean=[0.5, 0.5, 0.5],
        std=[0.25, 0.25, 0.25],
        pad_val=-2.0,
        seg_pad_val=255,
        size=(512, 512),
    ),
    decode_head=dict(num_classes=2, loss_decode=losses),
    auxiliary_head=dict(num_classes=2),
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
