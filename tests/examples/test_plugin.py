"""The example of a plug-in (``examples/soundalike-plugin``): built, installed, and used as its README says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import soundalike
from search import plugins
from tests.commandline import soundalike as run
from tests.documentation.snippets import PROJECT, snippets
from tests.search.encoder_helpers import sounds as waves_of
from tests.search.melodies import tune, write_midi

EXAMPLE = PROJECT / "examples" / "soundalike-plugin"
PACKAGE = "soundalike_example"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Where pip installed the package that it built from the example, without a network."""
    source = tmp_path_factory.mktemp("source") / "soundalike-plugin"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--target", target, source], check=True)
    return target


@pytest.fixture
def plugin(installed, monkeypatch):
    """The installed package is found by this process, and the one in the sources is not."""
    monkeypatch.setattr(sys, "path", [str(installed), *(entry for entry in sys.path if entry != str(EXAMPLE / "src"))])
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        monkeypatch.delitem(sys.modules, name)
    yield installed
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def folder(tmp_path):
    """Three low tones, one a little different from the next, a hiss, and a tune, which has no sound."""
    at_s = np.arange(16_000) / 16_000
    (tmp_path / "sounds").mkdir()
    for n, hertz in enumerate((200, 205, 210)):
        soundfile.write(tmp_path / "sounds" / f"tone_{n}.wav", 0.3 * np.sin(2 * np.pi * hertz * at_s), 16_000)
    soundfile.write(tmp_path / "sounds" / "hiss.wav", np.random.default_rng(1).normal(0, 0.1, len(at_s)), 16_000)
    write_midi(tmp_path / "sounds" / "tune.mid", tune(1, 20))
    return tmp_path


def answer(*words: object) -> dict:
    """What a command prints as JSON."""
    done = run(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_its_encoder_its_index_and_its_command_serve_a_library(plugin, folder):
    """All of them the installed ones; the kind of index is kept, and goes on to be used without being named."""
    library = ("--library", folder / "library")
    indexed = answer("index", folder / "sounds", *library, "--encoder", "bands", "--index", "plain")
    assert (indexed["indexed"], indexed["failed"]) == (5, [])
    assert Path(sys.modules[PACKAGE].__file__).is_relative_to(plugin)
    facts = answer("info", *library)
    assert (facts["index"], facts["spaces"][0]["name"]) == ("plain", "bands")
    asked = answer("search", "--audio", folder / "sounds" / "tone_1.wav", *library)
    assert [hit["title"] for hit in asked["hits"]][-1] == "hiss"
    assert run("reindex", *library).returncode == 0
    assert run("verify", *library).returncode == 0
    outliers = answer("outliers", "-k", 2, *library)["outliers"]
    assert Path(outliers[0]["path"]).name == "hiss.wav"
    assert outliers[0]["score"] < outliers[1]["score"]
    assert "hiss.wav  (nearest: tone_" in run("outliers", "-k", 1, *library).stdout
    assert run("outliers", "--where", "colour = 1", *library).returncode == 2


def test_a_state_that_was_published_is_taken_over_and_a_damaged_file_is_not(plugin, folder):
    from soundalike_example import index

    library = folder / "library"
    indexed = run("index", folder / "sounds", "--library", library, "--encoder", "bands", "--index", "plain")
    assert indexed.returncode == 0
    with soundalike.open_library(library) as opened:
        space = opened.spaces.get()
        directory = opened.spaces.folder(space) / "index"
        assert len(index.PlainIndex(directory, space.dim, "cpu").view) == 4
        (directory / index.FILE).write_bytes(b"none of it")
        assert index.PlainIndex(directory, space.dim, "cpu").verify() != []
        assert len(index.PlainIndex(directory, space.dim, "cpu").view) == 0
        assert len(opened.refresh().of()[0].index) == 4, "the catalog has every vector"


def test_its_encoder_keeps_the_promises_of_one(plugin):
    encoder = plugins.encoder("bands", soundalike.Settings.from_env({}))
    waves = waves_of(encoder.spec)
    vectors = encoder.encode_audio(waves).vectors
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(encoder.encode_audio(waves[1:2]).vectors, vectors[1:2], atol=1e-6)
    assert encoder.encode_audio(waves[:0]).vectors.shape == (0, 16)
    for wrong in (waves[:, 1:], np.full_like(waves, np.nan)):
        with pytest.raises(soundalike.EncoderError):
            encoder.encode_audio(wrong)
    with pytest.raises(soundalike.EncoderError, match="--audio"):
        encoder.encode_text(["rain"])
    with pytest.raises(soundalike.EncoderError, match="variant"):
        plugins.encoder("bands:loud", soundalike.Settings.from_env({}))


def test_its_readme_shows_the_code_that_is_there():
    """Every block of Python is a part of one of its modules; every name of a file is one of its files."""
    code = "\n".join(file.read_text("utf-8") for file in (EXAMPLE / "src" / PACKAGE).glob("*.py"))
    shown = [snippet for snippet in snippets(EXAMPLE / "README.md") if snippet.language == "python"]
    assert len(shown) >= 3
    for snippet in shown:
        for part in snippet.text.split("...\n"):
            assert part.strip("\n ") in code, f"README.md:{snippet.line}: {part}"
    for snippet in snippets(EXAMPLE / "README.md"):
        if snippet.language == "toml":
            assert snippet.text.strip() in (EXAMPLE / "pyproject.toml").read_text("utf-8")
