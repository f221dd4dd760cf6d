_base_ = ["../_base_/camvid_10pct_mobilenetv2.py"]

scheduler = dict(type="Supervised")
