_base_ = ["../_base_/hippocampus_transfer.py"]

scheduler = dict(type="ATSO", folds=2, generations=2)
