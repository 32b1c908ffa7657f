"""Making sounds: simple sounds from words, continued tunes, spoken words; each is marked as generated."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from search import audio
from search.analysis.melody.midi import tunes_from_midi
from search.analysis.melody.model import Notes
from search.analysis.melody.notation import parse_notes
from search.audio import metadata
from search.commands import making
from search.errors import QueryError, UsageError
from search.making import playing, recipes, simple, speaking, tunes
from search.model import ClipPart, TextPart
from tests.amounts import few
from tests.commandline import soundalike as command

SCALE = parse_notes("C4 D4 E4 F4 G4 A4 B4 C5 G4 E4 C4")


def pitch_of(wave: np.ndarray) -> float:
    """Where the most energy lies, in Hz."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(np.argmax(spectrum) * recipes.RATE_HZ / len(wave))


def bursts(wave: np.ndarray) -> int:
    """How often it begins to sound, after 50 ms of silence or more."""
    loud = np.array([np.abs(part).max() > 0.02 for part in np.array_split(wave, max(len(wave) // 320, 1))])
    loud = np.concatenate([[False] * 5, loud])
    return sum(bool(loud[at]) and not loud[at - 5 : at].any() for at in range(5, len(loud)))


# --- simple sounds ------------------------------------------------------------------------------------------


def test_words_say_what_how_often_how_high_and_how_long():
    beep, high, low = (simple.made(words) for words in ("beep", "a high beep", "low beep"))
    assert pitch_of(beep) == pytest.approx(1000, abs=10)
    assert pitch_of(high) == pytest.approx(2000, abs=10)
    assert pitch_of(low) == pytest.approx(500, abs=10)
    assert len(simple.made("a long beep")) > 1.5 * len(beep) > 1.5 * len(simple.made("short beep"))
    assert bursts(simple.made("three beeps")) == bursts(simple.made("3 slow beeps")) == 3
    assert bursts(simple.made("two beeps, then a knock and a bell")) == 4


@pytest.mark.parametrize("kind", simple.KINDS)
def test_each_kind_sounds_and_is_the_same_for_the_same_seed(kind: str):
    wave = simple.made(kind, 3)
    assert wave.dtype == np.float32
    assert np.abs(wave).max() == pytest.approx(0.5, abs=1e-3)
    assert np.isfinite(wave).all()
    assert np.array_equal(wave, simple.made(kind, 3))


def test_a_soft_sound_beside_a_loud_one_is_softer():
    wave = simple.made("beep, soft beep")
    half = len(wave) // 2
    assert np.abs(wave[half:]).max() < 0.3 * np.abs(wave[:half]).max()


def test_a_single_sound_is_soft_or_loud_too():
    soft, usual, loud = (np.abs(simple.made(words)).max() for words in ("soft beep", "beep", "loud beep"))
    assert 3 * soft < usual < 0.6 * loud <= 0.6
    assert np.abs(simple.made("loud loud loud beep")).max() <= 1


def test_a_number_before_a_unit_is_a_pitch_or_a_length():
    assert pitch_of(simple.made("a 440 Hz beep")) == pytest.approx(440, abs=10)
    assert pitch_of(simple.made("a beep of 1.5kHz")) == pytest.approx(1500, abs=10)
    beep_s = len(simple.made("beep")) / recipes.RATE_HZ
    for words, length_s in (("a two-second beep", 2), ("2 s beep", 2), ("500 ms beep", 0.5), ("0.5 sec beep", 0.5)):
        assert len(simple.made(words)) / recipes.RATE_HZ == pytest.approx(beep_s - 0.3 + length_s, abs=0.01)
    assert bursts(simple.made("3 beeps of 100 ms.")) == 3


def test_slow_has_an_end():
    slow = simple.made("short " * 9 + "slow " * 12 + "tick, tick")
    assert len(slow) / recipes.RATE_HZ < 12


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("", "say what to make"),
        ("a dog", "a dog"),
        ("beep, 99 beeps", "99 times"),
        ("0 beeps", "0 times"),
        ("1" * 5000 + " beeps", "from 1 to 12"),
        (", ".join(["beep"] * 13), "at most 12"),
        (", ".join(["12 long hums"] * 12), "at most 300 s"),
        ("a 5 Hz tone", "5 Hz"),
        ("a 60 second hum", "60 s"),
        ("a 3 second click", "a click"),
        ("a 3rd beep", "3rd"),
        ("1.5 beeps", r"1\.5"),
        *((f"a rising {kind}", kind) for kind in ("siren", "bell", "knock", "click", "noise", "drop", "laser")),
    ],
)
def test_what_cannot_be_made_is_named_and_not_offered(words: str, named: str):
    with pytest.raises(QueryError, match=named):
        simple.made(words)
    assert not simple.can_be_made(words)
    assert named.replace("\\", "") in (simple.why_not(words) or "")


# --- tunes --------------------------------------------------------------------------------------------------


def test_a_tune_goes_on_in_its_key_and_ends_on_its_chord():
    inside = []
    for seed in range(10):
        tune = tunes.continued(SCALE, 30, seed)
        assert len(tune) == len(SCALE) + 30
        assert np.array_equal(tune.pitch[: len(SCALE)], SCALE.pitch)
        assert np.array_equal(tune.start_s[: len(SCALE)], SCALE.start_s)
        assert (np.diff(tune.start_s) > 0).all()
        assert (tune.end_s > tune.start_s).all()
        assert (tune.end_s[:-1] <= tune.start_s[1:] + 1e-9).all()
        assert int(tune.pitch[-1]) % 12 in (0, 4, 7, 9)
        assert tune.pitch.min() >= SCALE.pitch.min() - 7
        assert tune.pitch.max() <= SCALE.pitch.max() + 7
        inside += [int(pitch) % 12 in (0, 2, 4, 5, 7, 9, 11) for pitch in tune.pitch[len(SCALE) :]]
    assert np.mean(inside) > 0.9  # by chance .58


def test_a_tune_goes_on_alike_in_any_key_and_tempo():
    moved = Notes(SCALE.start_s * 0.5, SCALE.end_s * 0.5, SCALE.pitch + np.float32(5))
    usual, other = tunes.continued(SCALE, 20, 1), tunes.continued(moved, 20, 1)
    assert np.array_equal(usual.pitch + 5, other.pitch)
    assert usual.start_s * 0.5 == pytest.approx(other.start_s)


def test_seeds_make_different_tunes_and_equal_ones_the_same():
    assert np.array_equal(tunes.continued(SCALE, 20, 4).pitch, tunes.continued(SCALE, 20, 4).pitch)
    assert len({tuple(tunes.continued(SCALE, 20, seed).pitch) for seed in range(6)}) == 6


@pytest.mark.thorough
def test_a_variation_keeps_rhythm_and_what_carries_the_tune():
    long = parse_notes("C4 E4 G4 E4 F4 A4 G4 F4 E4 G4 C5 B4 A4 G4 F4 D4 C4")
    changed = [tunes.varied(long, seed) for seed in range(5)]
    for one in changed:
        assert np.array_equal(one.start_s, long.start_s)
        assert np.array_equal(one.end_s, long.end_s)
        assert np.array_equal(one.pitch[::4], long.pitch[::4])
    assert len({tuple(one.pitch) for one in changed}) > 1
    assert any(not np.array_equal(one.pitch, long.pitch) for one in changed)


@pytest.mark.parametrize("names", ["C9 D9 E9 F9 G9 F9 E9 G9", "C-1 D-1 E-1 F-1 C-1 D-1 E-1 C-1"])
@pytest.mark.parametrize("seed", few(range(5)))
def test_tunes_at_the_ends_of_midi_stay_inside(names: str, seed: int, tmp_path: Path):
    """Long runs: each comes to the end of what there is, and is written."""
    notes = parse_notes(" ".join([names] * 3))
    for tune in (tunes.continued(notes, 40, seed), tunes.varied(notes, seed)):
        assert 0 <= tune.pitch.min() <= tune.pitch.max() <= 127
        playing.write_midi(tmp_path / "tune.mid", tune)


def test_a_model_foresees_what_it_counted():
    """A tune of two notes in turn costs it next to nothing, another one much."""
    turns = [parse_notes("C4 G4 " * 20)] * 20
    model = tunes.TuneModel(tunes.counted(turns))
    assert model.surprise(turns) < 1 < 4 < model.surprise([SCALE])
    chances = model.chances(0, tunes.BEGIN, tunes.BEGIN)
    assert chances.sum() == pytest.approx(1)
    assert (chances > 0).all()


@pytest.mark.parametrize(("notes", "count"), [("C4 D4", 5), ("C4 D4 E4", 0), ("C4 D4 E4", 501)])
def test_too_little_to_go_on_with_is_refused(notes: str, count: int):
    with pytest.raises(QueryError):
        tunes.continued(parse_notes(notes), count)


def test_notes_are_played_without_a_soundfont_and_written_as_midi(tmp_path: Path):
    wave, rate_hz = playing.played(SCALE, None)
    assert len(wave) / rate_hz == pytest.approx(SCALE.duration_s, abs=0.2)
    playing.write_midi(tmp_path / "tune.mid", SCALE, 5, "generated by a test")
    read = tunes_from_midi(str(tmp_path / "tune.mid"))[0].notes
    assert np.array_equal(read.pitch, SCALE.pitch)
    assert read.start_s == pytest.approx(SCALE.start_s, abs=2e-3)
    texts = [one.text for one in mido.MidiFile(tmp_path / "tune.mid").tracks[0] if one.type == "text"]
    assert texts == ["generated by a test"]


def test_a_soundfont_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(UsageError, match=r"no\.sf2"):
        playing.soundfont(tmp_path / "no.sf2")


def program(folder: Path, name: str, text: str) -> None:
    """Something called ``name`` that a shell runs, first on the path."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def test_fluidsynth_plays_the_soundfont_that_is_named(tmp_path: Path, monkeypatch):
    """One that copies a sound to where ``-F`` says, and fails without a font that is there."""
    soundfile.write(tmp_path / "sound.wav", np.full(1000, 0.25), playing.RATE_HZ)
    program(tmp_path, "fluidsynth", f'cp "{tmp_path}/sound.wav" "$8" && test -s "$9" && test -s "${{10}}"')
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "font.sf2").write_bytes(b"RIFF")
    wave, rate_hz = playing.played(SCALE, playing.soundfont(tmp_path / "font.sf2"))
    assert (len(wave), rate_hz) == (1000, playing.RATE_HZ)
    assert wave == pytest.approx(np.full(1000, 0.25), abs=1e-3)
    (tmp_path / "font.sf2").write_bytes(b"")
    with pytest.raises(UsageError, match="fluidsynth cannot play"):
        playing.played(SCALE, tmp_path / "font.sf2")


# --- words --------------------------------------------------------------------------------------------------


def test_espeak_reads_what_is_said_from_its_input(tmp_path: Path, monkeypatch):
    """One that says nothing of itself but the words it got: their bytes are the samples."""
    soundfile.write(tmp_path / "voice.wav", np.full(2205, 0.5), 22_050)
    program(
        tmp_path, "espeak-ng", f'cat > "{tmp_path}/words"; echo "$@" > "{tmp_path}/options"; cat "{tmp_path}/voice.wav"'
    )
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    wave, rate_hz = speaking.spoken("-v evil; two beeps", "de", 200)
    assert (len(wave), rate_hz) == (2205, 22_050)
    assert (tmp_path / "words").read_text() == "-v evil; two beeps"
    assert (tmp_path / "options").read_text().split() == ["-v", "de", "-s", "200", "--stdin", "--stdout"]


def test_a_voice_that_espeak_does_not_have_is_named(tmp_path: Path, monkeypatch):
    program(tmp_path, "espeak-ng", "cat > /dev/null; echo no such voice >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(QueryError, match=r"'xx'.*no such voice"):
        speaking.spoken("hello", "xx")


def test_without_espeak_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(speaking.shutil, "which", lambda _name: None)
    monkeypatch.setattr(speaking, "is_installed", lambda _module: False)
    with pytest.raises(UsageError, match=r"apt install espeak-ng, or pip install 'soundalike\[say\]'"):
        speaking.spoken("hello")


@pytest.mark.parametrize(
    ("words", "voice", "speed"), [(" ", "en", 160), ("a" * 5001, "en", 160), ("a", "en", 10), ("a", "--path=/x", 160)]
)
def test_what_cannot_be_said_is_refused(words: str, voice: str, speed: int):
    with pytest.raises(QueryError):
        speaking.spoken(words, voice, speed)


def test_the_package_speaks_where_no_command_is(monkeypatch):
    pytest.importorskip("espeakng_loader")
    monkeypatch.setattr(speaking.shutil, "which", lambda _name: None)
    wave, rate_hz = speaking.spoken("two beeps, then a door")
    slow, _ = speaking.spoken("two beeps, then a door", speed=90)
    assert 0.5 < len(wave) / rate_hz < len(slow) / rate_hz < 6
    assert np.abs(wave).max() > 0.1
    with pytest.raises(QueryError, match="xx-none"):
        speaking.spoken("hello", "xx-none")


# --- the command line ---------------------------------------------------------------------------------------


def test_files_say_that_they_were_generated(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(playing, "SOUNDFONTS", ())
    done = command("make", "Two beeps", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["file"] == "two-beeps.wav"
    assert command("compose", "--notes", "C4 D4 E4 G4", "--count", 4, "--out", "on.wav").returncode == 0
    for file, how in (("two-beeps.wav", "soundalike make"), ("on.wav", "soundalike compose")):
        _, fields = metadata.read(file)
        assert any(value.startswith(f"generated by {how}") for value in fields.values()), fields
        assert audio.probe(file).duration_s > 0.5
    again = command("make", "Two beeps")
    assert again.returncode == 2
    assert "already exists" in again.stderr


def test_variations_of_a_midi_file_are_written_beside_each_other(tmp_path: Path):
    playing.write_midi(tmp_path / "tune.mid", SCALE)
    given = ("compose", "--continue", tmp_path / "tune.mid", "--out", tmp_path / "new.mid")
    done = command(*given, "--variations", 2, "--json")
    assert done.returncode == 0, done.stderr
    files = [json.loads(line)["file"] for line in done.stdout.splitlines()]
    assert files == [str(tmp_path / "new-1.mid"), str(tmp_path / "new-2.mid")]
    for file in files:
        assert len(tunes_from_midi(file)[0].notes) == len(SCALE)


def test_a_sound_goes_on_by_the_notes_that_are_heard_in_it(tmp_path: Path):
    wave, rate_hz = playing.played(SCALE, None)
    soundfile.write(tmp_path / "played.wav", wave, rate_hz)
    done = command("compose", "--continue", tmp_path / "played.wav", "--count", 5, "--out", tmp_path / "on.mid")
    assert done.returncode == 0, done.stderr
    tune = tunes_from_midi(str(tmp_path / "on.mid"))[0].notes
    assert tune.pitch[: len(SCALE)].tolist() == SCALE.pitch.tolist()


def test_what_was_not_found_and_can_be_made_is_offered(capsys: pytest.CaptureFixture[str]):
    making.offer("none", [TextPart("two beeps")])
    assert capsys.readouterr().out == "soundalike make 'two beeps' makes a simple one.\n"
    for verdict, parts in (
        ("weak", [TextPart("two beeps")]),
        ("none", [TextPart("a dog")]),
        ("none", [TextPart("beep"), TextPart("bell")]),
        ("none", [ClipPart(1)]),
    ):
        making.offer(verdict, parts)
        assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "wrong",
    [
        ("compose", "--notes", "C4 D4"),
        ("compose", "--notes", "C4 D4 E4", "--variations", 0),
        ("compose", "--notes", "C4 D4 E4", "--instrument", 128),
        ("compose", "--notes", "C4 D4 E4", "--variations", 2, "--count", 5),
        ("compose", "--notes", "C4 D4 E4", "--out", "on.mp3"),
        ("compose", "--continue", "nowhere.mid"),
        ("compose", "--continue", "²"),
        ("make", "a dog"),
        ("make", "beep", "--out", "/nowhere/at/all.wav"),
        ("make", "beep", "--out", "beep.mp3"),
        ("make", "beep", "--out", "beep.mid"),
        ("say", "beep", "--out", "beep"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: tuple[object, ...], tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = command(*wrong)
    assert done.returncode in (2, 3)
    assert done.stderr.startswith("soundalike: ")
    assert not list(tmp_path.iterdir())
