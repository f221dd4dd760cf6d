"""What views, sections and adapters of volumes change in which stages."""

import pytest

from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.planning.stage_configs import TrainingPart

SUPERVISED = {"type": "Supervised"}
STSO = {"type": "STSO", "generations": 1}
OPTIMIZER = "optim_wrapper.optimizer"


@pytest.fixture
def planned(made_up_volumes):
    """Plan with changes to the config of three views and the sections S, I and J."""

    def plan(changes=None, scheduler=STSO):
        return made_up_volumes.plan(scheduler, configs=made_up_volumes.configs(changes))

    return plan


def optimizer(**arguments):
    return {"optim_wrapper": {"optimizer": arguments}}


def axial(overlay):
    """Return the views with an overlay for one of them."""
    return {"views": {view: overlay if view == "axial" else {} for view in BODY_VIEWS}}


def trained_anew(usual, other):
    """Return role, view and section of the trainings that a plan has and the usual one has not."""
    return {
        (stage.role, stage.view, stage.section)
        for stage in other.trainings
        if stage.fingerprint not in usual.stages
    }


def trainings(plan):
    return {(stage.role, stage.view, stage.section) for stage in plan.trainings}


def test_overlays_are_merged_in_their_order(made_up_volumes):
    orders = {
        ("student", "axial", "J"): "view",
        ("student", "coronal", "J"): "section",
        ("student", "coronal", "S"): "role",
        ("initial", "coronal", "S"): "run",
        ("initial", "axial", "S"): "view",
        ("final", "sagittal", "J"): "section",
    }
    configs = made_up_volumes.configs(
        {
            f"{OPTIMIZER}.lr": "run",
            "roles": {"student": optimizer(lr="role")},
            "sections.J": optimizer(lr="section"),
            **axial(optimizer(lr="view")),
        }
    )
    for part, winner in orders.items():
        config = configs.train(TrainingPart(*part), kinds={"labeled"})
        assert config.optim_wrapper["optimizer"]["lr"] == winner, part


def test_a_role_may_have_sections_and_views_of_its_own(made_up_volumes):
    """Else a section's overlay, which goes over that of a role, would hold for all roles."""
    own = {"sections": {"J": {**optimizer(lr="own"), "views": {"axial": optimizer(lr="axial")}}}}
    configs = made_up_volumes.configs(
        {"roles": {"final": own}, "sections.J": optimizer(lr="section")}
    )

    def found(*part):
        config = configs.train(TrainingPart(*part), kinds={"labeled", "pseudo"})
        return config.optim_wrapper["optimizer"]["lr"]

    assert found("final", "coronal", "J") == "own"
    assert found("final", "axial", "J") == "axial"
    assert found("student", "axial", "J") == "section"
    assert found("final", "coronal", "S") == 0.05


def test_a_views_overlay_changes_its_networks_alone(planned):
    usual, other = (planned(changes, SUPERVISED) for changes in (None, axial(optimizer(lr=0.5))))
    assert trained_anew(usual, other) == {("initial", "axial", section) for section in "SIJ"}
    # All networks label together.
    assert {stage.fingerprint for stage in other.labelings}.isdisjoint(usual.stages)


@pytest.mark.parametrize(("section", "anew"), [("S", "SIJ"), ("I", "IJ"), ("J", "J")])
def test_a_sections_overlay_changes_it_and_what_follows(planned, section, anew):
    usual, other = (
        planned(changes, SUPERVISED)
        for changes in (None, {f"sections.{section}.env_cfg": {"cudnn_benchmark": True}})
    )
    assert trained_anew(usual, other) == {
        ("initial", view, one) for view in BODY_VIEWS for one in anew
    }


def test_the_start_point_is_trained_as_the_initial_model_is(planned):
    usual = planned()
    student = planned({"roles": {"student": optimizer(lr=0.5)}})
    assert trained_anew(usual, student) == {("student", view, "J") for view in BODY_VIEWS}
    initial = planned({"roles": {"initial": optimizer(lr=0.5)}})
    assert trained_anew(usual, initial) == trainings(usual)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("slice_threshold", 0.98),
        ("convergence", {"mean": 0.4, "least": 0.35, "window": 0.02, "attempts": 3}),
        ("adapters", [{"type": "SliceSpacing", "spacing": 1.5}]),
    ],
)
def test_what_training_on_volumes_reads_changes_every_model_and_all_that_follows(
    planned, key, value
):
    assert planned({key: value}).stages.keys().isdisjoint(planned().stages)


