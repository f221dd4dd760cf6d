import shutil

import pytest

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.config import open_experiment


@pytest.fixture
def planned(tiny, data, tmp_path):
    """Plan the tiny experiment (five drives of two frames) with changes by dotted key."""

    def make(**split):
        changes = {"scheduler": {"type": "STSO", "generations": 1}, "split": split}
        config = tiny.settings(data, changes)
        opened = open_experiment(config, folder=tmp_path, index=DigestIndex())
        return opened, opened.plan("x")

    return make


def test_groups_on_both_sides_of_the_draw_are_counted(planned):
    opened, plan = planned(labeled=5, draw="spread")
    (note,) = plan.notes
    assert note.startswith("S and R share 5 of R's 5 groups, e.g. 'drive0'")
    assert "split.draw='groups'" in note
    assert {case.group for case in opened.split.labeled} == {
        case.group for case in opened.split.reference
    }


def test_whole_groups_leak_nothing_and_keep_the_count(planned):
    opened, plan = planned(labeled=4, draw="groups")
    labeled, reference = (
        {case.group for case in c} for c in (opened.split.labeled, opened.split.reference)
    )
    assert labeled.isdisjoint(reference)
    assert len(opened.split.labeled) == 4
    assert plan.notes == ()


def test_a_count_that_whole_groups_miss_is_said(planned):
    opened, plan = planned(labeled=0.5, draw="groups")
    assert len(opened.split.labeled) == 4
    assert plan.notes == ("split.labeled asks for 5 of 10 cases; whole groups make it 4",)


def test_names_of_groups_of_two_data_sets_may_be_alike_by_chance(planned, data, tiny, tmp_path):
    other = shutil.copytree(data / "train", tmp_path / "other")
    of_train = tiny.settings(data)["train_dataloader"]["dataset"]
    other = {**of_train, "data_root": str(other)}
    _, plan = planned(reference=other)
    assert plan.notes == ()


def test_test_cases_of_groups_that_were_trained_on_are_said(tiny, data, tmp_path):
    listed = {"train": range(9), "test": (9,)}
    config = tiny.settings(data, {"scheduler": {"type": "Supervised"}, "split": {}})
    for part, numbers in listed.items():
        lines = "".join(f"drive{number // 2}/{number % 2}\n" for number in numbers)
        (tmp_path / f"{part}.txt").write_text(lines)
        config[f"{part}_dataloader"]["dataset"] |= {
            "data_root": str(data / "train"),
            "list_file": str(tmp_path / f"{part}.txt"),
        }
    plan = open_experiment(config, folder=tmp_path, index=DigestIndex()).plan("x")
    (note,) = plan.notes
    assert note.startswith("E shares 1 of its 1 groups with S or R, e.g. 'drive4'")
