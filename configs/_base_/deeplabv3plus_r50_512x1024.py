"""DeepLabV3+ on ResNet-50 for the crops of Cityscapes."""

_base_ = ["./deeplabv3plus_r50.py"]

model = dict(data_preprocessor=dict(size=(512, 1024)))
