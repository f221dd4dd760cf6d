import subprocess
import sys

import pytest

from ssl_seg.core.errors import UserError
from ssl_seg.registry import SCHEDULERS, PlugPoint, check_arguments, suggestion


class Parent:
    def __init__(self, *, size=1):
        self.size = size


class Child(Parent):
    def __init__(self, space, *, name, **others):
        super().__init__(**others)
        if name == "bad":
            raise UserError("bad is no name")
        if name == "slip":
            int("slip")
        self.space, self.name = space, name


@pytest.fixture
def point():
    """A plug point with one entry, apart from the project's own."""
    made = PlugPoint("thing", "ssl_seg.schedulers")
    made.register_module(module=Child)
    return made


def test_entries_are_built_with_the_other_keys(point):
    built = point.build({"type": "Child", "name": "x", "size": 3}, "space")
    assert (built.space, built.name, built.size) == ("space", "x", 3)


def test_building_leaves_the_config_as_it_is(point):
    config = {"type": "Child", "name": "x"}
    point.build(config, "space")
    assert config == {"type": "Child", "name": "x"}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"type": "Chid"}, "key.type: no thing is named 'Chid'; did you mean 'Child'?"),
        ({"type": "Other"}, "key.type: no thing is named 'Other'. Known: Child"),
        (
            {"type": "Child", "name": "x", "sise": 1},
            "key.sise: Child has no such argument; did",
        ),
        ({"type": "Child", "name": "x", "space": 1}, "key.space: Child has no such argument"),
        ({"type": "Child"}, "key: Child needs the argument 'name'"),
        ({"type": "Child", "name": "bad"}, "key: bad is no name"),
        ({"name": "x"}, "key: expected a dict with a 'type', got {'name': 'x'}"),
        ("Child", "key: expected a dict with a 'type', got 'Child'"),
    ],
)
def test_errors_start_with_the_place(point, config, message):
    with pytest.raises(UserError, match=r"^key") as error:
        point.build(config, "space", where="key")
    assert str(error.value).startswith(message)


def test_a_bug_in_an_entry_stays_one(point):
    with pytest.raises(ValueError, match="invalid literal") as error:
        point.build({"type": "Child", "name": "slip"}, "space", where="key")
    assert not isinstance(error.value, UserError)
    assert error.value.__notes__ == ["This happened while key (Child) was built."]


def test_an_entry_without_a_constructor_takes_no_arguments(point):
    class Bare:
        pass

    point.register_module(module=Bare)
    assert isinstance(point.build({"type": "Bare"}), Bare)
    with pytest.raises(UserError, match=r"^key\.size: Bare has no such argument"):
        point.build({"type": "Bare", "size": 3}, where="key")


def test_without_a_place_the_plug_point_is_named(point):
    with pytest.raises(ValueError, match=r"^thing\.type: no thing"):
        point.build({"type": "Chid"})


def test_names_may_carry_the_scope(point):
    assert point.get("ssl_seg.Child") is Child
    assert point.get("Chid") is None


def test_arguments_that_anything_may_follow_are_not_checked():
    def anything(needed, **others): ...

    check_arguments(anything, {"needed": 1, "whatever": 2}, "key")
    with pytest.raises(ValueError, match="needs the argument 'needed'"):
        check_arguments(anything, {"whatever": 2}, "key")


def test_a_long_list_of_names_is_not_shown():
    names = [f"name{number}" for number in range(41)]
    assert suggestion("nam7", names) == "; did you mean 'name7'?"
    assert suggestion("zzz", names) == "."
    assert suggestion("zzz", names[:2]) == ". Known: name0, name1"


def test_a_plug_in_registers_beside_the_projects_own(monkeypatch):
    monkeypatch.setattr(SCHEDULERS, "_module_dict", dict(SCHEDULERS.module_dict))

    @SCHEDULERS.register_module()
    class Mine: ...

    assert {"Mine", "ATSO"} <= set(SCHEDULERS.names())
    with pytest.raises(KeyError, match="Mine is already registered"):
        SCHEDULERS.register_module(name="Mine", module=Child)


def test_plain_plug_points_need_no_torch():
    program = (
        "import sys\n"
        "from ssl_seg.registry import ADAPTERS, DATASETS, EXECUTORS, METRICS, SCHEDULERS\n"
        "names = [p.names() for p in (ADAPTERS, DATASETS, EXECUTORS, METRICS, SCHEDULERS)]\n"
        "print([name for name in ('torch', 'mmcv', 'mmseg') if name in sys.modules], names[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("[] [['CamVid'")
    for name in ("Serial", "IoUMetric", "ATSO"):
        assert name in done.stdout
