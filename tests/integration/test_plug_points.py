"""One plug-in file fills every plug point, and a run uses all of it."""

import json

PLUG_IN = '''
import numpy as np
from torch import nn

from ssl_seg.catalog.image_folder import ImageFolder
from ssl_seg.execution import Serial
from ssl_seg.models.predictor import Prediction
from ssl_seg.registry import (
    ADAPTERS, DATASETS, EXECUTORS, METRICS, MODELS, PREDICTORS, SCHEDULERS, TRANSFORMS
)
from ssl_seg.runner.predictors import Image


@SCHEDULERS.register_module()
class Once:
    def plan(self, b):
        from ssl_seg.planning import Result
        model = b.train(b.truth, role="initial")
        b.score(0, [model])
        return Result(model)


@DATASETS.register_module()
class Pictures:
    def __init__(self, *, data_root, classes):
        self.folder = ImageFolder(data_root=data_root, classes=classes)

    def read(self, index):
        return self.folder.read(index)


@TRANSFORMS.register_module()
class Invert:
    def __call__(self, results):
        results["img"] = 255 - results["img"]
        return results


@MODELS.register_module()
class Mean(nn.Module):
    """A network of one layer."""

    def __init__(self, channels):
        super().__init__()
        self.layer = nn.Conv2d(3, channels, 1)

    def init_weights(self):
        nn.init.ones_(self.layer.weight)

    def forward(self, x):
        return [self.layer(x)]


@PREDICTORS.register_module()
class Counted:
    def __init__(self, model, pipeline, *, answer):
        self.inner = Image(model, pipeline)
        self.answer = answer

    def read(self, case):
        return self.inner.read(case)

    def predict(self, samples):
        shapes = [p.labels.shape for p in self.inner.predict(samples)]
        ones = [np.ones(shape, np.float32) for shape in shapes]
        return [Prediction(np.full(o.shape, self.answer, np.uint8), o) for o in ones]


@ADAPTERS.register_module()
class NextClass:
    def around(self, predictor):
        plain = predictor.predict
        predictor.predict = lambda samples: [
            Prediction(p.labels + 1, p.confidence) for p in plain(samples)
        ]
        return predictor


@METRICS.register_module()
class Share:
    def __init__(self, space, *, of):
        self.number = space.classes.index(of)
        self.shares = []

    def add(self, sample):
        self.shares.append(float((sample.prediction == self.number).mean()))

    def scores(self):
        return {"metrics": {"share": 100 * float(np.mean(self.shares))}, "classes": {},
                "absent": []}


@EXECUTORS.register_module()
class Backwards:
    """Asks for the order of names; stages still come after those they build on."""

    def run(self, stages, store, events):
        (store.work_dir / "walked").write_text("by the plug-in")
        Serial().run(stages, store, events)
'''


def test_a_plug_in_file_fills_every_plug_point(tiny, command, data, tmp_path):
    invert = {"type": "Invert"}
    settings = tiny.settings(data)
    train = settings["train_dataloader"]["dataset"]["pipeline"]
    test = settings["test_dataloader"]["dataset"]["pipeline"]
    (tmp_path / "mine.py").write_text(PLUG_IN)
    config = tiny.config(
        tmp_path / "plugged.py",
        data,
        {
            "custom_imports": ["mine.py"],
            "scheduler": {"type": "Once"},
            "executor": {"type": "Backwards"},
            "inference": {"type": "Counted", "answer": 1},
            "adapters": [{"type": "NextClass"}],
            "test_evaluator": [{"type": "Share", "of": "car"}],
            "model.backbone": {"type": "Mean", "channels": 4},
            "train_dataloader.dataset.type": "Pictures",
            "test_dataloader.dataset.type": "Pictures",
            "train_dataloader.dataset.pipeline": [*train[:2], invert, *train[2:]],
            "test_dataloader.dataset.pipeline": [*test[:2], invert, *test[2:]],
        },
    )

    done = command.train(config, tmp_path / "work")

    assert done.status == 0, done.output
    assert (tmp_path / "work" / "walked").read_text() == "by the plug-in"
    rows = json.loads((tmp_path / "work" / "report" / "report.json").read_text())["rows"]
    # The predictor answers class 1 everywhere and the adapter makes it class 2, which is "car".
    assert [(row["scheduler"], row["metrics"]) for row in rows] == [("Once", {"share": 100.0})] * 2

    report = json.loads((tmp_path / "work" / "report" / "report.json").read_text())
    model = tmp_path / "work" / report["runs"][0]["models"][0]["path"]
    given = [str(config), str(model), "--work-dir", str(tmp_path / "scored")]
    scored = command.call("command", name="test", arguments=given)
    assert scored.status == 0, scored.output
    assert "share 100.00" in scored.output
