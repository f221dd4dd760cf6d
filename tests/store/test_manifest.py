import hashlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssl_seg.store.manifest import MANIFEST, find_problems, read_manifest, write_manifest

names = st.text("ab.é ", min_size=1, max_size=3).filter(lambda name: name.strip("."))
trees = st.recursive(
    st.binary(max_size=5), lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=6
).filter(lambda tree: isinstance(tree, dict))


def _grow(folder, tree):
    folder.mkdir()
    for name, inner in tree.items():
        if isinstance(inner, bytes):
            (folder / name).write_bytes(inner)
        else:
            _grow(folder / name, inner)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees)
def test_every_file_is_listed_with_size_and_hash(tmp_path_factory, tree):
    folder = tmp_path_factory.mktemp("any") / "out"
    _grow(folder, tree)
    contents = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    write_manifest(folder, {"kind": "label"})
    manifest = read_manifest(folder)
    assert manifest["description"] == {"kind": "label"}
    assert manifest["files"] == {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in contents.items()
    }
    assert find_problems(folder) == []


@pytest.fixture
def artifact(tmp_path):
    folder = tmp_path / "artifact"
    _grow(folder, {"model.pth": b"weights", "maps": {"1.png": b"map"}})
    write_manifest(folder, {})
    return folder


def test_writing_it_again_changes_no_byte(artifact):
    before = (artifact / MANIFEST).read_bytes()
    write_manifest(artifact, {})
    assert (artifact / MANIFEST).read_bytes() == before


def test_every_kind_of_damage_is_named(artifact):
    (artifact / "model.pth").write_bytes(b"weightS")
    (artifact / "maps" / "1.png").write_bytes(b"ma")
    (artifact / "stray").write_bytes(b"")
    short, hashed, stray = find_problems(artifact)
    assert short == f"{artifact / 'maps' / '1.png'}: expected 3 bytes, found 2"
    assert hashed.startswith(f"{artifact / 'model.pth'}: expected SHA-256")
    assert stray == f"{artifact / 'stray'}: not in the manifest"
    (artifact / "model.pth").unlink()
    assert f"{artifact / 'model.pth'}: missing" in find_problems(artifact)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "expected JSON"),
        (b"[]", "expected a JSON object, found list"),
        (json.dumps({"format": 99}).encode(), "expected format 1, found 99"),
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(artifact, content, message):
    (artifact / MANIFEST).write_bytes(content)
    with pytest.raises(ValueError, match=rf"artifact\.json: {message}"):
        read_manifest(artifact)
