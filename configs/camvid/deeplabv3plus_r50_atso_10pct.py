_base_ = ["../_base_/camvid_480x360.py", "../_base_/deeplabv3plus_r50.py"]

model = dict(
    data_preprocessor=dict(size=(360, 480)),
    decode_head=dict(num_classes=11),
    auxiliary_head=dict(num_classes=11),
)
scheduler = dict(type="ATSO", folds=2, generations=4)
