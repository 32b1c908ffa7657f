"""Duplicates: the same recording is found in every format, and another take of the same sound is not."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import networkx
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from indexer.commands import index_again
from search import cli, wiring
from search.model import Clip, ClipPart, Content, RecommendQuery, RemoveClip, Root
from search.overview.duplicates.aligning import align
from search.overview.duplicates.evidence import Evidence, of_wave
from search.overview.duplicates.joining import Joined
from search.overview.duplicates.keeping import ComparedCopy, best_copy
from search.overview.duplicates.stored import FILE, PairsFile
from search.overview.duplicates.verifying import is_one_recording
from search.snapshots import single
from tests.search.libraries import duplicates, settings

RATE = 16_000


def noise(seed, seconds=3.0, reach=6):
    """A recording: noise with a colour and a swell of its own; takes of one thing differ in the seed alone."""
    rng = np.random.default_rng(seed)
    white = rng.standard_normal(round(seconds * RATE) + reach)
    wave = np.convolve(white, np.ones(reach) / reach, "valid")[: round(seconds * RATE)]
    swell = np.interp(np.arange(len(wave)), np.linspace(0, len(wave), 8), rng.uniform(0.2, 1.0, 8))
    return (0.2 * wave * swell).astype(np.float32)


@pytest.fixture
def library(tmp_path):
    """Two takes of a sound; the first also as MP3, trimmed, and softer; a copy of the second; something else."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    first, second = noise(1), noise(2)
    soundfile.write(folder / "first.flac", first, RATE)
    soundfile.write(folder / "packed.mp3", first, RATE)
    soundfile.write(folder / "trimmed.wav", first[RATE // 2 : 2 * RATE + RATE // 2], RATE)
    soundfile.write(folder / "soft.wav", 0.25 * first, RATE)
    soundfile.write(folder / "second.wav", second, RATE)
    shutil.copy(folder / "second.wav", folder / "second again.wav")
    soundfile.write(folder / "else.wav", noise(3, reach=2), RATE)
    with wiring.library(tmp_path / "library", settings(tmp_path), create=True) as library:
        index_again(library, "spectral", [str(folder)], settings(tmp_path))
        library.refresh()
        yield library


def names(library, group):
    paths = {clip.id: clip.path for clip in library.reader.clips(range(1, 20))}
    return {paths[one.clip_id]: one for one in group.clips}


def test_equal_files_are_found_without_looking_and_the_rest_by_listening(library):
    assert [set(names(library, group)) for group in library.duplicates.groups().groups] == [
        {"second.wav", "second again.wav"}
    ]
    assert not library.duplicates.groups().current
    found = library.duplicates.find()
    assert found.current
    assert [set(names(library, group)) for group in found.groups] == [
        {"first.flac", "packed.mp3", "trimmed.wav", "soft.wav"},
        {"second.wav", "second again.wav"},
    ]
    assert library.duplicates.groups() == found


def test_a_group_says_what_to_keep_and_how_the_others_differ(library):
    group = library.duplicates.find().groups[0]
    members = names(library, group)
    assert group.clips[0].clip_id == group.keep
    assert members["trimmed.wav"].offset_s == pytest.approx(0.5, abs=0.01)
    assert members["soft.wav"].gain_db == pytest.approx(-12.04, abs=0.1) or group.keep == members["soft.wav"].clip_id
    assert members["packed.mp3"].kind == "same recording"
    assert all(one.similarity > 0.8 for one in group.clips)


def test_what_is_new_is_compared_with_all_and_what_went_is_forgotten(library, tmp_path):
    library.duplicates.find()
    soundfile.write(tmp_path / "sounds" / "loud.wav", np.clip(2 * noise(1), -1, 1), RATE)
    index_again(library, "spectral", [str(tmp_path / "sounds")], settings(tmp_path))
    library.refresh()
    assert not library.duplicates.groups().current
    looked = []
    found = library.duplicates.find(lambda done, total: looked.append((done, total)))
    assert looked == [(1, 1)]
    assert len(found.groups[0].clips) == 5
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, [RemoveClip(one.clip_id) for one in found.groups[0].clips[1:]])
    library.refresh()
    assert [len(group.clips) for group in library.duplicates.find().groups] == [2]


def without_the_one_between(library):
    """Remove the clip that most pairs of duplicates have in common."""
    pairs = PairsFile(library.path).read()
    between = int(np.bincount(np.concatenate((pairs.shorter, pairs.longer))).argmax())
    (clip,) = library.reader.clips(library.reader.clips_of([between])[between])
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, [RemoveClip(clip.id)])
    library.refresh()


