"""The report can be written at any time, from the store alone."""

from __future__ import annotations

import json

import pytest

from ssl_seg.report import write_report

ATSO = {"type": "ATSO", "folds": 2, "generations": 1}


def written(store):
    return json.loads((store.work_dir / "report" / "report.json").read_text())


def test_the_file_is_what_the_screen_shows(benchmark):
    benchmark.finish(benchmark.plan(ATSO, 0))
    text = write_report(benchmark.store)
    assert (benchmark.store.work_dir / "report" / "report.md").read_text() == text
    assert "atso-seed0: ATSO(folds=2, generations=1), seed 0" in text
    assert "not there yet" not in text


def test_the_results_are_found_from_the_work_dir(benchmark):
    plan = benchmark.plan(ATSO, 0)
    benchmark.finish(plan)
    write_report(benchmark.store)
    report = written(benchmark.store)
    assert report["format"] == 2
    assert report["pending"] == 0
    assert len(report["rows"]) == len(plan.rows)
    (run,) = report["runs"]
    assert (run["name"], run["scheduler"], run["seed"]) == ("atso-seed0", "ATSO", 0)
    assert run["trained_iterations"] == 160
    path = f"artifacts/{plan.models[None]}/model.pth"
    assert run["models"] == [{"view": None, "path": path}]
    assert (benchmark.store.work_dir / path).is_file()
    assert run["labels"] == [f"artifacts/{name}/maps" for name in plan.labels]
    labels = [
        path for name in run["labels"] for path in (benchmark.store.work_dir / name).iterdir()
    ]
    assert len(labels) == 4
    assert run["notes"] == list(plan.notes)


def test_tables_are_values_in_the_one_file_and_text_in_the_other(benchmark):
    benchmark.finish(benchmark.plan(ATSO, 0))
    text = write_report(benchmark.store)
    tables = written(benchmark.store)["tables"]
    assert [table["section"] for table in tables] == [
        "Runs",
        *["atso-seed0: ATSO(folds=2, generations=1), seed 0"] * 3,
        "Final models on the test set by class",
    ]
    scores = tables[1]
    at = [column["name"] for column in scores["columns"]].index("mIoU")
    assert scores["rows"][0][at] == written(benchmark.store)["rows"][0]["metrics"]["mIoU"]
    assert f"{scores['rows'][0][at]:.2f}" in text
    assert scores["rows"][-1][-1] is None


def test_before_and_during_a_run(benchmark):
    assert "Report" in write_report(benchmark.store)
    plan = benchmark.plan(ATSO, 0)
    assert "9 of 9 scores are not there yet" in write_report(benchmark.store)
    benchmark.finish(plan, "label")
    write_report(benchmark.store)
    report = written(benchmark.store)
    assert report["rows"] == []
    assert report["pending"] == 9
    assert report["runs"][0]["models"] == []


def test_several_runs_are_summed_up_and_none_is_marked(benchmark):
    for scheduler in (ATSO, {"type": "Supervised"}):
        benchmark.finish(benchmark.plan(scheduler, 0))
    text = write_report(benchmark.store)
    assert "## All runs by generation" in text
    assert "**" not in text
    assert "best" not in text.lower()


def stated(classes, pixels):
    return [{"space": "street", "pixels": dict(zip(classes, pixels, strict=True))}]


STREET = ("road", "car", "tram")


def test_class_shares_are_in_both_files(benchmark):
    benchmark.finish(benchmark.plan(ATSO, 0))
    text = write_report(benchmark.store)
    assert "| % of the pixels   |" in text
    assert "vanished" not in text
    (found,) = written(benchmark.store)["class_shares"]
    assert [made["generation"] for made in found["generations"]] == [0, 1]
    assert sum(found["generations"][1]["shares"].values()) == pytest.approx(1)


def test_a_class_that_vanishes_is_named(benchmark):
    pixels = stated(STREET, (60, 30, 10))
    benchmark.finish(benchmark.plan(ATSO, 0, labeled_pixels=pixels))
    text = write_report(benchmark.store)
    assert "vanished from the pseudo labels (less than 1/100" in text
    assert "- generation 0: tram\n- generation 1: tram" in text
    (found,) = written(benchmark.store)["class_shares"]
    assert [made["vanished"] for made in found["generations"]] == [["tram"], ["tram"]]


def test_a_run_recorded_without_counts_has_no_class_shares(benchmark):
    plan = benchmark.plan(ATSO, 0)
    benchmark.finish(plan)
    (record,) = benchmark.store.plans()
    del record["labeled_pixels"]
    benchmark.store.save_plan(record)
    text = write_report(benchmark.store)
    assert "Pseudo labels of the reference set" in text
    assert "% of the pixels" not in text
    assert written(benchmark.store)["class_shares"] == []


@pytest.mark.parametrize(("classes", "shown"), [(30, True), (31, False)])
def test_of_many_classes_only_the_vanished_are_in_the_text(benchmark, classes, shown):
    plan = benchmark.plan({"type": "STSO", "generations": 1}, 0)
    names = [f"class {number}" for number in range(classes)]
    benchmark.finish(plan)
    # A manifest of another version of the same stages, in a space of many classes.
    for stage in plan.labelings:
        path = benchmark.store.path(stage.fingerprint) / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["space"]["classes"] = names
        manifest["histogram"] = [1] * (classes - 1) + [0]
        path.write_text(json.dumps(manifest))
    (record,) = benchmark.store.plans()
    benchmark.store.save_plan(record | {"labeled_pixels": stated(names, [1] * classes)})
    text = write_report(benchmark.store)
    assert ("% of the pixels" in text) is shown
    assert f"- generation 1: class {classes - 1}" in text
    (found,) = written(benchmark.store)["class_shares"]
    assert len(found["labeled"]) == classes


def test_an_equal_store_writes_equal_files(benchmark):
    benchmark.finish(benchmark.plan(ATSO, 0))
    write_report(benchmark.store)
    folder = benchmark.store.work_dir / "report"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write_report(benchmark.store)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert set(before) == {"report.md", "report.json"}
