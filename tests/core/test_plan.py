import json

from ssl_seg.core.plan import merge_stages

STSO, ATSO = {"type": "STSO", "generations": 1}, {"type": "ATSO", "generations": 1}


def test_stages_by_kind_are_all_stages(made_up):
    plan = made_up.plan(ATSO)
    kinds = [*plan.trainings, *plan.labelings, *plan.evaluations]
    assert sorted(stage.fingerprint for stage in kinds) == sorted(plan.stages)


def test_the_record_is_plain_data_and_names_everything(made_up):
    plan = made_up.plan(ATSO)
    record = plan.record()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert [stage["fingerprint"] for stage in record["stages"]] == list(plan.stages)
    assert {name for row in record["rows"] for name in row["stages"]} <= set(plan.stages)
    assert {*record["labels"]} <= set(plan.stages)
    assert record["models"] == [{"view": None, "stage": plan.trainings[-1].fingerprint}]
    assert record["name"] == "made-up-seed0"


def test_the_record_of_volumes_names_a_network_for_each_view(made_up_volumes):
    plan = made_up_volumes.plan(ATSO)
    record = plan.record()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    found = {part["view"]: plan.stages[part["stage"]] for part in record["models"]}
    assert list(found) == ["coronal", "sagittal", "axial"]
    for view, stage in found.items():
        assert (stage.role, stage.view, stage.section) == ("final", view, "J")


def test_merging_keeps_what_plans_share_once_and_in_order(made_up):
    one, other = made_up.plan(STSO), made_up.plan(ATSO)
    merged = merge_stages([one, other])
    assert set(merged) == {*one.stages, *other.stages}
    assert len(merged) < len(one.stages) + len(other.stages)
    done = set()
    for name, stage in merged.items():
        assert done.issuperset(stage.inputs)
        done.add(name)
