import sys
from hashlib import sha256

import pytest

from ssl_seg.config.plugins import import_again, import_plugins
from ssl_seg.core.errors import UserError
from ssl_seg.registry import SCHEDULERS

SOURCE = """
from ssl_seg.core.builder import Result
from ssl_seg.registry import SCHEDULERS


@SCHEDULERS.register_module()
class OneModel:
    def plan(self, b):
        return Result(b.train(b.truth, role="initial"))
"""


@pytest.fixture(autouse=True)
def leave_nothing_behind(monkeypatch):
    """Forget after each test what its plug-ins registered and imported."""
    monkeypatch.setattr(SCHEDULERS, "_module_dict", dict(SCHEDULERS.module_dict))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("ssl_seg_plugin"):
            del sys.modules[name]


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    return path


def test_a_file_beside_the_config_registers_its_own(plugin, made_up):
    assert "OneModel" not in SCHEDULERS.names()
    hashes, imports = import_plugins(["mine.py"], plugin.parent)
    assert hashes == {"mine.py": sha256(plugin.read_bytes()).hexdigest()}
    assert imports == (str(plugin),)
    assert len(made_up.plan({"type": "OneModel"}).trainings) == 1


@pytest.mark.parametrize("given", ["mine.py", ["mine.py"], {"imports": ["mine.py"]}])
def test_all_of_mmengines_forms_are_understood(plugin, given):
    hashes, _ = import_plugins(given, plugin.parent)
    assert list(hashes) == ["mine.py"]


def test_where_a_plug_in_lies_is_no_part_of_what_it_does(plugin, tmp_path):
    assert (
        import_plugins([str(plugin)], tmp_path / "elsewhere")[0]
        == (import_plugins([plugin.name], plugin.parent)[0])
    )


def test_without_plugins_there_is_nothing_to_import(tmp_path):
    for nothing in (None, [], {"imports": []}):
        assert import_plugins(nothing, tmp_path) == ({}, ())


def test_modules_are_imported_by_name(tmp_path):
    hashes, imports = import_plugins(["ssl_seg.schedulers"], tmp_path)
    assert (list(hashes), imports) == (["ssl_seg.schedulers"], ("ssl_seg.schedulers",))


def test_importing_again_is_harmless(plugin):
    _, imports = import_plugins(["mine.py"], plugin.parent)
    first = SCHEDULERS.get("OneModel")
    import_again(imports)
    import_plugins(["mine.py"], plugin.parent)
    assert SCHEDULERS.get("OneModel") is first


def test_the_source_is_part_of_every_stage(plugin, made_up):
    """Scores have it through the labels that they compare."""
    plans = []
    for source in (SOURCE, SOURCE, SOURCE + "\n# another line\n"):
        plugin.write_text(source)
        hashes = {"mine.py": sha256(plugin.read_bytes()).hexdigest()}
        configs = made_up.configs(plugins=hashes)
        plans.append(made_up.plan({"type": "ATSO"}, configs=configs).stages.keys())
    assert plans[0] == plans[1]
    assert plans[0].isdisjoint(plans[2])


@pytest.mark.parametrize(
    ("given", "error", "reason"),
    [
        (["gone.py"], UserError, r"no plug-in file .*gone\.py"),
        ([{"a": 1}], UserError, "expected module names or .py files"),
        (["no_such_module"], ImportError, "no_such_module"),
    ],
)
def test_what_cannot_be_imported_is_named(tmp_path, given, error, reason):
    with pytest.raises(error, match=reason):
        import_plugins(given, tmp_path)


def test_a_file_that_fails_is_not_half_imported(plugin):
    plugin.write_text("value = 1\nraise RuntimeError('broken')\n")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="broken"):
            import_plugins(["mine.py"], plugin.parent)
