"""Tables hold the rows' numbers, say what was left out, and favour no line."""

from __future__ import annotations

from statistics import fmean, stdev

from ssl_seg.report.pseudo_labels import pseudo_labels
from ssl_seg.report.rows import rows
from ssl_seg.report.runs import runs, schedule
from ssl_seg.report.tables import (
    class_share_table,
    class_tables,
    generation_table,
    pseudo_label_table,
    run_table,
    size_note,
    summary_table,
    vanished_list,
)


def cells(table):
    """Return a table's lines as lists of cells, the header first."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    split = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [split[0], *split[2:]]


def test_a_line_per_generation_and_model_with_test_and_reference(finished):
    own = [row for row in rows(finished) if row["run"] == "atso-seed0"]
    header, *lines = cells(generation_table(own))
    metrics = ["mIoU", "mAcc", "aAcc", "mDice"]
    assert header == [
        "generation",
        "model",
        *(f"test {name}" for name in metrics),
        *(f"reference {name}" for name in metrics),
    ]
    assert [line[:2] for line in lines] == [
        ["0", "single"],
        ["1", "fold-0"],
        ["1", "fold-1"],
        ["1", "mean"],
        ["1", "final"],
    ]
    assert lines[0][2] == f"{own[0]['metrics']['mIoU']:.2f}"
    assert lines[0][6] == f"{own[1]['metrics']['mIoU']:.2f}"
    assert lines[-1][6:] == ["–"] * 4


def test_absent_classes_are_named_below_the_table(finished):
    own = [row for row in rows(finished) if row["run"] == "atso-seed0"]
    text = generation_table(own)
    assert "left out of the means" in text
    assert "- test: tram\n- reference: tram" in text
    own[0]["absent"] = []
    assert "- test (1 fold-0, 1 fold-1, 1 mean, 1 final): tram" in generation_table(own)
    assert "left out" not in generation_table([{**row, "absent": []} for row in own])


def test_spaces_are_told_apart_where_there_are_several(finished):
    own = [row for row in rows(finished) if row["run"] == "stso-seed0" and row["set"] == "test"]
    coarse = [{**row, "space": "coarse"} for row in own]
    header, *lines = cells(generation_table([*own, *coarse]))
    assert header[2] == "space"
    assert len(lines) == 2 * len(own)


def test_the_summary_is_over_seeds(finished):
    found = rows(finished)
    header, *lines = cells(summary_table(found, runs(finished)))
    assert header[3:] == ["seeds", "test mIoU", "reference mIoU"]
    line = next(x for x in lines if x[:2] == ["atso", "1"])
    values = [
        row["metrics"]["mIoU"]
        for row in found
        if (row["scheduler"], row["generation"], row["model"], row["set"])
        == ("ATSO", 1, "mean", "test")
    ]
    assert len(values) == 2
    assert line[3:5] == ["2", f"{fmean(values):.2f} ± {stdev(values):.2f}"]
    assert [line[1] for line in lines] == ["0", "1", "final"] * 2


def test_one_seed_has_no_deviation(finished):
    found = [row for row in rows(finished) if row["seed"] == 0]
    assert "±" not in summary_table(found, runs(finished))


def test_final_models_are_shown_by_class(finished):
    (table,) = class_tables(rows(finished), runs(finished))
    header, *lines = cells(table)
    assert header == ["IoU of", "atso", "stso"]
    assert [line[0] for line in lines] == ["road", "car", "tram"]
    assert lines[2][1:] == ["–", "–"]
    values = [
        row["classes"]["car"]["IoU"]
        for row in rows(finished)
        if (row["scheduler"], row["model"]) == ("STSO", "final")
    ]
    assert lines[1][2] == f"{fmean(values):.2f}"


def test_each_run_states_what_was_trained_in_total(finished):
    header, *lines = cells(run_table(runs(finished)))
    assert header[3:] == ["trained models", "trained iterations"]
    # ATSO trains an initial model, one per fold, and a final one.
    assert lines[0] == ["atso-seed0", "ATSO(folds=2, generations=1)", "0", "4", "160"]
    assert lines[2][3:] == ["2", "80"]


def test_labels_are_shown_with_what_is_known_of_them(finished):
    entries = [entry for entry in pseudo_labels(finished) if entry["run"] == "atso-seed0"]
    header, *lines = cells(pseudo_label_table(entries))
    assert header == ["generation", "teacher", "cases", "confidence %", "coverage %"]
    assert lines[0] == ["0", "single", "4", "75.00", "100.00"]
    last = {**entries[-1], "space": "coarse", "role": "final", "fold": None}
    header, *lines = cells(pseudo_label_table([*entries, last]))
    assert header[:4] == ["generation", "teacher", "space", "cases"]
    assert [line[1:3] for line in lines] == [
        ["single", "street"],
        ["fold-0", "street"],
        ["fold-1", "street"],
        ["final", "coarse"],
    ]
    two = [{"coverage": 0.8}, {"coverage": 0.6}]
    *_, line = cells(pseudo_label_table([*entries, {**last, "read_by": two}]))
    assert line[-1] == "60.00–80.00"
    unknown = [{**entry, "confidence": None} for entry in entries]
    assert "confidence" not in pseudo_label_table(unknown)


def shares(**generations):
    """Return class shares of a space of three classes, by generation."""
    made = [
        {
            "generation": at,
            "role": role,
            "shares": dict(zip("abc", values, strict=True)),
            "vanished": list(lost),
        }
        for at, (role, (values, lost)) in enumerate(generations.items())
    ]
    labeled = {"a": 0.9, "b": 0.1, "c": 0.0}
    return {"run": "x", "space": "abc", "labeled": labeled, "generations": made}


def test_classes_are_shown_by_generation_beside_the_labeled_set():
    entry = shares(
        initial=((0.95, 0.05, 0.0), ""),
        student=((0.99996, 0.00004, 0.0), "b"),
        final=((None,) * 3, ""),
    )
    assert cells(class_share_table(entry)) == [
        ["% of the pixels", "S", "generation 0", "generation 1", "generation 2 final"],
        ["a", "90.00", "95.00", "100.00", "–"],
        ["b", "10.00", "5.00", "<0.01", "–"],
        ["c", "0.00", "0.00", "0.00", "–"],
    ]


def test_vanished_classes_are_listed_by_generation():
    entry = shares(initial=((1, 0, 0), ""), student=((1, 0, 0), "b"), final=((0, 0, 1), "ab"))
    assert vanished_list(entry) == "- generation 1: b\n- generation 2 final: a, b"
    assert vanished_list(shares(initial=((1, 0, 0), ""))) == ""


def test_a_schedule_without_arguments_is_named_by_its_type():
    assert schedule({"scheduler": "Supervised", "arguments": {}}) == "Supervised"


def test_the_phases_of_a_curriculum_are_written_in_their_order():
    phases = [
        {"scheduler": {"type": "ATSO", "folds": 2}, "space": "few"},
        {"scheduler": {"type": "STSO"}, "role": "guided", "pseudo_labels": "previous"},
    ]
    assert schedule({"scheduler": "Curriculum", "arguments": {"phases": phases}}) == (
        "Curriculum(phases=[ATSO(folds=2) with space='few' → "
        "STSO with pseudo_labels='previous', role='guided'])"
    )


def test_sets_that_were_scored_at_a_reduced_size_are_named(finished):
    own = [row for row in rows(finished) if row["run"] == "atso-seed0"]
    assert size_note(own) == ""
    reduced = [
        {**row, "max_side": 640, "reduced": 2} if row["set"] == "test" else row for row in own
    ]
    note = size_note(reduced)
    assert note == "Scored at a reduced size, the longer side 640 pixels: 2 of 3 test cases."


def test_spaces_of_one_name_and_other_classes_have_tables_of_their_own(finished):
    final = [row for row in rows(finished) if row["model"] == "final" and row["set"] == "test"]
    other = {**final[1], "classes": {"tree": {"IoU": 7.0}}}
    tables = class_tables([final[0], other], runs(finished))
    assert [cells(table)[1][0] for table in tables] == [next(iter(final[0]["classes"])), "tree"]
