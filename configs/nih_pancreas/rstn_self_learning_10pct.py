_base_ = ["../_base_/nih_pancreas_rstn.py"]

split = dict(labeled=6, seed=0)
scheduler = dict(type="SelfLearning", generations=4)
