_base_ = ["../_base_/acdc.py"]

scheduler = dict(type="Supervised")
