# mmsegmentation's U-Net at the size of SSL4MIS, 16 to 256 channels: 1.8 M weights, single slices.
_base_ = ["./unet_slices.py"]

model = dict(
    # Five levels need multiples of 16.
    data_preprocessor=dict(size=(96, 96), test_cfg=dict(size_divisor=16)),
    backbone=dict(
        in_channels=1,
        num_stages=5,
        strides=(1, 1, 1, 1, 1),
        enc_num_convs=(2, 2, 2, 2, 2),
        dec_num_convs=(2, 2, 2, 2),
        downsamples=(True, True, True, True),
        enc_dilations=(1, 1, 1, 1, 1),
        dec_dilations=(1, 1, 1, 1),
    ),
    decode_head=dict(in_index=4, num_classes=4),
)
