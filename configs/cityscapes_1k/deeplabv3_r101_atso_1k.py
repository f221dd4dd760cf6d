_base_ = ["../_base_/cityscapes_1k.py", "../_base_/deeplabv3_r101_512x1024.py"]

scheduler = dict(type="ATSO", folds=2, generations=4)
