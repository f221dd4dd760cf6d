_base_ = ["../_base_/street_transfer.py"]

scheduler = dict(type="Supervised")
