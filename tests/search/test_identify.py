"""Exact recordings: fingerprints recognise an altered sound, and the place of a query in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

import soundalike
from search.analysis.exact.landmarks import ASKED, KEPT, Landmarks, landmarks
from search.analysis.exact.listening import Fingerprint, fingerprint, question
from search.analysis.exact.matching import fullest, match
from search.analysis.exact.outlines import STEP, Alignments, Profile, outline
from search.analysis.exact.spectra import RATE_HZ
from search.analysis.exact.stored import FOLDER, arrays
from search.analysis.exact.table import FingerprintTable
from search.errors import AudioError
from search.library import verifying
from search.library.library import Library
from search.snapshots.folders import Snapshots
from search.snapshots.snapshot import Kind
from tests.amounts import few
from tests.commandline import soundalike as command

SECONDS = 12
FILES = 6


def tune(seed: int, seconds: float = SECONDS) -> np.ndarray:
    """Notes of random pitch and length with three harmonics each, (samples,) at `RATE_HZ`."""
    rng = np.random.default_rng(seed)
    wave = np.zeros(int(seconds * RATE_HZ))
    for begin_s in np.arange(0, seconds - 0.3, 0.11):
        at_s = np.arange(int(rng.uniform(0.1, 0.4) * RATE_HZ)) / RATE_HZ
        hz = 220 * 2 ** (rng.integers(0, 36) / 12 + rng.uniform(-0.03, 0.03))
        note = sum(np.sin(2 * np.pi * hz * h * at_s) / h for h in (1, 2, 3)) * np.exp(-at_s * 6)
        first = int(begin_s * RATE_HZ)
        wave[first : first + len(note)] += note[: len(wave) - first]
    return (0.2 * wave / np.abs(wave).max()).astype(np.float32)


def noisy(wave: np.ndarray, level_db: float) -> np.ndarray:
    noise = np.random.default_rng(9).normal(size=len(wave))
    return (wave + noise * np.sqrt(np.mean(wave**2) / 10 ** (level_db / 10))).astype(np.float32)


def hiss(count: int) -> np.ndarray:
    """Noise above 10 kHz of 44.1, of so many samples."""
    return np.diff(np.random.default_rng(3).normal(size=count + 2), 2) * 0.2


def telephone(wave: np.ndarray) -> np.ndarray:
    """The band from 300 to 3,400 Hz, after a room that rings for .3 s."""
    at_s = np.arange(int(0.3 * RATE_HZ)) / RATE_HZ
    room = np.random.default_rng(8).normal(size=len(at_s)) * np.exp(-7 * at_s / 0.3) * 0.2
    room[0] = 1
    size = len(wave) + len(room)
    spectrum = np.fft.rfft(wave, size) * np.fft.rfft(room, size)
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    return np.fft.irfft(spectrum * ((hz > 300) & (hz < 3400)), size)[: len(wave)].astype(np.float32)


def faster(wave: np.ndarray, speed: float) -> np.ndarray:
    return np.asarray(soxr.resample(wave, RATE_HZ * speed, RATE_HZ), np.float32)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``sounds`` and their ``library``, fingerprinted; one sound is silent, one very short."""
    folder = tmp_path_factory.mktemp("exact")
    (folder / "sounds").mkdir()
    for seed in range(FILES):
        soundfile.write(folder / "sounds" / f"tune{seed}.wav", tune(seed), RATE_HZ)
    soundfile.write(folder / "sounds" / "silence.wav", np.zeros(2 * RATE_HZ), RATE_HZ)
    soundfile.write(folder / "sounds" / "click.wav", tune(50, 0.5)[:400], RATE_HZ)
    words = ("index", folder / "sounds", "--library", folder / "library", "--encoder", "spectral", "--fingerprints")
    done = command(*words, "--quiet")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """A copy of the library, to be changed; the sounds lie where they were."""
    shutil.copytree(filled / "library", tmp_path / "library")
    return tmp_path


@pytest.fixture
def library(filled: Path):
    with soundalike.open_library(filled / "library") as library:
        yield library


