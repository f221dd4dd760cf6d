"""Made-up Cityscapes to made-up Mapillary Vistas: 66 values become 19 classes, 5, and 19 again."""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.space_file import shipped_space
from ssl_seg.core.plan import Plan
from ssl_seg.media.pictures.masks import read_truth
from ssl_seg.registry import DATASETS
from ssl_seg.store.store import Store

SIGKILLED = -9
SIZE = (64, 48)
FRAMES = 6
"""Of S and of R."""

NINETEEN = (
    "road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign",
    "vegetation", "terrain", "sky", "person", "rider", "car", "truck", "bus", "train",
    "motorcycle", "bicycle",
)  # fmt: skip
FIVE = ("road", "vehicle", "person", "vegetation", "others")

VISTAS_OF_CLASS = {
    0: (13, 24, 41), 1: (2, 15), 2: (17,), 3: (6,), 4: (3,), 5: (45, 47), 6: (48,), 7: (50,),
    8: (30,), 9: (29,), 10: (27,), 11: (19,), 12: (20, 21, 22), 13: (55,), 14: (61,), 15: (54,),
    16: (58,), 17: (57,), 18: (52,),
}  # fmt: skip
"""Values in label files of Vistas v1.2 by Cityscapes class, as domain generalisation scores them
(RobustNet's table); all others of the 66 are ignored."""

GROUP_OF_CLASS = (0, 4, 4, 4, 4, 4, 4, 4, 3, 4, 4, 2, 2, 1, 1, 1, 1, 1, 1)
OTHERS = GROUP_OF_CLASS.count(4)

DG = {"type": "ClassReduction", "map": "mapillary_vistas_to_cityscapes_dg"}
REDUCE = {"type": "ClassReduction", "map": "cityscapes_to_cityscapes_5"}

FEW = {"scheduler": {"type": "ATSO", "folds": 2, "generations": 1}, "space": "cityscapes_5"}
GUIDED = {
    "scheduler": {"type": "STSO", "generations": 1},
    "pseudo_labels": "previous",
    "role": "guided",
}
TUNING = {
    "scheduler": {"type": "SelfLearning", "generations": 1},
    "start": "previous",
    "pseudo_labels": "previous",
    "role": "tuning",
}


def curriculum(*phases):
    return {"type": "Curriculum", "phases": list(phases)}


def street(root, layout, look, split):
    """Return the config of one part of a made-up data set."""
    return {
        "type": "StreetPhantoms",
        "data_root": str(root / layout),
        "split": split,
        "layout": layout,
        "look": look,
        "train": FRAMES,
        "val": 3,
        "size": SIZE,
    }


def read(path):
    return np.asarray(Image.open(path))


def paint(path, values):
    """Write values into the first pixels of a palette PNG."""
    with Image.open(path) as stored:
        pixels, palette = np.array(stored), stored.getpalette()
    pixels.flat[: len(values)] = values
    written = Image.fromarray(pixels)
    written.putpalette(palette)
    written.save(path)


def vistas_labels(streets, part):
    return sorted((streets / "mapillary" / part / "v1.2/labels").iterdir())


@pytest.fixture(scope="module")
def streets(tmp_path_factory):
    """S in Cityscapes' layout, R and E in Vistas'; to be read only.

    The scenes show a third of Vistas' classes; a row of pixels in each label file adds the others.
    """
    root = tmp_path_factory.mktemp("streets")
    for layout, look in (("cityscapes", "source"), ("mapillary", "target")):
        drawn = DATASETS.build(street(root, layout, look, ["train", "val"]))
        drawn.read(DigestIndex())
    for part in ("training", "validation"):
        for path in vistas_labels(root, part):
            paint(path, range(66))
    return root


