_base_ = ["../_base_/cityscapes_to_mapillary.py", "../_base_/deeplabv3plus_r50_512x1024.py"]

scheduler = dict(type="STSO", generations=4)
