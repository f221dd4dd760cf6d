_base_ = ["../_base_/acdc_unlabeled.py"]

# SSL4MIS has the weight rise to 0.1 for networks that start from scratch.
method = dict(type="CPS", weight=0.1)
