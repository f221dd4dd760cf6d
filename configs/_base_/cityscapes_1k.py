"""Cityscapes with 1,000 labeled frames, and all others to learn from without their labels.

S is drawn from the fine training set. R is its other 1,975 frames and train_extra without the one
that was published all black, 21,972 in all (the ATSO paper counts 21,944 and publishes no list),
E the validation set (500).
"""

_base_ = ["./cityscapes_512x1024.py"]

train_dataloader = dict(dataset=dict(split=("train", "train_extra"), labels="fine"))
test_dataloader = dict(
    batch_size=4,
    num_workers=8,
    dataset=dict(
        type="Cityscapes",
        data_root={{_base_.data_root}},
        split="val",
        pipeline={{_base_.test_pipeline}},
    ),
)
split = dict(labeled=1000, seed=0)
