"""The shipped network without torch: the graph against torch with the same weights."""

from __future__ import annotations

import subprocess
import sys
from importlib import resources

import numpy as np
import pytest
import soundfile
import torch

from search import wiring
from search.encoders import devices, graph
from tests.search.encoder_helpers import settings, sounds


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    return wiring.encoder("cnn:soundalike-1", settings(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def windows(shipped):
    """A chord, bursts, a rising tone, silence; loud and quiet noise; one impulse; full scale."""
    rng = np.random.default_rng(11)
    more = np.zeros((4, shipped.spec.window_samples), np.float32)
    more[0] = rng.normal(0, 0.3, more.shape[1])
    more[1] = rng.normal(0, 1e-4, more.shape[1])
    more[2, 70_000] = 1
    more[3] = np.sign(np.sin(np.arange(more.shape[1]) / 30))
    return np.concatenate([sounds(shipped.spec), more])


def test_the_graph_gives_the_vectors_and_tags_that_torch_gives(shipped, windows):
    """What libraries hold was made by torch: they need no encoding anew."""
    ours, theirs = shipped.encode_audio(windows), shipped.in_torch().encode_audio(windows)
    np.testing.assert_allclose(ours.vectors, theirs.vectors, atol=1e-4)
    np.testing.assert_allclose(ours.tags, theirs.tags, atol=1e-4)


def test_the_graph_gives_the_frames_that_torch_gives(shipped, windows):
    """Their tags and vectors; the windows' own come in the same pass, and are those of a pass without frames."""
    ours, theirs = shipped.encode_frames(windows), shipped.in_torch().encode_frames(windows)
    assert ours.tags.shape == (len(windows), 16, len(shipped.spec.vocabulary))
    np.testing.assert_allclose(ours.tags, theirs.tags, atol=1e-4)
    np.testing.assert_allclose(ours.windows.vectors, shipped.encode_audio(windows).vectors, atol=1e-6)
    np.testing.assert_allclose(ours.windows.tags, theirs.windows.tags, atol=1e-4)
    vectors = shipped.frame_vectors(windows)
    np.testing.assert_allclose(vectors, shipped.in_torch().frame_vectors(windows), atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=2), 1, atol=1e-5)
    for encoder in (shipped, shipped.in_torch()):
        both = encoder.encode_frames(windows, with_vectors=True)
        np.testing.assert_allclose(both.vectors, encoder.frame_vectors(windows), atol=1e-6)
        np.testing.assert_allclose(both.tags, encoder.encode_frames(windows).tags, atol=1e-6)
    assert ours.vectors is None
    assert shipped.encode_frames(windows[:0]).tags.shape[0] == 0
    assert shipped.encode_frames(windows[:0], with_vectors=True).vectors.shape[0] == 0
    assert shipped.in_torch().frame_s == shipped.frame_s


def test_a_window_has_the_same_vector_in_any_company(shipped, windows):
    together = shipped.encode_audio(windows).vectors
    for row, window in enumerate(windows):
        np.testing.assert_allclose(shipped.encode_audio(windows[row : row + 1]).vectors[0], together[row], atol=1e-5)
        assert np.array_equal(window, windows[row])


def test_windows_that_may_not_be_written_or_lie_backwards_are_read(shipped, windows):
    backwards = windows[::-1, ::-1]
    backwards.flags.writeable = False
    np.testing.assert_allclose(
        shipped.encode_audio(backwards).vectors, shipped.encode_audio(backwards.copy()).vectors, atol=1e-6
    )


def test_only_weights_of_its_shapes_are_the_graphs(shipped):
    """A weight more, one less, or one of another shape is another network: torch takes or refuses it."""
    weights = dict(shipped._network)
    assert graph.is_of(weights)
    bias = weights.pop("features.3.block.1.0.bias")
    assert not graph.is_of(weights)
    assert not graph.is_of(weights | {"features.3.block.1.0.bias": bias[:-1]})
    assert not graph.is_of(weights | {"features.3.block.1.0.bias": bias, "more": bias})


def test_the_graph_is_small_and_holds_no_weight():
    assert len(resources.files("search.encoders").joinpath("data", graph.FILE).read_bytes()) < 40_000


def test_a_gpu_that_is_asked_for_is_torchs_affair(monkeypatch):
    """Without a driver there is no reason to load torch; with one it decides."""
    monkeypatch.setattr(devices, "_has_driver", lambda: False)
    monkeypatch.setattr(devices, "torch_device", lambda setting: pytest.fail("torch was asked"))
    assert devices.is_cpu("auto")
    assert devices.is_cpu("cpu")
    monkeypatch.setattr(devices, "_has_driver", lambda: True)
    monkeypatch.setattr(devices, "torch_device", lambda setting: torch.device("cuda"))
    assert not devices.is_cpu("auto")
    assert not devices.is_cpu("cuda")
    assert devices.is_cpu("cpu")


def test_indexing_and_asking_need_no_torch(tmp_path):
    """The whole way of the commands, and what a service asks to be warm; torch would double what they cost."""
    rng = np.random.default_rng(5)
    (tmp_path / "sounds").mkdir()
    soundfile.write(tmp_path / "sounds" / "hiss.wav", rng.normal(0, 0.1, 32_000), 32_000)
    script = f"""
import sys, threading
from pathlib import Path
from search import cli, wiring
from search.service.processes import worker
from search.service.warming import Warming
from search.settings import Settings
library = {str(tmp_path / "library")!r}
hiss = {str(tmp_path / "sounds" / "hiss.wav")!r}
assert cli.main(["index", {str(tmp_path / "sounds")!r}, "--library", library]) == 0
assert cli.main(["search", "--audio", hiss, "--library", library, "--json"]) == 0
assert cli.main(["search", "--text", "rain", "--library", library, "--json"]) == 0
with wiring.library(library, Settings.from_env({{}})) as opened:
    warming = Warming(opened)
    warming.look(threading.Event())
    assert warming.is_done(opened.reader.spaces())
print([name for name in ("torch", "scipy", "transformers") if name in sys.modules])
"""
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "SOUNDALIKE_DEVICE": "cpu", "SOUNDALIKE_NICENESS": "0"}
    ran = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, env=environ)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "[]"
