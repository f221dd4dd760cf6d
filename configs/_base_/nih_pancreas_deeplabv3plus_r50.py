"""NIH Pancreas-CT by a DeepLabV3+ for each view; of our own, as the ATSO paper shows RSTN only."""

_base_ = ["./nih_pancreas.py", "./deeplabv3plus_r50_slices.py"]

train_dataloader = dict(
    dataset=dict(part="train", pipeline={{_base_.train_pipeline}}, **_base_.nih)
)
test_dataloader = dict(dataset=dict(part="test", pipeline={{_base_.test_pipeline}}, **_base_.nih))
