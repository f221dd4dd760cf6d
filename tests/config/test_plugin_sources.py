"""What belongs to a plug-in: the file, and what it imports from beside it."""

import shutil
import sys

import pytest

from ssl_seg.config.plugin_sources import hash_of_file, hash_of_package

FILES = {
    "mine.py": "import helper\nfrom pack.inner import x\nimport json, torch\n",
    "helper.py": "def f():\n    import further\n",
    "further.py": "import mine\n",
    "pack/__init__.py": "",
    "pack/inner.py": "",
    "pack/other.py": "",
    "stranger.py": "",
    "json.txt": "",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / "here" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "here" / name).write_text(text)
    return tmp_path / "here"


@pytest.mark.parametrize("name", FILES)
def test_what_a_file_imports_from_beside_it_counts(folder, name):
    before = hash_of_file(folder / "mine.py")
    with (folder / name).open("a") as file:
        file.write("\n# more\n")
    counts = name not in ("stranger.py", "json.txt")
    assert (hash_of_file(folder / "mine.py") != before) is counts


def test_a_moved_file_is_another_one_only_inside_its_package(folder):
    before = hash_of_package(folder / "pack")
    shutil.copytree(folder / "pack", folder.parent / "elsewhere")
    assert hash_of_package(folder.parent / "elsewhere") == before
    (folder / "pack/inner.py").rename(folder / "pack/outer.py")
    assert hash_of_package(folder / "pack") != before


def hashes(folder):
    return hash_of_file(folder / "pack/inner.py"), hash_of_package(folder / "pack")


@pytest.fixture
def reaching_out(folder, monkeypatch):
    """A package that imports itself by name and a module beside it, on the search path."""
    (folder / "pack/inner.py").write_text("import stranger\nfrom pack.other import x\n")
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.mark.parametrize(
    ("changed", "counts"), [("pack/other.py", True), ("stranger.py", True), ("helper.py", False)]
)
def test_what_is_imported_from_the_search_path_counts(reaching_out, changed, counts):
    before = hashes(reaching_out)
    (reaching_out / changed).write_text("changed = True\n")
    assert [one != other for one, other in zip(before, hashes(reaching_out), strict=True)] == [
        counts,
        counts,
    ]


def test_where_the_search_path_leads_does_not(reaching_out, monkeypatch):
    before = hashes(reaching_out)
    moved = reaching_out.rename(reaching_out.parent / "moved")
    monkeypatch.setattr(sys, "path", [str(moved), *sys.path[1:]])
    assert hashes(moved) == before
