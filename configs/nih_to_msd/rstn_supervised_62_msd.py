"""No transfer: trained on 62 labeled volumes of MSD, as many as ATSO has of NIH."""

_base_ = ["../_base_/nih_to_msd.py"]

train_dataloader = dict(
    dataset=dict(_delete_=True, part="train", pipeline={{_base_.train_pipeline}}, **_base_.msd)
)
split = dict(_delete_=True, labeled=62, seed=0)
scheduler = dict(type="Supervised")
