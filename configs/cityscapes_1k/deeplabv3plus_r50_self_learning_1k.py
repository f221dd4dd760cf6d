_base_ = ["../_base_/cityscapes_1k.py", "../_base_/deeplabv3plus_r50_512x1024.py"]

scheduler = dict(type="SelfLearning", generations=4)
