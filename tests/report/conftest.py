"""A small benchmark whose masks are made up and whose scores are real."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from ssl_seg.core.case import Case, DataFile, LabelFile
from ssl_seg.core.class_mapping import ClassMapping
from ssl_seg.core.class_mappings import ClassMappings
from ssl_seg.core.space import LabelSpace, LabelValues
from ssl_seg.core.split import Split
from ssl_seg.core.stage import EvaluateStage, LabelStage, TrainStage
from ssl_seg.core.stage_config import EvaluateConfig, LabelConfig, TrainConfig
from ssl_seg.media.pictures.masks import read_indices, write_mask
from ssl_seg.planning.write import finish_plan, start_plan
from ssl_seg.registry import SCHEDULERS
from ssl_seg.runner import evaluate
from ssl_seg.store.atomic import write_json
from ssl_seg.store.store import Store

# No map or label ever holds a tram.
SPACE = LabelSpace("street", ("road", "car", "tram"), ((90, 0, 90), (0, 0, 140), (0, 80, 100)))
# Class numbers that do occur are the same in both spaces.
COARSE = LabelSpace("coarse", ("way", "thing"), ((90, 0, 90), (0, 0, 140)))
REDUCTION = ClassMapping("street_to_coarse", SPACE, COARSE, (0, 1, 1))
VALUES = LabelValues.identity(SPACE)
ITERATIONS = 40


class ToyConfigs:
    """The least that a plan needs to know of a config."""

    mappings = ClassMappings((REDUCTION,))
    views = (None,)
    sections = (None,)
    start_point = ()
    calibration_parts = None

    def __init__(self, space=SPACE):
        self.space = space

    def in_space(self, name):
        return ToyConfigs({"street": SPACE, "coarse": COARSE}[name])

    def train(self, part, *, kinds):
        return TrainConfig(
            model={}, optim_wrapper={}, max_iters=ITERATIONS, batch_size=1, threads=1
        )

    def label(self, cases, role):
        return LabelConfig(networks=(), inference={}, threads=1)

    def evaluate(self):
        return EvaluateConfig(metrics=({"type": "IoUMetric"},))

    def train_pipeline(self, cases, place):
        return ()

    def unlabeled_pipeline(self, place):
        return ()

    def learns_unlabeled(self, role):
        return False

    def label_pipeline(self, cases):
        return ()

    def values(self, cases):
        return VALUES


class Benchmark:
    """A work dir in which plans are recorded and their stages finished at will."""

    def __init__(self, folder):
        self.store = Store(folder / "work")
        self._truth = folder / "truth"

    def plan(self, scheduler, seed, *, known_reference=4, labeled_pixels=None):
        """Record the plan of a schedule and return it.

        ``known_reference`` is how many of the four reference cases have a true label.

        ``labeled_pixels`` is what the plan is to say of the labeled set instead of the truth.
        """
        split = Split(
            labeled=self._cases("labeled", 2),
            reference=self._cases("reference", 4, known=known_reference),
            test=self._cases("test", 3),
        )
        builder = start_plan(split, ToyConfigs(), seed)
        result = SCHEDULERS.build(scheduler).plan(builder)
        label = scheduler["type"].lower()
        plan = finish_plan(builder.draft, result, label=label, scheduler=scheduler)
        stated = {"labeled_pixels": labeled_pixels} if labeled_pixels else {}
        self.store.save_plan({**plan.record(), **stated})
        return plan

    def labeled_shares(self):
        """Return the share of each class that occurs in the label files of the labeled set."""
        masks = [read_indices(path) for path in self._truth.glob("labeled*.png")]
        return np.bincount(np.concatenate(masks).ravel()) / np.concatenate(masks).size

    def finish(self, plan, *kinds, coverage=1.0):
        """Finish the plan's stages of the given kinds; all of them if none is given.

        ``coverage`` is the share that a training keeps of pseudo labels, or a function from a train
        stage to it.
        """
        for stage in plan.stages.values():
            if (kinds and stage.kind not in kinds) or self.store.has(stage.fingerprint):
                continue
            out = self.store.running(stage.fingerprint) / "out"
            description = {}
            if isinstance(stage, TrainStage):
                (out / "model.pth").write_bytes(b"weights")
                kept = coverage(stage) if callable(coverage) else coverage
                description = {
                    "role": stage.role,
                    "generation": stage.generation,
                    "fold": stage.fold,
                    "view": stage.view,
                    "section": stage.section,
                    "sources": [
                        {"kind": s.kind, "written_by": s.written_by, "coverage": kept}
                        for s in stage.sources
                    ],
                }
            elif isinstance(stage, LabelStage):
                self._label(stage, out)
            elif isinstance(stage, EvaluateStage):
                evaluate.run(stage, self.store, out, lambda done: None)
            self.store.publish(stage.fingerprint, description)

    def _cases(self, part, count, *, known=None):
        cases = []
        for number in range(count):
            path = self._truth / f"{part}{number}.png"
            path.parent.mkdir(exist_ok=True)
            rng = np.random.default_rng(number)
            mask = rng.integers(0, 2, (5, 7), dtype=np.uint8)
            Image.fromarray(mask).save(path)
            digest = sha256(path.read_bytes()).hexdigest()
            pixels = tuple(enumerate(np.bincount(mask.ravel()).tolist()))
            label = (
                LabelFile(str(path), digest, pixels) if known is None or number < known else None
            )
            image = DataFile(f"{part}{number}.jpg", f"{part}{number}")
            cases.append(Case(f"{part}{number}", image, label, part))
        return tuple(cases)

    def _label(self, stage, out):
        """Write the true labels with errors that depend on the stage."""
        rng = np.random.default_rng(int(stage.fingerprint, 16))
        histogram = np.zeros(len(stage.space), np.int64)
        for case in stage.cases:
            truth = read_indices(self._truth / f"{case.id}.png")
            wrong = rng.random(truth.shape) < 0.3
            labels = np.where(wrong, 1 - truth, truth)
            write_mask(out / "maps" / f"{case.id}.png", labels, stage.space)
            histogram += np.bincount(labels.ravel(), minlength=len(stage.space))
        role, generation, fold = stage.teachers[0].identity
        write_json(
            out / "manifest.json",
            {
                "space": stage.space.plain(),
                "histogram": histogram.tolist(),
                "role": role,
                "generation": generation,
                "fold": fold,
                "cases": [{"case": case.id} for case in stage.cases],
                "confidence": 0.75,
            },
        )


@pytest.fixture
def benchmark(tmp_path):
    """A work dir to plan and finish runs in."""
    return Benchmark(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The store of two schedules with two seeds each, all done; to be read only."""
    made = Benchmark(tmp_path_factory.mktemp("finished"))
    for seed in (0, 1):
        made.finish(made.plan({"type": "ATSO", "folds": 2, "generations": 1}, seed))
        made.finish(made.plan({"type": "STSO", "generations": 1}, seed))
    return made.store
