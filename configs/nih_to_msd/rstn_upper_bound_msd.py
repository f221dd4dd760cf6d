"""The bound: all of NIH and the reference volumes of MSD with their labels."""

_base_ = ["../_base_/nih_to_msd.py"]

scheduler = dict(type="Supervised", upper_bound=True)
