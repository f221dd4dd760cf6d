# The bound: all 70 training patients with their labels.
_base_ = ["../_base_/acdc.py"]

scheduler = dict(type="Supervised", upper_bound=True)