@pytest.fixture(scope="module")
def write_config(tiny):
    """Return a function that writes the transfer's config, with changes by dotted key."""

    def write(path: Path, streets: Path, changes: dict[str, Any] | None = None) -> Path:
        usual = tiny.settings(streets)
        pipelines = {
            loader: usual[loader]["dataset"]["pipeline"]
            for loader in ("train_dataloader", "test_dataloader")
        }
        source = street(streets, "cityscapes", "source", "train")
        target = street(streets, "mapillary", "target", "val")
        reference = street(streets, "mapillary", "target", "train")
        transfer = {
            "train_dataloader.dataset": {**source, "pipeline": pipelines["train_dataloader"]},
            "test_dataloader.dataset": {**target, "pipeline": pipelines["test_dataloader"]},
            "split": {"seed": 0, "reference": reference},
            "adapters": [DG, REDUCE],
            "scheduler": curriculum(FEW, GUIDED, TUNING),
            "model.decode_head.num_classes": 19,
            "mix": {"labeled": 0.5},
            "default_hooks.logger.interval": 1,
        }
        return tiny.config(path, streets, {**transfer, **(changes or {})})

    return write


@dataclass(frozen=True)
class Ended:
    """The whole chain, run without interruption; to be read only."""

    config: Path
    plan: Plan
    work_dir: Path
    events: list[dict[str, Any]]

    @property
    def store(self) -> Store:
        return Store(self.work_dir)

    def training(self, role, fold=None):
        """Return the one train stage of a role and a fold."""
        found = [s for s in self.plan.trainings if (s.role, s.fold) == (role, fold)]
        assert len(found) == 1
        return found[0]

    def labeled_in(self, space):
        """Return artifact and manifest of each label stage of a label space."""
        artifacts = [self.store.path(stage.fingerprint) for stage in self.plan.labelings]
        stated = [(path, json.loads((path / "manifest.json").read_text())) for path in artifacts]
        return [pair for pair in stated if pair[1]["space"]["name"] == space]


