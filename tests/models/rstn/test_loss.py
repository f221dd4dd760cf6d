"""The Dice loss by hand, and the channels it is taken over."""

from __future__ import annotations

import pytest
import torch

from ssl_seg.models.rstn.channels import foreground, known
from ssl_seg.models.rstn.loss import dsc_loss

EVERYWHERE = torch.ones(1, 3, 1, 2, dtype=torch.bool)


def maps(*slices):
    """Return (1, 3, 1, 2) of three pairs of pixels."""
    return torch.tensor(slices).view(1, 3, 1, 2)


def test_the_loss_is_that_of_one_volume_of_three_slices():
    probability = maps([0.5, 0.25], [1.0, 0.0], [0.0, 0.25])
    truth = maps([True, False], [True, False], [True, False])
    # Overlaps are 0.5 + 1 + 0; the prediction has 2 pixels in all, the truth has 3.
    assert dsc_loss(probability, truth, EVERYWHERE).item() == pytest.approx(0.4, abs=1e-6)


@pytest.mark.parametrize(
    ("probability", "truth", "loss"), [(0.0, False, 0.0), (1.0, True, 0.0), (0.0, True, 1.0)]
)
def test_the_loss_of_extremes(probability, truth, loss):
    given = torch.full((1, 3, 1, 2), probability)
    found = dsc_loss(given, torch.full((1, 3, 1, 2), truth), EVERYWHERE)
    assert found.item() == pytest.approx(loss, abs=1e-6)


def test_an_epsilon_of_a_millionth_is_in_both_sums():
    given = torch.full((1, 3, 1, 2), 1e-6 / 6, dtype=torch.float64)
    found = dsc_loss(given, torch.zeros(1, 3, 1, 2, dtype=torch.bool), EVERYWHERE)
    assert found.item() == pytest.approx(0.5)


def test_samples_and_classes_count_alike():
    torch.manual_seed(0)
    probability, truth = torch.rand(2, 6, 4, 5), torch.rand(2, 6, 4, 5) < 0.3
    truth[1] = torch.rand(6, 4, 5) < 0.9
    everywhere = torch.ones_like(truth)
    parts = [
        dsc_loss(*(each[n : n + 1, 3 * k : 3 * k + 3] for each in (probability, truth, everywhere)))
        for n in range(2)
        for k in range(2)
    ]
    whole = dsc_loss(probability, truth, everywhere)
    torch.testing.assert_close(whole, torch.stack(parts).mean())


def test_pixels_that_do_not_count_change_nothing():
    torch.manual_seed(0)
    probability = torch.rand(1, 3, 4, 6, requires_grad=True)
    truth = torch.rand(1, 3, 4, 6) < 0.5
    counted = torch.zeros_like(truth)
    counted[..., :4] = True
    loss = dsc_loss(probability, truth, counted)
    cut = dsc_loss(probability[..., :4], truth[..., :4], counted[..., :4])
    torch.testing.assert_close(loss, cut)
    loss.backward()
    assert probability.grad is not None
    assert not probability.grad[..., 4:].any()
    assert probability.grad[..., :4].all()


def test_a_class_has_three_channels_side_by_side():
    labels = torch.tensor([[1, 2], [255, 0], [2, 1]], dtype=torch.uint8).view(1, 3, 1, 2)
    truth, counted = foreground(labels, 2), known(labels, 2)
    first = [[True, False], [False, False], [False, True]]
    second = [[False, True], [False, False], [True, False]]
    assert truth[0, :, 0].tolist() == [*first, *second]
    assert counted[0, :, 0].tolist() == [[True, True], [False, True], [True, True]] * 2
