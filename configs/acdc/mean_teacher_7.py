_base_ = ["../_base_/acdc_unlabeled.py"]

method = dict(type="MeanTeacher", decay=0.97)
