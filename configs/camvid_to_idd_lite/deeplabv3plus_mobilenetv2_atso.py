_base_ = ["../_base_/camvid_to_idd_lite_mobilenetv2.py"]

scheduler = dict(type="ATSO", folds=2, generations=1)
