_base_ = ["../_base_/cityscapes_to_mapillary.py", "../_base_/deeplabv3_r101_512x1024.py"]

scheduler = dict(type="SelfLearning", generations=4)
