"""A home folder as the documentation assumes it, and a shell in it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.documentation.snippets import PROJECT
from tests.search.melodies import curve_of, tune, voice, write_midi
from tests.waiting import PATIENCE_S

RATE_HZ = 16_000
EACH = 6
"""How many sounds of each kind the demo collection has: 150 in all, enough for neighbourhoods and every protocol."""
LABELS = ("weather", "city", "people")


@dataclass(frozen=True)
class Done:
    """The exit status and output of a command."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Home:
    """``~`` with its sounds, its working folder with two recordings and a hum, and a library of ``~/Sounds``."""

    folder: Path

    @property
    def sounds(self) -> Path:
        return self.folder / "Sounds"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def library(self) -> Path:
        return self.folder / "library"

    @property
    def runner(self) -> Path:
        """The socket of the process that forks for each page."""
        return self.folder / "runner"

    def environ(self, library: Path) -> dict[str, str]:
        """The environment that its commands run in."""
        return {
            **os.environ,
            "HOME": str(self.folder),
            "SOUNDALIKE_LIBRARY": str(library),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(PROJECT),
            "COLUMNS": "100",
        }

    def make_demo(self) -> Done:
        """Run the script of ``make demo`` with the home's sounds and library, and fewer sounds of each kind."""
        script = PROJECT / "data" / "run_demo.py"
        done = subprocess.run(
            [sys.executable, script, "--collection", self.sounds, "--library", self.library, "--each", str(EACH)],
            env=self.environ(self.library), capture_output=True, text=True, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)

    def bash(self, script: str, library: Path | None = None) -> Done:
        """Run a script in bash."""
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=self.work, env=self.environ(library or self.library), capture_output=True, text=True, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)


class Session:
    """A shell with its own library. ``soundalike`` lines and Python programs run in one process, the rest in bash."""

    def __init__(self, home: Home, library: Path) -> None:
        self._home, self._library = home, library
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(str(home.runner))
        self._lines = self._connection.makefile("rw", encoding="utf-8")
        self._lines.write(json.dumps(home.environ(library)) + "\n")

    def script(self, text: str) -> Iterator[tuple[str, Done]]:
        """Run a block of ``sh`` command by command. Yield each command and its result."""
        other: list[str] = []
        for line in text.replace("\\\n", " ").splitlines():
            if line.startswith("soundalike ") and "$" not in line:
                if other:
                    yield "\n".join(other), self._home.bash("\n".join(other), self._library)
                    other = []
                argv = [os.fspath(self._expanded(word)) for word in shlex.split(line, comments=True)[1:]]
                yield line, self._ask({"argv": argv})
            elif line.strip():
                other.append(line)
        if other:
            yield "\n".join(other), self._home.bash("\n".join(other), self._library)

    def program(self, code: str) -> Done:
        """Run a block of ``python``."""
        return self._ask({"code": code})

    def close(self) -> None:
        self._lines.close()
        self._connection.close()

    def _expanded(self, word: str) -> str:
        return f"{self._home.folder}{word[1:]}" if word.startswith("~/") else word

    def _ask(self, question: dict[str, object]) -> Done:
        self._lines.write(json.dumps(question) + "\n")
        self._lines.flush()
        line = self._lines.readline()
        assert line, f"the process ended: {question}"
        answer = json.loads(line)
        return Done(answer["status"], answer["out"], answer["err"])


@contextmanager
def session(home: Home, folder: Path) -> Iterator[tuple[Session, Path]]:
    """A session, and its library: a copy of the home's."""
    library = Path(shutil.copytree(home.library, folder / "library"))
    opened = Session(home, library)
    try:
        yield opened, library
    finally:
        opened.close()


@pytest.fixture(scope="session")
def made_home(tmp_path_factory) -> Iterator[tuple[Home, Done]]:
    """A home with the sounds and library of `make demo`, and what that command printed."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.work.mkdir()
    done = home.make_demo()
    assert done.status == 0, done.err
    rng = np.random.default_rng(1)
    soundfile.write(home.work / "door.wav", rng.standard_normal(3 * 22050) * 0.1, 22050)
    soundfile.write(home.work / "walk.flac", rng.standard_normal(80 * 8000) * 0.1, 8000)
    _tunes(home)
    for label in LABELS:
        shutil.copytree(home.sounds / label, home.folder / "Foley" / label)
    with _runner(home):
        yield home, done


@contextmanager
def _runner(home: Home) -> Iterator[None]:
    """The process that forks for each page."""
    runner = subprocess.Popen(
        [sys.executable, "-m", "tests.documentation.runner", home.runner],
        cwd=home.work, env=home.environ(home.library), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert runner.stdout.readline() == "listening\n"
        yield
    finally:
        runner.communicate(timeout=PATIENCE_S)


@pytest.fixture(scope="session")
def home(made_home) -> Home:
    return made_home[0]


def _tunes(home: Home) -> None:
    """Write two MIDI files, a sung recording, and a hum of a passage of the first tune."""
    (home.folder / "Songs").mkdir()
    for seed in (1, 2):
        write_midi(home.folder / "Tunes" / f"tune_{seed}.mid", tune(seed, 40))
    sung = voice(curve_of(tune(3, 40), 0.0, 8.0), RATE_HZ)
    soundfile.write(home.folder / "Songs" / "sung.wav", sung, RATE_HZ)
    soundfile.write(home.work / "la-la.wav", voice(curve_of(tune(1, 40), 2.0, 8.0, shift=-3.0), RATE_HZ), RATE_HZ)
