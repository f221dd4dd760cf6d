_base_ = ["../_base_/hippocampus_transfer.py"]

scheduler = dict(type="Supervised")
