"""ACDC: cardiac cine MR at two phases of 100 patients, in slices as they were acquired.

The split of SSL4MIS: 70 patients to learn from, of which 7 (or 3) are labeled, 10 to choose by, 20
to test. Expected below data/acdc: train, val and test with images/patientNNN_frameMM.nii.gz and
labels of the same names, values 0 to 3.
"""

_base_ = ["./unet_2m_slices.py"]

train_root = "data/acdc/train"
val_root = "data/acdc/val"
test_root = "data/acdc/test"
classes = ("background", "right ventricle", "myocardium", "left ventricle")
volumes = dict(type="VolumeFolder", classes=classes, group=r"(patient\d+)", space="acdc")

load = dict(type="LoadSlices", slices=1, percentiles=(0.5, 99.5))
train_pipeline = [
    load,
    dict(type="LoadSliceLabels"),
    # Slices of 192 pixels at half their size, give or take a quarter, and what lies in the middle.
    dict(type="RandomAffine", degree=20, scale=(0.4, 0.625), shift=0.025),
    dict(type="CenterCrop", crop_size=(96, 96)),
    dict(type="RandomFlip", prob=0.5, direction="horizontal"),
    dict(type="PackSegInputs"),
]
half = dict(type="Resize", scale_factor=0.5, keep_ratio=True)
test_pipeline = [load, half, dict(type="PackSegInputs")]

views = ("acquired",)
inference = dict(type="Views", fusion="soft", batch_size=16)

train_dataloader = dict(
    batch_size=6,
    num_workers=0,
    dataset=dict(data_root=train_root, pipeline=train_pipeline, **volumes),
)
val_dataloader = dict(dataset=dict(data_root=val_root, pipeline=test_pipeline, **volumes))
test_dataloader = dict(dataset=dict(data_root=test_root, pipeline=test_pipeline, **volumes))
test_evaluator = dict(type="DiceMetric", first="case")
split = dict(labeled="{{ fileDirname }}/../acdc/labeled_7_patients.txt")

# Slower averages, also those of teachers, lag behind in a training as short as this.
average = 0.97
max_iters = 1000
train_cfg = dict(max_iters=max_iters)
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="AdamW", lr=5e-3, weight_decay=1e-2))
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, begin=0, end=50, by_epoch=False),
    dict(type="PolyLR", power=0.9, eta_min=1e-5, begin=50, end=max_iters, by_epoch=False),
]
default_hooks = dict(
    logger=dict(type="LoggerHook", interval=50, log_metric_by_epoch=False),
    checkpoint=dict(type="CheckpointHook", by_epoch=False, interval=500),
)
threads = 1
