"""SegFormer-B0 as mmsegmentation publishes it; random weights unless a file is named."""

_base_ = ["mmseg::_base_/models/segformer_mit-b0.py"]

model = dict(decode_head=dict(loss_decode=dict(avg_non_ignore=True)))
