"""The bound: all 62 volumes with their labels.

The paper's reference set under full supervision is a score on volumes that were trained on; here

    test.py CONFIG MODEL --cfg-options test_dataloader.dataset.part=train

gives it, over all 62.
"""

_base_ = ["../_base_/nih_pancreas_rstn.py"]

split = dict(labeled=6, seed=0)
scheduler = dict(type="Supervised", upper_bound=True)
