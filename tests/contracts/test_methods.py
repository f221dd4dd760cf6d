"""What every method must keep; and that the house has room for one with a network of its own."""

from __future__ import annotations

import io
import shutil

import pytest
import torch

from ssl_seg.core.stage import SourceKind
from ssl_seg.methods.step import STUDENT
from ssl_seg.registry import METHODS
from ssl_seg.store.store import Store

OPPOSED = '''
"""A second student that learns the same, and an average of it that becomes the model."""

from ssl_seg.methods.average import follow
from ssl_seg.methods.method import FOLLOWER, PEER
from ssl_seg.registry import METHODS
from ssl_seg.store.store import Store


@METHODS.register_module()
class Opposed:
    kinds = frozenset({"labeled", "pseudo"})
    needs = frozenset()
    copies = {}
    companions = {"peer": PEER, "mean": FOLLOWER}
    published = "mean"
    passes = 2

    def check(self, student):
        pass

    def losses(self, step):
        losses = step.student(step.pictures, list(step.samples), mode="loss")
        peers = step.networks["peer"](step.pictures, list(step.samples), mode="loss")
        return losses | {f"peer.{name}": value for name, value in peers.items()}

    def after_step(self, step):
        follow(step.networks["mean"], step.networks["peer"], 0.9, step.iteration)
'''

CHANGES = {"custom_imports": ["opposed.py"], "scheduler": {"type": "STSO", "generations": 1}}


@pytest.mark.parametrize("name", METHODS.names())
def test_a_method_says_what_it_learns_from_and_what_it_publishes(name):
    method = METHODS.build({"type": name})
    kinds = set(SourceKind.__args__)
    assert {"labeled", "pseudo"} <= method.kinds <= kinds
    assert method.needs <= method.kinds
    assert set(method.copies) <= method.kinds
    assert {copy for copies in method.copies.values() for copy in copies} <= {"weak", "strong"}
    assert method.published in {STUDENT, *method.companions}
    assert method.passes >= 1


OPPOSED_METHOD = {"type": "Opposed"}


@pytest.fixture(scope="module")
def train(tiny, command, data, tmp_path_factory):
    """Return a function that runs an experiment of one method and returns all its models."""
    folder = tmp_path_factory.mktemp("methods")
    (folder / "opposed.py").write_text(OPPOSED)

    def run(name, method=None, *, kill_at=None, **others):
        changes = {**CHANGES, "method": method, **others}
        config = tiny.config(folder / "tiny.py", data, changes)
        done = command.train(config, folder / name, kill_at=kill_at)
        assert done.status == (-9 if kill_at else 0), done.output
        models = sorted((folder / name).glob("artifacts/*/model.pth"))
        return done, [path.read_bytes() for path in models]

    return run


@pytest.fixture(scope="module")
def plain(train):
    """The models of a run that names no method."""
    return train("plain")[1]


@pytest.fixture(scope="module")
def opposed(train):
    """The events and the models of a run whose method has companions."""
    done, models = train("opposed", OPPOSED_METHOD)
    return done.events, models


def weights(models):
    """Return the last layer's offsets of each model, in an order that names do not decide."""
    states = (torch.load(io.BytesIO(m), weights_only=True)["state_dict"] for m in models)
    return sorted(tuple(state["decode_head.conv_seg.bias"].tolist()) for state in states)


def test_without_a_method_is_supervised(train, plain):
    _, named = train("named", {"type": "Supervised"})
    assert weights(plain) == weights(named)


def test_an_average_without_decay_is_the_student(train, plain):
    _, followed = train("followed", average=0.0)
    assert weights(followed) == weights(plain)


def test_the_average_is_published(train, plain):
    _, averaged = train("averaged", average=0.9)
    assert set(weights(plain)).isdisjoint(weights(averaged))


@pytest.mark.parametrize("join", ["agree", "weigh"])
def test_who_learns_stored_labels_may_join_them_with_what_it_says(train, plain, join):
    _, joined = train(join, pseudo_labels={"join": join})
    # The initial model has none to learn.
    assert len(set(weights(joined)) & set(weights(plain))) == 1
    assert len(joined) == len(plain) > 1


@pytest.mark.parametrize("iteration", [1, 2, 3])
def test_companions_survive_a_kill(train, opposed, iteration):
    events, models = opposed
    stage = next(event["stage"] for event in events if event["kind"] == "train")
    name = f"killed{iteration}"
    train(name, OPPOSED_METHOD, kill_at=(stage, iteration, "advance"))
    assert train(name, OPPOSED_METHOD)[1] == models


STRONG = [{"type": "RandomCutOut", "prob": 0.5, "n_holes": 1, "cutout_shape": (6, 6)}]


@pytest.fixture(scope="module")
def learn(tiny, data, tmp_path_factory):
    """Return a function that trains the first model of an experiment and returns its artifact."""
    folder = tmp_path_factory.mktemp("learn")

    def run(name, changes=None, *, data=data, advance=lambda done: None, at="usual"):
        kinds = METHODS.get(name).kinds
        batch = {"labeled": 2, "unlabeled": 2} if "unlabeled" in kinds else None
        changes = {
            "scheduler": {"type": "Supervised"},
            "method": {"type": name},
            "batch": batch,
            "strong": STRONG,
            "train_dataloader.batch_size": 4,
            **(changes or {}),
        }
        (stage,) = tiny.plan(tiny.config(folder / "tiny.py", data, changes)).trainings
        return stage, tiny.run(stage, Store(folder / at / name), advance)

    return run


@pytest.fixture(scope="module")
def blinded(tiny, data, tmp_path_factory):
    """The data set without the masks of R, which no training may miss."""
    folder = shutil.copytree(data, tmp_path_factory.mktemp("blinded") / "data")
    plan = tiny.plan(tiny.config(folder.parent / "tiny.py", data))
    labeled = {case.id for case in plan.trainings[0].sources[0].cases}
    masks = folder / "train/masks"
    hidden = [p for p in masks.rglob("*.png") if str(p.relative_to(masks))[:-4] not in labeled]
    assert len(hidden) == 6
    for path in hidden:
        path.unlink()
    return folder


class Killed(BaseException):
    """Nothing that a training could catch."""


def killing(iteration):
    def advance(done):
        if done == iteration:
            raise Killed

    return advance


@pytest.mark.parametrize("name", METHODS.names())
def test_neither_a_kill_nor_deleted_labels_change_a_bit(learn, blinded, contents, name):
    stage, whole = learn(name)
    with pytest.raises(Killed):
        learn(name, data=blinded, advance=killing(2), at="again")
    begun = []
    resumed, again = learn(name, data=blinded, advance=begun.append, at="again")
    assert 0 < begun[0] < stage.size
    assert resumed.fingerprint == stage.fingerprint
    assert contents(again) == contents(whole)


@pytest.mark.parametrize("name", METHODS.names())
def test_the_model_opens_in_mmsegmentation(learn, tiny, data, tmp_path, name):
    from mmseg.apis import init_model

    path = learn(name)[1] / "model.pth"
    model = init_model(str(tiny.config(tmp_path / "mmseg.py", data)), str(path), device="cpu")
    stored = torch.load(path, weights_only=True)["state_dict"]
    found = model.state_dict()
    assert found.keys() == stored.keys()
    assert all(torch.equal(found[key], value) for key, value in stored.items())


def test_loader_workers_change_no_bit_of_strong_copies(learn, contents):
    workers = {"train_dataloader.num_workers": 2}
    one, other = learn("FixMatch")[1], learn("FixMatch", workers, at="workers")[1]
    assert contents(one) == contents(other)
