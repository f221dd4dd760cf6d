"""DeepLabV3 on ResNet-101 for the crops of Cityscapes."""

_base_ = ["./deeplabv3_r101.py"]

model = dict(data_preprocessor=dict(size=(512, 1024)))
