"""RSTN for CPUs: 1/800 of VGG16's weights, Adam, a few hundred iterations of 15 ms."""

_base_ = ["./rstn_vgg16.py"]

# 20 pixels around an organ are nearly all of a slice of 64.
model = dict(network="tiny", margin=8)
train_dataloader = dict(num_workers=0, persistent_workers=False)

# All parts learn at the same rate; much higher ones can make a network predict nothing for good.
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type="Adam", lr=5e-4),
    paramwise_cfg=dict(fine_lr_mult=1.0),
)
train_cfg = dict(max_iters=300)
sections = dict(
    S=dict(train_cfg=dict(max_iters=200)),
    I=dict(train_cfg=dict(max_iters=150)),
    J=dict(
        param_scheduler=[
            dict(type="PolyLR", power=0.9, eta_min=1e-6, begin=0, end=300, by_epoch=False)
        ],
    ),
)
# After so few iterations only a network that predicts nothing has a loss as high as this.
convergence = dict(mean=0.85, least=0.75, window=0.1)

default_hooks = dict(
    logger=dict(interval=50),
    checkpoint=dict(interval=100),
)
# A network of this size gains nothing from a second thread.
threads = 1
