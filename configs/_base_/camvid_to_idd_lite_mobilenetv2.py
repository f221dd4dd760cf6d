"""CamVid to IDD-Lite: another country, other cameras, 11 classes mapped to 7.

S is CamVid's training set. R is 400 training frames of IDD-Lite, spread over its drives, and its
404 test images, which have no labels; E is its validation set.
"""

_base_ = ["./camvid_240x180_mobilenetv2.py"]

iterations = 2000
idd_lite = dict(type="IDDLite", data_root="data/idd_lite")

test_dataloader = dict(
    batch_size=8,
    num_workers=0,
    dataset=dict(split="val", pipeline={{_base_.test_pipeline}}, **idd_lite),
)
split = dict(
    seed=0,
    draw="spread",
    reference=[dict(split="train", draw=400, **idd_lite), dict(split="test", **idd_lite)],
)
adapters = [dict(type="ClassReduction", map="camvid_to_idd_lite")]
model = dict(decode_head=dict(num_classes=7))

param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, begin=0, end=30, by_epoch=False),
    dict(type="PolyLR", power=0.9, eta_min=1e-6, begin=30, end=iterations, by_epoch=False),
]
train_cfg = dict(max_iters=iterations)
# A second thread gains a fifth at this size, and leaves no core for anything else.
threads = 1
