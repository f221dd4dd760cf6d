"""Whoever walks a plan reports each stage's course, in an order that people can rely on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ssl_seg.core.case import Case, DataFile, LabelFile
from ssl_seg.core.model_id import ModelId
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.stage import EvaluateStage, LabelStage, Source, Teacher, TrainStage
from ssl_seg.core.stage_config import EvaluateConfig, LabelConfig, TrainConfig
from ssl_seg.registry import EXECUTORS
from ssl_seg.store import Store

SPACE = LabelSpace("two", ("no", "yes"), ((0, 0, 0), (255, 255, 255)))


class Recorder:
    """Keeps the events by stage, and all of them in their order."""

    def __init__(self):
        self.all = []

    def started(self, fingerprint):
        self.all.append((fingerprint, "started"))

    def advanced(self, fingerprint, done):
        self.all.append((fingerprint, done))

    def finished(self, fingerprint):
        self.all.append((fingerprint, "finished"))

    def failed(self, fingerprint, error):
        self.all.append((fingerprint, error))

    def of(self, fingerprint):
        return [event for name, event in self.all if name == fingerprint]


@pytest.fixture
def stages():
    """Two models with labels and a score each, by fingerprint, each after its inputs."""
    label = LabelFile("label.png", "l")
    cases = tuple(Case(str(i), DataFile(f"{i}.png", str(i)), label, "g") for i in range(3))
    values = LabelValues.identity(SPACE)
    source = Source(kind="labeled", cases=cases, values=values, pipeline=())
    first = TrainStage(
        role="initial",
        generation=0,
        fold=None,
        space=SPACE,
        sources=(source,),
        start=None,
        config=TrainConfig(model={}, optim_wrapper={}, max_iters=5, batch_size=1, threads=1),
        seed=0,
        scratch_seed=0,
    )
    made = []
    for train in (first, replace(first, seed=1)):
        labels = LabelStage(
            teachers=(Teacher(ModelId("initial", 0), {None: train.fingerprint}),),
            cases=tuple(case.without_label() for case in cases),
            space=SPACE,
            pipeline=(),
            config=LabelConfig(networks=(), inference={}, threads=1),
        )
        score = EvaluateStage(
            predictions=(labels.fingerprint,),
            cases=cases,
            values=values,
            config=EvaluateConfig(metrics=()),
        )
        made += [train, labels, score]
    return {stage.fingerprint: stage for stage in made}


@pytest.fixture
def run_stage(monkeypatch):
    """Stages that publish empty artifacts; those that are added to the set fail half-way."""
    broken = set()

    def run(stage, store, advance):
        assert all(store.has(name) for name in stage.inputs)
        store.running(stage.fingerprint)
        advance(0)
        if stage.fingerprint in broken:
            raise ZeroDivisionError("half-way")
        advance(stage.size)
        store.publish(stage.fingerprint, {})

    monkeypatch.setattr("ssl_seg.runner.run_stage", run)
    return broken


@pytest.fixture(params=EXECUTORS.names())
def executor(request):
    entry = EXECUTORS.get(request.param)
    if not entry.__module__.startswith("ssl_seg."):
        pytest.skip("a plug-in that another test has registered")
    return entry()


def test_each_stage_is_started_advanced_and_finished(executor, stages, tmp_path, run_stage):
    heard, store = Recorder(), Store(tmp_path)
    executor.run(stages, store, heard)
    for name, stage in stages.items():
        assert heard.of(name) == ["started", 0, stage.size, "finished"]
        begun = heard.all.index((name, "started"))
        assert all((one, "finished") in heard.all[:begun] for one in stage.inputs)
        assert store.has(name)


def test_of_what_is_done_already_nothing_is_heard(executor, stages, tmp_path, run_stage):
    store = Store(tmp_path)
    first, *rest = stages
    executor.run({first: stages[first]}, store, Recorder())
    heard = Recorder()
    executor.run(stages, store, heard)
    assert heard.of(first) == []
    assert all(heard.of(name)[-1] == "finished" for name in rest)


def test_a_failure_is_heard_raised_and_ends_what_builds_on_it(
    executor, stages, tmp_path, run_stage
):
    train, labels, score, *_ = stages
    run_stage.add(labels)
    heard, store = Recorder(), Store(tmp_path)
    with pytest.raises(ZeroDivisionError) as failure:
        executor.run(stages, store, heard)
    assert heard.of(train)[-1] == "finished"
    assert heard.of(labels)[:-1] == ["started", 0]
    assert str(heard.of(labels)[-1]) == "half-way"
    assert f"'{stages[labels].title}' ({labels})" in failure.value.__notes__[0]
    assert heard.of(score) == []
    assert not store.has(labels)


def test_the_same_call_goes_on_after_a_failure(executor, stages, tmp_path, run_stage):
    store, (train, labels, *_) = Store(tmp_path), stages
    run_stage.add(labels)
    with pytest.raises(ZeroDivisionError):
        executor.run(stages, store, Recorder())
    run_stage.clear()
    heard = Recorder()
    executor.run(stages, store, heard)
    assert heard.of(train) == []
    assert heard.of(labels)[-1] == "finished"
    assert all(store.has(name) for name in stages)
