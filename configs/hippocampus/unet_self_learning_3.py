_base_ = ["../_base_/hippocampus.py"]

scheduler = dict(type="SelfLearning", generations=2)
