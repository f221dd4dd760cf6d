_base_ = ["../_base_/acdc_unlabeled.py"]

method = dict(type="UniMatchV2", decay=0.97)
