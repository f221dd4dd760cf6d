_base_ = ["../_base_/street_phantoms.py"]

scheduler = dict(type="ATSO", folds=2, generations=2)
