"""The clip that was the query leads its answer, even among near-equal hits; and no score exceeds 1."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import soundfile

from search.model import AudioPart, ClipPart, Query, RecommendQuery, TextPart
from tests.search.libraries import Entry, axis, duplicates, fill, open_library
from tests.search.test_sameness import indexed, noise

ALIKE = 30
DOG, AGAIN = ALIKE + 1, ALIKE + 2
"""Their clips."""


@pytest.fixture
def library(tmp_path):
    """A dog and its copy, and among other sounds thirty that come nearer to the dog than its copy does, by rounding."""
    with open_library(tmp_path) as library:
        longer = np.float32(1.001) * axis(2)
        near = [Entry(f"alike {number:02}.wav", longer[None]) for number in range(ALIKE)]
        dog = [Entry(name, np.float32(0.999) * axis(2)[None], bytes_=b"dog") for name in ("dog.wav", "dog again.wav")]
        fill(library, [*near, *dog, Entry("horn.wav", axis(1)[None])])
        yield library


def paths(answer):
    return [hit.clip.path for hit in answer.hits]


def test_the_same_content_leads_whatever_comes_as_near(library):
    """Also where so much does that a page, or a first look, would not reach it; and the rest stays as it was."""
    asked = ClipPart(DOG)
    whole = library.search(Query((asked,), k=100))
    assert (whole.hits[0].clip.path, whole.hits[0].same) == ("dog again.wav", "content")
    assert paths(whole)[1:] == [*(f"alike {number:02}.wav" for number in range(ALIKE)), "horn.wav"]
    assert [hit.score for hit in whole.hits] == sorted((hit.score for hit in whole.hits), reverse=True)
    for offset in range(3):
        page = library.search(Query((asked,), k=1, offset=offset))
        assert paths(page) == paths(whole)[offset : offset + 1]


def test_it_leads_only_where_it_is_in_the_answer(library):
    """Not where a filter leaves it out, or it is refused, or more is asked for than it."""
    asked = ClipPart(DOG)
    assert "dog again.wav" not in paths(library.search(Query((asked,), where='path ~ "alike"', k=100)))
    assert paths(library.search(Query((asked,), where='path ~ "again"'))) == ["dog again.wav"]
    without = Query((asked,), without=(AGAIN,), k=100)
    assert "dog again.wav" not in paths(library.search(without))
    assert paths(library.search(Query((asked, TextPart("horn")))))[0] == "horn.wav"


def test_it_stands_for_its_recording(library):
    """Collapsed, the others are named in it."""
    there = clips_of(library)
    pair = duplicates([there["alike 00.wav"]], [there["dog.wav"]])
    library.duplicates.pairs.write(pair)
    first = library.search(Query((ClipPart(DOG),), collapse=True)).hits[0]
    assert (first.clip.path, first.same, first.copies) == ("dog again.wav", "content", (1,))


def clips_of(library):
    """Contents by paths."""
    return {clip.path: clip.content_id for clip in library.reader.clips(range(1, ALIKE + 4))}


def test_no_score_passes_one(library):
    """Vectors are kept in half precision, and come out a little longer or shorter than they went in."""
    for answer in (
        library.search(Query((ClipPart(1),), k=100)),
        library.recommend(RecommendQuery(likes=(ClipPart(1),), k=5)),
    ):
        assert max(hit.score for hit in answer.hits) <= 1.0
    assert library.engine.rank(axis(2), 3).scores.tolist() == [1.0, 1.0, 1.0]


def test_a_file_leads_though_its_whole_is_like_none_of_its_passages(tmp_path):
    """Asked with as the mean of what is in it, which another sound is all the time."""
    sounds = tmp_path / "sounds"
    at_s = np.arange(5 * 16_000) / 16_000
    low, high = 0.2 * np.sin(2 * np.pi * 200 * at_s), 0.2 * np.sin(2 * np.pi * 4_000 * at_s)
    sounds.mkdir()
    for name, wave in (("first one, then the other", np.concatenate([low, high])), ("both", low + high)):
        soundfile.write(sounds / f"{name}.wav", wave, 16_000)
    noise(sounds / "noise.wav", 1)
    taken = tmp_path / "elsewhere.wav"
    shutil.copy(sounds / "first one, then the other.wav", taken)
    with indexed(tmp_path, sounds) as library:
        answer = library.search(Query((AudioPart(str(taken)),)))
        assert [hit.same for hit in answer.hits] == ["content", None, None]
        assert paths(answer)[1] == "both.wav"
        sure = [hit.probability for hit in answer.hits]
        assert sure == sorted(sure, reverse=True)
