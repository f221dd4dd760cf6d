"""The report can be written at any time, from the store alone."""

from __future__ import annotations

import json

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
    assert report["format"] == 1
    assert report["pending"] == 0
    assert len(report["rows"]) == len(plan.rows)
    assert "numpy" in report["versions"]
    (run,) = report["runs"]
    assert (run["name"], run["scheduler"], run["seed"]) == ("atso-seed0", "ATSO", 0)
    assert run["trained_iterations"] == 160
    assert run["model"] == f"artifacts/{plan.model}/model.pth"
    assert (benchmark.store.work_dir / run["model"]).is_file()
    assert run["labels"] == [f"artifacts/{name}/maps" for name in plan.labels]
    labels = [
        path for name in run["labels"] for path in (benchmark.store.work_dir / name).iterdir()
    ]
    assert len(labels) == 4
    assert run["notes"] == list(plan.notes)


def test_before_and_during_a_run(benchmark):
    assert "Report" in write_report(benchmark.store)
    plan = benchmark.plan(ATSO, 0)
    assert "9 of 9 scores are not there yet" in write_report(benchmark.store)
    benchmark.finish(plan, "label")
    write_report(benchmark.store)
    report = written(benchmark.store)
    assert report["rows"] == []
    assert report["pending"] == 9
    assert report["runs"][0]["model"] is None


def test_several_runs_are_summed_up_and_none_is_marked(benchmark):
    for scheduler in (ATSO, {"type": "Supervised"}):
        benchmark.finish(benchmark.plan(scheduler, 0))
    text = write_report(benchmark.store)
    assert "## All runs by generation" in text
    assert "**" not in text
    assert "best" not in text.lower()


def test_an_equal_store_writes_equal_files(benchmark):
    benchmark.finish(benchmark.plan(ATSO, 0))
    write_report(benchmark.store)
    folder = benchmark.store.work_dir / "report"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write_report(benchmark.store)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert set(before) == {"report.md", "report.json"}