def test_the_slice_spacing_goes_into_trainings_and_labelings(planned):
    for adapters, spacing in (
        ([], None),
        ([{"type": "ClassReduction", "map": "mine"}], None),
        ([{"type": "SliceSpacing", "spacing": 1.5}], 1.5),
        ([{"type": "ClassReduction", "map": "mine"}, {"type": "SliceSpacing"}], 1.0),
    ):
        plan = planned({"adapters": adapters})
        for stage in (*plan.trainings, *plan.labelings):
            assert (stage.config.medium, stage.config.slice_spacing) == ("volumes", spacing)
        # Nothing is left of it to put around a predictor.
        assert not any(stage.config.adapters for stage in plan.labelings)


def test_images_have_no_slices(made_up):
    for stage in (*made_up.plan(STSO).trainings, *made_up.plan(STSO).labelings):
        assert (stage.config.medium, stage.config.slice_spacing) == ("pictures", None)


def test_two_slice_spacings_are_refused(planned):
    twice = [{"type": "SliceSpacing", "spacing": spacing} for spacing in (1.0, 2.0)]
    with pytest.raises(ValueError, match=r"^adapters: 2 adapters set the distance of slices"):
        planned({"adapters": twice})


def test_the_cache_of_volumes_is_in_no_fingerprint_and_one_for_all_stages(planned):
    usual, other = planned(), planned({"cache_dir": "~/slices"})
    assert list(other.stages) == list(usual.stages)
    for plan, folder in ((usual, None), (other, "~/slices")):
        for stage in (*plan.trainings, *plan.labelings):
            assert stage.config.neutral.cache_dir == folder


def test_what_labels_is_the_network_of_the_last_section_for_each_view(planned):
    changes = {
        f"sections.{name}.model": {"backbone": {"base_channels": size}}
        for name, size in (("S", 4), ("I", 5), ("J", 6))
    }
    plan = planned({**changes, **axial({"model": {"backbone": {"base_channels": 7}}})})
    for stage in plan.labelings:
        found = {
            network.view: network.model["backbone"]["base_channels"]
            for network in stage.config.networks
        }
        assert found == {"coronal": 6, "sagittal": 6, "axial": 7}
    sizes = {stage.section: set() for stage in plan.trainings}
    for stage in plan.trainings:
        sizes[stage.section].add(stage.config.model["backbone"]["base_channels"])
    assert sizes == {"S": {4, 7}, "I": {5, 7}, "J": {6, 7}}


def test_a_view_may_have_a_pipeline_of_its_own(planned):
    own = [{"type": "LoadSlices"}, {"type": "LoadSliceLabels"}]
    overlay = {"train_dataloader": {"dataset": {"pipeline": own}}}
    plan = planned(axial(overlay))
    for stage in plan.trainings:
        for source in stage.sources:
            assert (list(source.pipeline) == own) is (stage.view == "axial")


def test_transforms_that_read_slices_of_labels_are_not_part_of_labeling(planned):
    pipeline = [{"type": kind} for kind in ("LoadSlices", "LoadSliceLabels", "PackSegInputs")]
    plan = planned({"test_dataloader.dataset.pipeline": pipeline})
    for stage in plan.labelings:
        if not stage.cases[0].id.startswith("v/"):
            assert [step["type"] for step in stage.pipeline] == ["LoadSlices", "PackSegInputs"]


@pytest.mark.parametrize(
    "where",
    [
        "pseudo_labels",
        "roles.student.pseudo_labels",
        "sections.J.pseudo_labels",
        "views.axial.pseudo_labels",
        "roles.student.sections.J.pseudo_labels",
    ],
)
def test_confidences_are_asked_for_where_someone_reads_them(planned, where):
    for changes, asked in (({}, False), ({f"{where}.threshold": 0.5}, True)):
        for stage in planned({**axial({}), **changes}).labelings:
            assert stage.config.confidence is (asked and stage.cases[0].id.startswith("r/"))
