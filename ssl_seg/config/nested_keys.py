"""The tables of keys below a key, where it is a dict of the project's own."""

from __future__ import annotations

from ssl_seg.config.check_loaders import check_data_set, check_sampler
from ssl_seg.config.check_training import check_checkpoint, check_join
from ssl_seg.config.check_values import (
    count,
    count_or_none,
    count_or_zero,
    number,
    number_or_zero,
    share,
    text,
    yes_or_no,
)
from ssl_seg.config.key import Key

LOADER = (
    Key(
        "dataset",
        "a data set with its `pipeline`, a list of mmcv's and mmsegmentation's transforms",
        needed=True,
        check=check_data_set,
    ),
    Key("num_workers", "processes that read", neutral=True, shown="`0`", check=count_or_zero),
    Key("persistent_workers", "torch's", neutral=True, shown="torch's", check=yes_or_no),
    Key("pin_memory", "torch's", neutral=True, shown="torch's", check=yes_or_no),
    Key("prefetch_factor", "torch's", neutral=True, shown="torch's", check=count_or_none),
    Key(
        "sampler",
        "not used where it is `InfiniteSampler` or `DefaultSampler`, any other is refused: seed "
        "and `mix` set the order of training samples",
        check=check_sampler,
    ),
)
"""Keys of every data loader."""

TRAIN_LOADER = (
    Key(
        "batch_size",
        "samples in one iteration; of volumes slices",
        needed=True,
        check=count,
    ),
    *LOADER,
)
"""Keys of ``train_dataloader``."""

TEST_LOADER = (
    Key(
        "batch_size",
        "images that go through the network together when they are labeled; volumes are labeled "
        "one by one",
        shown="`1`",
        check=count,
    ),
    *LOADER,
)
"""Keys of ``test_dataloader`` and ``val_dataloader``."""

SPLIT = (
    Key(
        "labeled",
        "S: a share of the training cases, a number of them, or a list file; all that have a "
        "label file where it is left out",
        shown="all",
    ),
    Key("seed", "of the draw", shown="the run's", check=count_or_zero),
    Key(
        "draw",
        "`'random'`; `'spread'`: evenly over the list; `'groups'`: whole groups",
        shown="`'random'`",
        check=text,
    ),
    Key(
        "reference",
        "R: a list file of training cases, or a data set or several of their own",
        shown="all others",
    ),
)
"""Keys of ``split``."""

CONVERGENCE = (
    Key("mean", "what the mean of the last losses must stay below", needed=True, check=number),
    Key("least", "what the least of them must stay below", needed=True, check=number),
    Key("window", "share of the iterations that counts as the last", needed=True, check=share),
    Key("attempts", "how often it is trained at most", needed=True, check=count),
)
"""Keys of ``convergence``."""

PSEUDO_LABELS = (
    Key("threshold", "confidence below which a pixel is ignored, in (0, 1)", check=share),
    Key(
        "class_balanced",
        "share of each class's pixels to keep, the most confident ones, in (0, 1)",
        check=share,
    ),
    Key(
        "calibrated",
        "least share of right pixels, in (0, 1), as measured on S by class and confidence; trains "
        "`calibration_parts` more models",
        check=share,
    ),
    Key(
        "weight",
        "exponent of the confidence by which a pixel counts in the loss, such as 1",
        shown="all count alike",
        check=number_or_zero,
    ),
    Key(
        "join",
        "`'agree'`: pixels are ignored where the teacher says another class; `'weigh'`: pixels "
        "weigh by the fifth power of the student's own probability of their class",
        shown="learned as stored",
        check=check_join,
    ),
)
"""Keys of ``pseudo_labels``."""

HOOKS = (
    Key(
        "checkpoint",
        "`interval` (iterations) and `max_keep_ckpts` of the checkpoints that serve resuming",
        shown="every 500 iterations",
        check=check_checkpoint,
        stages=("train",),
        neutral=True,
    ),
    Key("logger", "how often losses are logged", stages=("train",), neutral=True),
    Key("timer", "measures iterations", stages=("train",), neutral=True),
    Key("runtime_info", "notes losses for the logger", stages=("train",), neutral=True),
    Key("visualization", "not used", neutral=True),
    Key("sampler_seed", "not used", neutral=True),
)
"""Keys of ``default_hooks`` that are not mmengine's business alone."""

RANDOMNESS = (
    Key(
        "seed",
        "of start weights, sample order, folds and, by default, the split",
        check=count_or_zero,
    ),
)
"""Keys of ``randomness``."""
