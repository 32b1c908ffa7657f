"""`soundalike` is the public API: its names exist, are documented, and load nothing before they are used."""

from __future__ import annotations

import argparse
import ast
import doctest
import inspect
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import soundfile

import soundalike
from search.analysis.melody.model import Notes
from search.library.clips import Clips
from search.library.duplicates import DuplicateFinder
from search.library.encoders import Encoders
from search.library.eventfinder import EventFinder
from search.library.givingway import GivingWay
from search.library.maps import Maps
from search.library.measuring import Facts
from search.library.merging import Merges
from search.library.publisher import Publisher
from search.library.publishing import IndexKind
from search.library.recordings import Recordings
from search.library.spaces import Spaces
from search.library.speech import Speech
from tests.search.melodies import curve_of, voice, write_midi

PROJECT = Path(__file__).parents[1]
PACKAGES = ("soundalike", "search", "indexer", "webui", "benchmarks", "training")
RATE_HZ = 16_000
BEATS = np.array([1, 1, 1, 1, 1, 1, 2] * 2)
TWINKLE = Notes(
    start_s=(BEATS.cumsum() - BEATS) * 0.5,
    end_s=BEATS.cumsum() * 0.5 - 0.05,
    pitch=np.array([60, 60, 67, 67, 69, 69, 67, 65, 65, 64, 64, 62, 62, 60], np.float32),
)


PARTS = {
    "clips": Clips,
    "duplicates": DuplicateFinder,
    "encoders": Encoders,
    "events": EventFinder,
    "facts": Facts,
    "giving_way": GivingWay,
    "maps": Maps,
    "merges": Merges,
    "publisher": Publisher,
    "recordings": Recordings,
    "spaces": Spaces,
    "speech": Speech,
}
"""What a library is made of."""


def objects() -> list[tuple[str, object]]:
    """The public classes and functions; aliases of types have no docstring of their own."""
    named = [(name, getattr(soundalike, name)) for name in soundalike.__all__]
    return [(name, one) for name, one in named if inspect.isclass(one) or inspect.isfunction(one)]


def test_every_name_is_there_and_nothing_else_is():
    for name in soundalike.__all__:
        assert getattr(soundalike, name) is not None, name
    assert len(set(soundalike.__all__)) == len(soundalike.__all__)
    assert set(dir(soundalike)) == set(soundalike.__all__)
    assert soundalike.__version__ == version("soundalike")
    with pytest.raises(AttributeError, match="nonsense"):
        soundalike.nonsense  # noqa: B018 - the access is what is tested


