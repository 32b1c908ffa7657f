"""A hit that is what was asked with, byte for byte, its recording or its tune says so."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from search import wiring
from search.model import AudioPart, ClipPart, Query, SegmentPart, TextPart
from search.model.as_json import hit_as_json
from tests.search.libraries import Entry, axis, duplicates, fill, open_library


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
    dog = clips(library)["dog.wav"]
    (first, *_) = library.search(Query((ClipPart(clips(library)["horn.wav"].id),), k=10)).hits
    of_dog = library.view().of()[0].columns.segments_of(dog.content_id)
    assert first.same is None
    assert same(library, SegmentPart(int(of_dog[0])), TextPart("dog"))  # the passage's own clips are in hand
    refused = same(library, ClipPart(clips(library)["horn.wav"].id), ClipPart(dog.id, -1.0))
    assert "copies/dog again.wav" not in refused


def test_a_file_is_identical_by_its_bytes_wherever_it_lies(tmp_path):
    """A file of the same length and other samples is not, nor is a passage: that is of the recording."""
    from search import plugins
    from tests.search.libraries import settings

    rng = np.random.default_rng(5)
    for name in ("one", "two"):
        (tmp_path / "sounds").mkdir(exist_ok=True)
        soundfile.write(tmp_path / "sounds" / f"{name}.wav", rng.normal(0, 0.1, 48_000), 16_000)
    with wiring.library(tmp_path / "library", settings(tmp_path), create=True) as library:
        plugins.job("index")(library, "spectral", [str(tmp_path / "sounds")], settings(tmp_path))
        taken = tmp_path / "elsewhere.wav"
        taken.write_bytes((tmp_path / "sounds" / "one.wav").read_bytes())
        assert same(library, AudioPart(str(taken))) == {"one.wav": "content", "two.wav": None}
        assert same(library, AudioPart(str(taken), start_s=0.5))["one.wav"] == "recording"
        assert same(library, AudioPart(str(taken), speed=0.5))["one.wav"] is None
        (hit, *_) = library.search(Query((AudioPart(str(taken)),))).hits
        assert hit_as_json(hit, "relative")["same"] == "content"
