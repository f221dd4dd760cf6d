"""What is told of a config file that cannot be read."""

import re
from pathlib import Path

import pytest

from ssl_seg.config.config_file import files_of, read_config_file
from ssl_seg.core.errors import UserError


@pytest.fixture
def write(tmp_path):
    def write(**files):
        """Write Python configs by name; returns the path of the first."""
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        return tmp_path / f"{next(iter(files))}.py"

    return write


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"mine": "a = 1\nb = dict(c=2"}, "mine.py, line 2: syntax error: '(' was never closed"),
        (
            {"mine": "_base_ = ['base.py']", "base": "\na = = 1"},
            "base.py, line 2: syntax error: invalid syntax",
        ),
        (
            {"mine": "_base_ = ['bose.py']", "base": "a = 1"},
            "mine.py: _base_: there is no file FOLDER/bose.py; did you mean base.py?",
        ),
        (
            {"mine": "_base_ = ['base.py']", "base": "a = 1\nb = a / 0"},
            "base.py, line 2: ZeroDivisionError: division by zero",
        ),
        ({"mine": "a = b"}, "mine.py, line 1: NameError: name 'b' is not defined"),
        (
            {"mine": "_base_ = ['one.py', 'two.py']", "one": "a = 1", "two": "a = 2"},
            "mine.py: KeyError: ",
        ),
        (
            {"mine": "_base_ = ['base.py']\nmodel = dict(a=1)", "base": "model = [1]"},
            "mine.py: TypeError: model={'a': 1} in child config cannot inherit",
        ),
        (
            {"mine": "_base_ = ['base.py']", "base": "_base_ = ['mine.py']"},
            "mine.py: is a base of itself; take it out of the _base_ of FOLDER/base.py",
        ),
    ],
)
def test_a_bad_file_is_named_with_the_line(write, tmp_path, files, told):
    path = write(**files)
    expected = re.escape(f"{tmp_path}/{told}".replace("FOLDER", str(tmp_path)))
    with pytest.raises(UserError, match=f"^{expected}"):
        read_config_file(path, {})


@pytest.mark.parametrize("base", ["base.py", "../folder/base.py"])
def test_the_line_is_named_whatever_path_leads_to_the_file(tmp_path, monkeypatch, base):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "base.py").write_text("a = 1\nb = a / 0")
    (folder / "mine.py").write_text(f"_base_ = [{base!r}]")
    monkeypatch.chdir(folder)
    with pytest.raises(UserError, match=r"base\.py, line 2: ZeroDivisionError"):
        read_config_file(Path("mine.py"), {})


@pytest.mark.parametrize("text", ["a: [1", "a: b: c"])
def test_bad_yaml_is_named(tmp_path, text):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(UserError, match=r"mine\.yaml: cannot be read as a config: "):
        read_config_file(tmp_path / "mine.yaml", {})


def test_a_file_of_another_kind_is_named(tmp_path):
    (tmp_path / "mine.txt").write_text("a = 1")
    with pytest.raises(UserError, match=r"mine\.txt: cannot be read as a config: "):
        read_config_file(tmp_path / "mine.txt", {})


@pytest.mark.parametrize("option", ["model.n.x", "model.heads.7.a", "model.heads.x"])
def test_an_option_that_fits_nowhere_is_named(write, option):
    path = write(mine="model = dict(n=3, heads=[dict(a=1)])")
    with pytest.raises(UserError, match=f"^--cfg-options {re.escape(option)}: the config has noth"):
        read_config_file(path, {"model.n": 4, option: 1})


def test_all_files_are_listed(write, tmp_path):
    path = write(mine="_base_ = ['base.py']", base="_base_ = 'root.py'", root="a = 1")
    assert [file.name for file in files_of(path)] == ["mine.py", "base.py", "root.py"]
