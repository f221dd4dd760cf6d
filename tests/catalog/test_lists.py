import pytest

from ssl_seg.catalog.lists import select
from ssl_seg.core.case import Case, DataFile

CASES = tuple(
    Case(id=name, image=DataFile(f"/data/{name}.png", name), label=None, group=name)
    for name in ("a/1", "a/2", "b/10", "#c")
)


def chosen(tmp_path, text):
    (tmp_path / "list.txt").write_text(text)
    return [case.id for case in select(CASES, tmp_path / "list.txt", "split.labeled")]


def test_the_catalogs_order_counts_not_that_of_the_lines(tmp_path):
    assert chosen(tmp_path, "b/10\na/1\n") == chosen(tmp_path, "a/1\nb/10") == ["a/1", "b/10"]


def test_blank_lines_and_comments_are_skipped(tmp_path):
    assert chosen(tmp_path, "\ufeff# mine\n\n  a/2 \r\n") == ["a/2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the list is empty"),
        ("# nothing\n\n", "the list is empty"),
        ("a/1\na/2\na/1\n", "'a/1' is listed twice, in lines 1 and 3"),
        ("/data/a/1\n", "line 1: '/data/a/1' leads out of the data set"),
        ("a/../../x\n", "leads out of the data set"),
        ("a/1\nb/11\n", "line 2: no case is named 'b/11'; did you mean 'b/10'"),
        ("a/1.png\n", "did you mean 'a/1'. Case ids have no suffix"),
        ("zzzzzz\n", "no case is named 'zzzzzz'; e.g. 'a/1' is"),
    ],
)
def test_bad_lists_are_refused_by_place(tmp_path, text, message):
    with pytest.raises(ValueError, match=message) as error:
        chosen(tmp_path, text)
    assert str(error.value).startswith(f"split.labeled: {tmp_path / 'list.txt'}")


def test_a_missing_or_binary_list_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no such list file"):
        select(CASES, tmp_path / "gone.txt", "split.labeled")
    (tmp_path / "image.png").write_bytes(b"\x89PNG\xff")
    with pytest.raises(ValueError, match="not a readable list"):
        select(CASES, tmp_path / "image.png", "split.labeled")
