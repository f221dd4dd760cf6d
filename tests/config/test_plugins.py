import sys

import pytest

from ssl_seg.config.plugin_sources import hash_of_file
from ssl_seg.config.plugins import import_again, import_plugins
from ssl_seg.core.errors import UserError
from ssl_seg.registry import SCHEDULERS

SOURCE = """
from ssl_seg.planning import Result
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
    assert hashes == {"0: mine.py": hash_of_file(plugin)}
    assert imports == (str(plugin),)
    assert len(made_up.plan({"type": "OneModel"}).trainings) == 1


@pytest.mark.parametrize("given", ["mine.py", ["mine.py"], {"imports": ["mine.py"]}])
def test_all_of_mmengines_forms_are_understood(plugin, given):
    hashes, _ = import_plugins(given, plugin.parent)
    assert list(hashes) == ["0: mine.py"]


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
    assert (list(hashes), imports) == (["0: ssl_seg.schedulers"], ("ssl_seg.schedulers",))


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
        hashes = {"0: mine.py": hash_of_file(plugin)}
        configs = made_up.configs(plugins=hashes)
        plans.append(made_up.plan({"type": "ATSO"}, configs=configs).stages.keys())
    assert plans[0] == plans[1]
    assert plans[0].isdisjoint(plans[2])


@pytest.mark.parametrize(
    ("given", "error", "reason"),
    [
        (["gone.py"], UserError, r"no plug-in file .*gone\.py"),
        (3, UserError, "expected a list of module names and .py files, got 3"),
        ([{"a": 1}], UserError, "expected module names or .py files"),
        (["no_such_module"], UserError, "no_such_module"),
        (["ssl_seg.nothing"], UserError, r"there is no module 'ssl_seg\.nothing'"),
    ],
)
def test_what_cannot_be_imported_is_named(tmp_path, given, error, reason):
    with pytest.raises(error, match=reason):
        import_plugins(given, tmp_path)


def test_two_files_of_one_name_are_two_plugins(tmp_path):
    for folder, source in (("a", "x = 1"), ("b", "x = 2"), ("c", "x = 2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(source)
    found = {}
    for entries in ("ab", "ac", "bc", "ba"):
        hashes, _ = import_plugins([f"{name}/mine.py" for name in entries], tmp_path)
        assert len(hashes) == 2
        found[entries] = hashes
    assert len({tuple(sorted(hashes.values())) for hashes in found.values()}) == 2
    assert len({str(hashes) for hashes in found.values()}) == 4


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a module and a subpackage, to be imported by name."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mypack/deep").mkdir(parents=True)
    for name in ("__init__", "losses", "deep/__init__", "deep/more"):
        (tmp_path / f"mypack/{name}.py").write_text("x = 1\n")
    yield tmp_path / "mypack"
    for name in [name for name in sys.modules if name.partition(".")[0] == "mypack"]:
        del sys.modules[name]


@pytest.mark.parametrize("changed", ["__init__", "losses", "deep/__init__", "deep/more"])
def test_every_source_of_a_package_counts(package, changed):
    before, _ = import_plugins(["mypack"], package)
    assert import_plugins(["mypack"], package.parent)[0] == before
    (package / f"{changed}.py").write_text("x = 2\n")
    assert import_plugins(["mypack"], package)[0] != before


@pytest.mark.parametrize(("module", "changed"), [("losses", "deep/more"), ("deep.more", "losses")])
def test_a_module_of_a_package_brings_all_of_the_package(package, module, changed):
    before, _ = import_plugins([f"mypack.{module}"], package)
    (package / f"{changed}.py").write_text("x = 2\n")
    assert import_plugins([f"mypack.{module}"], package)[0] != before


def test_what_a_plug_in_lacks_is_its_own_error(package):
    (package / "losses.py").write_text("import no_such_module\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        import_plugins(["mypack.losses"], package)


def test_a_file_that_fails_is_not_half_imported(plugin):
    plugin.write_text("value = 1\nraise RuntimeError('broken')\n")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="broken"):
            import_plugins(["mine.py"], plugin.parent)
