import pytest

from ssl_seg.core.case import Case, DataFile, LabelFile
from ssl_seg.core.model_id import ModelId
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.stage import EvaluateStage, LabelStage, Source, Teacher, TrainStage
from ssl_seg.core.stage_config import EvaluateConfig, LabelConfig, TrainConfig

SPACE = LabelSpace("two", ("no", "yes"), ((0, 0, 0), (255, 255, 255)))


def _cases(count, *, labeled):
    label = LabelFile("label.png", "l") if labeled else None
    return tuple(Case(str(i), DataFile(f"{i}.png", str(i)), label, "g") for i in range(count))


@pytest.fixture
def stages():
    """A train stage (100 iterations), its labels (40 cases) and their score, by fingerprint."""
    values = LabelValues.identity(SPACE)
    train = TrainStage(
        role="initial",
        generation=0,
        fold=None,
        space=SPACE,
        sources=(
            Source(kind="labeled", cases=_cases(5, labeled=True), values=values, pipeline=()),
        ),
        start=None,
        config=TrainConfig(model={}, optim_wrapper={}, max_iters=100, batch_size=1, threads=1),
        seed=0,
        scratch_seed=0,
    )
    label = LabelStage(
        teachers=(Teacher(ModelId("initial", 0), {None: train.fingerprint}),),
        cases=_cases(40, labeled=False),
        space=SPACE,
        pipeline=(),
        config=LabelConfig(networks=(), inference={}, threads=1),
    )
    evaluate = EvaluateStage(
        predictions=(label.fingerprint,),
        cases=_cases(40, labeled=True),
        values=values,
        config=EvaluateConfig(metrics=()),
    )
    return {stage.fingerprint: stage for stage in (train, label, evaluate)}
