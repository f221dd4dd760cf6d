"""Plans written by hand, as a scheduler writes them."""

import pytest

from ssl_seg.planning import Result
from ssl_seg.planning.write import finish_plan, start_plan


@pytest.fixture
def start(made_up):
    """Start a plan; ``changes`` are of the config, other keywords go to ``made_up.split``."""

    def make(*, seed=0, changes=None, **lists):
        return start_plan(made_up.split(**lists), made_up.configs(changes), seed)

    return make


@pytest.fixture
def finish():
    """End a plan with a model and its labels of R."""

    def make(b, model, labels=None):
        return finish_plan(
            b.draft, Result(model, labels), label="made-up", scheduler={"type": "Mine"}
        )

    return make


@pytest.fixture
def crossed(start):
    """Start a plan with three folds and a model for each, trained on the other two."""

    def make():
        b = start()
        first = b.label(b.train(b.truth, role="initial"), b.reference)
        folds = b.folds(3)
        models = [
            b.train(b.truth, first.outside(fold), role="student", generation=1, fold=fold)
            for fold in folds
        ]
        return b, folds, models

    return make
