"""A tiny experiment to run for real: made-up images, a thousand weights, a handful of iterations.

What runs in the test's own process takes `tiny`; whole commands take `command`, which runs them in
processes that can be killed and watched.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import hypothesis
import nibabel
import numpy as np
import pytest
from PIL import Image

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.config import load_config, open_experiment
from ssl_seg.config.check import checked
from ssl_seg.config.spaces import Spaces
from ssl_seg.config.stage_configs import StageConfigs
from ssl_seg.config.weights import Weights
from ssl_seg.core.case import Case, DataFile, LabelFile
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.plan import Plan
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.split import Split
from ssl_seg.core.stage import Stage
from ssl_seg.core.views import BODY_VIEWS
from ssl_seg.planning.write import finish_plan, start_plan
from ssl_seg.registry import SCHEDULERS
from ssl_seg.store.store import Store

# The same examples in every run, and no judgement by the clock of a busy machine.
hypothesis.settings.register_profile(
    "ssl_seg", deadline=None, derandomize=True, database=None, max_examples=60
)
hypothesis.settings.load_profile("ssl_seg")

ROOT = Path(__file__).parents[1]
MOST_WORKERS = 4


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run the whole suite in parallel; a few named tests are done before a worker has started."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return 0
    # As many threads as cores in each worker would only wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return min(MOST_WORKERS, os.cpu_count() or 1)


LONG = ("integration", "contracts", "test_configs.py", "test_compat.py")
"""Folders and files of the tests that take longest."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: at the end one worker would be left alone with them."""
    items.sort(key=lambda item: not set(LONG) & set(item.path.parts))


def pytest_collection_finish() -> None:
    """Spare what is imported by now, which stays to the end, each search for garbage."""
    gc.freeze()


CLASSES = ("sky", "road", "car")
SIZE = (32, 24)  # width and height of an image

REDUCTION = {
    "from": {"name": "image_folder", "classes": list(CLASSES)},
    "to": {"name": "two", "classes": ["back", "car"]},
    "total": True,
    "classes": {"sky": "back", "road": "back", "car": "car"},
}
"""A class mapping for the tiny data set, as a file holds it."""

SCHEDULES: dict[str, dict[str, Any]] = {
    "ATSO": {"type": "ATSO", "folds": 2, "generations": 1},
    "STSO": {"type": "STSO", "generations": 1},
    "Curriculum": {
        "type": "Curriculum",
        "phases": [
            {"scheduler": {"type": "ATSO", "folds": 2, "generations": 1}, "space": "two"},
            {
                "scheduler": {"type": "STSO", "generations": 1},
                "pseudo_labels": "previous",
                "role": "guided",
            },
        ],
    },
    "SelfLearning": {"type": "SelfLearning", "generations": 1},
    "Supervised": {"type": "Supervised"},
}

CONFIG: dict[str, Any] = {
    "model": {
        "type": "EncoderDecoder",
        "data_preprocessor": {
            "type": "SegDataPreProcessor",
            "mean": [127.5, 127.5, 127.5],
            "std": [60.0, 60.0, 60.0],
            "bgr_to_rgb": True,
            "pad_val": 0,
            "seg_pad_val": 255,
            "size": (24, 32),
        },
        "backbone": {
            "type": "UNet",
            "base_channels": 4,
            "num_stages": 2,
            "strides": (1, 1),
            "enc_num_convs": (1, 1),
            "dec_num_convs": (1,),
            "downsamples": (True,),
            "enc_dilations": (1, 1),
            "dec_dilations": (1,),
        },
        "decode_head": {
            "type": "FCNHead",
            "in_channels": 4,
            "in_index": -1,
            "channels": 4,
            "num_convs": 1,
            "concat_input": False,
            "dropout_ratio": 0.1,
            "num_classes": len(CLASSES),
            "norm_cfg": {"type": "BN"},
            "loss_decode": {"type": "CrossEntropyLoss", "avg_non_ignore": True},
        },
        "train_cfg": {},
        "test_cfg": {"mode": "whole"},
    },
    "train_dataloader": {
        "batch_size": 2,
        "num_workers": 0,
        "dataset": {
            "type": "ImageFolder",
            "classes": CLASSES,
            "pipeline": [
                {"type": "LoadImageFromFile"},
                {"type": "LoadAnnotations"},
                {"type": "RandomResize", "scale": SIZE, "ratio_range": (0.8, 1.5)},
                {"type": "RandomCrop", "crop_size": (24, 32)},
                {"type": "RandomFlip", "prob": 0.5},
                {"type": "PhotoMetricDistortion"},
                {"type": "PackSegInputs"},
            ],
        },
    },
    "test_dataloader": {
        "batch_size": 2,
        "num_workers": 0,
        "dataset": {
            "type": "ImageFolder",
            "classes": CLASSES,
            "pipeline": [
                {"type": "LoadImageFromFile"},
                {"type": "LoadAnnotations"},
                {"type": "PackSegInputs"},
            ],
        },
    },
    "split": {"labeled": 4, "seed": 0},
    "scheduler": SCHEDULES["ATSO"],
    "optim_wrapper": {
        "type": "OptimWrapper",
        "optimizer": {"type": "AdamW", "lr": 0.05},
    },
    "param_scheduler": [{"type": "PolyLR", "power": 0.9, "end": 8, "by_epoch": False}],
    "train_cfg": {"max_iters": 4},
    "default_hooks": {
        "logger": {"type": "LoggerHook", "interval": 2, "log_metric_by_epoch": False},
        "checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 1},
    },
    "threads": 1,
}


