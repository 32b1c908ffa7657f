"""Where a model's file is looked for, and the error if it is nowhere; a server on this machine is the network."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from search.encoders.weights import ModelFile, find, read_state
from search.errors import EncoderError, ModelNotFound
from tests.search.encoder_helpers import settings

BODY = bytes(range(256)) * 9000
SHA256 = hashlib.sha256(BODY).hexdigest()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path == "/gone.pt":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY[: len(BODY) // 2] if self.path == "/cut.pt" else BODY)

    def log_message(self, *args):
        """Keep the test's output clean."""


@pytest.fixture
def server() -> Iterator[http.server.HTTPServer]:
    """A server that has model.pt whole, cut.pt in half, and gone.pt not at all; ``asked`` lists the paths."""
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    served.asked = []
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


def model(server: http.server.HTTPServer, name: str = "model.pt", sha256: str = SHA256) -> ModelFile:
    return ModelFile(name, sha256, f"http://127.0.0.1:{server.server_port}/{name}")


def test_a_model_is_downloaded_once_into_the_cache(server, tmp_path):
    """No other file is left behind; the second time nothing is asked of the network."""
    online = settings(tmp_path, offline=False)
    path = find(model(server), online)
    assert path == tmp_path / "cache" / "model.pt"
    assert path.read_bytes() == BODY
    assert [file.name for file in path.parent.iterdir()] == ["model.pt"]
    assert find(model(server), online) == path
    assert server.asked == ["/model.pt"]


def test_a_folder_of_the_settings_comes_before_the_network(server, tmp_path):
    """In the order of the folders."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        (folder / "model.pt").write_bytes(BODY)
    assert find(model(server), settings(tmp_path, (first, second), offline=False)) == first / "model.pt"
    assert server.asked == []


def test_other_bytes_under_the_name_are_refused(server, tmp_path):
    """They would make other vectors under the same name."""
    (tmp_path / "model.pt").write_bytes(BODY[:-1])
    with pytest.raises(EncoderError, match="SHA-256"):
        find(model(server), settings(tmp_path, (tmp_path,), offline=False))


@pytest.mark.parametrize(("name", "sha256"), [("model.pt", "0" * 64), ("cut.pt", SHA256)])
def test_a_download_that_is_not_the_pinned_file_is_thrown_away(server, tmp_path, name, sha256):
    """Another file, or half of the right one: an error, and nothing in the cache."""
    with pytest.raises(EncoderError):
        find(model(server, name, sha256), settings(tmp_path, offline=False))
    assert list((tmp_path / "cache").iterdir()) == []


def _names_the_ways(message: str, tmp_path: Path, url: str) -> bool:
    ways = (str(tmp_path / "models"), str(tmp_path / "cache"), "SOUNDALIKE_MODELS", url, "path")
    return all(way in message for way in ways) and "\n" not in message


def test_offline_nothing_is_asked_of_the_network(server, tmp_path):
    """And the error names the ways to get the file."""
    wanted = model(server)
    with pytest.raises(ModelNotFound) as caught:
        find(wanted, settings(tmp_path, (tmp_path / "models",), offline=True))
    assert _names_the_ways(str(caught.value), tmp_path, wanted.url)
    assert server.asked == []


def test_a_server_without_the_file_and_no_server_at_all(server, tmp_path):
    """The error says why, in the words of whoever said so first, and names the ways."""
    gone, nobody = model(server, "gone.pt"), ModelFile("model.pt", SHA256, "http://127.0.0.1:9/model.pt")
    for wanted, why in ((gone, "404"), (nobody, "Connection refused")):
        with pytest.raises(ModelNotFound, match=f"downloading failed: .*{why}") as caught:
            find(wanted, settings(tmp_path, (tmp_path / "models",), offline=False))
        assert _names_the_ways(str(caught.value), tmp_path, wanted.url)


def test_a_cache_that_cannot_be_written_is_named(server, tmp_path):
    """Here a file stands where its folder should be."""
    (tmp_path / "cache").write_text("")
    with pytest.raises(ModelNotFound, match="cache cannot be written"):
        find(model(server), settings(tmp_path, offline=False))


def test_tensors_come_back_from_both_formats(tmp_path):
    from safetensors.torch import save_file

    state = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2)}
    torch.save(state, tmp_path / "m.pt")
    save_file(state, tmp_path / "m.safetensors")
    for name in ("m.pt", "m.safetensors"):
        read = read_state(tmp_path / name)
        assert read.keys() == state.keys()
        assert all(torch.equal(read[key], state[key]) for key in state)


class _Trap:
    """What a hostile checkpoint holds: code that runs when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_files_that_are_no_checkpoint_give_one_clear_line(tmp_path):
    """Empty, text, cut, another object, a folder's name; and code in a checkpoint is not run."""
    torch.save({"a": torch.ones(1000)}, tmp_path / "whole.pt")
    whole = (tmp_path / "whole.pt").read_bytes()
    files = {
        "empty.pt": b"",
        "text.pt": b"hello\nworld",
        "cut.pt": whole[:-900],
        "text.safetensors": b"hello",
        "e.safetensors": b"",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    torch.save([1, 2, 3], tmp_path / "list.pt")
    torch.save({"a": _Trap(tmp_path / "sprung")}, tmp_path / "trap.pt")
    for name in (*files, "list.pt", "trap.pt"):
        with pytest.raises(EncoderError, match=name) as caught:
            read_state(tmp_path / name)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "sprung").exists()
    with pytest.raises(ModelNotFound, match="absent"):
        read_state(tmp_path / "absent.pt")
