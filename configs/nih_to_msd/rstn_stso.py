_base_ = ["../_base_/nih_to_msd.py"]

scheduler = dict(type="STSO", generations=4)
