"""Duplicates: the same recording is found however it was packed, and another take of the same sound is not."""

from __future__ import annotations

import json
import shutil

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
from search.overview.duplicates.joining import Joined
from search.overview.duplicates.keeping import Copy, best_copy
from search.overview.duplicates.stored import FILE, Pairs, PairsFile
from search.overview.duplicates.verifying import LEAST_IN_BANDS
from tests.search.libraries import settings

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
    assert [set(names(library, group)) for group in library.duplicates().groups] == [{"second.wav", "second again.wav"}]
    assert not library.duplicates().current
    found = library.find_duplicates()
    assert found.current
    assert [set(names(library, group)) for group in found.groups] == [
        {"first.flac", "packed.mp3", "trimmed.wav", "soft.wav"},
        {"second.wav", "second again.wav"},
    ]
    assert library.duplicates() == found


def test_a_group_says_what_to_keep_and_how_the_others_differ(library):
    group = library.find_duplicates().groups[0]
    members = names(library, group)
    assert group.clips[0].clip_id == group.keep
    assert members["trimmed.wav"].offset_s == pytest.approx(0.5, abs=0.01)
    assert members["soft.wav"].gain_db == pytest.approx(-12.04, abs=0.1) or group.keep == members["soft.wav"].clip_id
    assert members["packed.mp3"].kind == "same recording"
    assert all(one.similarity > 0.8 for one in group.clips)


def test_what_is_new_is_compared_with_all_and_what_went_is_forgotten(library, tmp_path):
    library.find_duplicates()
    soundfile.write(tmp_path / "sounds" / "loud.wav", np.clip(2 * noise(1), -1, 1), RATE)
    index_again(library, "spectral", [str(tmp_path / "sounds")], settings(tmp_path))
    library.refresh()
    assert not library.duplicates().current
    looked = []
    found = library.find_duplicates(lambda done, total: looked.append((done, total)))
    assert looked == [(1, 1)]
    assert len(found.groups[0].clips) == 5
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, [RemoveClip(one.clip_id) for one in found.groups[0].clips[1:]])
    library.refresh()
    assert [len(group.clips) for group in library.find_duplicates().groups] == [2]


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
    library.find_duplicates()
    without_the_one_between(library)
    looked = []
    assert len(library.find_duplicates(lambda done, total: looked.append(total)).groups[0].clips) == 3
    assert looked[0] <= 3
    library.find_duplicates(lambda done, total: pytest.fail("everything was looked at"))


def test_an_interruption_forgets_nobody_who_lost_the_one_between(library):
    def stop(done, total):
        raise KeyboardInterrupt

    library.find_duplicates()
    without_the_one_between(library)
    with pytest.raises(KeyboardInterrupt):
        library.find_duplicates(stop)
    assert len(library.find_duplicates().groups[0].clips) == 3


def test_an_interrupted_search_goes_on_where_it_was(library):
    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.find_duplicates(stop)
    looked = []
    found = library.find_duplicates(lambda done, total: looked.append(total))
    assert looked[0] == 6 - 3
    assert len(found.groups[0].clips) == 4


def test_without_the_files_only_equal_lengths_and_sounds_are_called_the_same(library, tmp_path):
    shutil.rmtree(tmp_path / "sounds")
    for group in library.find_duplicates().groups:
        assert "trimmed.wav" not in names(library, group)
        assert all(one.gain_db is None for one in group.clips if one.kind == "same recording")


def test_a_recommendation_gives_one_of_each_recording(library):
    library.find_duplicates()
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
    library.find_duplicates()
    assert cli.main(["duplicates", "--known", *where]) == 0
    assert "2 groups, 4 clips beside those worth keeping" in capsys.readouterr().out


@pytest.mark.parametrize(("start_s", "gain"), [(0.0, 1.0), (0.7, 0.3), (1.2, -2.0)])
def test_alignment_says_where_and_how_loud(start_s, gain):
    wave = noise(5)
    start = round(start_s * RATE)
    found = align(np.float32(gain) * wave[start : start + RATE], wave, RATE, least_covered=0.8)
    assert found.offset_s == pytest.approx(start_s, abs=1e-4)
    assert found.correlation == pytest.approx(1.0, abs=1e-3)
    assert found.gain_db == pytest.approx(20 * np.log10(abs(gain)), abs=0.01)


