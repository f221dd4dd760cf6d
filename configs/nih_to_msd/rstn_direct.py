"""Trained on NIH, tested on MSD as it is."""

_base_ = ["../_base_/nih_to_msd.py"]

scheduler = dict(type="Supervised")
