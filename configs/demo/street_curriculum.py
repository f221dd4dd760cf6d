"""Five classes by ATSO, nineteen guided by their labels, nineteen tuned by their own."""

_base_ = ["../_base_/street_transfer.py"]

adapters = [
    dict(type="ClassReduction", map="mapillary_vistas_to_cityscapes_dg"),
    dict(type="ClassReduction", map="cityscapes_to_cityscapes_5"),
]
scheduler = dict(
    type="Curriculum",
    phases=[
        dict(scheduler=dict(type="ATSO", folds=2, generations=1), space="cityscapes_5"),
        dict(
            scheduler=dict(type="STSO", generations=1),
            pseudo_labels="previous",
            role="guided",
        ),
        dict(
            scheduler=dict(type="SelfLearning", generations=1),
            start="previous",
            pseudo_labels="previous",
            role="tuning",
        ),
    ],
)
