"""Other programs see the types of the public API: ``mypy --strict`` reads them from the installed package."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough  # mypy reads all of the engine, the first time for a minute

PROJECT = Path(__file__).parents[1]

PROGRAM = """\
from pathlib import Path

import numpy as np
import soundalike
from soundalike import AudioPart, Query, TextPart


def titles(folder: Path, words: str) -> list[str]:
    with soundalike.open_library(folder, read_only=True) as library:
        answer = library.search(Query((TextPart(words), AudioPart("door.wav", weight=-0.5)), k=3))
    return [hit.title for hit in answer.hits if hit.probability is None or hit.probability > 0.5]


class Bands:
    spec = soundalike.EncoderSpec("bands", "1", "bands-1", 16, 16_000, 1.0, 0.5)

    def encode_audio(self, waves: soundalike.Waves) -> soundalike.AudioEncoding:
        return soundalike.AudioEncoding(np.full((len(waves), 16), 0.25, np.float32))

    def encode_text(self, texts: object) -> soundalike.Vectors:
        raise soundalike.EncoderError("no words")


encoder: soundalike.Encoder = Bands()
"""


@pytest.fixture(scope="module")
def mypy(tmp_path_factory):
    """Runs mypy over a text, in an environment in which Soundalike is installed; where it runs no source of it lies.

    What mypy learnt of the library is kept beside what `make check` keeps.
    """
    folder = tmp_path_factory.mktemp("user")
    venv.create(folder / "venv", with_pip=False, symlinks=os.name != "nt")
    (site,) = (folder / "venv").rglob("site-packages")
    (site / "installed.pth").write_text(f"{PROJECT}\n{sysconfig.get_path('purelib')}\n", "utf-8")
    (python,) = (path for path in (folder / "venv").glob("*/python*") if path.stem == "python")

    def check(text: str) -> str:
        (folder / "mine.py").write_text(text, "utf-8")
        cache = PROJECT / ".mypy_cache" / "users"
        command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--python-executable", python]
        done = subprocess.run(
            [*command, "--cache-dir", cache, "mine.py"], cwd=folder, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    return check


def test_a_program_in_its_own_words_has_no_errors(mypy):
    assert mypy(PROGRAM) == ""


def test_mistakes_are_found(mypy):
    """Wrong types, unknown arguments, and names that are not public, misspelt ones too."""
    mistakes = {
        "count: int = soundalike.open_library().search(Query(()))": '"Answer"',
        "soundalike.Query((TextPart(3),))": '"TextPart" has incompatible type "int"',
        "soundalike.open_libary()": 'maybe "open_library"',
        "soundalike.open_library(readonly=True)": '"readonly"',
    }
    errors = mypy("\n".join([PROGRAM, *mistakes])).splitlines()
    first = PROGRAM.count("\n") + 2
    for line, message in enumerate(mistakes.values(), start=first):
        assert any(error.startswith(f"mine.py:{line}: error") and message in error for error in errors), errors
