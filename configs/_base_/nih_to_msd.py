"""Pancreas segmentation by RSTN from NIH Pancreas-CT to Task07 of MSD, whose slices are thicker.

S is all of NIH (82 volumes), R three quarters of MSD's labeled volumes (211 of 281), whose labels
only serve the score of the reference set by generation, and E the others. What the ATSO paper
leaves open, and what is taken here beside what `nih_pancreas_rstn.py` lists:

* which volumes of MSD are for testing: the first of four contiguous folds;
* whether cancer counts as pancreas: it does, as it grows in it;
* the distance of slices that both are brought to: 1 mm, about that of NIH's. MSD's median is 2.5.
"""

_base_ = ["./rstn_vgg16.py"]

nih = dict(type="NIHPancreas", data_root="data/nih_pancreas")
msd = dict(type="MSD", data_root="data/Task07_Pancreas", fold=0, folds=4, tumour="organ")

train_dataloader = dict(dataset=dict(pipeline={{_base_.train_pipeline}}, **nih))
test_dataloader = dict(dataset=dict(part="test", pipeline={{_base_.test_pipeline}}, **msd))
split = dict(reference=dict(part="train", **msd), seed=0)
adapters = [dict(type="SliceSpacing", spacing=1.0)]
# Of all cases together, as the paper scores MSD.
test_evaluator = [
    dict(type="DiceMetric", first="global"),
    dict(type="SurfaceMetric", tolerance=2.0),
]
