"""Five classes by STSO, nineteen guided by their labels, nineteen tuned by their own."""

_base_ = ["./cityscapes_5to19_stso.py"]

scheduler = dict(
    phases=[
        *_base_.scheduler.phases,
        dict(
            scheduler=dict(type="SelfLearning", generations=1),
            start="previous",
            pseudo_labels="previous",
            role="tuning",
        ),
    ],
)
