"""Four classes by ATSO, seven guided by their labels, seven tuned by their own."""

_base_ = ["../_base_/camvid_to_idd_lite_mobilenetv2.py"]

adapters = [
    dict(type="ClassReduction", map="camvid_to_idd_lite"),
    dict(type="ClassReduction", map="idd_lite_to_idd_lite_4"),
]
scheduler = dict(
    type="Curriculum",
    phases=[
        dict(scheduler=dict(type="ATSO", folds=2, generations=1), space="idd_lite_4"),
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
