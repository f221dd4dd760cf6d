"""The forward pass of each section and test mode, against the same steps one after another."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d, relu

from ssl_seg.models.rstn.network import RSTNetwork
from ssl_seg.models.rstn.shape import SHAPES, FCNShape

TINY = FCNShape.of({"base": "tiny", "width": 0.5})
MARGIN = 5


def network(classes=1, release="pytorch", margin=MARGIN):
    """Make a network in eval mode with all weights drawn, those that would be 0 too."""
    torch.manual_seed(0)
    made = RSTNetwork(TINY, classes=classes, release=release, margin=margin).eval()
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if weight.requires_grad:
                weight.normal_(
                    std=0.3 if name.startswith("saliency") else weight[0].numel() ** -0.5
                )
    return made


def scene(count=1, classes=1, seed=0):
    """Draw images (N, 3, 40, 44) and labels with one rectangle for each class, apart."""
    random = np.random.default_rng(seed)
    labels = np.zeros((count, 3, 40, 44), np.uint8)
    for number in range(count):
        for organ in range(1, classes + 1):
            top, left = random.integers(8, 20, 2)
            labels[number, organ % 3, top : top + 6, left : left + 9] = organ
    images = random.uniform(0, 1, labels.shape).astype(np.float32)
    return torch.from_numpy(images), torch.from_numpy(labels)


def weighted(made, images, probability):
    """Multiply images with the transformation of a probability map."""
    module = made.saliency
    if module.hidden is not None:
        hidden = module.hidden
        probability = relu(conv2d(probability, hidden.weight, hidden.bias, padding=1))
    return images * conv2d(probability, module.output.weight, module.output.bias, padding=2)


def in_a_box(made, image, mask):
    """Segment one image (1, 3, H, W) by the fine network around any pixel of a mask."""
    _, rows, columns = np.nonzero(mask.numpy())
    top, bottom = max(rows.min() - MARGIN, 0), rows.max() + MARGIN + 1
    left, right = max(columns.min() - MARGIN, 0), columns.max() + MARGIN + 1
    found = torch.sigmoid(made.fine(image[:, :, top:bottom, left:right]))
    whole = torch.zeros(1, found.shape[1], *image.shape[-2:])
    whole[:, :, top:bottom, left:right] = found
    return whole


def truth_of(labels, classes=1):
    """Return where any organ is."""
    return (labels >= 1) & (labels <= classes)


@pytest.fixture(autouse=True)
def _no_gradients():
    with torch.no_grad():
        yield


def test_the_coarse_map_is_the_coarse_networks():
    made, (images, _) = network(), scene()
    torch.testing.assert_close(made.coarse_map(images), 1 / (1 + torch.exp(-made.coarse(images))))


def test_separate_training_crops_the_image_as_it_is():
    made, (images, labels) = network(), scene()
    coarse, fine = made(images, labels, "S")
    torch.testing.assert_close(coarse, made.coarse_map(images))
    torch.testing.assert_close(fine, in_a_box(made, images, truth_of(labels)[0]))


@pytest.mark.parametrize("release", ["caffe_v1", "caffe_v2", "pytorch"])
def test_individual_training_weights_the_image(release):
    made, (images, labels) = network(release=release), scene()
    coarse, fine = made(images, labels, "I")
    image = weighted(made, images, made.coarse_map(images))
    torch.testing.assert_close(coarse, made.coarse_map(images))
    torch.testing.assert_close(fine, in_a_box(made, image, truth_of(labels)[0]))
    torch.testing.assert_close(fine, made.oracle_map(images, labels))
    plain = in_a_box(made, images, truth_of(labels)[0])
    assert (fine - plain).abs().max() > 1e-3


def shifted(made, images, quantile):
    """Move the coarse network's scores so that this part of the pixels is below one half."""
    middle = torch.quantile(made.coarse(images).flatten(), quantile)
    made.coarse.score_fr.bias -= middle
    return made.coarse_map(images)


def test_joint_training_looks_where_the_coarse_network_says():
    made, (images, labels) = network(), scene()
    coarse = shifted(made, images, 0.999)
    seen = coarse[0] >= 0.5
    assert seen.any()
    assert not seen.any(dim=(0, 1)).all()
    image = weighted(made, images, coarse)
    _, fine = made(images, labels, "J")
    torch.testing.assert_close(fine, in_a_box(made, image, seen))
    assert not torch.equal(fine, made(images, labels, "I")[1])


def test_joint_training_looks_at_the_labels_where_the_coarse_network_sees_nothing():
    made, (images, labels) = network(), scene()
    made.coarse.score_fr.bias -= 100
    assert made.coarse_map(images).max() < 0.5
    fines = [made(images, labels, section)[1] for section in "IJ"]
    torch.testing.assert_close(*fines)


