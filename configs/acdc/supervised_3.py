_base_ = ["../_base_/acdc.py"]

split = dict(labeled="labeled_3_patients.txt")
scheduler = dict(type="Supervised")
