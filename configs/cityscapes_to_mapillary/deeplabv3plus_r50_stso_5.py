_base_ = ["../_base_/cityscapes_to_mapillary.py", "../_base_/deeplabv3plus_r50_512x1024.py"]

space = "cityscapes_5"
model = dict(decode_head=dict(num_classes=5), auxiliary_head=dict(num_classes=5))
scheduler = dict(type="STSO", generations=4)
