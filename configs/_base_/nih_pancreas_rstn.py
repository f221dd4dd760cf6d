"""The pancreas on NIH Pancreas-CT by RSTN; a config adds the number of labels and a scheduler.

Every run reports the reference set by generation too, which is tables 4 and 5 of the ATSO paper.
What the paper leaves open, and what is taken here:

* which volumes are labeled: drawn by seed, 6 of 62 for 10 %, 12 for 20 %;
* how the others are divided for ATSO: by seed, in two folds of equal size;
* the number of iterations in a generation: all of section J, whatever the number of volumes;
* how often a labeled slice is seen: as often as any other, as S and R are put together;
* the form of pseudo labels: hard labels after the rounds, fused and cleaned like results;
* "the first two sections", which every student starts from: S and I.
"""

_base_ = ["./nih_pancreas.py", "./rstn_vgg16.py"]

train_dataloader = dict(
    dataset=dict(part="train", pipeline={{_base_.train_pipeline}}, **_base_.nih)
)
test_dataloader = dict(dataset=dict(part="test", pipeline={{_base_.test_pipeline}}, **_base_.nih))