def test_every_part_of_a_library_is_described(library):
    parts = {name: type(value) for name, value in vars(library).items() if not name.startswith("_")}
    ours = {name: kind for name, kind in parts.items() if kind.__module__.startswith("search.library.")}
    assert ours == PARTS | {"index_kind": IndexKind}
    assert {name for name in parts if name in ours} - {"index_kind"} <= set(soundalike.Library.__annotations__)


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(soundalike.__file__).read_text("utf-8"))
    typed = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {name.name for node in typed.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert seen == set(soundalike.__all__)


@pytest.mark.parametrize(("name", "one"), objects(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_name_is_described(name, one):
    assert inspect.getdoc(one), name
    if inspect.isclass(one):
        for method, value in inspect.getmembers(one):
            if not method.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                assert inspect.getdoc(value), f"{name}.{method}"


def test_importing_it_loads_no_other_package():
    heavy = ("numpy", "torch", "faiss", "sqlalchemy", "search")
    code = f"import sys, soundalike; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The working folder of the examples: ``sounds/``, their library, and a sound and a hum to ask with."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "sounds").mkdir()
    at_s = np.arange(2 * RATE_HZ) / RATE_HZ
    waves = {
        "sounds/police_siren_01": 0.3 * np.sin(2 * np.pi * (700 + 200 * at_s) * at_s),
        "sounds/police_siren_02": 0.3 * np.sin(2 * np.pi * (650 + 300 * at_s) * at_s),
        "sounds/rain": np.random.default_rng(1).normal(0, 0.1, len(at_s)),
        "sounds/rain_again": np.random.default_rng(1).normal(0, 0.1, len(at_s)),
        "sounds/door_slam": 0.3 * np.sin(2 * np.pi * (90 + 200 * at_s) * at_s),
        "door": 0.3 * np.sin(2 * np.pi * (95 + 200 * at_s) * at_s),
        "la-la": voice(curve_of(TWINKLE, 0.0, 8.0, shift=-5.0), RATE_HZ),
    }
    for name, wave in waves.items():
        soundfile.write(folder / f"{name}.wav", wave, RATE_HZ)
    write_midi(folder / "sounds" / "twinkle.mid", TWINKLE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SOUNDALIKE_ENCODER", "spectral")
        with soundalike.open_library("sounds.library", create=True) as library:
            for name in [*waves, "sounds/twinkle"]:  # one by one, so that the examples know who has which id
                if name.startswith("sounds/"):
                    soundalike.index(library, [next(folder.glob(f"{name}.*"))])
            library.duplicates.find()
            library.recordings.fingerprint()
            library.maps.draw()
    return folder


@pytest.fixture(scope="module")
def opened(folder):
    """The library of the examples, opened once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUNDALIKE_ENCODER", "spectral")
        patch.setenv("SOUNDALIKE_LIBRARY", str(folder / "sounds.library"))
        library = soundalike.open_library()
    with library:
        yield library


@pytest.fixture
def library(folder, opened, monkeypatch):
    """The same, as it is after the examples before, in whose folder an example runs."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SOUNDALIKE_ENCODER", "spectral")
    monkeypatch.setenv("SOUNDALIKE_LIBRARY", "sounds.library")
    opened.refresh()
    return opened


@pytest.mark.parametrize("given", ["taken", Path("taken"), ["taken"], (Path("taken"),)])
def test_a_folder_is_indexed_however_it_is_given(given, tmp_path, monkeypatch):
    """A string alone is a folder, not the folders that its letters are called."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOUNDALIKE_ENCODER", "spectral")
    Path("taken").mkdir()
    Path("t").mkdir()
    soundfile.write("taken/a.wav", np.random.default_rng(1).normal(0, 0.1, 8000), 8000)
    soundfile.write("t/b.wav", np.random.default_rng(2).normal(0, 0.1, 8000), 8000)
    with soundalike.open_library("library", create=True) as made:
        assert soundalike.index(made, given) == ()
        assert [Path(root.path).name for root in made.roots()] == ["taken"]


def test_nothing_is_indexed_of_an_empty_path_or_without_a_library(library):
    for empty in ("", [""]):
        with pytest.raises(soundalike.UsageError, match="the path is empty"):
            soundalike.index(library, empty)
    with pytest.raises(soundalike.UsageError, match=r"^.sounds\.library. is not a library; open one"):
        soundalike.index("sounds.library", "sounds")


def test_a_path_of_a_question_may_be_one_of_pathlib(library):
    door = Path("door.wav")
    for asked in (soundalike.AudioPart(door), soundalike.AudioPart("door.wav")):
        assert library.search(soundalike.Query((asked,), k=1)).hits[0].title == "door_slam"
    assert soundalike.HumPart(Path("la-la.wav")) == soundalike.HumPart("la-la.wav")


RAIN = soundalike.TextPart("rain")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: soundalike.Query("rain"), "parts is 'rain'; it must be a sequence, like"),
        (lambda: soundalike.Query(RAIN), "it must be a sequence, like"),
        (lambda: soundalike.Query((RAIN, "dog")), "parts contains 'dog'; give it like"),
        (lambda: soundalike.Query((RAIN,), k=2.5), "k is 2.5; it must be a whole number"),
        (lambda: soundalike.Query((RAIN,), k="3"), "k is '3'; it must be a whole number"),
        (lambda: soundalike.Query((RAIN,), offset=None), "offset is None; it must be a whole number"),
        (lambda: soundalike.Query((RAIN,), where=3), "where is 3; it must be a string"),
        (lambda: soundalike.TextPart(None), "text is None; it must be a string"),
        (lambda: soundalike.NotesPart(None), "notes is None; it must be a string"),
        (lambda: soundalike.AudioPart(b"door.wav"), "path is b'door.wav'; it must be a string or a pathlib.Path"),
        (lambda: soundalike.ClipPart("1"), "clip_id is '1'; it must be a whole number"),
        (lambda: soundalike.RecommendQuery(likes=(1,)), "likes contains 1; give it like (ClipPart(17),)"),
    ],
)
def test_a_question_of_a_wrong_type_is_refused_where_it_is_made(make, says):
    """The line that is wrong is the last of the traceback that is not ours."""
    with pytest.raises(soundalike.QueryError) as refused:
        make()
    assert says in str(refused.value)


def test_a_question_takes_lists_and_whole_numbers_of_numpy():
    query = soundalike.Query([soundalike.ClipPart(np.int64(7))], k=np.int32(3))
    assert query == soundalike.Query((soundalike.ClipPart(7),), k=3)


def test_what_is_no_question_is_refused_with_one(library):
    for ask in (library.search, library.moments, library.recommend):
        with pytest.raises(soundalike.QueryError, match=r"'rain' is not a .*Query; pass one, like"):
            ask("rain")


def test_a_library_says_which_it_is_and_that_it_cannot_be_pickled(library):
    assert repr(library) == f"Library({str(library.path)!r})"
    with pytest.raises(TypeError, match=r"Library\('.*sounds.library'\) cannot be pickled or copied; open it where"):
        pickle.dumps(library)


def described() -> dict[str, str]:
    """Everything that must have an example: the module, its classes and functions, and what a `Library` can do."""
    docs = {"soundalike": inspect.getdoc(soundalike)} | {name: inspect.getdoc(one) for name, one in objects()}
    owners = {"Library": soundalike.Library} | {f"Library.{name}": kind for name, kind in PARTS.items()}
    for owner, kind in owners.items():
        methods = {name: one for name, one in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_"}
        docs |= {f"{owner}.{name}": inspect.getdoc(one) for name, one in methods.items()}
    return docs


@pytest.mark.parametrize("name", described())
def test_the_examples_give_what_they_say(name, library):
    """Every public name has one, and it runs: in a small library of sounds, with NumPy as ``np``."""
    names = {"soundalike": soundalike, "library": library, "np": np, "argparse": argparse}
    example = doctest.DocTestParser().get_doctest(described()[name], names, name, None, None)
    assert example.examples, f"{name} has no example"
    printed: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    runner.run(example, out=printed.append)
    assert not printed, "".join(printed)


def test_the_reference_has_every_name():
    page = (PROJECT / "docs" / "reference" / "python.md").read_text("utf-8")
    assert [name for name in soundalike.__all__ if f"soundalike.{name}" not in page] == []


@pytest.mark.thorough
def test_a_wheel_says_of_every_package_that_it_is_typed(tmp_path):
    """As it is built from a copy of the sources; without Node on the PATH it is built without the page."""
    source = tmp_path / "source"
    left_out = shutil.ignore_patterns("__pycache__", "node_modules", "dist")
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, source / package, ignore=left_out)
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, source)
    build = [sys.executable, "-c", "import setuptools.build_meta as backend; print(backend.build_wheel('.'))"]
    built = subprocess.run(build, cwd=source, env=os.environ | {"PATH": ""}, capture_output=True, text=True, check=True)
    with zipfile.ZipFile(source / built.stdout.splitlines()[-1]) as wheel:
        files = set(wheel.namelist())
    assert {name.split("/")[0] for name in files if not name.split("/")[0].endswith(".dist-info")} == set(PACKAGES)
    assert [package for package in PACKAGES if f"{package}/py.typed" not in files] == []
