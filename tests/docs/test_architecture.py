"""The page on the architecture is so: its rooms are those of the code, its paths exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
PACKAGE = ROOT / "ssl_seg"


def contract() -> list[set[str]]:
    """Return the layers of the import contract, from top to bottom."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = (c["layers"] for c in settings["contracts"] if c["type"] == "layers")
    return [set(re.findall(r"\w+", layer)) for layer in layers]


def test_the_picture_s_layers_are_those_of_the_import_contract():
    (picture,) = re.findall(r"<!-- rooms -->\n```mermaid\n(.*?)```", PAGE, re.DOTALL)
    layers = re.findall(r'subgraph (\w+)\[" "\]\n(.*?)\n    end', picture, re.DOTALL)
    assert [set(re.findall(r"^ +(\w+)\[", body, re.MULTILINE)) for _, body in layers] == contract()
    for room, title in re.findall(r'(\w+)\["<b>(\w+)</b>', picture):
        assert room == title
    (arrows,) = re.findall(r"^ +(\w+(?: --> \w+)+)$", picture, re.MULTILINE)
    assert arrows.split(" --> ") == [name for name, _ in layers]


def test_every_room_is_in_the_contract():
    packages = {path.parent.name for path in PACKAGE.glob("*/*") if path.suffix == ".py"}
    packages |= {path.parents[1].name for path in PACKAGE.glob("*/*/*.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert set().union(*contract()) == packages | modules


PATHS = sorted(
    {path for path in re.findall(r"`([^`\n]+)`", PAGE) if "/" in path and not path.endswith("/")}
    | set(re.findall(r"`([\w-]+\.(?:txt|toml|py))`", PAGE))
)


@pytest.mark.parametrize("path", PATHS)
def test_paths_exist(path):
    assert (ROOT / path).exists()


def test_the_ways_name_rooms():
    for picture in re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)[1:]:
        named = set(re.findall(r"\[\(?(\w+):", picture)) | set(re.findall(r"\w+\[(\w+)\]", picture))
        assert named <= set().union(*contract())
        assert len(named) >= 3
