"""A plug-in schedule lets several models label together, and the run does it."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import torch

from ssl_seg.media.pictures.masks import read_indices

SCHEDULE = '''
"""Two models, each of half of R's first labels, write the second labels together."""

from ssl_seg.planning import Result
from ssl_seg.registry import SCHEDULERS


@SCHEDULERS.register_module()
class Together:
    def __init__(self, *, members=2):
        self.members = members

    def plan(self, b):
        first = b.label(b.train(b.truth, role="initial"), b.reference)
        models = [
            b.train(b.truth, first.inside(fold), role="student", generation=1, fold=fold)
            for fold in b.folds(2)
        ]
        teacher = b.ensemble(models[: self.members]) if self.members > 1 else models[0]
        labels = b.label(teacher, b.reference)
        b.score(1, models, labels)
        return Result(b.train(b.truth, labels, role="final"), labels)
'''


@pytest.fixture(scope="module")
def ran(tiny, command, data, tmp_path_factory):
    """Return the work dir of a run by two teachers, and what its last label stage wrote."""
    folder = tmp_path_factory.mktemp("together")
    (folder / "together.py").write_text(SCHEDULE)
    changes = {
        "custom_imports": ["together.py"],
        "scheduler": {"type": "Together"},
        "pseudo_labels": {"threshold": 0.4},
    }
    config = tiny.config(folder / "tiny.py", data, changes)
    done = command.train(config, folder / "work")
    assert done.status == 0, done.output
    plan = tiny.plan(config)
    (stage,) = [stage for stage in plan.labelings if len(stage.teachers) == 2]
    return folder / "work/artifacts", stage


def test_the_manifest_names_both_teachers(ran):
    artifacts, stage = ran
    manifest = json.loads((artifacts / stage.fingerprint / "manifest.json").read_text())
    assert [part["fold"] for part in manifest["teachers"]] == [0, 1]
    named = [part["networks"][0]["stage"] for part in manifest["teachers"]]
    assert named == [teacher.networks[None] for teacher in stage.teachers]


def test_masks_are_those_of_the_mean_probability(ran):
    """Computed anew with mmsegmentation's own forward pass, case by case."""
    from ssl_seg.runner import models
    from ssl_seg.runner.predictors import Image

    artifacts, stage = ran
    networks = []
    for teacher in stage.teachers:
        network = models.build(stage.config.networks[0].model).eval()
        saved = (artifacts / teacher.networks[None] / "model.pth").read_bytes()
        network.load_state_dict(torch.load(io.BytesIO(saved), weights_only=True)["state_dict"])
        networks.append(network)
    reader = Image(networks[0], stage.pipeline)
    for case in stage.cases:
        sample = reader.read(case)
        batch = networks[0].data_preprocessor(
            {"inputs": [sample["inputs"]], "data_samples": [sample["data_samples"]]}
        )
        metas = [one.metainfo for one in batch["data_samples"]]
        with torch.inference_mode():
            both = [n.inference(batch["inputs"], metas).softmax(dim=1) for n in networks]
        mean = (sum(both) / 2)[0]
        stored = read_indices(artifacts / stage.fingerprint / "maps" / f"{case.id}.png")
        # What rounding decides may fall either way.
        clear = (mean.sort(dim=0).values.diff(dim=0)[-1] > 1e-5).numpy()
        assert np.array_equal(stored[clear], mean.argmax(dim=0).numpy()[clear])
        assert clear.mean() > 0.99
