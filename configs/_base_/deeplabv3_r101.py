"""DeepLabV3 on ResNet-101 as mmsegmentation publishes it; random weights unless a file is named.

For ImageNet weights: model.pretrained=PATH of resnet101_v1c-e67eebb6.pth, or the model zoo's name
open-mmlab://resnet101_v1c with --allow-download.
"""

_base_ = ["mmseg::_base_/models/deeplabv3_r50-d8.py"]

model = dict(
    pretrained=None,
    backbone=dict(depth=101),
    decode_head=dict(loss_decode=dict(avg_non_ignore=True)),
    auxiliary_head=dict(loss_decode=dict(avg_non_ignore=True)),
)
