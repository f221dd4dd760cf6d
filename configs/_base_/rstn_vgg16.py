"""RSTN on VGG16 as published: three views, sections S, I and J, the schedule of Caffe's release 2.

About 23 GPU hours for three views of 62 volumes, and 10 to 12 GB of memory, as its authors report.

Without a weight file the networks start from He's initialisation, which is not what was published.
For the published start name FCN-8s weights of PASCAL VOC with pytorch-fcn's layer names, or VGG16
weights with torchvision's, on the command line or in a config:

    model.init=published "model.init_cfg=dict(type='Pretrained', checkpoint=PATH)"

A config adds the data, the split and a scheduler.
"""

views = ("coronal", "sagittal", "axial")

load = dict(type="LoadSlices", slices=3, window=(-100, 240))
# The random margins of the boxes are all that is random in a sample.
train_pipeline = [load, dict(type="LoadSliceLabels", slices=3), dict(type="PackSegInputs")]
test_pipeline = [load, dict(type="PackSegInputs")]

model = dict(
    type="RSTN",
    network="vgg16",
    num_classes=2,
    margin=20,
    init="he",
    init_cfg=None,
    # The window scales to [0, 1]. One window is a batch, and nothing is padded.
    data_preprocessor=dict(type="SegDataPreProcessor", size_divisor=1, pad_val=0, seg_pad_val=255),
)
train_dataloader = dict(batch_size=1, num_workers=4, persistent_workers=True)
# The slices with least foreground are left out, counted over S and the pseudo labels.
slice_threshold = 0.98

optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=1e-5, momentum=0.99, weight_decay=5e-4),
    constructor="RSTNOptimWrapperConstructor",
)
train_cfg = dict(max_iters=40000)
sections = dict(
    S=dict(model=dict(section="S"), train_cfg=dict(max_iters=10000)),
    I=dict(model=dict(section="I"), train_cfg=dict(max_iters=30000)),
    J=dict(
        model=dict(section="J"),
        param_scheduler=[
            dict(type="MultiStepLR", milestones=[10000, 20000, 30000], gamma=0.5, by_epoch=False)
        ],
    ),
)
# "The first two sections" of the ATSO paper are taken for S and I. They are trained once, on S;
# students go on from there with a new saliency transformation, in J.
start_point = ("S", "I")
# Of S, which starts from drawn weights: it is trained again if its last losses are higher.
convergence = dict(mean=0.4, least=0.35, window=0.02, attempts=3)

# Pseudo labels come from the same rounds as results.
inference = dict(type="CoarseToFine", max_rounds=10, readout=0.99)
default_hooks = dict(
    logger=dict(type="LoggerHook", interval=50, log_metric_by_epoch=False),
    checkpoint=dict(type="CheckpointHook", by_epoch=False, interval=2000),
)
