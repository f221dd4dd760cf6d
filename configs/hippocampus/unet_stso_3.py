_base_ = ["../_base_/hippocampus.py"]

scheduler = dict(type="STSO", generations=2)
