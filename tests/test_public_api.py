"""`soundalike` is the public API: what it names is there, is described, and loads nothing before it is used."""

from __future__ import annotations

import ast
import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import soundalike
from search import api

PROJECT = Path(__file__).parents[1]
RATE_HZ = 16_000


def objects() -> list[tuple[str, object]]:
    """The public classes and functions; aliases of types have no docstring of their own."""
    named = [(name, getattr(soundalike, name)) for name in soundalike.__all__]
    return [(name, one) for name, one in named if inspect.isclass(one) or inspect.isfunction(one)]


def test_every_name_is_there_and_nothing_else_is():
    for name in soundalike.__all__:
        assert getattr(soundalike, name) is not None, name
    assert len(set(soundalike.__all__)) == len(soundalike.__all__)
    assert set(dir(soundalike)) == set(soundalike.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        soundalike.nonsense  # noqa: B018 - the access is what is tested


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(soundalike.__file__).read_text("utf-8"))
    (typed,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {name.name for node in typed.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert seen == set(soundalike.__all__)


@pytest.mark.parametrize(("name", "one"), objects(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_name_is_described(name, one):
    assert inspect.getdoc(one), name
    if inspect.isclass(one):
        for method, value in vars(one).items():
            if not method.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                assert inspect.getdoc(value), f"{name}.{method}"


def test_importing_it_loads_no_other_package():
    heavy = ("numpy", "torch", "faiss", "sqlalchemy", "search")
    code = f"import sys, soundalike; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


@pytest.fixture
def sounds(tmp_path, monkeypatch):
    """The working folder has ``sounds/`` and ``sounds.library``, as in the examples."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOUNDALIKE_ENCODER", "spectral")
    (tmp_path / "sounds").mkdir()
    at = np.arange(2 * RATE_HZ) / RATE_HZ
    for name, hz in (("police_siren_01", 700), ("police_siren_02", 760), ("rain", 0), ("door_slam", 90)):
        wave = (
            0.3 * np.sin(2 * np.pi * (hz + 200 * at) * at) if hz else np.random.default_rng(1).normal(0, 0.1, len(at))
        )
        soundfile.write(tmp_path / "sounds" / f"{name}.wav", wave, RATE_HZ)
    with soundalike.open_library("sounds.library", create=True) as library:
        assert soundalike.index(library, ["sounds"]) == ()
        yield library


@pytest.mark.parametrize("one", [soundalike, api.open_library, api.index], ids=lambda one: one.__name__)
def test_the_examples_give_what_they_say(one, sounds):
    names = {"soundalike": soundalike, "library": sounds}
    examples = doctest.DocTestFinder(recurse=False).find(one, one.__name__, globs=names)
    assert any(example.examples for example in examples)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for example in examples:
        assert runner.run(example).failed == 0


def test_the_reference_has_every_name():
    page = (PROJECT / "docs" / "reference" / "python.md").read_text("utf-8")
    assert [name for name in soundalike.__all__ if f"soundalike.{name}" not in page] == []


def test_every_package_says_that_it_is_typed():
    for package in ("soundalike", "search", "indexer", "webui", "benchmarks", "training"):
        assert (PROJECT / package / "py.typed").is_file()