def ask(library: Library, wave: np.ndarray, tmp_path: Path, suffix: str = "wav") -> soundalike.Identification:
    path = tmp_path / f"question.{suffix}"
    soundfile.write(path, wave, RATE_HZ)
    return library.recordings.identify(path)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as it is": lambda wave: wave,
    "30 dB down": lambda wave: wave * 0.03,
    "noise as loud as it": lambda wave: noisy(wave, 0),
    "noise 5 dB louder": lambda wave: noisy(wave, -5),
    "by telephone": telephone,
    "2 % faster": lambda wave: faster(wave, 1.02),
    "2 % slower": lambda wave: faster(wave, 0.98),
}


@pytest.mark.parametrize("name", few(CHANGES, 3))
def test_five_seconds_are_known_with_their_place(library: Library, tmp_path: Path, name: str) -> None:
    """To 50 ms at the beginning of the question, and sure."""
    for seed in range(FILES):
        whole = tune(seed)
        question = CHANGES[name](whole[3 * RATE_HZ : 8 * RATE_HZ])
        best = ask(library, question, tmp_path).recognitions[0]
        assert best.title == f"tune{seed}"
        speed = 1.02 if "faster" in name else 0.98 if "slower" in name else 1.0
        assert best.start_s - best.query_start_s * speed == pytest.approx(3.0, abs=0.05)
        assert best.speed == pytest.approx(speed, abs=0.006)
        assert best.probability > 0.5
        assert best.landmarks > 5


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "flac"])
def test_a_container_changes_nothing(library: Library, tmp_path: Path, suffix: str) -> None:
    best = ask(library, tune(2)[4 * RATE_HZ : 9 * RATE_HZ], tmp_path, suffix).recognitions[0]
    assert best.title == "tune2"
    assert best.start_s - best.query_start_s == pytest.approx(4.0, abs=0.05)


