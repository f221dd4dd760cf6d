_base_ = ["../_base_/organ_phantoms.py"]

scheduler = dict(type="Supervised")
