_base_ = ["../_base_/acdc_unlabeled.py"]

method = dict(type="BCP", decay=0.97)
