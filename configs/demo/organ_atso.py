_base_ = ["../_base_/organ_phantoms.py"]

scheduler = dict(type="ATSO", folds=2, generations=1)
