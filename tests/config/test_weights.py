import http.server
import threading
from functools import partial
from hashlib import sha256

import pytest

from ssl_seg.config.weights import MARK, Weights, unmark, without_weights
from ssl_seg.core.errors import UserError


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model.pth"
    path.write_bytes(b"weights")
    return path


def model(name):
    return {
        "type": "EncoderDecoder",
        "backbone": {"init_cfg": {"type": "Pretrained", "checkpoint": name}},
        "heads": [{"pretrained": name}, {"pretrained": None}],
        "checkpoint": "not a file",
    }


def mark_of(path):
    return MARK + sha256(path.read_bytes()).hexdigest()


def test_weight_files_become_marks_of_their_content(file):
    assert Weights().mark(model(str(file)), "model") == model(mark_of(file))


def test_the_path_is_not_in_the_mark_but_the_content_is(file, tmp_path):
    copy = tmp_path / "copy.pth"
    copy.write_bytes(file.read_bytes())
    first, second = (Weights().mark(model(str(path)), "model") for path in (file, copy))
    assert first == second
    copy.write_bytes(b"other weights")
    assert Weights().mark(model(str(copy)), "model") != first


def test_marks_become_paths_again(file):
    weights = Weights()
    marked = weights.mark(model(str(file)), "model")
    assert weights.files == {mark_of(file): str(file)}
    assert unmark(marked, weights.files) == model(str(file))


def test_a_model_to_be_loaded_needs_no_weight_files(file):
    assert without_weights(model(str(file))) == model(None)


@pytest.mark.parametrize(
    ("config", "place"),
    [
        (model("gone.pth"), "model.backbone.init_cfg.checkpoint"),
        ({"load_from": "gone.pth"}, "model.load_from"),
        ({"heads": [{}, {"pretrained": "gone.pth"}]}, r"model.heads\[1\].pretrained"),
    ],
)
def test_a_missing_file_is_named_with_its_place(config, place):
    with pytest.raises(UserError, match=rf"^{place}: there is no weight file gone\.pth"):
        Weights().mark(config, "model")


@pytest.mark.parametrize("url", ["https://x.org/r50.pth", "open-mmlab://resnet50_v1c"])
def test_addresses_are_refused_with_the_ways_out(url):
    with pytest.raises(ValueError, match=r"local file, None for .* --allow-download") as error:
        Weights().mark({"pretrained": url}, "model")
    assert str(error.value).startswith(f"model.pretrained: weights named by URL ({url})")


def test_unknown_names_of_the_model_zoo_are_refused_with_the_nearest(tmp_path):
    with pytest.raises(ValueError, match="'resnet50_v1'; did you mean 'resnet"):
        Weights(tmp_path).mark({"pretrained": "open-mmlab://resnet50_v1"}, "model")


@pytest.mark.parametrize("url", ["ftp://x.org/a.pth", "s3://bucket/a.pth", "file:///etc/passwd"])
def test_other_addresses_are_never_fetched(tmp_path, url):
    with pytest.raises(ValueError, match="download the file by hand"):
        Weights(tmp_path / "kept").mark({"pretrained": url}, "model")
    assert not (tmp_path / "kept").exists()


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Serve a folder on this machine; returns folder and address."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = tmp_path / "site"
    folder.mkdir()
    handler = partial(_Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_weights_are_fetched_once_where_that_is_allowed(site, tmp_path):
    folder, address = site
    (folder / "net.pth").write_bytes(b"net")
    config = {"pretrained": f"{address}/net.pth"}
    first = Weights(tmp_path / "kept")
    marked = first.mark(config, "model")
    assert marked == {"pretrained": mark_of(folder / "net.pth")}
    (folder / "net.pth").unlink()
    assert Weights(tmp_path / "kept").mark(config, "model") == marked
    assert [path.suffix for path in (tmp_path / "kept").iterdir()] == [".pth"]


def test_equal_names_at_different_addresses_are_different_files(site, tmp_path):
    folder, address = site
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "net.pth").write_bytes(name.encode())
    config = [{"pretrained": f"{address}/{name}/net.pth"} for name in ("a", "b")]
    marks = Weights(tmp_path / "kept").mark(config, "model")
    assert [part["pretrained"] for part in marks] == [
        mark_of(folder / name / "net.pth") for name in ("a", "b")
    ]


def test_a_failed_download_is_named_and_leaves_nothing_behind(site, tmp_path):
    config = {"pretrained": f"{site[1]}/gone.pth"}
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^model\.pretrained: cannot download .*gone.*404"):
            Weights(tmp_path / "kept").mark(config, "model")
