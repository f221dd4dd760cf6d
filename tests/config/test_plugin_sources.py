"""What belongs to a plug-in: the file, and what it imports from beside it."""

import shutil

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
