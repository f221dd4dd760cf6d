# A small U-Net on three neighbouring slices, for CPUs: about half a million weights.
norm_cfg = dict(type="BN", requires_grad=True)
model = dict(
    type="EncoderDecoder",
    # LoadSlices has scaled the values; slices differ in size, and four levels need multiples of 8.
    data_preprocessor=dict(
        type="SegDataPreProcessor",
        pad_val=0,
        seg_pad_val=255,
        size=(64, 64),
        test_cfg=dict(size_divisor=8),
    ),
    backbone=dict(
        type="UNet",
        in_channels=3,
        base_channels=16,
        num_stages=4,
        strides=(1, 1, 1, 1),
        enc_num_convs=(2, 2, 2, 2),
        dec_num_convs=(2, 2, 2),
        downsamples=(True, True, True),
        enc_dilations=(1, 1, 1, 1),
        dec_dilations=(1, 1, 1),
        norm_cfg=norm_cfg,
        act_cfg=dict(type="ReLU"),
        upsample_cfg=dict(type="InterpConv"),
    ),
    decode_head=dict(
        type="FCNHead",
        in_channels=16,
        in_index=3,
        channels=16,
        num_convs=0,
        concat_input=False,
        dropout_ratio=0.1,
        num_classes=3,
        norm_cfg=norm_cfg,
        align_corners=False,
        # mmsegmentation's standard deviation of 0.01 keeps a few hundred iterations at background.
        init_cfg=dict(type="Normal", std=0.2, override=dict(name="conv_seg")),
        # With equal shares Tversky's loss is the Dice loss of each class; mmsegmentation's DiceLoss
        # takes all classes together, so that the background decides.
        loss_decode=[
            dict(type="CrossEntropyLoss", loss_name="loss_ce", avg_non_ignore=True),
            dict(type="TverskyLoss", loss_name="loss_dice", alpha=0.5, beta=0.5),
        ],
    ),
    train_cfg={},
    test_cfg=dict(mode="whole"),
)
