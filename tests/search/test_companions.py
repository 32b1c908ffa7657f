"""Companions of a sound fit its tempo and key and are of another kind; on loops of known tempo and key."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import soundfile

import soundalike
from search import cli
from search.analysis.facts.definitions import KEYS
from search.engine.companions import camelot, key_fits, other_kinds, tempo_fits
from search.errors import QueryError, WhereError
from search.model import KeepFacts, StoredFacts

RATE_HZ = 22_050
BARS = 4


def key(name: str) -> float:
    return float(KEYS.index(name))


# --- the rules ----------------------------------------------------------------------------------------------


def test_keys_lie_on_the_circle_as_djs_know_it():
    """After the published wheel."""
    wheel = {"C major": "8B", "A minor": "8A", "G major": "9B", "E minor": "9A", "F major": "7B", "B major": "1B"}
    wheel |= {"A# minor": "3A", "D# minor": "2A", "G# minor": "1A", "C# minor": "12A", "E major": "12B"}
    for name, place in wheel.items():
        assert "".join(map(str, camelot(KEYS.index(name)))) == place, name


def test_keys_fit_that_are_the_same_relative_or_a_fifth_apart():
    fit, relation = key_fits(np.array([*range(24), np.nan]), key("C major"))
    fitting = {KEYS[place]: ("same", "relative", "fifth")[relation[place]] for place in range(24) if fit[place] > 0}
    assert fitting == {"C major": "same", "A minor": "relative", "G major": "fifth", "F major": "fifth"}
    assert math.isnan(fit[24])
    fit, relation = key_fits(np.array([key("C major"), key("E minor"), key("C minor")]), key("A minor"))
    assert (relation.tolist(), fit[2]) == ([1, 2, -1], 0)
    assert np.isnan(key_fits(np.array([0.0]), math.nan)[0]).all()


def test_tempos_fit_that_are_equal_half_or_double_within_the_stretch():
    tempos = np.array([120.0, 61.0, 236.0, 130.0, 90.0, np.nan])
    fit, times, stretch = tempo_fits(tempos, 120.0, 0.08)
    assert (fit > 0).tolist() == [True, True, True, False, False, False]
    assert times[:3].tolist() == [1.0, 0.5, 2.0]
    np.testing.assert_allclose(stretch[:3], [1.0, 60 / 61, 240 / 236])
    assert fit[0] == 1.0
    assert math.isnan(fit[5])
    assert (tempo_fits(tempos, 120.0, 0.0)[0] > 0).tolist() == [True, False, False, False, False, False]
    assert tempo_fits(np.array([129.6, 111.2]), 120.0, 0.08)[0].tolist() == pytest.approx([0.5, 0.5], abs=0.01)


def test_the_nearest_quarter_is_of_ones_own_kind():
    of_all = np.linspace(0, 1, 8)
    another, unlike = other_kinds(np.array([1.0, 0.9, 0.5, -1.0]), of_all)
    assert another.tolist() == [False, False, True, True]
    assert (np.diff(unlike) >= 0).all()
    assert other_kinds(np.array([0.5]), np.empty(0))[0].all()
    assert not other_kinds(np.array([1.0]), np.array([1.0, 0.2]))[0].any(), "the same sound, in a small library"


# --- on sounds ----------------------------------------------------------------------------------------------


def chord(notes: list[int], seconds: float, harmonics: int) -> np.ndarray:
    at_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wave = sum(
        np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * partial * at_s) / partial
        for note in notes
        for partial in range(1, harmonics + 1)
    )
    return np.asarray(wave * np.minimum(1, 40 * at_s) * np.exp(-4 * at_s / seconds))


def loop(tempo: float, tonic: int, minor: bool, harmonics: int) -> np.ndarray:
    """Chords of the first, fourth and fifth degree, a chord a beat, four bars."""
    third = 3 if minor else 4
    degrees = [0, 5, 7, 0] * BARS
    beats = [chord([tonic + d, tonic + d + third, tonic + d + 7], 60 / tempo, harmonics) for d in degrees]
    return np.concatenate(beats)


def drums(tempo: float) -> np.ndarray:
    rng = np.random.default_rng(1)
    n = round(60 / tempo * RATE_HZ)
    hit = rng.standard_normal(n) * np.exp(-np.arange(n) / (0.03 * RATE_HZ))
    return np.tile(hit, 4 * BARS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ten measured sounds: the first is a loop in C major at 120 BPM."""
    folder = tmp_path_factory.mktemp("loops")
    sounds = {
        "a": loop(120, 60, minor=False, harmonics=2),
        "b again": loop(120, 60, minor=False, harmonics=3),
        "c relative": loop(120, 57, minor=True, harmonics=12),
        "d fifth": loop(122, 67, minor=False, harmonics=12),
        "e wrong key": loop(120, 66, minor=False, harmonics=12),
        "f wrong tempo": loop(97, 60, minor=False, harmonics=12),
        "g drums": drums(120),
        "h drums, wrong tempo": drums(97),
        "i noise": np.random.default_rng(2).standard_normal(5 * RATE_HZ),
    }
    (folder / "sounds").mkdir()
    for name, wave in sounds.items():
        soundfile.write(folder / "sounds" / f"{name}.wav", 0.4 * wave / np.abs(wave).max(), RATE_HZ)
    with soundalike.open_library(folder / "library", create=True) as library:
        soundalike.index(library, [folder / "sounds"], encoder="spectral")
        library.facts.measure()
    return folder


