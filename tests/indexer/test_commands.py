"""``soundalike index`` as people and schedulers run it: a process with an exit status, on a real library."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import soundalike
from benchmarks.common import synthetic
from search import plugins, wiring
from search.cli import main
from search.settings import Settings
from tests import disks
from tests.amounts import few
from tests.commandline import Done
from tests.commandline import soundalike as command
from tests.indexer.conftest import write_tone
from tests.waiting import PATIENCE_S

FIELDS = {
    "indexed", "linked", "moved", "unchanged", "changed", "missing", "removed", "failed", "silent", "hours", "seconds",
    "times_real_time", "stages", "library", "space", "sequence", "interrupted",
}  # fmt: skip


def index(sounds: Path, library: Path, *options: object) -> Done:
    return command("index", sounds, "--library", library, "--encoder", "spectral", *options)


def index_within(limits: str, sounds: Path, library: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The same in a shell that sets limits first."""
    words = ["index", str(sounds), "--library", str(library), "--encoder", "spectral", *options]
    command = ["bash", "-c", f'{limits}; exec "$@"', "bash", sys.executable, "-m", "search.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def assert_sound(library: Path) -> None:
    done = command("verify", "--library", library)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Four tones and a file that is none."""
    for number in range(4):
        write_tone(tmp_path / "sounds" / f"{number}.wav", 300 + 100 * number)
    return tmp_path / "sounds"


def test_json_tells_everything_and_the_status_that_some_failed(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--json prints one object with the promised fields; a failed input gives status 1 and a line on stderr."""
    (sounds / "bad.wav").write_text("no sound")
    arguments = ["index", str(sounds), "--library", str(tmp_path / "library"), "--encoder", "spectral", "--json"]

    status = main(arguments)

    printed = capsys.readouterr()
    summary = json.loads(printed.out)
    assert status == 1
    assert summary.keys() >= FIELDS
    assert summary["indexed"] == 4
    assert [Path(failure["path"]).name for failure in summary["failed"]] == ["bad.wav"]
    assert printed.err.count("bad.wav") == 1
    assert summary["stages"]["sum_s"] == pytest.approx(
        sum(value for name, value in summary["stages"].items() if name not in {"sum_s", "process_s"}), abs=0.01
    )


def test_the_library_s_own_encoder_is_used_when_none_is_named(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A library made with one encoder goes on with it; what was indexed can be found and status is 0."""
    library = str(tmp_path / "library")
    main(["index", str(sounds / "0.wav"), "--library", library, "--encoder", "spectral", "--quiet"])
    assert main(["index", str(sounds), "--library", library, "--quiet"]) == 0
    assert capsys.readouterr().out == ""

    with wiring.library(library, Settings.from_env({})) as opened:
        assert [space.name for space in opened.reader.spaces()] == ["spectral"]
    assert main(["search", "--audio", str(sounds / "2.wav"), "--library", library, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["hits"][0]["path"] == str(sounds / "2.wav")


@pytest.mark.parametrize(
    "wrong", [["--workers", "0"], ["--max-duration-s", "0"], ["--wait", "-1"], ["--encoder", "nonsense:x"]]
)
def test_wrong_use_is_refused_before_anything_is_made(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: list[str]
) -> None:
    """A number or name that makes no sense ends with status 2 or 3 and one line."""
    status = main(["index", str(sounds), "--library", str(tmp_path / "library"), *wrong])

    assert status in {2, 3}
    assert not (tmp_path / "library").exists()
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_second_job_says_who_holds_the_library(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --wait the command ends with status 3 and names the holder."""
    library = tmp_path / "library"
    with (
        wiring.library(library, Settings.from_env({}), create=True) as opened,
        opened.writer.lease("nightly job on studio-2", 0),
    ):
        status = main(["index", str(sounds), "--library", str(library), "--encoder", "spectral", "--quiet"])

    assert status == 3
    assert "nightly job on studio-2" in capsys.readouterr().err


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="needs ulimit")
def test_out_of_file_handles_is_a_clear_error_and_leaves_a_sound_library(sounds: Path, tmp_path: Path) -> None:
    """A process that may open few files ends with status 3 and the remedy; with more it gets through."""
    library = tmp_path / "library"
    assert index(sounds / "0.wav", library, "--quiet").returncode == 0
    for number in range(20):  # so long that whoever reads one waits for the encoder, with the file open
        write_tone(sounds / f"long {number}.wav", 300 + 100 * number, seconds=60)

    short = index_within("ulimit -n 14", sounds, library, "--workers", "16", "--quiet")

    assert short.returncode == 3, short
    assert len(short.stderr.splitlines()) == 1
    assert "ulimit -n" in short.stderr
    assert_sound(library)
    for number in range(3, 20):  # some of them tell as much
        (sounds / f"long {number}.wav").unlink()
    assert index(sounds, library, "--quiet").returncode == 0
    assert_sound(library)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 700 KB, in memory; skipped where we may not mount one."""
    with disks.mounted(tmp_path / "disk", "700k") as disk:
        yield disk


def test_a_full_disk_is_a_clear_error_and_leaves_a_sound_library(tmp_path: Path, small_disk: Path) -> None:
    """When the disk is full the command ends with status 3 and says so; with room again it gets through."""
    sounds, library = tmp_path / "sounds", small_disk / "library"
    synthetic.write_clips(sounds, 150, seed=1)

    full = index(sounds, library, "--quiet")

    assert full.returncode == 3, full
    assert "the disk is full" in full.stderr
    assert len(full.stderr.splitlines()) == 1
    assert_sound(library)
    disks.remount(small_disk, "size=50m")
    assert index(sounds, library, "--quiet").returncode == 0
    assert_sound(library)


def test_a_read_only_library_is_a_clear_error_and_can_be_read(sounds: Path, small_disk: Path) -> None:
    """On a disk that takes no writes, indexing ends with status 3 and says why; searching goes on."""
    library = small_disk / "library"
    disks.remount(small_disk, "size=3m")  # room for all of it
    assert index(sounds, library, "--quiet").returncode == 0
    disks.remount(small_disk, "ro")
    write_tone(sounds / "new.wav", 1_000)

    refused = index(sounds, library, "--quiet")

    assert refused.returncode == 3
    assert "read-only" in refused.stderr
    assert_sound(library)
    assert command("search", "--audio", sounds / "0.wav", "--library", library).returncode == 0


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="needs ulimit")
def test_a_file_that_may_not_grow_is_a_clear_error_and_leaves_a_sound_library(sounds: Path, tmp_path: Path) -> None:
    """A limit on the size of files (a quota acts alike) ends the command with status 3 and one line."""
    library = tmp_path / "library"
    synthetic.write_clips(sounds, 100, seed=1)

    full = index_within("trap '' XFSZ; ulimit -f 450", sounds, library, "--quiet")

    assert full.returncode == 3, full
    assert len(full.stderr.splitlines()) == 1
    assert_sound(library)


STOPPED_WHILE_IT_ENCODES = """
import sys, threading
from search.cli import main
from search.encoders.spectral import SpectralEncoder

encode, lock, begun = SpectralEncoder.encode_audio, threading.Lock(), []

def encode_when_released(self, waves):
    "The third batch says that it is there, and none goes on from there without a line on stdin."
    with lock:
        begun.append(waves)
        if len(begun) == 3:
            print("encoding", flush=True)
            sys.stdin.readline()
    return encode(self, waves)

SpectralEncoder.encode_audio = encode_when_released
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("number", few([signal.SIGINT, signal.SIGTERM]))
def test_a_signal_stops_the_job_cleanly_and_the_next_run_resumes(tmp_path: Path, number: signal.Signals) -> None:
    """The status is 128 + the signal, the last line says how to go on, what was done is kept."""
    sounds, library = tmp_path / "sounds", tmp_path / "library"
    synthetic.write_clips(sounds, 40, seed=1)
    command = ["index", str(sounds), "--library", str(library), "--encoder", "spectral", "--json"]
    job = subprocess.Popen(
        [sys.executable, "-c", STOPPED_WHILE_IT_ENCODES, *command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert job.stdout.readline() == "encoding\n"
    job.send_signal(number)
    out, err = job.communicate("go on\n", timeout=PATIENCE_S)

    assert job.returncode == 128 + number
    assert "to continue: soundalike index" in err.splitlines()[-1]
    first = json.loads(out)
    assert first["interrupted"]
    assert_sound(library)
    second = json.loads(index(sounds, library, "--json").stdout)
    assert second["unchanged"] == first["indexed"] + first["linked"]
    assert second["unchanged"] + second["indexed"] + second["linked"] == 40


def test_the_job_that_the_engine_calls_is_this_one(sounds: Path, tmp_path: Path) -> None:
    """The entry point soundalike.jobs gives a callable that indexes and answers with the exit status."""
    settings = Settings.from_env({**os.environ, "SOUNDALIKE_LIBRARY": str(tmp_path / "library")})
    with wiring.library(settings.library, settings, create=True) as library:
        assert plugins.job("index")(library, "spectral", [str(sounds)], settings) == 0
        assert len(library.reader.clips(list(range(1, 10)))) == 4


def test_a_program_says_what_the_command_line_says(sounds: Path, tmp_path: Path) -> None:
    """Fingerprints in the same pass, patterns to leave out, a speed, a length; what is none is refused before."""
    (sounds / "bad").mkdir()
    write_tone(sounds / "bad" / "4.wav", 900)
    write_tone(sounds / "long.wav", 900, seconds=9)
    with soundalike.open_library(tmp_path / "library", create=True) as library:
        for wrong in ({"speed": 0.0}, {"max_duration_s": 0.0}, {"exclude": ["!"]}):
            with pytest.raises(soundalike.UsageError):
                soundalike.index(library, [sounds], encoder="spectral", **wrong)
        assert library.roots() == []
        options = {"exclude": ["bad/"], "speed": 0.5, "max_duration_s": 6.0, "fingerprints": True}
        (failure,) = soundalike.index(library, [sounds], encoder="spectral", **options)
        assert failure.file.endswith("long.wav")
        (root,) = library.roots()
        assert (root.speed, root.excludes) == (0.5, ("bad/",))
        clips = library.reader.clips(library.clips.ids())
        assert sorted(clip.path for clip in clips) == [f"{number}.wav" for number in range(4)]
        fingerprinted = library.recordings.fingerprints.table().contents
        assert set(fingerprinted.tolist()) == {clip.content_id for clip in clips}
