"""Models that cannot learn from a coarser space's labels are refused before any work."""

import pytest

from ssl_seg.runner.check_spaces import check_spaces

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
    return made_up.plan(scheduler, recipes=made_up.recipes(changes)).stages


def test_a_common_head_may_learn_from_groups(made_up):
    check_spaces(stages(made_up, CURRICULUM))


def test_a_head_that_cannot_is_named_with_the_training(made_up):
    message = r"^train guided 2: model\.decode_head \(FCNHead\): cannot learn"
    with pytest.raises(ValueError, match=message):
        check_spaces(stages(made_up, CURRICULUM, SIGMOID))


def test_in_one_space_any_head_will_do(made_up):
    check_spaces(stages(made_up, {"type": "ATSO"}, SIGMOID))