@pytest.fixture(scope="module")
def library(folder):
    with soundalike.open_library(folder / "library") as library:
        yield library


def ids(library) -> dict[str, int]:
    return {clip.title: clip.id for clip in library.reader.clips(library.clips.ids().tolist())}


def test_what_fits_comes_first_and_says_why(library):
    found = library.goes_with(ids(library)["a"])
    assert found.tempo == pytest.approx(120, rel=0.02)
    assert found.key == "C major"
    names = [one.clip.title for one in found.hits]
    assert {"c relative", "d fifth", "g drums"} <= set(names)
    assert not {"a", "e wrong key", "f wrong tempo", "h drums, wrong tempo", "i noise"} & set(names)
    by_name = {one.clip.title: one for one in found.hits}
    assert by_name["c relative"].relation == "relative"
    assert "key A minor (8A): relative of C major (8B)" in by_name["c relative"].reasons
    assert by_name["d fifth"].relation == "fifth"
    assert by_name["d fifth"].stretch == pytest.approx(120 / 122, rel=0.02)
    assert any("slower" in reason for reason in by_name["d fifth"].reasons)
    assert by_name["g drums"].key is None
    assert "no key" in by_name["g drums"].reasons
    assert [one.score for one in found.hits] == sorted((one.score for one in found.hits), reverse=True)


def test_a_filter_a_stretch_and_a_number_narrow_it(library):
    clip = ids(library)["a"]
    assert [one.clip.title for one in library.goes_with(clip, where='title ~ "drums"').hits] == ["g drums"]
    assert len(library.goes_with(clip, k=1).hits) == 1
    assert "d fifth" not in [one.clip.title for one in library.goes_with(clip, stretch=0.0).hits]


def test_a_sound_without_key_goes_by_its_tempo(library):
    found = library.goes_with(ids(library)["g drums"])
    assert found.key is None
    names = {one.clip.title for one in found.hits}
    assert "f wrong tempo" not in names
    assert {"a", "c relative"} & names


def test_what_nothing_can_be_said_of_is_said(library, tmp_path):
    known = ids(library)
    with pytest.raises(QueryError, match="has no tempo and no key"):
        library.goes_with(known["i noise"])
    with pytest.raises(QueryError, match="no clip has the id 99"):
        library.goes_with(99)
    for wrong in ({"k": 0}, {"k": 1001}, {"stretch": -0.1}, {"stretch": 0.6}, {"stretch": math.nan}):
        with pytest.raises(QueryError, match="must be from"):
            library.goes_with(known["a"], **wrong)
    with pytest.raises(WhereError):
        library.goes_with(known["a"], where="nonsense <")


def test_it_is_printed_and_given_as_json(folder, library, capsys):
    clip, at = str(ids(library)["a"]), ["--library", str(folder / "library")]
    assert cli.main(["goes-with", clip, *at]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"clip {clip}: ")
    assert "relative of C major (8B)" in printed
    assert cli.main(["goes-with", clip, "--where", 'title ~ "drums"', "--json", *at]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["key"], found["unmeasured"], len(found["hits"])) == ("C major", 0, 1)
    assert found["hits"][0]["path"].endswith("g drums.wav")
    assert cli.main(["goes-with", "99", *at]) == 2
    assert cli.main(["goes-with", clip, "--stretch", "0.9", *at]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_clips_that_nobody_measured_are_counted(folder, tmp_path):
    """And one of them is refused with the command that measures it."""
    with soundalike.open_library(tmp_path / "library", create=True) as library:
        sounds = [folder / "sounds" / f"{name}.wav" for name in ("a", "g drums")]
        soundalike.index(library, sounds, encoder="spectral")
        library.facts.measure()
        known = ids(library)
        content_id = library.reader.clips([known["g drums"]])[0].content_id
        with library.writer.lease("test", wait_s=5) as lease:  # as an earlier version measured it
            library.writer.apply(lease, [KeepFacts(content_id, StoredFacts(1, np.empty(0, np.float32)))])
        library.refresh()
        assert library.goes_with(known["a"]).unmeasured == 1
        with pytest.raises(QueryError, match="facts --measure"):
            library.goes_with(known["g drums"])
