# As many unlabeled slices as labeled ones in a batch, and UniMatch's strong copies of slices.
_base_ = ["./acdc.py"]

batch = dict(labeled=6, unlabeled=6)
train_dataloader = dict(batch_size=12)
strong = [dict(type="ColorJitter"), dict(type="RandomGaussianBlur")]
scheduler = dict(type="Supervised")
