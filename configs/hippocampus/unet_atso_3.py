_base_ = ["../_base_/hippocampus.py"]

scheduler = dict(type="ATSO", folds=2, generations=2)
