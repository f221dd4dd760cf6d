_base_ = ["../_base_/nih_to_msd.py"]

scheduler = dict(type="ATSO", folds=2, generations=4)