@pytest.fixture(scope="module")
def ended(tiny, command, write_config, streets, tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfer")
    config = write_config(folder / "transfer.py", streets)
    done = command.train(config, folder / "work")
    assert done.status == 0, done.output
    return Ended(config, tiny.plan(config), folder / "work", done.events)


def stages_run(done):
    return {event["stage"] for event in done.events} - {"planning"}


def descendants(plan, stage):
    """Return a stage and all that builds on it."""
    found = {stage}
    for name, other in plan.stages.items():
        if found.intersection(other.inputs):
            found.add(name)
    return found


def without(ended, stages, work_dir):
    """Copy the work dir of a run but for the artifacts of some stages."""
    shutil.copytree(ended.work_dir, work_dir)
    for name in stages:
        shutil.rmtree(work_dir / "artifacts" / name)
    return work_dir


def test_s_is_read_in_its_19_classes_and_in_5_for_the_first_phase(ended, streets):
    for stage in ended.plan.trainings:
        source = stage.sources[0]
        assert (source.kind, source.reduction, len(source.cases)) == ("labeled", None, FRAMES)
        few = stage.role in ("initial", "student")
        assert stage.space.classes == source.values.space.classes == (FIVE if few else NINETEEN)
        table = np.full(256, 255)
        table[:19] = GROUP_OF_CLASS if few else range(19)
        for case in source.cases:
            stored = read(streets / f"cityscapes/gtFine/train/{case.id}_gtFine_labelTrainIds.png")
            np.testing.assert_array_equal(
                read_truth(Path(case.label.path), source.values), table[stored]
            )


@pytest.mark.parametrize(
    ("cases", "part", "count"), [("test", "validation", 3), ("reference", "training", FRAMES)]
)
def test_truth_is_the_66_values_mapped_to_the_classes_that_are_scored(
    ended, streets, cases, part, count
):
    pixels = Counter(np.concatenate([read(p).ravel() for p in vistas_labels(streets, part)]))
    assert sorted(pixels) == list(range(66))
    nineteen = [sum(pixels[value] for value in VISTAS_OF_CLASS[own]) for own in range(19)]
    five = [sum(nineteen[own] for own in range(19) if GROUP_OF_CLASS[own] == g) for g in range(5)]

    rows = [row for row in ended.plan.rows if row.cases == cases]
    scored = set()
    for row in rows:
        for name in row.stages:
            scores = json.loads((ended.store.path(name) / "scores.json").read_text())
            truth = np.sum(scores["confusion"], axis=1).tolist()
            if scores["cases"] == count:
                assert truth == {5: five, 19: nineteen}[len(truth)]
                scored.add(scores["space"]["name"])
    assert scored == {"cityscapes_5", "cityscapes"}


def test_pseudo_labels_and_models_of_each_phase_are_in_its_label_space(ended):
    held = {"cityscapes_5": set(), "cityscapes": set()}
    for space, classes in (("cityscapes_5", FIVE), ("cityscapes", NINETEEN)):
        labeled = ended.labeled_in(space)
        assert labeled
        for artifact, manifest in labeled:
            assert tuple(manifest["space"]["classes"]) == classes
            maps = [read(artifact / "maps" / f"{one['case']}.png") for one in manifest["cases"]]
            assert {one.shape for one in maps} == {SIZE[::-1]}
            counts = np.bincount(np.concatenate(maps, axis=None), minlength=len(classes))
            assert counts.tolist() == manifest["histogram"]
            held[space].update(np.flatnonzero(counts).tolist())
    assert held["cityscapes_5"] <= set(range(5))
    assert held["cityscapes"] <= set(range(19))
    # Numbers of which no 5-class map could hold any.
    assert max(held["cityscapes"]) > 4

    heads = {}
    for stage in ended.plan.trainings:
        path = ended.store.path(stage.fingerprint) / "model.pth"
        weights = torch.load(path, weights_only=True)["state_dict"]
        heads[stage.role] = len(weights["decode_head.conv_seg.weight"])
    assert heads == {"initial": 5, "student": 5, "guided": 19, "tuning": 19}


def test_five_models_are_trained_and_no_final_one_of_five_classes(ended):
    trained = [(stage.role, stage.generation, stage.fold) for stage in ended.plan.trainings]
    assert trained == [
        ("initial", 0, None),
        ("student", 1, 0),
        ("student", 1, 1),
        ("guided", 2, None),
        ("tuning", 3, None),
    ]
    in_store = {path.name for path in (ended.work_dir / "artifacts").iterdir()}
    assert in_store == set(ended.plan.stages)


def test_guided_learns_labels_of_models_that_had_not_seen_the_case(ended, streets):
    guided = ended.training("guided")
    pseudo = [source for source in guided.sources if source.kind == "pseudo"]
    taught = []
    for source in pseudo:
        manifest = json.loads((ended.store.path(source.written_by) / "manifest.json").read_text())
        teacher = ended.training("student", manifest["fold"])
        (named,) = manifest["teachers"]
        assert named["networks"] == [{"view": None, "stage": teacher.fingerprint}]
        cases = [entry["case"] for entry in manifest["cases"]]
        fold = ended.work_dir / f"splits/transfer-seed0/fold-{manifest['fold']}.txt"
        assert cases == fold.read_text().split()
        learned = {case.id for part in teacher.sources[1:] for case in part.cases}
        assert not learned.intersection(cases)
        taught += cases
    frames = [path.stem for path in (streets / "mapillary/training/images").iterdir()]
    assert sorted(taught) == sorted(frames)


def test_guided_learns_them_through_the_sums_of_its_19_probabilities(ended):
    guided = ended.training("guided")
    assert guided.start is None
    for source in guided.sources[1:]:
        assert source.reduction is not None
        assert source.reduction.source.classes == NINETEEN
        assert source.values.space.classes == FIVE
        assert source.reduction.table == GROUP_OF_CLASS


def test_the_loss_of_a_label_is_that_of_its_group(ended, tiny, tmp_path):
    """The scratch model finds all classes nearly equally likely, which tells its first loss."""
    guided = ended.training("guided")
    work_dir = without(ended, descendants(ended.plan, guided.fingerprint), tmp_path / "work")
    store = Store(work_dir)
    for source in guided.sources[1:]:
        for path in store.path(source.written_by).glob("maps/*.png"):
            paint(path, [FIVE.index("others")] * (SIZE[0] * SIZE[1]))
    shutil.rmtree(work_dir / "logs")

    tiny.run(guided, store)

    (log,) = work_dir.glob("logs/guided-2-*/*/vis_data/scalars.json")
    first = json.loads(log.read_text().splitlines()[0])
    # One of the two samples of a batch is labeled.
    of_others, of_one = math.log(19 / OTHERS), math.log(19)
    assert first["loss"] == pytest.approx((of_one + of_others) / 2, abs=0.1)


def test_tuning_goes_on_from_the_weights_of_guided_with_its_19_classes(
    ended, command, write_config, streets, tmp_path
):
    tuning, guided = ended.training("tuning"), ended.training("guided")
    assert tuning.start == guided.fingerprint
    (pseudo,) = tuning.sources[1:]
    assert pseudo.reduction is None
    writer = ended.plan.stages[pseudo.written_by]
    assert (writer.inputs[0], writer.space.classes) == (guided.fingerprint, NINETEEN)

    still = {"roles": {"tuning": {"optim_wrapper": {"optimizer": {"lr": 0.0}}}}}
    config = write_config(tmp_path / "transfer.py", streets, still)
    work_dir = shutil.copytree(ended.work_dir, tmp_path / "work")
    done = command.train(config, work_dir)

    assert done.status == 0, done.output
    (trained,) = {event["stage"] for event in done.events if event["kind"] == "train"}
    before, after = (
        torch.load(work_dir / "artifacts" / name / "model.pth", weights_only=True)["state_dict"]
        for name in (guided.fingerprint, trained)
    )
    # Batch statistics are counted, not learned.
    learned = [name for name in before if not name.split(".")[-1].startswith(("running", "num_"))]
    assert len(learned) > 5
    assert all(torch.equal(before[name], after[name]) for name in learned)


def test_the_report_counts_generations_through_and_names_both_spaces(ended):
    report = json.loads((ended.work_dir / "report/report.json").read_text())
    assert report["pending"] == 0
    assert {(row["generation"], row["space"]) for row in report["rows"]} == {
        (0, "cityscapes_5"),
        (1, "cityscapes_5"),
        (2, "cityscapes"),
        (3, "cityscapes"),
    }
    (final,) = (row for row in report["rows"] if row["model"] == "final")
    assert (final["generation"], final["set"], final["cases"]) == (3, "test", 3)
    assert set(final["classes"]) == set(NINETEEN)
    (run,) = report["runs"]
    assert (run["scheduler"], run["trained_models"]) == ("Curriculum", 5)
    text = (ended.work_dir / "report/report.md").read_text()
    lines = {tuple(cell.strip() for cell in line.split("|")[1:4]) for line in text.splitlines()}
    assert lines >= {("1", "mean", "cityscapes_5"), ("3", "final", "cityscapes")}


def test_a_dry_run_prints_one_plan_and_writes_nothing(ended, command, contents, streets, tmp_path):
    before = contents(streets)
    done = command.train(ended.config, tmp_path / "work", "--dry-run")
    assert done.status == 0, done.output
    assert f"cases: labeled {FRAMES}, reference {FRAMES}, test 3" in done.output
    assert f"5 trainings (20 iterations), {len(ended.plan.labelings)} labelings" in done.output
    assert f"0 of {len(ended.plan.stages)} stages done" in done.output
    assert contents(tmp_path) == {}
    assert contents(streets) == before


def test_a_second_call_runs_nothing(ended, command, contents, tmp_path):
    work_dir = without(ended, (), tmp_path / "work")
    done = command.train(ended.config, work_dir)
    assert done.status == 0, done.output
    assert stages_run(done) == set()
    assert contents(work_dir / "artifacts") == contents(ended.work_dir / "artifacts")


def test_what_is_lost_of_the_last_phase_is_all_that_runs_again(ended, command, contents, tmp_path):
    lost = descendants(ended.plan, ended.training("tuning").fingerprint)
    kinds = Counter(ended.plan.stages[name].kind for name in lost)
    assert kinds == {"train": 1, "label": 2, "evaluate": 2}
    work_dir = without(ended, lost, tmp_path / "work")
    done = command.train(ended.config, work_dir)
    assert done.status == 0, done.output
    assert stages_run(done) == lost
    assert contents(work_dir / "artifacts") == contents(ended.work_dir / "artifacts")


def test_a_kill_in_the_guided_stage_changes_no_bit(ended, command, contents, tmp_path):
    guided = ended.training("guided").fingerprint
    work_dir = without(ended, descendants(ended.plan, guided), tmp_path / "work")
    killed = command.train(ended.config, work_dir, kill_at=(guided, 3, "step"))
    assert killed.status == SIGKILLED, killed.output
    done = command.train(ended.config, work_dir)
    assert done.status == 0, done.output
    # It goes on from the second step instead of beginning anew.
    in_guided = [event for event in done.events if event["stage"] == guided]
    assert sum(event["event"] == "step" for event in in_guided) == 2
    assert contents(work_dir / "artifacts") == contents(ended.work_dir / "artifacts")


def test_the_labels_of_r_change_no_bit_of_a_model(
    ended, command, write_config, contents, streets, tmp_path
):
    data = shutil.copytree(streets, tmp_path / "streets")
    for path in vistas_labels(data, "training"):
        path.unlink()
    config = write_config(tmp_path / "transfer.py", data)

    done = command.train(config, tmp_path / "work")

    assert done.status == 0, done.output
    made = contents(ended.work_dir / "artifacts")
    left = contents(tmp_path / "work/artifacts")
    learned = [stage.fingerprint for stage in (*ended.plan.trainings, *ended.plan.labelings)]
    assert len(learned) > 10
    for name in learned:
        of_stage = {path for path in made if path.startswith(name)}
        assert of_stage
        assert {path: left.get(path) for path in of_stage} == {
            path: made[path] for path in of_stage
        }
    opened = {
        Path(event["value"])
        for event in ended.events
        if event["event"] == "open" and event["kind"] in ("train", "label")
    }
    assert not opened.intersection(vistas_labels(streets, "training"))
    assert not opened.intersection(vistas_labels(streets, "validation"))


@pytest.fixture
def refused(command, write_config, streets, tmp_path):
    """Return the one line by which a config with changes is refused before anything is trained."""

    def run(changes: dict[str, Any] | None = None, data: Path = streets) -> str:
        config = write_config(tmp_path / "transfer.py", data, changes)
        done = command.train(config, tmp_path / "work")
        assert done.status == 1, done.output
        lines = done.output.splitlines()
        assert [line for line in lines if line.startswith("error:")] == lines[-1:]
        assert "Traceback" not in done.output
        assert not (tmp_path / "work/artifacts").exists()
        assert not (tmp_path / "work/running").exists()
        return lines[-1]

    return run


def own_map(folder, **changes):
    """Write a map from Vistas to Cityscapes with some entries changed or (None) left out."""
    names = shipped_space("mapillary_vistas").classes
    placed = {names[v]: NINETEEN[own] for own, values in VISTAS_OF_CLASS.items() for v in values}
    placed = {name: to for name, to in {**placed, **changes}.items() if to is not None}
    known = {names[value] for values in VISTAS_OF_CLASS.values() for value in values}
    path = folder / "own.json"
    path.write_text(
        json.dumps(
            {
                "from": "mapillary_vistas",
                "to": "cityscapes",
                "total": False,
                "classes": placed,
                "ignored": [name for name in names if name not in known],
            }
        )
    )
    return path


def test_a_map_of_ones_own_is_taken(ended, tiny, write_config, streets, tmp_path):
    path = own_map(tmp_path)
    own = {"type": "ClassReduction", "map": path.name}
    config = write_config(tmp_path / "transfer.py", streets, {"adapters": [own, REDUCE]})
    assert list(tiny.plan(config).stages) == list(ended.plan.stages)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"Road": None, "Rood": "road"}, ("'Rood' (did you mean 'Road'?)", "'mapillary_vistas'")),
        ({"Road": "rood"}, ("'rood' (did you mean 'road'?)", "'cityscapes'")),
        ({"Car": None, "Bus": None}, ("neither placed nor ignored", "'Car'", "'Bus'")),
    ],
    ids=["unknown source class", "unknown target class", "missing classes"],
)
def test_a_map_that_does_not_fit_its_spaces_is_refused(refused, tmp_path, changes, names):
    path = own_map(tmp_path, **changes)
    line = refused({"adapters": [{"type": "ClassReduction", "map": path.name}, REDUCE]})
    assert line.startswith(f"error: adapters[0]: {path}: ")
    for name in names:
        assert name in line


