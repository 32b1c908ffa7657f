"""A hit that is the query itself (byte for byte), its recording or its tune says so."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from search import plugins, wiring
from search.analysis.melody.model import Notes
from search.model import AudioPart, ClipPart, HumPart, Query, SegmentPart, TextPart
from search.model.as_json import hit_as_json
from tests.search.libraries import Entry, axis, duplicates, fill, open_library, settings
from tests.search.melodies import curve_of, tune, voice, write_midi
from tests.search.soundfiles import encode


@pytest.fixture
def library(tmp_path):
    """A dog, its copy elsewhere, a horn and another take of it that sounds the same."""
    with open_library(tmp_path) as library:
        fill(
            library,
            [
                Entry("dog.wav", np.stack([axis(2)]), bytes_=b"dog"),
                Entry("copies/dog again.wav", np.stack([axis(2)]), bytes_=b"dog"),
                Entry("horn.wav", np.stack([axis(1)])),
                Entry("horn 2.wav", np.stack([axis(1)])),
            ],
        )
        yield library


def clips(library):
    return {clip.path: clip for clip in library.reader.clips(range(1, 10))}


def same(library, *parts):
    return {hit.clip.path: hit.same for hit in library.search(Query(parts, k=10)).hits}


def test_a_copy_is_identical_and_what_is_as_alike_is_not(library):
    there = clips(library)
    assert same(library, ClipPart(there["dog.wav"].id)) == {
        "copies/dog again.wav": "content", "horn.wav": None, "horn 2.wav": None,
    }  # fmt: skip
    assert same(library, ClipPart(there["horn.wav"].id))["horn 2.wav"] is None
    assert set(same(library, TextPart("dog")).values()) == {None}


def test_what_was_found_to_be_the_same_recording_says_so(library):
    there = clips(library)
    library.duplicates.pairs.write(duplicates([there["horn.wav"].content_id], [there["horn 2.wav"].content_id]))
    assert same(library, ClipPart(there["horn.wav"].id))["horn 2.wav"] == "recording"


def test_a_passage_is_of_the_recording_and_no_whole(library):
    """Other versions of it are; its own content is left out."""
    there = clips(library)
    horn, horn_2 = there["horn.wav"], there["horn 2.wav"]
    library.duplicates.pairs.write(duplicates([horn.content_id], [horn_2.content_id]))
    (of_horn,) = library.view().of()[0].columns.segments_of(horn.content_id).tolist()
    assert same(library, SegmentPart(of_horn)) == {
        "horn 2.wav": "recording", "dog.wav": None, "copies/dog again.wav": None,
    }  # fmt: skip


def test_what_answers_several_things_together_is_the_same_as_none(library):
    """What is not wanted is no second thing, and refuses its copies too."""
    there = clips(library)
    dog, horn = ClipPart(there["dog.wav"].id), ClipPart(there["horn.wav"].id)
    assert same(library, dog)["copies/dog again.wav"] == "content"
    found = same(library, dog, TextPart("again"))
    assert found["copies/dog again.wav"] is None
    assert set(found.values()) == {None}
    assert set(same(library, dog, horn).values()) == {None}
    found = same(library, dog, replace(horn, weight=-0.5))
    assert found["copies/dog again.wav"] == "content"
    assert "copies/dog again.wav" not in same(library, horn, replace(dog, weight=-0.5))


def noise(path, seed, like=None):
    """A second and a half of it, or nearly that of another file; what was written (frames,)."""
    rng = np.random.default_rng(seed)
    wave = rng.normal(0, 0.1, 24_000) if like is None else like + rng.normal(0, 0.001, len(like))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave, 16_000)
    return wave


@contextmanager
def indexed(tmp_path, folder):
    """A library of the sounds in a folder."""
    with wiring.library(tmp_path / "library", settings(tmp_path), create=True) as library:
        plugins.job("index")(library, "spectral", [str(folder)], settings(tmp_path))
        yield library


def test_a_file_is_identical_by_its_bytes_wherever_it_lies(tmp_path):
    """A file of the same length and other samples is not, nor is a passage: that is of the recording."""
    for seed, name in enumerate(("one", "two")):
        noise(tmp_path / "sounds" / f"{name}.wav", seed)
    with indexed(tmp_path, tmp_path / "sounds") as library:
        taken = tmp_path / "elsewhere.wav"
        shutil.copy(tmp_path / "sounds" / "one.wav", taken)
        assert same(library, AudioPart(str(taken))) == {"one.wav": "content", "two.wav": None}
        assert same(library, AudioPart(str(taken), start_s=0.5))["one.wav"] == "recording"
        assert same(library, AudioPart(str(taken), speed=0.5))["one.wav"] is None
        (hit, *_) = library.search(Query((AudioPart(str(taken)),))).hits
        assert hit_as_json(hit, "relative")["same"] == "content"


def test_a_file_that_was_written_over_is_identical_to_nothing(tmp_path):
    """At the path of a clip lies another sound now, of the same size."""
    one = tmp_path / "sounds" / "one.wav"
    noise(one, 1)
    noise(tmp_path / "sounds" / "two.wav", 2)
    with indexed(tmp_path, tmp_path / "sounds") as library:
        size_bytes = one.stat().st_size
        assert same(library, AudioPart(str(one)))["one.wav"] == "content"
        noise(one, 3)
        assert one.stat().st_size == size_bytes
        assert set(same(library, AudioPart(str(one))).values()) == {None}
        shutil.copy(tmp_path / "sounds" / "two.wav", one)
        assert same(library, AudioPart(str(one))) == {"one.wav": None, "two.wav": "content"}


def test_of_a_file_with_several_tracks_the_one_that_is_asked_with_is_identical(tmp_path):
    """Without a number the first that is not silent: all of them have one digest."""
    rng = np.random.default_rng(4)
    tracks = [np.zeros((24_000, 1), np.float32), *rng.normal(0, 0.1, (2, 24_000, 1)).astype(np.float32)]
    (tmp_path / "sounds").mkdir()
    film = encode(tmp_path / "sounds" / "film.mkv", tracks, 16_000, "pcm_s16le", "matroska")
    with indexed(tmp_path, tmp_path / "sounds") as library:

        def of_tracks(part):
            return {hit.clip.track: hit.same for hit in library.search(Query((part,))).hits}

        assert of_tracks(AudioPart(str(film))) == {1: "content", 2: None}
        assert of_tracks(AudioPart(str(film), track=2)) == {1: None, 2: "content"}
        assert of_tracks(AudioPart(str(film), start_s=0.5)) == {1: "recording", 2: None}


def test_what_a_hit_is_depends_on_no_page_and_no_filter_and_a_fold_keeps_it(tmp_path):
    """The identical file is on another page, is filtered out, or is a copy that another version stands for."""
    sounds = tmp_path / "sounds"
    wave = noise(sounds / "one.wav", 1)
    noise(sounds / "version.wav", 2, like=wave)
    noise(sounds / "other.wav", 3)
    shutil.copy(sounds / "one.wav", sounds / "one again.wav")
    with indexed(tmp_path, sounds) as library:
        there = clips(library)
        library.duplicates.pairs.write(duplicates([there["one.wav"].content_id], [there["version.wav"].content_id]))
        taken = AudioPart(str(sounds / "one.wav"))
        expected = {"one.wav": "content", "one again.wav": "content", "version.wav": "recording", "other.wav": None}
        assert same(library, taken) == expected
        for place in range(4):
            (hit,) = library.search(Query((taken,), k=1, offset=place)).hits
            assert hit.same == expected[hit.clip.path]
        (hit,) = library.search(Query((taken,), where='path ~ "version"')).hits
        assert hit.same == "recording"
        for part in (taken, AudioPart(str(sounds / "version.wav"))):
            first, second = library.search(Query((part,), collapse=True)).hits
            assert (first.same, len(first.copies)) == ("content", 2)
            assert second.same is None
        folded = library.search(Query((taken,), where='path ~ "version"', collapse=True)).hits
        assert [hit.same for hit in folded] == ["recording"]


def test_a_tune_in_another_key_is_the_same_tune_and_another_is_not(tmp_path):
    """The very file is more than that. A hum's is the tune that it surely is, unless it was asked for with words."""
    line = tune(3)
    (tmp_path / "tunes").mkdir()
    for number in range(2, 6):
        write_midi(tmp_path / "tunes" / f"{number}.mid", tune(number))
    write_midi(tmp_path / "tunes" / "version.mid", Notes(line.start_s, line.end_s, line.pitch + np.float32(4)))
    shutil.copy(tmp_path / "tunes" / "3.mid", tmp_path / "tunes" / "copy.mid")
    hum = HumPart(str(tmp_path / "hum.wav"))
    soundfile.write(hum.path, voice(curve_of(tune(4), float(tune(4).start_s[20]), 10.0)), 16_000)
    with indexed(tmp_path, tmp_path / "tunes") as library:
        found = same(library, ClipPart(clips(library)["3.mid"].id))
        assert (found.pop("copy.mid"), found.pop("version.mid")) == ("content", "tune")
        assert set(found.values()) <= {None}
        hummed = same(library, hum)
        assert hummed.pop("4.mid") == "tune"
        assert set(hummed.values()) <= {None}
        assert set(same(library, hum, TextPart("copy")).values()) == {None}
        soundfile.write(hum.path, voice(curve_of(line, float(line.start_s[20]), 10.0)), 16_000)
        answer = library.search(Query((hum,)))
        versions = {"3.mid", "copy.mid", "version.mid"}
        assert answer.verdict == "good"
        assert {hit.path.rpartition("/")[2] for hit in answer.hits if hit.same == "tune"} == versions
        assert {hit.path.rpartition("/")[2] for hit in answer.hits[:3]} == versions
        assert all((hit.probability or 0) > 0.9 for hit in answer.hits[:3])