VOLUMES: dict[str, Any] = {
    "views": BODY_VIEWS,
    "sections": {
        name: {"train_cfg": {"max_iters": count}} for name, count in (("S", 3), ("I", 2), ("J", 4))
    },
    "test_dataloader.batch_size": 1,
}
"""Changes by which plans are those of volumes: a network for each view, trained in sections."""

UNLABELED: dict[str, Any] = {
    "method": {"type": "FixMatch"},
    "batch": {"labeled": 1, "pseudo": 1, "unlabeled": 2},
    "train_dataloader.batch_size": 4,
}
"""Changes by which trainings also learn from unlabeled samples."""


def draw_images(folder: Path, cases: list[str], size: tuple[int, int] = SIZE) -> None:
    """Draw images and their masks below ``folder/images`` and ``folder/masks``."""
    for number, case in enumerate(cases):
        rng = np.random.default_rng([number, len(case)])
        width, height = size
        mask = np.zeros((height, width), np.uint8)
        mask[height // 3 + rng.integers(height // 3) :] = 1
        left, top = rng.integers(width // 2), rng.integers(height // 2)
        mask[top : top + height // 3, left : left + width // 3] = 2
        mask[:, 0] = 255
        colours = np.array([[120, 160, 220], [90, 80, 90], [200, 30, 40]], np.int64)
        noise = rng.integers(-30, 30, (height, width, 1))
        image = np.clip(colours[mask % 3] + noise, 0, 255).astype(np.uint8)
        for kind, pixels in (("images", image), ("masks", mask)):
            path = folder / kind / f"{case}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)


def changed(config: dict[str, Any], changes: dict[str, Any] | None) -> dict[str, Any]:
    """Set values of a config in place, by dotted key."""
    for key, value in (changes or {}).items():
        *path, last = key.split(".")
        part = config
        for name in path:
            part = part.setdefault(name, {})
        part[last] = value
    return config


@dataclass(frozen=True)
class Tiny:
    """Writes the tiny experiment's data and configs, and runs its stages in this process."""

    size: tuple[int, int] = SIZE
    classes: tuple[str, ...] = CLASSES

    def data(self, folder: Path, *, test: int = 3, size: tuple[int, int] = SIZE) -> Path:
        """Write ten training images of five drives and some test images."""
        draw_images(folder / "train", [f"drive{n // 2}/{n % 2}" for n in range(10)], size)
        draw_images(folder / "test", [f"frame{n}" for n in range(test)], size)
        (folder / "three_to_two.json").write_text(json.dumps(REDUCTION))
        return folder

    def settings(self, data: Path, changes: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the config; ``changes`` are values by dotted key."""
        config = deepcopy(CONFIG)
        for split in ("train", "test"):
            config[f"{split}_dataloader"]["dataset"]["data_root"] = str(data / split)
        reduction = str(data / "three_to_two.json")
        config["adapters"] = [{"type": "ClassReduction", "map": reduction}]
        return changed(config, changes)

    def config(self, path: Path, data: Path, changes: dict[str, Any] | None = None) -> Path:
        """Write the config as a text file."""
        settings = self.settings(data, changes)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{name} = {value!r}\n" for name, value in settings.items()))
        return path

    def plan(self, config: Path, **arguments: Any) -> Any:
        """Plan a config file; see :func:`ssl_seg.config.open_experiment`."""
        loaded = load_config(config)
        arguments = {"folder": config.parent, "index": DigestIndex(), **arguments}
        return open_experiment(loaded, **arguments).plan(config.stem)

    def run(self, stage: Stage, store: Store, advance: Any = lambda done: None) -> Path:
        """Run one stage whose inputs are there, and return its artifact."""
        from ssl_seg.runner import run_stage

        if not store.has(stage.fingerprint):
            run_stage(stage, store, advance)
        return store.path(stage.fingerprint)


@dataclass(frozen=True)
class Done:
    """How a command ended.

    Attributes:
        status: exit status; -9 after SIGKILL.
        output: what it printed and logged.
        log: what was noted of it.
    """

    status: int
    output: str
    log: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """What was noted, event by event."""
        return [json.loads(line) for line in self.log.splitlines()]


class Command:
    """Runs commands in processes of their own, forked from one that has imported everything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        support = Path(__file__).parent / "support"
        single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(support / "warm_process.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **single, "PYTHONPATH": str(ROOT)},
        )

    def train(self, config: Path, work_dir: Path, *flags: str, kill_at: Any = None) -> Done:
        """Run ``train.py``, killed at an event of a stage if told so."""
        given = [str(config), "--work-dir", str(work_dir), *flags]
        return self.call("command", arguments=given, kill_at=kill_at)

    def memory(self, config: Path, work_dir: Path) -> dict[str, list[int]]:
        """Run ``train.py`` and return what each stage took at most, in bytes by stage kind."""
        done = self.call("memory", arguments=[str(config), "--work-dir", str(work_dir)])
        assert done.status == 0, done.output
        return json.loads(done.log)

    def call(
        self, function: str, *, environment: dict[str, str] | None = None, **arguments: Any
    ) -> Done:
        """Call a function of ``support/watched_run.py`` in a process of its own."""
        output, log = self._folder / "output", self._folder / "log"
        log.unlink(missing_ok=True)
        request = {
            "function": function,
            "output": str(output),
            "environment": environment or {},
            "arguments": {**arguments, "log": str(log)},
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process that forks has ended"
        return Done(int(answer), output.read_text(), log.read_text() if log.exists() else "")

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@dataclass(frozen=True)
class Finished:
    """A run that nothing interrupted; to be read only."""

    config: Path
    data: Path
    work_dir: Path
    events: list[dict[str, Any]] = field(repr=False)


AFFINE = np.array([[-0.8, 0, 0, 40], [0, 0.7, 0, -30], [0, 0, 2.5, 100], [0, 0, 0, 1]])
"""To the left, to the front and to the head, in mm."""

TURNED = np.array([[0, -2.0, 0, 30], [0, 0, 3.0, -7], [-1.5, 0, 0, 11], [0, 0, 0, 1]])
"""An affine whose file axes run along -z, -x and y."""


@pytest.fixture(scope="session")
def tiny():
    """Writes the tiny experiment and runs single stages of it."""
    return Tiny()


@pytest.fixture(scope="session")
def command(tmp_path_factory):
    """Runs whole commands."""
    made = Command(tmp_path_factory.mktemp("command"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def data(tiny, tmp_path_factory):
    """The tiny data set; to be read only."""
    return tiny.data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def finished(tiny, command, data, tmp_path_factory):
    """Return the uninterrupted run of a scheduler, which is run once."""

    @cache
    def run(scheduler: str) -> Finished:
        folder = tmp_path_factory.mktemp(scheduler)
        schedule = {"scheduler": SCHEDULES[scheduler]}
        config = tiny.config(folder / "tiny.py", data, schedule)
        done = command.train(config, folder / "work")
        assert done.status == 0, done.output
        return Finished(config, data, folder / "work", done.events)

    return run


@pytest.fixture(scope="session")
def contents():
    """Return a function that reads all files below a folder, by relative path."""

    def read(folder: Path) -> dict[str, bytes]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    return read


@pytest.fixture(params=SCHEDULERS.names())
def scheduler(request):
    """Each registered scheduler by name; one without an entry in ``SCHEDULES`` fails."""
    return request.param


@dataclass(frozen=True)
class MadeUp:
    """Plans of made-up cases; no file lies behind them.

    Attributes:
        changes: of the tiny config, by dotted key.
        suffix: of images.
    """

    changes: dict[str, Any] = field(default_factory=dict)
    suffix: str = ".png"

    space: ClassVar = LabelSpace("three", CLASSES, ((0, 0, 0), (90, 0, 0), (0, 90, 0)))
    values: ClassVar = LabelValues.identity(space)
    coarse: ClassVar = LabelSpace("two", ("back", "car"), ((0, 0, 0), (0, 90, 0)))
    reduction: ClassVar = ClassMapping("three_to_two", space, coarse, (0, 0, 1))
    other_reduction: ClassVar = ClassMapping(
        "three_to_strange",
        space,
        LabelSpace("strange", ("high", "low"), ((0, 0, 0), (0, 90, 0))),
        (0, 1, 1),
    )

    def cases(
        self,
        name: str,
        count: int,
        *,
        groups: int | None = None,
        truth: bool = True,
        root: str = "/data",
    ) -> tuple[Case, ...]:
        """Make cases in equally long groups; by default each is a group of its own."""

        def file(path: str) -> LabelFile:
            return LabelFile(f"{root}/{path}", sha256(path.encode()).hexdigest())

        return tuple(
            Case(
                id=f"{name}/{at}",
                image=file(f"{name}/images/{at}{self.suffix}"),
                label=file(f"{name}/masks/{at}.png") if truth else None,
                group=f"{name}{at * (groups or count) // count}",
                medium="pictures" if self.suffix == ".png" else "volumes",
            )
            for at in range(count)
        )

    def split(
        self,
        *,
        labeled: int = 4,
        reference: int = 20,
        groups: int | None = None,
        test: int = 3,
        validation: int = 0,
        truth: bool = True,
        root: str = "/data",
    ) -> Split:
        """Make a split; ``groups`` and ``truth`` (has true labels) are said of R."""
        return Split(
            labeled=self.cases("s", labeled, root=root),
            reference=self.cases("r", reference, groups=groups, truth=truth, root=root),
            test=self.cases("e", test, root=root),
            validation=self.cases("v", validation, root=root),
        )

    def configs(
        self,
        changes: dict[str, Any] | None = None,
        plugins: dict[str, str] | None = None,
        reductions: tuple[ClassMapping, ...] = (reduction,),
    ) -> StageConfigs:
        """Cut the tiny config, with changes by dotted key, into the parts of stages."""
        usual = {"scheduler": SCHEDULES["Supervised"], **deepcopy(self.changes)}
        config = Tiny().settings(Path("/data"), usual)
        config["val_dataloader"] = deepcopy(config["test_dataloader"])
        config = changed(config, changes)
        values = dict.fromkeys(("labeled", "reference", "test", "validation"), self.values)
        homes = {name: of.space for name, of in values.items()}
        model = self.space.name if len(reductions) > 1 else None
        spaces = Spaces.of(homes, reductions, model)
        medium = "pictures" if self.suffix == ".png" else "volumes"
        return StageConfigs(checked(config), values, spaces, Weights(), plugins or {}, (), medium)

    def plan(
        self,
        scheduler: dict[str, Any],
        *,
        split: Split | None = None,
        configs: StageConfigs | None = None,
        seed: int = 0,
    ) -> Plan:
        """Let a scheduler plan a split, by default the one of `split` without arguments."""
        builder = start_plan(split or self.split(), configs or self.configs(), seed)
        result = SCHEDULERS.build(scheduler).plan(builder)
        return finish_plan(builder.draft, result, label="made-up", scheduler=scheduler)


@pytest.fixture(scope="session")
def made_up():
    """Makes plans of made-up cases."""
    return MadeUp()


@pytest.fixture(scope="session")
def made_up_volumes():
    """Makes plans of made-up volumes in three views, trained in the sections S, I and J."""
    return MadeUp(VOLUMES, ".nii.gz")


@pytest.fixture(scope="session")
def made_up_unlabeled():
    """Makes plans of made-up cases whose trainings also learn from R without labels."""
    return MadeUp(UNLABELED)


@pytest.fixture
def draw(tmp_path):
    """Write an image, or with ``values`` a mask that holds them; returns its path."""

    def write(name: str, *, values: tuple[int, ...] | None = None, size=(6, 4), mode="") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        width, height = size
        if values is None:
            seed = sum(name.encode())
            pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
            picture = Image.fromarray(pixels)
        else:
            picture = Image.fromarray(np.resize(np.array(values, np.uint8), (height, width)))
        if mode == "P":
            picture.putpalette([3 * value % 256 for value in range(768)])
        elif mode:
            picture = picture.convert(mode)
        picture.save(path)
        return path

    return write


@pytest.fixture
def draw_volume(tmp_path):
    """Write a NIfTI volume, or with ``values`` a mask that holds them; returns its path."""

    def write(
        name: str,
        *,
        values: tuple[float, ...] | None = None,
        shape=(6, 5, 4),
        dtype=None,
        affine=AFFINE,
        kind=nibabel.Nifti1Image,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if values is None:
            rng = np.random.default_rng(sum(name.encode()))
            voxels = rng.integers(-1000, 1000, shape).astype(dtype or np.int16)
        else:
            voxels = np.resize(np.array(values), shape).astype(dtype or np.uint8)
        image = kind(voxels, affine)
        image.header.set_xyzt_units("mm")
        nibabel.save(image, path)
        return path

    return write


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of published data sets."""
    root = os.environ.get("SSL_SEG_DATA")
    if not root:
        pytest.skip("SSL_SEG_DATA is not set: the published data sets are not at hand")
    return Path(root)


@pytest.fixture
def write_nifti(tmp_path):
    """Return a function that writes a volume and returns its path."""

    def write(voxels, affine=TURNED, name="a.nii.gz", slope=None, intercept=0):
        image = nibabel.Nifti1Image(voxels, affine)
        image.header.set_xyzt_units("mm")
        if slope is not None:
            image.header.set_slope_inter(slope, intercept)
        nibabel.save(image, tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def data_file():
    """Return a function that gives a file its digest."""
    return lambda path: DataFile(str(path), sha256(path.read_bytes()).hexdigest())