def test_what_lost_the_one_between_is_joined_again(library):
    """Recordings that were found through one that went are compared with each other, and nothing else is."""
    library.duplicates.find()
    without_the_one_between(library)
    looked = []
    assert len(library.duplicates.find(lambda done, total: looked.append(total)).groups[0].clips) == 3
    assert looked[0] <= 3
    library.duplicates.find(lambda done, total: pytest.fail("everything was looked at"))


def test_an_interruption_forgets_nobody_who_lost_the_one_between(library):
    def stop(done, total):
        raise KeyboardInterrupt

    library.duplicates.find()
    without_the_one_between(library)
    with pytest.raises(KeyboardInterrupt):
        library.duplicates.find(stop)
    assert len(library.duplicates.find().groups[0].clips) == 3


def test_an_interrupted_search_goes_on_where_it_was(library):
    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.duplicates.find(stop)
    looked = []
    found = library.duplicates.find(lambda done, total: looked.append(total))
    assert looked[0] == 6 - 3
    assert len(found.groups[0].clips) == 4


def test_without_the_files_only_equal_lengths_and_sounds_are_called_the_same(library, tmp_path):
    shutil.rmtree(tmp_path / "sounds")
    for group in library.duplicates.find().groups:
        assert "trimmed.wav" not in names(library, group)
        assert all(one.gain_db is None for one in group.clips if one.kind == "same recording")


def test_a_recommendation_gives_one_of_each_recording(library):
    library.duplicates.find()
    other = next(c.id for c in library.reader.clips(range(1, 20)) if c.path == "else.wav")
    answer = library.recommend(RecommendQuery(likes=(ClipPart(other),)))
    assert len(answer.hits) == 2
    trimmed = next(c.id for c in library.reader.clips(range(1, 20)) if c.path == "trimmed.wav")
    paths = {hit.title for hit in library.recommend(RecommendQuery(likes=(ClipPart(trimmed),))).hits}
    assert not paths & {"first", "packed", "soft", "trimmed"}


def test_the_command_lists_groups(library, capsys):
    where = ["--library", str(library.path)]
    assert cli.main(["duplicates", "--known", "--json", *where]) == 0
    assert [len(g["clips"]) for g in json.loads(capsys.readouterr().out)["groups"]] == [2]
    library.duplicates.find()
    assert cli.main(["duplicates", "--known", *where]) == 0
    assert "2 groups, 4 clips besides those worth keeping" in capsys.readouterr().out


@pytest.mark.parametrize(("start_s", "gain"), [(0.0, 1.0), (0.7, 0.3), (1.2, -2.0)])
def test_alignment_says_where_and_how_loud(start_s, gain):
    wave = noise(5)
    start = round(start_s * RATE)
    found = align(np.float32(gain) * wave[start : start + RATE], wave, RATE)
    assert found.offset_s == pytest.approx(start_s, abs=1e-4)
    assert found.correlation == pytest.approx(1.0, abs=1e-3)
    assert found.gain_db == pytest.approx(20 * np.log10(abs(gain)), abs=0.01)


def test_alignment_finds_a_shift_of_half_a_sample_and_a_cut_beginning():
    wave = noise(6)
    spectrum = np.fft.rfft(wave)
    half = np.fft.irfft(spectrum * np.exp(-1j * np.pi * np.arange(len(spectrum)) / len(wave)), len(wave))
    assert align(half.astype(np.float32), wave, RATE).correlation > 0.99
    before = np.concatenate((noise(7, 0.2), wave[:RATE]))
    found = align(before, wave, RATE)
    assert found.offset_s == pytest.approx(-0.2, abs=1e-3)
    assert found.covered == pytest.approx(1 / 1.2, abs=0.01)


