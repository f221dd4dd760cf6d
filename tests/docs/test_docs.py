"""What README and docs say is so: configs plan, links lead somewhere, nothing is left out."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from ssl_seg.cli.main import COMMANDS, call
from ssl_seg.config import load_config
from ssl_seg.config.check import checked
from ssl_seg.config.check_training import CHECKPOINT_KEYS
from ssl_seg.config.keys import KEYS, KNOWN_KEYS
from ssl_seg.config.unused_keys import UNUSED
from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.registry import ADAPTERS, DATASETS, METRICS, PREDICTORS, SCHEDULERS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
CONFIG_PAGE = DOCS / "config.md"
COMMAND_PAGE = DOCS / "command_line.md"
SCHEDULER_PAGE = DOCS / "add_a_scheduler.md"
PAGES = [README, *sorted(DOCS.rglob("*.md"))]

NESTED = {key.name: {below.name for below in key.keys} for key in KEYS}

LABELED, REFERENCE, TEST = 10, 90, 20
"""Cases of the made-up photos; the sizes in the plan that docs/concepts.md shows."""


def marked(page: Path, mark: str) -> str:
    """Return the fenced block below a comment such as ``<!-- config: photos.py -->``."""
    found = re.findall(rf"<!-- {mark} -->\n```\w+\n(.*?)```", page.read_text(), re.DOTALL)
    assert len(found) == 1, f"{page}: expected one block marked {mark!r}, found {len(found)}"
    return found[0]


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def named(text: str) -> set[str]:
    """Return the names that stand at the beginning of a piece of code in running text."""
    pieces = re.findall(r"`([^`\n]+)`", without_code(text))
    return {found[0] for piece in pieces if (found := re.match(r"[\w.-]+", piece))}


def part_of(text: str, heading: str) -> str:
    """Return the text below a heading, up to the next one of its level or above."""
    level = heading.partition(" ")[0]
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"there is no heading {heading!r}"
    return re.split(rf"\n#{{1,{len(level)}}} ", rest)[0]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", without_code(page.read_text()), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Make the folder that the README describes, with its config and the plug-in's."""
    folder = tmp_path_factory.mktemp("photos")
    for part, kind, count in (
        ("train", "images", LABELED + REFERENCE),
        ("train", "masks", LABELED),
        ("test", "images", TEST),
        ("test", "masks", TEST),
    ):
        for number in range(count):
            pixels = np.full((8, 8, 3) if kind == "images" else (8, 8), number % 3, np.uint8)
            path = folder / "photos" / part / kind / f"{number:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    (folder / "photos.py").write_text(marked(README, "config: photos.py"))
    for kind, name in (("plug-in", "in_turn.py"), ("config", "photos_in_turn.py")):
        (folder / name).write_text(marked(SCHEDULER_PAGE, f"{kind}: {name}"))
    return folder


@pytest.fixture
def ct(tmp_path) -> Path:
    """Make the volumes that the README describes, with their config; return the config."""
    rng = np.random.default_rng(0)
    for part, cases, labeled in (("train", 5, 2), ("test", 1, 1)):
        for number in range(cases):
            voxels = rng.integers(-100, 240, (6, 5, 4)).astype(np.int16)
            kinds = {"images": voxels, "labels": (voxels > 0).astype(np.uint8)}
            for kind, values in list(kinds.items())[: 2 if number < labeled else 1]:
                path = tmp_path / "ct" / part / kind / f"{number:03}.nii.gz"
                path.parent.mkdir(parents=True, exist_ok=True)
                nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)
    config = tmp_path / "ct.py"
    config.write_text(marked(README, "config: ct.py"))
    return config


def dry_run(config: Path) -> str:
    """Plan a config by its command, where torch cannot be imported."""
    without_torch = "import sys; sys.modules['torch'] = None; "
    command = "from ssl_seg.cli.main import call; sys.exit(call('train', sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", without_torch + command, config.name, "--dry-run"],
        cwd=config.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_readme_s_config_has_ten_lines_and_prints_the_plan_that_concepts_shows(photos):
    assert len((photos / "photos.py").read_text().splitlines()) == 10
    printed = dry_run(photos / "photos.py")

    def without_fingerprints(text: str) -> list[str]:
        lines = re.sub(r"\b[0-9a-f]{8}\b", "", text).splitlines()
        return [line.rstrip() for line in lines if line.strip()]

    shown = marked(DOCS / "concepts.md", "output: photos.py")
    assert without_fingerprints(printed) == without_fingerprints(shown)
    excerpt = marked(README, "output: photos.py").partition(" …")[0]
    assert without_fingerprints(excerpt) == without_fingerprints(printed)[: excerpt.count("\n")]


def test_the_readme_s_config_names_types_and_arguments_that_exist(photos, monkeypatch):
    from ssl_seg.runner.check_types import check_types

    monkeypatch.chdir(photos)
    check_types(checked(load_config("photos.py")))


def test_the_readme_s_config_of_volumes_trains_a_network_for_each_view(ct, monkeypatch):
    from ssl_seg.runner.check_types import check_types

    printed = dry_run(ct)
    assert "ATSO; cases: labeled 2, reference 3, test 1" in printed
    # The six models of two folds and two generations.
    for view in BODY_VIEWS:
        assert len(re.findall(rf"\btrain .*\b{view}\b", printed)) == 6
    monkeypatch.chdir(ct.parent)
    check_types(checked(load_config(ct.name)))


