"""DeepLabV3+ on ResNet-50 as mmsegmentation publishes it; random weights unless a file is named.

For ImageNet weights: model.pretrained=PATH of resnet50_v1c-2cccc1ad.pth, or the model zoo's name
open-mmlab://resnet50_v1c with --allow-download.
"""

_base_ = ["mmseg::_base_/models/deeplabv3plus_r50-d8.py"]

model = dict(
    pretrained=None,
    decode_head=dict(loss_decode=dict(avg_non_ignore=True)),
    auxiliary_head=dict(loss_decode=dict(avg_non_ignore=True)),
)