def test_other_takes_and_silence_align_with_nothing():
    assert align(noise(1), noise(2), RATE) is None
    assert align(np.zeros(RATE, np.float32), noise(2), RATE) is None


def test_the_correlation_is_the_plain_formula_at_the_place_that_is_found():
    whole = noise(3)
    short = whole[1000:20_000] + 0.3 * noise(4)[:19_000]
    found = align(short, whole, RATE)
    across = whole[1000:20_000]
    plain = abs(float(short @ across)) / float(np.linalg.norm(short) * np.linalg.norm(across))
    assert found.offset_s == pytest.approx(1000 / RATE, abs=1e-4)
    assert found.correlation == pytest.approx(plain, abs=1e-3)


def copy(number, **changes):
    content = {"codec": "PCM_16", "duration_s": 10.0, "sample_rate_hz": 44_100, "channels": 1, "container": "WAV"}
    clip = {"path": f"{number}.wav", "added": 100.0, "missing": False, "warnings": ()}
    evidence = (
        Evidence(**{"bandwidth_hz": 20_000.0, "silence_s": 0.0, "clipped": 0.0, **changes.pop("shows")})
        if "shows" in changes
        else None
    )
    content.update({k: v for k, v in changes.items() if k in content})
    clip.update({k: v for k, v in changes.items() if k in clip})
    root = Root(1, "/sounds")
    return ComparedCopy(
        Clip(number, number, root, title="", size_bytes=1, duration_s=10.0, **clip),
        Content("d", id=number, **content),
        evidence,
    )


@pytest.mark.parametrize(
    ("better", "worse", "why"),
    [
        ({}, {"missing": True}, "the files of the others are missing"),
        (
            {},
            {"channels": 2, "warnings": ("channels cancel each other in 5.0 of 5.0 s: ...",)},
            "the others have defects",
        ),
        ({"sample_rate_hz": 96_000, "warnings": ("40% of the energy lies above 16 kHz, ...",)}, {}, "the highest"),
        ({"codec": "MPEG_LAYER_III"}, {"duration_s": 5.0}, "the others are cut"),
        ({}, {"codec": "opus", "sample_rate_hz": 48_000}, "lossless"),
        ({}, {"duration_s": 9.8}, "the longest"),
        ({"shows": {}}, {"duration_s": 15.0, "codec": "MPEG_LAYER_III", "shows": {"silence_s": 5.0}}, "lossless"),
        ({"shows": {}}, {"duration_s": 15.0, "shows": {"silence_s": 5.0}}, "the least silence"),
        ({"shows": {}}, {"shows": {"bandwidth_hz": 16_000.0}}, "it has sound up to 20.0 kHz"),
        ({"shows": {}}, {"sample_rate_hz": 96_000, "shows": {}}, "the others have a higher sample rate without more"),
        ({"shows": {}}, {"shows": {"clipped": 0.01, "bandwidth_hz": 22_000.0}}, "the others are clipped"),
        ({"sample_rate_hz": 96_000}, {"channels": 2}, "the highest sample rate"),
        ({"channels": 2}, {"added": 5.0}, "the most channels"),
        (
            {"path": "SFX/rain.wav"},
            {"path": "Backup/copy of rain.wav", "added": 5.0},
            "the others are named like copies",
        ),
        ({"path": "rain.wav"}, {"path": "rain (2).wav", "added": 5.0}, "the others are named like copies"),
        ({"path": "雨.wav"}, {"path": "雨 - 副本.wav", "added": 5.0}, "the others are named like copies"),
        ({"added": 5.0}, {}, "added first"),
        ({"path": "a.wav"}, {"path": "b/c.wav"}, "the shortest path"),
    ],
)
def test_the_copy_worth_keeping_and_why(better, worse, why):
    best, reason = best_copy([copy(2, **worse), copy(1, **better)])
    assert best.clip.id == 1
    assert reason.startswith(why)


