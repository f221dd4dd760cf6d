"""DeepLabV3+ on MobileNetV2 at the size of a CPU: output stride 16, narrow head."""

_base_ = ["mmseg::_base_/models/deeplabv3plus_r50-d8.py"]

norm_cfg = dict(type="BN", requires_grad=True)
model = dict(
    pretrained=None,
    backbone=dict(
        _delete_=True,
        type="MobileNetV2",
        widen_factor=1.0,
        strides=(1, 2, 2, 2, 1, 2, 1),
        dilations=(1, 1, 1, 1, 1, 1, 2),
        out_indices=(1, 2, 4, 6),
        norm_cfg=norm_cfg,
    ),
    decode_head=dict(
        in_channels=320,
        channels=96,
        dilations=(1, 6, 12, 18),
        c1_in_channels=24,
        c1_channels=24,
        norm_cfg=norm_cfg,
        num_classes=11,
        loss_decode=dict(type="CrossEntropyLoss", avg_non_ignore=True, loss_weight=1.0),
    ),
    auxiliary_head=None,
)
