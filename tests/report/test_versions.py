"""A report states what made the results, not what prints them."""

from ssl_seg.report import write_report
from ssl_seg.report.versions import differences, versions_of
from ssl_seg.store.atomic import write_json

TOY = {"type": "Supervised"}


def note(store, stage, versions):
    write_json(store.path(stage) / "environment.json", {"device": "CPU", "versions": versions})


def test_all_versions_that_made_results_are_stated(benchmark):
    plan = benchmark.plan(TOY, 0)
    benchmark.finish(plan)
    first, second, *_ = plan.stages
    assert "## Versions" not in write_report(benchmark.store)
    note(benchmark.store, first, {"torch": "2.12.0", "numpy": "2.4.6"})
    note(benchmark.store, second, {"torch": "2.13.0", "numpy": "2.4.6"})
    text = write_report(benchmark.store)
    assert "made by numpy 2.4.6, torch 2.12.0 and 2.13.0." in text


def test_only_the_stages_that_are_asked_for_count(benchmark):
    plan = benchmark.plan(TOY, 0)
    benchmark.finish(plan)
    first, second, *_ = plan.stages
    note(benchmark.store, first, {"torch": "2.12.0"})
    note(benchmark.store, second, {"torch": "2.13.0"})
    found = versions_of(benchmark.store, [second, "0" * 32])
    assert found == {"torch": ["2.13.0"]}
    assert differences(found, {"torch": "2.13.0", "numpy": "3"}) == []
    assert differences(found, {"numpy": "3"}) == ["torch 2.13.0 (now not installed)"]
