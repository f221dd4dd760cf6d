_base_ = ["../_base_/nih_pancreas_deeplabv3plus_r50.py"]

split = dict(labeled=6, seed=0)
scheduler = dict(type="ATSO", folds=2, generations=4)
