_base_ = ["../_base_/camvid_480x360.py", "../_base_/segformer_b0.py"]

model = dict(data_preprocessor=dict(size=(360, 480)), decode_head=dict(num_classes=11))
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type="AdamW", lr=6e-5, betas=(0.9, 0.999), weight_decay=0.01),
    paramwise_cfg=dict(
        custom_keys={
            "pos_block": dict(decay_mult=0.0),
            "norm": dict(decay_mult=0.0),
            "head": dict(lr_mult=10.0),
        }
    ),
)
scheduler = dict(type="ATSO", folds=2, generations=4)