def test_the_example_scheduler_is_short_and_plans(photos):
    assert len((photos / "in_turn.py").read_text().splitlines()) <= 30
    printed = dry_run(photos / "photos_in_turn.py")
    assert f"InTurn; cases: labeled {LABELED}, reference {REFERENCE}, test {TEST}" in printed
    # The initial model, one round of three folds, and the final model.
    assert re.search(r"^5 trainings ", printed, re.MULTILINE)
    for turn, fold in enumerate(range(3), start=1):
        assert f"label 30 cases by student {turn}, fold {fold}" in printed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page):
    targets = re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text()))
    for target in targets:
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.is_relative_to(ROOT), target
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_in_pages_is_python(page):
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    for block in blocks:
        source = inspect.cleandoc("\n" + block).replace(", …)", ")")
        compile(source, str(page), "exec")


def test_every_key_of_a_config_is_documented_and_no_other():
    text = CONFIG_PAGE.read_text()
    listed = re.findall(r"^\| `(\w+)` \|", part_of(text, "## Keys at a glance"), re.MULTILINE)
    assert set(listed) == KNOWN_KEYS
    assert named(part_of(text, "## Keys of mmsegmentation that are not used")) >= UNUSED.keys()
    assert NESTED["train_dataloader"] <= named(part_of(text, "### Loaders"))
    assert NESTED["split"] <= named(part_of(text, "### `split`"))


def test_keys_with_a_page_of_their_own_are_documented_there():
    def page(name: str, heading: str) -> set[str]:
        return named(part_of((DOCS / name).read_text(), heading))

    assert {key.name for key in KEYS if key.scope == "run"} <= page("roles.md", "## Roles")
    assert NESTED["pseudo_labels"] <= page("pseudo_labels.md", "## Trust only confident pixels")
    assert set(CHECKPOINT_KEYS) <= page("logging.md", "## Hooks and checkpoints")


@pytest.mark.parametrize(
    ("registry", "heading"),
    [
        (SCHEDULERS, "### `scheduler`"),
        (DATASETS, "# Data sets"),
        (METRICS, "## Labelling and scoring"),
        (PREDICTORS, "## Labelling and scoring"),
        (ADAPTERS, "## Data"),
    ],
    ids=["schedulers", "data sets", "metrics", "predictors", "adapters"],
)
def test_everything_registered_is_documented_with_its_arguments(registry, heading):
    page = CONFIG_PAGE if registry is not DATASETS else DOCS / "data_sets.md"
    documented = part_of("\n" + page.read_text(), heading)
    for name in registry.names():
        entry = registry.get(name)
        assert entry is not None
        if not entry.__module__.startswith("ssl_seg."):
            continue  # a plug-in that another test has registered
        assert name in documented
        options = [
            parameter.name
            for parameter in inspect.signature(entry).parameters.values()
            if parameter.kind is parameter.KEYWORD_ONLY
        ]
        for option in options:
            assert re.search(rf"\b{option}\b", documented), f"{name}({option}=…)"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_of_a_command_is_documented(command, capsys):
    with pytest.raises(SystemExit) as end:
        call(command, ["--help"])
    assert end.value.code == 0
    usage = capsys.readouterr().out
    documented = COMMAND_PAGE.read_text()
    row = r"^\| `(--[a-z-]+)[^|\n]*(?:\\\|[^|\n]*)*\| ([^|]+) \|"
    table = dict(re.findall(row, documented, re.MULTILINE))
    for flag in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", usage)):
        assert flag in table, f"{command} {flag}"
        commands = table[flag]
        assert command in commands or "all" in commands, f"{command} {flag}"
        assert f"but {command}" not in commands
    for flag, commands in table.items():
        if command in commands.split(", "):
            assert flag in usage, f"{command} has no {flag}"
    assert f"`{command} " in documented


@pytest.mark.parametrize("name", ["use_your_own_images.md", "volumes.md"])
def test_common_errors_are_messages_that_exist(name):
    page = part_of((DOCS / name).read_text(), "## Common errors")
    fragments = [
        fragment
        for cell in re.findall(r"^\| (`[^|]+`) \|", page, re.MULTILINE)
        for fragment in re.findall(r"`([^`]+)`", cell)
    ]
    assert fragments
    source = "".join(path.read_text() for path in (ROOT / "ssl_seg").rglob("*.py"))
    # Messages are written in several pieces of string, one below the other.
    joined = re.sub(r'"\s*\n\s*f?"', "", source)
    for fragment in fragments:
        assert fragment in joined, fragment


def test_decisions_are_numbered_and_listed():
    records = sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))
    assert [name[:4] for name in records] == [f"{n:04}" for n in range(1, len(records) + 1)]
    listed = (DOCS / "decisions" / "README.md").read_text()
    for name in records:
        assert f"({name})" in listed
        text = (DOCS / "decisions" / name).read_text()
        assert text.startswith(f"# {name[:4]}: ")
        for part in ("Context", "Decision", "Consequences"):
            assert f"\n## {part}\n" in text
