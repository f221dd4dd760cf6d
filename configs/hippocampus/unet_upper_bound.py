# The bound: all 195 training cases with their labels.
_base_ = ["../_base_/hippocampus.py"]

scheduler = dict(type="Supervised", upper_bound=True)
