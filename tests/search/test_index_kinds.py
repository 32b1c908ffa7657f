"""The kind of index is chosen when a library is made, and kept in its catalog; packages add kinds."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundalike_example
import soundfile
from soundalike_example.index import PlainIndex, PlainView

from search import wiring
from search.cli import main
from search.errors import LibraryError, UsageError
from search.library import publishing, verifying
from tests.search.libraries import Entry, axis, fill, open_library, settings


@pytest.fixture
def toy(tmp_path_factory, monkeypatch):
    """A package that offers the kind ``toy`` is installed, for this process and those that it starts."""
    folder = tmp_path_factory.mktemp("installed")
    facts = folder / "toyindex-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: toyindex\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[soundalike.indexes]\ntoy = soundalike_example.index:PlainIndex\n")
    monkeypatch.syspath_prepend(str(folder))
    code = Path(soundalike_example.__file__).parents[1]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(code), os.environ.get("PYTHONPATH", "")]))
    return "toy"


@pytest.fixture
def sounds(tmp_path):
    folder = tmp_path / "sounds"
    folder.mkdir()
    for n in range(4):
        noise = np.convolve(np.random.default_rng(n).standard_normal(8000), np.random.default_rng(9 + n).random(30))
        soundfile.write(folder / f"{n}.wav", 0.3 * noise / np.abs(noise).max(), 8000)
    return folder


def index(folder, sounds, *options) -> int:
    arguments = ["index", str(sounds), "--library", str(folder / "lib"), "--encoder", "spectral", "--quiet", *options]
    return main(arguments)


def test_a_library_uses_the_kind_that_a_package_adds_for_all_that_is_asked(tmp_path, sounds, toy, capsys):
    assert index(tmp_path, sounds, "--index", toy) == 0
    assert main(["info", "--library", str(tmp_path / "lib"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["index"] == toy
    with wiring.library(tmp_path / "lib", settings(tmp_path)) as library:
        assert isinstance(library.view().of()[0].index, PlainView)
        assert verifying.verify(library) == []
    asked = ["search", "--audio", str(sounds / "2.wav"), "--library", str(tmp_path / "lib"), "--json"]
    assert main(asked) == 0
    assert json.loads(capsys.readouterr().out)["hits"][0]["title"] == "2"
    assert main(["reindex", "--library", str(tmp_path / "lib")]) == 0
    assert main(["verify", "--library", str(tmp_path / "lib")]) == 0


def test_another_process_publishes_the_same_kind(tmp_path, toy, monkeypatch):
    monkeypatch.setattr(publishing, "ELSEWHERE_FROM", 1)
    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    with wiring.library(tmp_path / "library", settings(tmp_path), create=True, index=toy) as library:
        fill(library, [Entry("a.wav", np.stack([axis(0), axis(1)]))])
        space = library.spaces.get()
        published = PlainIndex(library.spaces.folder(space) / publishing.INDEX, space.dim, "cpu").view
        assert (len(published), published.sequence) == (2, library.catalog.sequence())


def test_the_kind_is_chosen_once(tmp_path, sounds, capsys):
    assert index(tmp_path, sounds, "--index", "exact") == 0
    assert index(tmp_path, sounds) == 0, "a library knows its kind"
    assert index(tmp_path, sounds, "--index", "exact") == 0
    assert index(tmp_path, sounds, "--index", "faiss") == 3
    assert "'exact', which cannot become 'faiss'" in capsys.readouterr().err
    with wiring.library(tmp_path / "lib", settings(tmp_path)) as library:
        assert library.index_kind.name == "exact"


def test_a_kind_that_is_not_there_makes_no_library_and_opens_none(tmp_path, toy, monkeypatch):
    with pytest.raises(UsageError, match=r"'nope'; known: exact, faiss, .*toy"):
        wiring.library(tmp_path / "none", settings(tmp_path), create=True, index="nope")
    assert not (tmp_path / "none" / "catalog.sqlite").exists()
    wiring.library(tmp_path / "library", settings(tmp_path), create=True, index=toy).close()
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if "installed" not in entry])
    with pytest.raises(UsageError, match="'toy'"):
        wiring.library(tmp_path / "library", settings(tmp_path))


def test_a_library_without_a_choice_has_the_usual_kind(tmp_path):
    """As every library had that was made before there was a choice."""
    with open_library(tmp_path) as library, library.catalog._database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM choices")
    with open_library(tmp_path) as library:
        assert library.index_kind.name == "faiss"
    with pytest.raises(LibraryError, match="cannot become"):
        wiring.library(tmp_path / "library", settings(tmp_path), index="exact")
