"""Models that cannot be built, or learn from their labels, are refused before any work."""

import pytest

from ssl_seg.runner.check_models import check_models

CURRICULUM = {
    "type": "Curriculum",
    "phases": [
        {"scheduler": {"type": "STSO", "generations": 1}, "space": "two"},
        {
            "scheduler": {"type": "STSO", "generations": 1},
            "pseudo_labels": "previous",
            "role": "guided",
        },
    ],
}


SIGMOID = {
    "model.decode_head.loss_decode": {
        "type": "CrossEntropyLoss",
        "use_sigmoid": True,
        "avg_non_ignore": True,
    }
}


def stages(made_up, scheduler, changes=None):
    return made_up.plan(scheduler, configs=made_up.configs(changes)).stages


def test_a_common_head_may_learn_from_groups(made_up):
    check_models(stages(made_up, CURRICULUM))


def test_a_head_that_cannot_is_named_with_the_training(made_up):
    message = r"^train guided 2: model\.decode_head \(FCNHead\): cannot learn"
    with pytest.raises(ValueError, match=message):
        check_models(stages(made_up, CURRICULUM, SIGMOID))


def test_in_one_space_any_head_will_do(made_up):
    check_models(stages(made_up, {"type": "ATSO"}, SIGMOID))


def test_a_model_of_a_later_phase_that_cannot_be_built_is_named(made_up):
    changes = {"model.decode_head.out_channels": 2}
    with pytest.raises(
        ValueError, match=r"^train guided 2: .*out_channels should be equal to num_"
    ):
        check_models(stages(made_up, CURRICULUM, changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inference": {"type": "Views", "fusion": "sof"}}, "there is no 'sof'"),
        ({"inference": {"type": "CoarseToFine"}}, "takes an RSTN"),
        (
            {
                "test_dataloader.dataset.pipeline": [
                    {"type": "LoadSlices"},
                    {"type": "PackSegInputs"},
                ]
            },
            "expected exactly one intensity rule",
        ),
    ],
)
def test_a_predictor_that_cannot_be_built_is_named_with_the_labelling(
    made_up_volumes, changes, message
):
    with pytest.raises(ValueError, match=rf"^label .*{message}"):
        check_models(stages(made_up_volumes, {"type": "ATSO"}, changes))
