_base_ = ["../_base_/acdc_unlabeled.py"]

method = dict(type="ADMT", decay=0.97)
