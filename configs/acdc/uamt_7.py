_base_ = ["../_base_/acdc_unlabeled.py"]

method = dict(type="UAMT", decay=0.97)
