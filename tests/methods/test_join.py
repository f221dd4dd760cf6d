"""Stored pseudo labels are joined with what teacher and student say; other samples stay alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.errors import UserError
from ssl_seg.core.space import LabelSpace
from ssl_seg.methods import BCP, FixMatch, Supervised
from ssl_seg.methods.average import AVERAGE, Averaged
from ssl_seg.methods.join import Agreeing, Weighing
from ssl_seg.methods.step import STUDENT
from ssl_seg.models.mixed_space import supervise_in

LOSS = "decode.loss_ce"


@pytest.fixture
def pseudo(batch):
    """Make a batch of 2 labeled samples and 2 pseudo ones, these weak and strong by turns."""

    def make(copies=2):
        made = batch(unlabeled=0, pseudo=2 * copies)
        for number, sample in enumerate(made["data_samples"][2:]):
            sample.set_metainfo({"copy": number % copies})
            if number % copies:
                sample.gt_sem_seg.data = made["data_samples"][1 + number].gt_sem_seg.data.clone()
        return made

    return make


def masks_of(made):
    return torch.cat([sample.gt_sem_seg.data for sample in made.samples])


def says(network, pictures, mode):
    """Return the probabilities that a network gives in a mode, without a trace of that."""
    state = {name: value.clone() for name, value in network.state_dict().items()}
    training = network.training
    with torch.no_grad():
        said = network.train(mode)(pictures, mode="tensor").softmax(dim=1)
    network.load_state_dict(state)
    network.train(training)
    return said


def only(made, places):
    """Return the student's cross entropy on some of a batch's pictures, by pixel."""
    logarithms = says(made.student, made.pictures[places], True).log()
    masks = masks_of(made)[places]
    return functional.nll_loss(logarithms, masks, ignore_index=255, reduction="none"), masks


COARSE = ClassMapping(
    "made-up",
    LabelSpace("fine", ("a", "b", "c"), ((0, 0, 0),) * 3),
    LabelSpace("coarse", ("a", "bc"), ((0, 0, 0),) * 2),
    (0, 1, 1),
)


def coarsen(made):
    """Store the pseudo labels of a step in a coarser space."""
    for network in made.networks.values():
        supervise_in(network, {"coarse": COARSE})
    for sample in made.samples[2:]:
        sample.set_metainfo({"space": "coarse"})
        data = sample.gt_sem_seg.data
        data[data == 2] = 1


# What agrees


def test_a_teacher_that_says_the_stored_labels_changes_nothing(pseudo, step):
    method = Agreeing(Supervised())
    made = step(method, pseudo())
    labels = says(made.student, made.pictures[2::2], False).argmax(dim=1)
    for number, label in enumerate(labels):
        for sample in made.samples[2 + 2 * number : 4 + 2 * number]:
            sample.gt_sem_seg.data = label.clone()[None]
    places = [0, 1, 3, 5]  # the strong copies
    entropies, masks = only(made, places)
    joined = method.losses(made)[LOSS]
    assert torch.allclose(joined, entropies.sum() / (masks != 255).sum(), atol=1e-5)


def test_pixels_of_which_the_teacher_says_another_class_are_ignored(pseudo, step):
    method = Agreeing(Supervised())
    made = step(method, pseudo())
    labels = says(made.student, made.pictures[2::2], False).argmax(dim=1)
    entropies, masks = only(made, [0, 1, 3, 5])
    kept = masks != 255
    kept[2:] &= labels == masks[2:]
    assert 0 < kept[2:].float().mean() < 0.8
    assert torch.allclose(method.losses(made)[LOSS], entropies[kept].sum() / kept.sum(), atol=1e-5)
    # The batch itself is as it was.
    assert [sample.metainfo["copy"] for sample in made.samples[2:]] == [0, 1, 0, 1]


def test_the_teacher_is_compared_in_the_labels_space(pseudo, step):
    method = Agreeing(Supervised())
    made = step(method, pseudo())
    coarsen(made)
    # Less sure, so that two classes together are often more probable than the most probable one.
    made.student.decode_head.conv_seg.weight.data.mul_(0.1)
    said = says(made.student, made.pictures[2::2], False)
    labels = (said[:, 1] + said[:, 2] > said[:, 0]).long()
    assert (labels != (said.argmax(dim=1) > 0)).any()
    seen = []
    method._method.losses = lambda step: seen.append(step) or {}
    method.losses(made)
    stored, agreed = masks_of(made)[3::2], masks_of(seen[0])[2:]
    assert agreed.equal(torch.where(stored == labels, stored, 255))


class Own:
    """A method that has a teacher, and asks nothing of pseudo-labeled samples."""

    kinds = frozenset({"labeled", "pseudo"})
    needs = frozenset()
    copies = {}  # noqa: RUF012
    companions = BCP.companions
    published = STUDENT
    passes = 1

    def check(self, student):
        pass


@pytest.mark.parametrize(
    ("method", "teacher"),
    [
        (Supervised(), STUDENT),
        (Averaged(Supervised(), 0.9), AVERAGE),
        (Own(), "teacher"),
        (Averaged(Own(), 0.9), "teacher"),
    ],
)
def test_the_methods_own_teacher_comes_before_the_average(method, teacher, pseudo, step):
    joined = Agreeing(method)
    copies = len(joined.copies["pseudo"])
    made = step(joined, pseudo(copies))
    # Another network than this one says the first class everywhere.
    for name, network in made.networks.items():
        if name != teacher:
            network.decode_head.conv_seg.bias.data[0] = 1e6
    expected = says(made.networks[teacher], made.pictures[2::copies], False).argmax(dim=1)
    assert joined._labels(made).equal(expected)
    assert len(expected.unique()) > 1


def test_a_method_sees_the_copies_that_it_asked_for(pseudo, step):
    assert Agreeing(Supervised()).copies["pseudo"] == ("weak", "strong")
    assert Agreeing(Own()).copies["pseudo"] == ("weak",)
    method = Agreeing(Supervised())
    made = step(method, pseudo())
    agreed = method._agreed(made)
    assert [sample.metainfo["copy"] for sample in agreed.samples] == [0, 0, 0, 0]
    assert agreed.pictures.equal(made.pictures[[0, 1, 3, 5]])


def test_a_batch_without_pseudo_labels_is_left_alone(batch, step):
    for method in (Agreeing(FixMatch()), Weighing(FixMatch())):
        torch.manual_seed(0)
        found = method.losses(step(method, batch()))
        torch.manual_seed(0)
        assert found == FixMatch().losses(step(method, batch()))


# What weighs


def test_without_an_exponent_all_pixels_weigh_alike(pseudo, step):
    method = Weighing(Supervised(), exponent=0)
    made = step(method, pseudo(copies=1))
    entropies, masks = only(made, [0, 1, 2, 3])
    losses = method.losses(made)
    total = losses[LOSS] + losses["decode.loss_pseudo"]
    # All four samples have as many labeled pixels.
    assert torch.allclose(total, entropies.sum() / (masks != 255).sum(), atol=1e-5)


@pytest.mark.parametrize("coarse", [False, True])
def test_pixels_weigh_by_the_students_own_probability(pseudo, step, coarse):
    method = Weighing(Supervised())
    made = step(method, pseudo(copies=1))
    if coarse:
        coarsen(made)
    said = says(made.student, made.pictures, True)[2:]
    if coarse:
        said = torch.stack([said[:, 0], said[:, 1] + said[:, 2]], dim=1)
    masks = masks_of(made)[2:]
    known = masks != 255
    p = said.gather(1, masks.where(known, 0)[:, None])[:, 0]
    expected = (p**5 * -p.log())[known].sum() / known.sum()
    losses = method.losses(made)
    assert torch.allclose(losses["decode.loss_pseudo"], expected / 2, atol=1e-5)


def test_the_weights_carry_no_gradient(pseudo, step):
    gradients = []
    for exponent in (0, 3):
        method = Weighing(Supervised(), exponent)
        made = step(method, pseudo(copies=1))
        logits = []
        made.student.decode_head.conv_seg.register_forward_hook(
            lambda module, inputs, output, kept=logits: kept.append(output)
        )
        said = says(made.student, made.pictures, True)[2:]
        loss = method.losses(made)["decode.loss_pseudo"]
        gradients.append(torch.autograd.grad(loss, logits[-1])[0][2:])
    masks = masks_of(made)[2:]
    p = said.gather(1, masks.where(masks != 255, 0)[:, None])
    plain, weighed = gradients
    assert plain.shape[-2:] == p.shape[-2:]
    assert torch.allclose(weighed, plain * p**3, atol=1e-7)


def test_labels_of_unlabeled_samples_are_not_weighed(batch, step):
    plain, found = FixMatch(threshold=0.0), []
    for method in (plain, Weighing(plain)):
        torch.manual_seed(0)
        found.append(method.losses(step(method, batch(pseudo=2)))["loss_unlabeled"])
    assert found[0].equal(found[1])


def test_the_heads_have_their_own_loss_again_behind_it(pseudo, step):
    method = Weighing(Supervised())
    made = step(method, pseudo(copies=1))
    method.losses(made)
    assert "loss_by_feat" not in vars(made.student.decode_head)
    coarsen(made)
    before = made.student.decode_head.loss_by_feat
    method.losses(made)
    assert made.student.decode_head.loss_by_feat is before


@pytest.mark.parametrize("wrapper", [Agreeing, Weighing])
def test_a_model_without_logits_by_pixel_is_refused(wrapper):
    with pytest.raises(
        UserError, match=r"^model \(Linear\): the method of pseudo_labels.join asks"
    ):
        wrapper(Supervised()).check(nn.Linear(1, 1))


def test_a_head_with_a_loss_of_its_own_cannot_weigh(student):
    made = student()
    head = made.decode_head
    head.__class__ = type("Mine", (type(head),), {"loss_by_feat": lambda *arguments: {}})
    with pytest.raises(UserError, match=r"^model.decode_head \(Mine\): pseudo_labels.join='weigh'"):
        Weighing(Supervised()).check(made)
    Agreeing(Supervised()).check(made)