def test_a_damaged_file_is_known_and_what_is_amiss_is_told(library: Library, filled: Path, tmp_path: Path) -> None:
    """Not what lies above the band of fingerprints, which tells nothing there."""
    soundfile.write(tmp_path / "cut.wav", faster(tune(2), RATE_HZ / 44_100) + 0.1 * hiss(44_100 * SECONDS), 44_100)
    whole = (tmp_path / "cut.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    found = library.recordings.identify(tmp_path / "cut.wav")
    assert found.recognitions[0].title == "tune2"
    assert found.warnings == ("truncated: the header says 1,058,400 bytes of sound, only 529,178 are there",)


def test_what_is_not_there_is_not_found(library: Library, tmp_path: Path) -> None:
    """Other tunes of the same notes, noise, and silence."""
    for seed in range(100, 112):
        assert ask(library, tune(seed, 5), tmp_path).recognitions == ()
    assert ask(library, np.random.default_rng(1).normal(0, 0.1, 5 * RATE_HZ), tmp_path).recognitions == ()
    assert ask(library, np.zeros(5 * RATE_HZ), tmp_path).recognitions == ()
    assert ask(library, tune(1)[:300], tmp_path).recognitions == ()


def test_a_long_sound_gives_what_was_played_when(library: Library, tmp_path: Path) -> None:
    """In order, each passage once, with where it begins and ends in both."""
    silence = np.zeros(3 * RATE_HZ, np.float32)
    long = np.concatenate(
        (tune(4)[: 10 * RATE_HZ], silence, tune(200, 9), tune(1)[2 * RATE_HZ :], tune(3)[: 8 * RATE_HZ])
    )
    found = ask(library, long, tmp_path)
    assert found.duration_s == pytest.approx(40, abs=0.01)
    assert [one.title for one in found.recognitions] == ["tune4", "tune1", "tune3"]
    for one, begin_s, shift_s, length_s in zip(found.recognitions, (0, 22, 32), (0, 2, 0), (10, 10, 8), strict=True):
        assert one.query_start_s == pytest.approx(begin_s, abs=2)
        assert one.query_end_s - one.query_start_s == pytest.approx(length_s, abs=3)
        assert one.start_s - (one.query_start_s - begin_s) == pytest.approx(shift_s, abs=0.05)


def test_a_passage_of_a_file_is_asked_in_the_files_own_time(library: Library, filled: Path) -> None:
    best = library.recordings.identify(filled / "sounds" / "tune5.wav", start_s=2, end_s=7).recognitions[0]
    assert best.title == "tune5"
    assert best.query_start_s >= 2
    assert best.start_s == pytest.approx(best.query_start_s, abs=0.05)


def test_landmarks_do_not_depend_on_how_a_sound_is_cut_into_blocks() -> None:
    """Of a sound longer than what is worked on at once."""
    wave = tune(7, 130)
    whole = landmarks([wave], KEPT)
    cut = landmarks(np.split(wave, [1, 5000, 5001, 600_000]), KEPT)
    for name in ("frame", "band", "up", "on"):
        assert np.array_equal(getattr(whole, name), getattr(cut, name)), name
    assert whole.frames == cut.frames
    assert 60 < len(whole) / 130 <= 110


def test_outlines_do_not_depend_on_how_a_sound_is_cut_into_blocks() -> None:
    wave = tune(7, 130)
    whole, cut = fingerprint([wave]), fingerprint(np.split(wave, [1, 5000, 5001, 600_000]))
    assert len(whole.rows) == whole.landmarks.frames // 4
    assert np.array_equal(whole.rows, cut.rows)


def test_a_table_grows_and_shrinks_to_what_one_made_at_once_is() -> None:
    prints = {seed: fingerprint([tune(seed, 6)]) for seed in range(1, 6)}
    none = np.zeros(0, bool)
    table = FingerprintTable.empty().changed([(2, prints[2]), (5, prints[5]), (4, prints[4])], none)
    table = table.changed([(1, prints[1]), (3, prints[3])], table.contents != 4)
    expected = FingerprintTable.empty().changed([(seed, prints[seed]) for seed in (1, 2, 3, 5)], none)
    assert table.contents.tolist() == [1, 2, 3, 5]
    for key in np.flatnonzero(np.diff(expected.offsets))[::50]:
        one, other = (each.look_up(np.array([key], np.uint32), 1000)[1] for each in (table, expected))
        assert np.array_equal(np.sort(one), np.sort(other))
    for name in ("begins", "offsets", "firsts", "outlines"):
        assert np.array_equal(getattr(table, name), getattr(expected, name)), name
    assert np.array_equal(table.outlines[table.firsts[2] : table.firsts[3]], prints[3].rows)


def test_the_rarest_keys_are_looked_up_first() -> None:
    at = np.arange(400)
    frequent = Landmarks(at, at * 0, at * 0, at * 0 + 3, 500)
    rare = Landmarks(at[:1], at[:1] + 9, at[:1], at[:1] + 3, 50)
    none = np.empty(0, np.uint32)
    prints = [(1, Fingerprint(frequent, none)), (2, Fingerprint(rare, none))]
    table = FingerprintTable.empty().changed(prints, np.zeros(0, bool))
    keys = np.concatenate((frequent.keys()[:1], rare.keys()))
    assert table.look_up(keys, 10)[0].tolist() == [1]
    assert sorted(set(table.look_up(keys, 1000)[0].tolist())) == [0, 1]
    assert len(FingerprintTable.empty().look_up(keys, 9)[1]) == 0
    assert arrays(table)["counts"].max() == 255, "a byte for each key"
    assert arrays(table)["many"].tolist() == [400], "and what it does not hold beside it"


@pytest.mark.parametrize("highest", [3, 300, 20_000, 1 << 30])
def test_the_fullest_steps_are_those_that_counting_each_of_them_gives(highest: int) -> None:
    steps = np.random.default_rng(highest).integers(0, highest, 2_000).astype(np.uint32)
    held, counts = np.unique(steps, return_counts=True)
    count = dict(zip(held.tolist(), counts.tolist(), strict=True))
    expected = sorted(count, key=lambda step: (-count[step] - count.get(step + 1, 0), step))[:128]
    assert fullest(steps).tolist() == expected


def test_agreement_with_an_outline_is_the_sum_over_its_bits() -> None:
    """A question of 20 rows and a half, against rows of another sound from the first on."""
    powers = np.random.default_rng(2).exponential(size=(2, 20 * STEP + 2, 32)).astype(np.float32)
    rows = outline(powers[0])
    profile = Profile(powers[1])
    bits = np.unpackbits(rows.astype("<u4").view(np.uint8).reshape(-1, 4), axis=1, bitorder="little")
    values = profile.values[::STEP][: len(rows)]
    expected = (values * np.where(bits, 1, -1)).sum() / np.sqrt(np.square(values).sum())
    zero, one = np.zeros(1, np.int64), np.ones(1)
    found = profile.agreement(rows, Alignments(zero, np.array([len(rows)]), zero.astype(np.float64), one))
    assert found[0] == pytest.approx(expected, abs=1e-4)


def test_outlines_tell_the_place_where_few_landmarks_are_left() -> None:
    """Noise 16 dB louder leaves few pairs of peaks; of most tunes no answer would be sure by these alone."""
    prints = [(seed + 1, fingerprint([tune(seed)])) for seed in range(FILES)]
    none = np.zeros(0, bool)
    table = FingerprintTable.empty().changed(prints, none)
    without = [(content, Fingerprint(one.landmarks, np.empty(0, np.uint32))) for content, one in prints]
    earlier = FingerprintTable.empty().changed(without, none)
    assert earlier.without_outline.all()
    assert not table.without_outline.any()
    sure = {"with": 0, "without": 0}
    for seed in range(FILES):
        asked = question([noisy(tune(seed)[3 * RATE_HZ : 8 * RATE_HZ], -16)])
        for name, each in (("with", table), ("without", earlier)):
            found = [one for one in match(asked, each) if one.probability >= 0.5]
            assert [one.row for one in found] in ([], [seed])
            sure[name] += len(found)
    assert sure["with"] >= FILES - 1
    assert sure["without"] <= FILES - 2


# --- what is kept -------------------------------------------------------------------------------------------


def test_older_libraries_are_filled_without_encoding(folder: Path, filled: Path) -> None:
    """Nothing is known before; then only what is new is listened to, and what went is forgotten."""
    shutil.rmtree(folder / "library" / FOLDER)
    with soundalike.open_library(folder / "library") as library:
        question = filled / "sounds" / "tune3.wav"
        assert library.recordings.identify(question).recognitions == ()
        assert library.recordings.identify(question).fingerprinted == 0
        done: list[tuple[int, int]] = []
        assert library.recordings.fingerprint(lambda *counts: done.append(counts)) == ()
        assert done[-1] == (FILES + 2, FILES + 2)
        found = library.recordings.identify(question)
        assert found.recognitions[0].title == "tune3"
        assert found.fingerprinted == found.contents == FILES + 2
        done.clear()
        library.recordings.fingerprint(lambda *counts: done.append(counts))
        assert done == []
    assert command("remove", question, "--library", folder / "library").returncode == 0
    with soundalike.open_library(folder / "library") as library:
        assert library.recordings.identify(question).recognitions == ()
        library.recordings.fingerprint()
        assert len(library.recordings.fingerprints.table()) == FILES + 1
        assert verifying.verify(library) == []


def test_fingerprints_of_the_version_before_answer_and_are_told(folder: Path, filled: Path, tmp_path: Path) -> None:
    """They had no outlines. What is new gets some; the old ones are made again when somebody says so."""
    with soundalike.open_library(folder / "library") as library:
        table = library.recordings.fingerprints.table()
        sequence = library.recordings.fingerprints.snapshots.sequences()[0]
        of = library.reader.clips_of(table.contents.tolist())
        other = next(content for content, (clip, *_) in of.items() if library.reader.clips([clip])[0].title != "tune3")
    shutil.rmtree(folder / "library" / FOLDER)
    kept = table.contents != other
    old = table.changed([], kept)
    keys = np.flatnonzero(np.diff(old.offsets))
    with Snapshots(folder / "library" / FOLDER, Kind("fingerprints", 1, "")).publication(sequence) as new:
        new.array("contents.npy", old.contents)
        new.array("begins.npy", old.begins)
        new.array("keys.npy", keys.astype(np.uint32))
        new.array("offsets.npy", np.append(old.offsets[keys], old.offsets[-1]))
        new.array("places.npy", old.places)
        new.facts = {"revision": 1}
    reported = "fingerprints of an earlier version"
    with soundalike.open_library(folder / "library") as library:
        found = library.recordings.identify(filled / "sounds" / "tune3.wav")
        assert found.recognitions[0].title == "tune3"
        assert found.earlier > 0
        assert verifying.verify(library) == []
        done: list[tuple[int, int]] = []
        library.recordings.fingerprint(lambda *counts: done.append(counts))
        assert done == [(1, 1)], "only what had none at all"
        again = library.recordings.identify(filled / "sounds" / "tune3.wav")
        assert (again.recognitions[0].title, again.earlier) == ("tune3", found.earlier)
        assert verifying.verify(library) == []
    words = ("identify", filled / "sounds" / "tune3.wav", "--library", folder / "library")
    assert reported in command(*words).stderr
    assert command("fingerprints", "--again", "--library", folder / "library").returncode == 0
    assert reported not in command(*words).stderr


class Stop(Exception):
    """Somebody has enough."""


def test_an_interrupted_job_keeps_what_is_done(folder: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done == 3:
            raise Stop

    with soundalike.open_library(folder / "library") as library:
        with pytest.raises(Stop):
            library.recordings.fingerprint(stop, again=True)
        assert len(library.recordings.fingerprints.table()) == 3
        left: list[int] = []
        library.recordings.fingerprint(lambda _, total: left.append(total))
        assert set(left) == {FILES - 1}
        assert len(library.recordings.fingerprints.table()) == FILES + 2


def test_a_damaged_file_is_named_and_its_remedy_heals_it(folder: Path) -> None:
    """Each file of the snapshot; identify answers as if there were none, and does not fail."""
    (snapshot,) = (folder / "library" / FOLDER).iterdir()
    for file in sorted(snapshot.iterdir()):
        whole = file.read_bytes()
        changed = bytearray(whole)
        changed[len(changed) // 2] ^= 4
        file.write_bytes(changed)
        done = command("verify", "--library", folder / "library")
        assert done.returncode != 0
        assert str(snapshot) in done.stdout + done.stderr
        file.write_bytes(whole)
    (snapshot / "places.npy").write_bytes(b"")
    with soundalike.open_library(folder / "library") as library:
        assert library.recordings.identify(sound_of(folder)).fingerprinted == 0
    assert command("fingerprints", "--again", "--library", folder / "library").returncode == 0
    assert command("verify", "--library", folder / "library").returncode == 0


def sound_of(folder: Path) -> Path:
    path = folder / "tune.wav"
    soundfile.write(path, tune(1), RATE_HZ)
    return path


# --- the command line ---------------------------------------------------------------------------------------


def test_the_command_line_identifies_a_batch(filled: Path, tmp_path: Path) -> None:
    """A file that cannot be read is named; the others are answered."""
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    soundfile.write(tmp_path / "other.wav", tune(300, 5), RATE_HZ)
    files = (filled / "sounds" / "tune0.wav", tmp_path / "broken.wav", tmp_path / "other.wav")
    done = command("identify", *files, "--library", filled / "library", "--json")
    assert done.returncode == 1
    assert "broken.wav" in done.stderr
    first, broken, other = json.loads(done.stdout)
    assert first["recognitions"][0]["title"] == "tune0"
    assert "error" in broken
    assert other["recognitions"] == []
    assert "no recording" in command("identify", files[2], "--library", filled / "library").stdout
    shown = command("search", "--exact", f"{files[0]}#2-7", "--library", filled / "library")
    assert shown.returncode == 0
    assert "tune0.wav" in shown.stdout
    wrong = command("search", "rain", "--exact", files[0], "--library", filled / "library")
    assert wrong.returncode == 2


def test_fingerprints_that_are_missing_are_named_with_the_remedy(folder: Path, filled: Path) -> None:
    shutil.rmtree(folder / "library" / FOLDER)
    done = command("identify", filled / "sounds" / "tune0.wav", "--library", folder / "library")
    assert done.returncode == 0
    assert "soundalike fingerprints" in done.stderr
    assert command("fingerprints", "--library", folder / "library", "--json").returncode == 0


def test_what_cannot_be_read_is_an_error_of_the_file(library: Library, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"nothing\.wav"):
        library.recordings.identify(tmp_path / "nothing.wav")


def test_questions_are_denser_than_recordings() -> None:
    """Noise puts peaks between the recording's: a question pairs each with more of them."""
    assert len(landmarks([tune(1)], ASKED)) > 1.5 * len(landmarks([tune(1)], KEPT))
