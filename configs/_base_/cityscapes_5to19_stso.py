"""Five classes by STSO, then nineteen from scratch, guided by the labels of the five."""

scheduler = dict(
    type="Curriculum",
    phases=[
        dict(scheduler=dict(type="STSO", generations=4), space="cityscapes_5"),
        dict(
            scheduler=dict(type="STSO", generations=1),
            pseudo_labels="previous",
            role="guided",
        ),
    ],
)