def test_a_map_that_starts_where_nothing_leads_is_refused(refused):
    lost = {"type": "ClassReduction", "map": "camvid_to_idd_lite"}
    line = refused({"adapters": [DG, REDUCE, lost]})
    assert line.startswith("error: adapters: ")
    for name in ("'camvid_to_idd_lite'", "'camvid'", "cityscapes", "mapillary_vistas"):
        assert name in line


in_r_and_e = pytest.mark.parametrize(
    ("part", "key"),
    [("training", "split.reference"), ("validation", "test_dataloader.dataset")],
    ids=["in R", "in E"],
)


@in_r_and_e
def test_one_pixel_outside_the_label_space_is_refused(refused, streets, tmp_path, part, key):
    data = shutil.copytree(streets, tmp_path / "streets")
    bad = vistas_labels(data, part)[2]
    paint(bad, [66])
    line = refused(data=data)
    assert line.startswith(f"error: {key}: {bad}: ")
    for name in ("66", "'mapillary_vistas'", "0–65"):
        assert name in line


@in_r_and_e
def test_labels_of_vistas_2_are_refused(refused, streets, tmp_path, part, key):
    data = shutil.copytree(streets, tmp_path / "streets")
    folder = data / "mapillary" / part
    (folder / "v1.2").rename(folder / "v2.0")
    line = refused(data=data)
    assert line.startswith(f"error: {key}: {folder}: there are v2.0 labels only")
    assert "v1.2" in line


def test_a_phase_in_a_space_that_no_map_leads_to_is_refused(refused):
    line = refused({"scheduler": curriculum({**FEW, "space": "cityscapes_7"}, GUIDED)})
    assert line.startswith("error: phases[0]: ")
    assert "'cityscapes_7'" in line


def test_pseudo_labels_of_a_space_that_a_phase_cannot_learn_from_are_refused(refused):
    seven = {"type": "ClassReduction", "map": "cityscapes_to_cityscapes_7"}
    line = refused(
        {
            "adapters": [DG, REDUCE, seven],
            "scheduler": curriculum(FEW, {**GUIDED, "space": "cityscapes_7"}),
        }
    )
    assert line.startswith("error: phases[1]: the pseudo labels of student 1, fold 0 ")
    for name in ("'cityscapes_5'", "road, vehicle, person", "'cityscapes_7'", "flat", "adapters"):
        assert name in line


def test_source_and_target_without_a_shared_space_are_refused(refused):
    line = refused({"adapters": [], "scheduler": {"type": "Supervised"}})
    assert line.startswith("error: adapters: the lists share no label space")
    for name in ("labeled: 'cityscapes' (road, ", "test: 'mapillary_vistas' (Bird, "):
        assert name in line