def test_fine_testing_takes_score_and_mask_from_the_round_before():
    made, (images, _) = network(), scene()
    score = torch.rand_like(images)
    mask = torch.zeros(1, 1, 40, 44, dtype=torch.bool)
    mask[..., 11:17, 30:33] = True
    expected = in_a_box(made, weighted(made, images, score), mask[0])
    made.coarse = None  # the coarse network is not asked
    torch.testing.assert_close(made.fine_map(images, score, mask), expected)


def test_fine_testing_finds_nothing_around_an_empty_mask():
    made, (images, _) = network(), scene(3)
    score, mask = torch.rand_like(images), torch.zeros(images.shape, dtype=torch.bool)
    assert not made.fine_map(images, score, mask).any()
    mask[1, 2, 9:15, 20:30] = True
    found = made.fine_map(images, score, mask)
    alone = made.fine_map(images[1:2], score[1:2], mask[1:2])
    assert alone.any()
    torch.testing.assert_close(found[1:2], alone)
    assert not found[[0, 2]].any()


def test_without_any_organ_the_whole_image_is_looked_at():
    made, (images, labels) = network(), scene()
    made.coarse.score_fr.bias -= 100
    for section in "SIJ":
        _, fine = made(images, torch.zeros_like(labels), section)
        assert fine.all()


def test_a_batch_shares_a_crop_and_each_image_is_black_outside_its_own_box():
    made, (images, labels) = network(), scene(3)
    boxes = np.zeros((3, 1, 40, 44), np.float32)
    for number, label in enumerate(labels):
        _, rows, columns = np.nonzero(label.numpy())
        rows = slice(max(rows.min() - MARGIN, 0), rows.max() + MARGIN + 1)
        boxes[number, :, rows, max(columns.min() - MARGIN, 0) : columns.max() + MARGIN + 1] = 1
    _, rows, columns = np.nonzero(boxes.any(axis=0))
    common = (..., slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
    expected = torch.zeros(3, 3, 40, 44)
    expected[common] = torch.sigmoid(made.fine((images * torch.from_numpy(boxes))[common]))
    _, fine = made(images, labels, "S")
    torch.testing.assert_close(fine, expected, rtol=1e-4, atol=1e-5)


def test_the_box_reaches_around_all_classes():
    made, (images, labels) = network(classes=2), scene(classes=2)
    coarse, fine = made(images, labels, "S")
    assert coarse.shape == fine.shape == (1, 6, 40, 44)
    torch.testing.assert_close(fine, in_a_box(made, images, truth_of(labels, 2)[0]))


def test_ignored_pixels_are_no_organ():
    made, (images, labels) = network(), scene()
    ignored = labels.clone()
    ignored[..., 0, :] = 255
    torch.testing.assert_close(made(images, ignored, "S")[1], made(images, labels, "S")[1])


def test_margins_are_random_in_training_only():
    images, labels = scene()

    def areas(made):
        return {int((made(images, labels, "S")[1] > 0).sum()) for _ in range(16)}

    assert len(areas(network())) == 1
    assert len(areas(network().train())) > 4
    assert areas(network(margin=0).train()) == {3 * 6 * 9}


def test_maps_have_the_size_of_the_images():
    made = network()
    for height, width in [(1, 1), (1, 30), (23, 2), (33, 31)]:
        images = torch.rand(1, 3, height, width)
        coarse = made.coarse_map(images)
        assert coarse.shape == made.fine_map(images, coarse, coarse >= 0).shape == images.shape


def test_half_precision_keeps_probabilities_whole():
    made, (images, labels) = network(), scene()
    with torch.autocast("cpu", torch.bfloat16):
        maps = [*made(images, labels, "J"), made.fine_map(images, images, images > 0.9)]
    for each in maps:
        assert each.dtype == torch.float32
        assert each.isfinite().all()


def test_published_numbers_of_weights():
    with torch.device("meta"):
        made = RSTNetwork(SHAPES["vgg16"])
    counts = {
        name: sum(weight.numel() for weight in part.parameters())
        for name, part in made.named_children()
    }
    assert counts == {"coarse": 134_277_737, "saliency": 312, "fine": 134_277_737}
    assert sum(counts.values()) == 268_555_786


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"release": "pytorsh"}, "no release is named 'pytorsh'; did you mean 'pytorch'"),
        ({"classes": 0}, "at least one foreground class, got 0"),
        ({"margin": -1}, "0 pixels or more, got -1"),
    ],
)
def test_impossible_networks_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        RSTNetwork(TINY, **arguments)
