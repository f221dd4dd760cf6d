import pytest

from ssl_seg.core.case import Case, DataFile, LabelFile
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.stage import EvaluateStage, LabelStage, Source, TrainStage

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
        recipe={"train_cfg": {"max_iters": 100}},
        settings={},
        seed=0,
        scratch_seed=0,
    )
    label = LabelStage(
        models={None: train.fingerprint},
        teacher=("initial", 0, None),
        cases=_cases(40, labeled=False),
        space=SPACE,
        pipeline=(),
        recipe={},
        settings={},
    )
    evaluate = EvaluateStage(
        predictions=(label.fingerprint,),
        cases=_cases(40, labeled=True),
        values=values,
        recipe={},
    )
    return {stage.fingerprint: stage for stage in (train, label, evaluate)}