def test_a_damaged_file_of_pairs_is_none(tmp_path):
    file = PairsFile(tmp_path)
    file.write(replace(duplicates([1, 2], [2, 3]), evidence={1: Evidence(16_000.0, 0.5, 0.0)}))
    assert list(PairsFile(tmp_path).recordings().of(np.array([1, 2, 3, 9]))) == [1, 1, 1, 9]
    assert PairsFile(tmp_path).read().evidence == {1: Evidence(16_000.0, 0.5, 0.0)}
    (tmp_path / FILE).write_bytes(b"PK\x03\x04 no archive")
    assert PairsFile(tmp_path).read().checked_until == 0
    assert list(PairsFile(tmp_path).recordings().of(np.array([1, 2]))) == [1, 2]


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), max_size=40))
def test_joined_contents_are_the_connected_components(pairs):
    """As networkx finds them; each is known by its smallest member, and what is in no pair by itself."""
    joined = Joined(pairs)
    components = list(networkx.connected_components(networkx.Graph(pairs)))
    expected = {content: min(members) for members in components for content in members}
    assert joined.contents() == sorted(expected)
    assert {content: joined.first(content) for content in expected} == expected
    assert joined.first(99) == 99
    assert not joined.are_joined(99, 1)


def drum(seed):
    """A hit of a synthesised bass drum: a tone that falls and dies away, and a click of noise, another each time."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(0.6 * RATE)) / RATE
    pitch = 48 * (1 + rng.normal(0, 0.01)) + (110 + rng.normal(0, 5)) * np.exp(-time / 0.03)
    body = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.exp(-time / 0.12)
    return (0.5 * (body + 0.25 * rng.standard_normal(len(time)) * np.exp(-time / 0.004))).astype(np.float32)


agree = is_one_recording


def test_hits_of_one_drum_are_no_copies_of_each_other():
    """Their low tone correlates; what is above it does not. A copy of a hit agrees in every octave."""
    hits = [drum(seed) for seed in range(8)]
    alike = [(hits[i], hits[j]) for i in range(8) for j in range(i)]
    assert max(align(*pair, RATE).correlation for pair in alike) > 0.95
    assert not any(agree(*pair) for pair in alike)
    assert agree(hits[0], 0.01 * np.concatenate((np.zeros(777, np.float32), hits[0])))


def loop(pattern):
    """A loop of two sounds, the same samples at each stroke."""
    low, high = drum(1)[:4000], 0.3 * noise(9, 0.05, reach=1)
    wave = np.zeros(len(pattern) * 2000 + 4000, np.float32)
    for step, stroke in enumerate(pattern):
        for sound in {"x": (low,), "o": (high,), "b": (low, high)}.get(stroke, ()):
            wave[2000 * step : 2000 * step + len(sound)] += sound
    return wave


def test_loops_of_one_kit_that_differ_in_one_stroke_are_no_copies():
    whole = loop("x.o.b.o.x.oob.o.")
    assert align(whole, loop("x.o.b.o.x.o.b.o."), RATE).correlation > 0.95
    assert not agree(whole, loop("x.o.b.o.x.o.b.o."))
    assert agree(whole, whole[1500:])


def test_sounds_that_each_go_on_where_the_other_has_ended_are_two():
    """A loop that begins with a stroke which another, the same but for that, ends with."""
    shared, first, last = noise(11, 2.5), noise(12, 0.4), noise(13, 0.4)
    silence = np.zeros(RATE // 2, np.float32)
    assert not agree(np.concatenate((first, shared)), np.concatenate((shared, last)))
    assert agree(np.concatenate((first, shared, last)), shared)
    assert agree(np.concatenate((first, shared)), np.concatenate((shared, silence)))


def test_strokes_that_are_clipped_are_a_copy():
    """Between the strokes all is the same, so what differs in one of them is told; that it was cut off is allowed."""
    strokes = loop("o.o.b.o.o.oob.o.o.o.o.o.")
    assert align(strokes, np.clip(strokes, -0.37, 0.37), RATE).departs < 0.01
    assert agree(strokes, np.clip(strokes, -0.37, 0.37))
    assert agree(np.clip(0.5 * strokes, -0.185, 0.185), strokes)


@pytest.mark.parametrize(
    "change",
    [
        lambda wave: 0.01 * wave,
        lambda wave: wave * np.linspace(0, 1, len(wave), dtype=np.float32),
        lambda wave: np.clip(3 * wave, -1, 1),
        lambda wave: wave[3000:-3000],
        lambda wave: np.round(wave * 300) / np.float32(300),
    ],
    ids=["40 dB softer", "faded", "clipped", "trimmed", "coarse"],
)
def test_a_copy_agrees_with_its_original(change):
    assert agree(change(noise(11)), noise(11))


def test_a_short_sound_is_found_with_silence_around_it_and_40_db_softer(tmp_path):
    """Neither is near it for an encoder: fingerprints and levels lead to them."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for seed in range(12):
        soundfile.write(folder / f"{seed}.wav", drum(seed), RATE)
    silence = np.zeros(RATE, np.float32)
    soundfile.write(folder / "padded.wav", np.concatenate((silence, drum(3), silence)), RATE)
    soundfile.write(folder / "soft.wav", 0.01 * drum(5), RATE, subtype="PCM_16")
    with wiring.library(tmp_path / "library", settings(tmp_path), create=True) as library:
        index_again(library, "spectral", [str(folder)], settings(tmp_path))
        library.refresh()
        found = {frozenset(names(library, group)): group for group in library.duplicates.find().groups}
    assert found.keys() == {frozenset({"3.wav", "padded.wav"}), frozenset({"5.wav", "soft.wav"})}
    padded = next(one for one in found[frozenset({"3.wav", "padded.wav"})].clips if one.kind != "kept")
    assert (padded.silence_s, padded.bandwidth_hz) == (pytest.approx(2.0, abs=0.2), pytest.approx(8000, abs=200))
    assert padded.offset_s == pytest.approx(-1.0, abs=0.01)


