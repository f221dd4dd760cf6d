_base_ = ["../_base_/street_phantoms.py"]

scheduler = dict(type="Supervised")
