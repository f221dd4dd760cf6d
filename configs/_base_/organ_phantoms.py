"""Made-up CT of a small organ, and an RSTN that learns it from scratch on one core."""

_base_ = ["./rstn_tiny.py"]

organ = dict(type="OrganPhantoms", data_root="data/organ", train=12, test=6)

train_dataloader = dict(
    dataset=dict(split="train", pipeline={{_base_.train_pipeline}}, **organ),
)
test_dataloader = dict(dataset=dict(split="test", pipeline={{_base_.test_pipeline}}, **organ))
test_evaluator = dict(type="DiceMetric", first="case")
split = dict(labeled=4, seed=0)
# Further rounds cost as much as these, and so short a training makes them find less.
inference = dict(max_rounds=2)
