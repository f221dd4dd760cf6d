_base_ = ["../_base_/acdc_unlabeled.py"]

method = dict(type="ClassMix", decay=0.97)