def test_a_chain_is_no_group():
    """1 is like 2, 2 like 3 and so on: who is in a group is like the one it stands with."""
    recordings = duplicates([1, 2, 3, 4, 5], [2, 3, 4, 5, 6]).recordings()
    firsts = dict(zip(recordings.contents.tolist(), recordings.first.tolist(), strict=True))
    assert firsts == {1: 1, 2: 1, 3: 1, 4: 4, 5: 4}


def test_each_clip_of_a_group_agrees_with_the_kept_one(library):
    """Whatever is joined with it through a third alone is not in it."""
    contents = {c.path: c.content_id for c in library.reader.clips(range(1, 20))}
    joined = [("soft.wav", "first.flac"), ("first.flac", "packed.mp3"), ("packed.mp3", "else.wav")]
    shorter, longer = zip(*((contents[one], contents[other]) for one, other in joined), strict=True)
    PairsFile(library.path).write(duplicates(shorter, longer))
    groups = [names(library, group) for group in library.duplicates.groups().groups]
    assert sum(len(group) > 1 for group in groups) >= 2
    for group in groups:
        (kept,) = (name for name, one in group.items() if one.kind == "kept")
        assert all(
            one.kind == "copy" or (name, kept) in joined or (kept, name) in joined
            for name, one in group.items()
            if name != kept
        )


def test_evidence_is_measured_and_not_read_off_the_header():
    rng = np.random.default_rng(1)
    full = 0.2 * rng.standard_normal(44_100).astype(np.float32)
    spectrum = np.fft.rfft(full)
    spectrum[16_000:] = 0
    blown_up = np.fft.irfft(spectrum).astype(np.float32)
    assert of_wave(full, 44_100).bandwidth_hz == pytest.approx(22_050, abs=100)
    assert of_wave(blown_up, 44_100).bandwidth_hz == pytest.approx(16_000, abs=500)
    assert of_wave(np.concatenate((np.zeros(22_050, np.float32), full)), 44_100).silence_s == pytest.approx(
        0.5, abs=0.01
    )
    assert of_wave(full, 44_100).clipped == 0
    assert of_wave(np.clip(8 * full, -1, 1), 44_100).clipped > 0.2
    assert of_wave(np.zeros(100, np.float32), 44_100) == Evidence(0.0, 100 / 44_100, 0.0)


def test_pairs_of_the_format_before_are_looked_for_anew(library):
    library.duplicates.find()
    with np.load(library.path / FILE) as arrays:
        older = {name: arrays[name] for name in ("head", "contents", "facts")}
    older["head"][0] = 1
    single.write_arrays(library.path / FILE, older)
    assert PairsFile(library.path).read().checked_until == 0
    assert len(library.duplicates.find().groups) == 2
