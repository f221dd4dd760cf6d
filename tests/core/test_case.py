from dataclasses import replace

import pytest

from ssl_seg.core.case import LabelFile, content_digest


@pytest.fixture
def case(made_up):
    return made_up.cases("x", 1)[0]


def test_the_content_is_what_a_stage_reads(case):
    read = {
        "id": replace(case, id="y"),
        "image": replace(case, image=replace(case.image, digest="other")),
        "label": replace(case, label=replace(case.label, digest="other")),
        "no label": case.without_label(),
    }
    digests = {content_digest([other]) for other in (case, *read.values())}
    assert len(digests) == len(read) + 1


def test_paths_groups_and_pixel_counts_are_no_content(case):
    moved = replace(
        case,
        image=replace(case.image, path="/elsewhere/x.jpg"),
        label=LabelFile("/elsewhere/x.png", case.label.digest, ((0, 7), (255, 1))),
        group="another",
    )
    assert content_digest([moved]) == content_digest([case])


def test_the_order_of_cases_is_content(made_up):
    cases = made_up.cases("x", 3)
    assert content_digest(cases) != content_digest(cases[::-1])
    assert content_digest(cases) != content_digest(cases[:2])


def test_without_label_keeps_all_else(case):
    bare = case.without_label()
    assert bare.label is None
    assert replace(bare, label=case.label) == case
    assert bare.without_label() is bare
