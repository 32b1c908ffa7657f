"""What README.md shows is run here as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.service.conftest import serving

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A person's home: the demo collection as ~/Sounds, two recordings in the folder they work in."""
    home = tmp_path_factory.mktemp("home")
    generator = [sys.executable, PROJECT / "data" / "demo.py", home / "Sounds"]
    subprocess.run(generator, check=True, capture_output=True)
    rng = np.random.default_rng(1)
    (home / "work").mkdir()
    soundfile.write(home / "work" / "door.wav", rng.standard_normal(3 * 22050) * 0.1, 22050)
    soundfile.write(home / "work" / "walk.flac", rng.standard_normal(80 * 8000) * 0.1, 8000)
    return home


def run(home, command):
    environ = {
        **os.environ,
        "HOME": str(home),
        "SOUNDALIKE_LIBRARY": str(home / "library"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(
        ["bash", "-c", command], cwd=home / "work", env=environ, capture_output=True, text=True, check=False
    )


@pytest.mark.timeout(600)
def test_the_quick_start_runs_as_it_is_pasted(home):
    """Every `soundalike` line of the quick start exits 0; the first indexes the folder that the others search."""
    (block,) = [b for b in blocks("sh") if "soundalike index ~/Sounds" in b]
    lines = [line for line in block.splitlines() if line.startswith("soundalike")]
    assert len(lines) >= 6
    for line in lines:
        done = run(home, line)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    horns = run(home, "soundalike search --text rain --json").stdout
    assert "rain_on_leaves" in horns


@pytest.mark.timeout(600)
def test_the_python_example_runs_as_it_is_pasted(home):
    (code,) = [b for b in blocks("python") if "open_library" in b]
    if not (home / "library").exists():
        assert run(home, "soundalike index ~/Sounds --quiet").returncode == 0
    done = run(home, f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 5


@pytest.mark.timeout(600)
def test_the_service_answers_the_examples_as_they_are_pasted(home):
    """Every curl line gets an answer that is no error, and the Python client prints the clips it was recommended."""
    (block,) = [b for b in blocks("sh") if "curl" in b]
    (client,) = [b for b in blocks("python") if "requests" in b]
    if not (home / "library").exists():
        assert run(home, "soundalike index ~/Sounds --quiet").returncode == 0
    with serving(home / "library") as server:
        local = block.replace("http://127.0.0.1:8000", server.url).replace("curl -s", "curl --fail-with-body -s")
        lines = local.replace("\\\n", " ").splitlines()
        settings, calls = lines[:2], lines[2:]
        assert len(calls) >= 10
        for call in calls:
            done = run(home, "\n".join([*settings, call]))
            assert done.returncode == 0, f"{call}\n{done.stdout}{done.stderr}"
        answered = run(
            home, f"{shlex.quote(sys.executable)} -c {shlex.quote(client.replace('127.0.0.1:8000', server.url[7:]))}"
        )
    assert answered.returncode == 0, answered.stderr
    assert len(answered.stdout.splitlines()) == 5
    assert '"state":"done"' in done.stdout


@pytest.mark.timeout(600)
def test_make_demo_does_the_main_job_and_says_how_to_go_on(tmp_path):
    """The script behind `make demo`: generates, indexes, answers, exits 0; again, it finds everything done."""
    command = [
        sys.executable, PROJECT / "data" / "run_demo.py",
        "--collection", tmp_path / "demo", "--library", tmp_path / "lib",
    ]  # fmt: skip
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    for told in ("200 indexed", "rain_on_leaves", "police_siren", "soundalike index ~/Music"):
        assert told in first.stdout
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 0
    assert "200 unchanged" in again.stdout


def test_the_commands_that_readme_names_are_there():
    helped = subprocess.run([sys.executable, "-m", "search.cli", "--help"], capture_output=True, text=True, check=True)
    for command in set(re.findall(r"`soundalike ([a-z]+)", README)):
        assert re.search(rf"^\s+{command}\b", helped.stdout, re.MULTILINE), command


def test_the_makefiles_targets_that_readme_names_are_there():
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make ([a-z-]+)", README)):
        if target not in {"the", "sure"}:
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