def test_alignment_finds_a_shift_of_half_a_sample_and_a_cut_beginning():
    wave = noise(6)
    spectrum = np.fft.rfft(wave)
    half = np.fft.irfft(spectrum * np.exp(-1j * np.pi * np.arange(len(spectrum)) / len(wave)), len(wave))
    assert align(half.astype(np.float32), wave, RATE, least_covered=0.8).correlation > 0.99
    before = np.concatenate((noise(7, 0.2), wave[:RATE]))
    found = align(before, wave, RATE, least_covered=0.8)
    assert found.offset_s == pytest.approx(-0.2, abs=1e-3)
    assert found.covered == pytest.approx(1 / 1.2, abs=0.01)


def test_other_takes_and_silence_align_with_nothing():
    assert align(noise(1), noise(2), RATE, least_covered=0.8).correlation < 0.3
    assert align(np.zeros(RATE, np.float32), noise(2), RATE, least_covered=0.8) is None


def test_the_alignment_is_the_plain_formula():
    rng = np.random.default_rng(3)
    short, long = rng.standard_normal(40).astype(np.float32), rng.standard_normal(60).astype(np.float32)
    found = align(short, long, 1, least_covered=0.8)
    plain = 0.0
    for lag in range(-8, 29):
        a, b = short[max(0, -lag) : 60 - lag], long[max(0, lag) : lag + 40]
        plain = max(plain, abs(float(a @ b)) / float(np.linalg.norm(a) * np.linalg.norm(b)))
    assert found.correlation >= plain - 1e-6


def copy(number, **changes):
    content = {"codec": "PCM_16", "duration_s": 10.0, "sample_rate_hz": 44_100, "channels": 1, "container": "WAV"}
    clip = {"path": f"{number}.wav", "added": 100.0, "missing": False, "warnings": ()}
    content.update({k: v for k, v in changes.items() if k in content})
    clip.update({k: v for k, v in changes.items() if k in clip})
    root = Root(1, "/sounds")
    return Copy(
        Clip(number, number, root, title="", size_bytes=1, duration_s=10.0, **clip), Content("d", id=number, **content)
    )


@pytest.mark.parametrize(
    ("better", "worse", "why"),
    [
        ({}, {"missing": True}, "its file is there"),
        ({}, {"channels": 2, "warnings": ("channels cancel each other in 5.0 of 5.0 s: ...",)}, "something is amiss"),
        ({"sample_rate_hz": 96_000, "warnings": ("40% of the energy lies above 16 kHz, ...",)}, {}, "the highest"),
        ({"codec": "MPEG_LAYER_III"}, {"duration_s": 5.0}, "the others are cut"),
        ({}, {"codec": "opus", "sample_rate_hz": 48_000}, "lossless"),
        ({}, {"duration_s": 9.8}, "the longest"),
        ({"sample_rate_hz": 96_000}, {"channels": 2}, "the highest sample rate"),
        ({"channels": 2}, {"added": 5.0}, "the most channels"),
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
    one = np.array([1.0])
    file.write(Pairs(5, 3, np.array([1, 2]), np.array([2, 3]), *(np.concatenate((one, one)) for _ in range(3))))
    assert list(PairsFile(tmp_path).recordings().of(np.array([1, 2, 3, 9]))) == [1, 1, 1, 9]
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


def test_hits_of_one_drum_are_no_copies_of_each_other():
    """Their low tone correlates; what is above it does not. A copy of a hit agrees in every octave."""
    hits = [drum(seed) for seed in range(8)]
    alike = [align(hits[i], hits[j], RATE, least_covered=0.8) for i in range(8) for j in range(i)]
    assert max(found.correlation for found in alike) > 0.95
    assert max(found.in_bands for found in alike) < LEAST_IN_BANDS
    copy_ = align(hits[0], 0.01 * np.concatenate((np.zeros(777, np.float32), hits[0])), RATE, least_covered=0.8)
    assert copy_.in_bands > 0.99
