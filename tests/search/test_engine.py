"""The engine's exact semantics (DESIGN.md), on real libraries with chosen vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from search import wiring
from search.engine.confidence import COPY
from search.engine.search import SearchEngine
from search.errors import QueryError, SpaceMismatch, WhereError
from search.library import verifying
from search.model import AudioEncoding, AudioPart, ClipPart, Likely, Query, RemoveClip, SegmentPart, TextPart
from tests.amounts import few
from tests.search.libraries import Entry, ToyEncoder, axis, duplicates, fill, open_library, settings, spec


@pytest.fixture
def library(tmp_path):
    """Four clips: two horns (one of two segments), a dog, and a copy of the dog elsewhere."""
    with open_library(tmp_path) as library:
        fill(
            library,
            [
                Entry("horns/airhorn_03.wav", np.stack([axis(1), axis(0)])),
                Entry("horns/car horn.wav", np.stack([axis(0, 1, 0.5)])),
                Entry("dog.wav", np.stack([axis(2)]), bytes_=b"dog"),
                Entry("copies/dog again.wav", np.stack([axis(2)]), bytes_=b"dog"),
            ],
        )
        yield library


def clip_id(library, path):
    return next(c.id for c in library.reader.clips(range(1, 10)) if c.path == path)


def paths(answer):
    return [hit.path.removeprefix("/sounds/") for hit in answer.hits]


def test_a_clip_counts_as_its_best_segment_with_its_time_stamps(library):
    vector = axis(0)
    ranking = library.engine.rank(vector, 10)
    hits = library.search(Query((ClipPart(clip_id(library, "horns/car horn.wav")),))).hits
    assert hits[0].path == "/sounds/horns/airhorn_03.wav"
    assert (hits[0].start_s, hits[0].end_s) == (0.5, 1.5)
    assert hits[0].score == pytest.approx(float(axis(0, 1, 0.5) @ axis(0)), abs=1e-3)
    assert len(ranking.content_ids) == len(set(ranking.content_ids)) == 3
    assert list(ranking.scores) == sorted(ranking.scores, reverse=True)


def test_one_hit_for_each_clip_and_copies_stand_side_by_side(library):
    hits = library.search(Query((ClipPart(clip_id(library, "horns/airhorn_03.wav")),), k=10)).hits
    assert len({hit.clip_id for hit in hits}) == len(hits) == 3
    dogs = [i for i, hit in enumerate(hits) if "dog" in hit.path]
    assert dogs == [1, 2]


def test_the_likely_clips_are_counted_beyond_the_hits_that_are_asked_for(tmp_path, monkeypatch):
    """All of them by default, however deep they lie; a library too large to look through says that there are more."""
    with open_library(tmp_path) as library:
        near = [Entry(f"tone {n}.wav", np.stack([axis(0, 1, n / 1000)])) for n in range(100)]
        fill(library, [*near, *(Entry(f"other {n}.wav", np.stack([axis(n % 6 + 2)])) for n in range(40))])
        asked = Query((ClipPart(clip_id(library, "tone 0.wav")),), k=3)
        assert library.search(asked).likely is None
        found = library.search(replace(asked, count=True))
        every = library.search(replace(asked, k=140)).hits
        sure = [hit.clip_id for hit in every if (hit.probability or 0) >= found.likely.least]
        assert found.likely == Likely(tuple(sure), 0.6, is_all=True)
        assert len(sure) > 11
        assert found.hits == every[:3]
        monkeypatch.setattr("search.engine.search.MOST_COUNTED", 11)
        cut = library.search(replace(asked, count=True)).likely
        assert (cut.clip_ids, cut.is_all) == (tuple(sure)[: len(cut.clip_ids)], False)


def test_collapsed_each_recording_has_one_hit_that_names_its_copies(library):
    """Equal files are one recording without any search for duplicates; the list is read deeper until it is full."""
    asked = ClipPart(clip_id(library, "horns/airhorn_03.wav"))
    hits = library.search(Query((asked,), k=2, collapse=True)).hits
    assert [hit.copies for hit in hits if "dog" in hit.path] == [(clip_id(library, "copies/dog again.wav"),)]
    assert len(hits) == 2
    assert all(hit.copies == () for hit in library.search(Query((asked,))).hits)


def test_recordings_found_as_duplicates_are_collapsed_too(library):
    dog, horn = (library.reader.clips([clip_id(library, name)])[0] for name in ("dog.wav", "horns/car horn.wav"))
    library.duplicates.pairs.write(duplicates([dog.content_id], [horn.content_id]))
    hits = library.search(Query((TextPart("horn dog"),), collapse=True)).hits
    horns = [hit for hit in hits if "airhorn" not in hit.path]
    assert len(horns) == 1
    assert len(horns[0].copies) == 2


def test_the_clip_in_hand_is_not_among_the_answers_but_its_copy_is(library):
    answer = library.search(Query((ClipPart(clip_id(library, "dog.wav")),)))
    assert paths(answer)[0] == "copies/dog again.wav"
    assert "dog.wav" not in paths(answer)


def test_a_silent_clip_is_no_question(tmp_path):
    """All silent clips are alike: that says nothing."""
    with open_library(tmp_path) as library:
        fill(library, [Entry("a.wav", np.stack([axis(0)]), silent=True), Entry("b.wav", np.stack([axis(0)]))])
        with pytest.raises(QueryError, match=r"clip 1 is silent, .* silent = true"):
            library.search(Query((ClipPart(1),)))
        assert paths(library.search(Query((ClipPart(2),)))) == ["a.wav"]


def test_a_segment_asks_for_that_passage_only(library):
    whole = clip_id(library, "horns/airhorn_03.wav")
    first = library.search(Query((ClipPart(clip_id(library, "dog.wav")),), k=10)).hits
    assert whole in {hit.clip_id for hit in first}
    (content,) = {c.content_id for c in library.reader.clips([whole])}
    segments = library.reader.encoding(content, library.spaces.get().id).segment_ids
    answer = library.search(Query((SegmentPart(int(segments[1])),)))
    assert answer.hits[0].path == "/sounds/horns/car horn.wav"
    assert answer.hits[0].score == pytest.approx(float(axis(0, 1, 0.5) @ axis(0)), abs=1e-3)


def test_parts_add_up_by_weight_and_negative_parts_subtract(library):
    dog, horn = clip_id(library, "dog.wav"), clip_id(library, "horns/car horn.wav")
    vector = library.engine.query_vector((ClipPart(dog, 2.0), ClipPart(horn, -1.0)))
    expected = 2 * axis(2) - axis(0, 1, 0.5)
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-3)


def test_words_find_names_even_inside_a_word(library):
    answer = library.search(Query((TextPart("horn"),)))
    assert set(paths(answer)) == {"horns/airhorn_03.wav", "horns/car horn.wav"}
    assert answer.verdict == "good"
    assert {via.part for hit in answer.hits for via in hit.via} == {"words 1"}


def test_sound_and_words_are_fused_and_say_what_each_gave(library):
    dog = clip_id(library, "dog.wav")
    answer = library.search(Query((ClipPart(dog), TextPart("again"))))
    assert paths(answer)[0] == "copies/dog again.wav"
    shares = {via.part: via.share for via in answer.hits[0].via}
    assert set(shares) == {"clip 1", "words 2"}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert answer.hits[0].score == pytest.approx(1.0)


def test_unwanted_words_leave_out_what_says_all_of_them_and_push_down_what_says_some(library):
    horn = clip_id(library, "horns/car horn.wav")
    plain = library.search(Query((ClipPart(horn),)))
    assert paths(plain)[0] == "horns/airhorn_03.wav"
    without = library.search(Query((ClipPart(horn), TextPart("airhorn", -1.0))))
    assert set(paths(without)) == {"dog.wav", "copies/dog again.wav"}
    less = library.search(Query((ClipPart(horn), TextPart("quiet airhorn", -1.0))))
    assert paths(less)[-1] == "horns/airhorn_03.wav"


def test_a_sound_to_avoid_orders_what_the_words_found(library):
    fill(library, [Entry("horns/horn like it.wav", np.stack([axis(0, 1, 0.4)]))])
    library.refresh()
    horn = clip_id(library, "horns/car horn.wav")
    answer = library.search(Query((TextPart("horn"), ClipPart(horn, -1.0))))
    assert paths(answer) == ["horns/airhorn_03.wav", "horns/horn like it.wav"]


@pytest.mark.parametrize("kind", ["clip", "segment", "file"])
def test_what_is_refused_never_appears_whatever_its_name_says_nor_do_its_copies(library, tmp_path, kind):
    """Beside words, and beside a sound; another sound that its name finds stays."""
    fill(library, [Entry("another dog.wav", np.stack([axis(5)]))])
    library.refresh()
    dog, horn = clip_id(library, "dog.wav"), clip_id(library, "horns/car horn.wav")
    content = library.view().of()[0].columns.content_of(dog)
    segment = int(library.view().of()[0].columns.segments_of(content)[0])
    soundfile.write(tmp_path / "band2.wav", np.sin(2 * np.pi * 1250 * np.arange(8000) / 8000) * 0.5, 8000)
    refused = {
        "clip": ClipPart(dog, -1.0),
        "segment": SegmentPart(segment, -0.25),
        "file": AudioPart(str(tmp_path / "band2.wav"), weight=-1.0),
    }[kind]
    by_name = paths(library.search(Query((TextPart("dog"), refused))))
    assert by_name == ["another dog.wav"]
    assert not {"dog.wav", "copies/dog again.wav"} & set(paths(library.search(Query((ClipPart(horn), refused)))))


def test_a_refused_recording_stays_away_in_every_version_of_it(library):
    dog, horn = (library.reader.clips([clip_id(library, name)])[0] for name in ("dog.wav", "horns/car horn.wav"))
    library.duplicates.pairs.write(duplicates([dog.content_id], [horn.content_id]))
    answer = library.search(Query((TextPart("horn"), ClipPart(dog.id, -1.0))))
    assert paths(answer) == ["horns/airhorn_03.wav"]


def test_the_clip_in_hand_is_left_out_of_what_words_find_too(library):
    asked = (ClipPart(clip_id(library, "dog.wav")), TextPart("dog"))
    assert "dog.wav" not in paths(library.search(Query(asked)))


def test_a_filter_holds_for_each_clip_not_for_its_copies(library):
    answer = library.search(Query((ClipPart(clip_id(library, "dog.wav")),), where='path ~ "copies"'))
    assert paths(answer) == ["copies/dog again.wav"]
    assert library.search(Query((TextPart("dog"),), where='path ~ "copies"')).hits[0].path.endswith("dog again.wav")


def test_a_filter_that_nothing_passes_gives_no_hits(library):
    answer = library.search(Query((TextPart("dog"),), where="duration_s > 1000"))
    assert (answer.hits, answer.verdict) == ((), "none")


def test_an_example_from_a_file_or_a_passage_of_it(library, tmp_path):
    rate = 8000
    time = np.arange(2 * rate) / rate
    low, high = np.sin(2 * np.pi * 200 * time), np.sin(2 * np.pi * 1200 * time)
    soundfile.write(tmp_path / "both.wav", 0.5 * np.concatenate([low, high]), rate)
    at_end = library.engine.query_vector((AudioPart(str(tmp_path / "both.wav"), 2.5, 4.0),))
    whole = library.engine.query_vector((AudioPart(str(tmp_path / "both.wav")),))
    assert np.argmax(at_end) == 2
    assert at_end[2] > 0.99
    assert whole[0] > 0.5
    assert whole[2] > 0.5


def test_a_damaged_file_of_the_question_is_asked_for_and_told(library, tmp_path):
    whole, cut = tmp_path / "whole.wav", tmp_path / "cut.wav"
    soundfile.write(whole, 0.5 * np.sin(2 * np.pi * 200 * np.arange(16_000) / 8000), 8000)
    cut.write_bytes(whole.read_bytes()[:16_044])
    answer = library.search(Query((AudioPart(str(whole)), AudioPart(str(cut)))))
    assert answer.warnings == ("audio 2: truncated: the header says 32,000 bytes of sound, only 16,000 are there",)
    assert answer.hits


class HearsLevels(ToyEncoder):
    """As networks do: what is soft drowns in a floor."""

    def encode_audio(self, waves):
        bands = super().encode_audio(waves).vectors * np.square(waves).sum(axis=1, keepdims=True) ** 0.5
        return AudioEncoding(np.stack([row / np.linalg.norm(row) for row in bands + 20 * axis(7)]).astype(np.float32))


@pytest.mark.parametrize("gain_db", few([-10, -45, -3, -15, -20, -30], 2))
@pytest.mark.parametrize("own_db", [0, -20])
def test_a_soft_question_finds_the_sound_at_its_own_level_whatever_that_is(tmp_path, gain_db, own_db):
    """In a library of soft recordings and of loud ones: a soft file finds itself, and what it was turned down from."""
    time = np.arange(8_000) / 8_000
    sounds = [0.9 * np.sin(2 * np.pi * hz * time) for hz in (200, 1200, 2200)]
    encoder = HearsLevels(spec())
    with wiring.library(
        tmp_path / "library", settings(tmp_path), create=True, load_encoder=lambda *_: encoder
    ) as library:
        waves = [sound * 10 ** (own_db / 20) for sound in sounds]
        vectors = encoder.encode_audio(np.stack(waves).astype(np.float32)).vectors
        hiss = Entry("hiss.wav", axis(7)[np.newaxis])
        fill(library, [hiss, *(Entry(f"{place}.wav", vectors[place : place + 1]) for place in range(3))])
        for place, wave in enumerate(waves):
            for level_db in (0, gain_db):
                path = tmp_path / "asked.wav"
                soundfile.write(path, wave * 10 ** (level_db / 20), 8_000, subtype="FLOAT")
                hits = library.search(Query((AudioPart(str(path)),))).hits
                assert hits[0].path == f"/sounds/{place}.wav"
                assert hits[0].score > (0.999 if level_db == 0 else 0.7)


def test_a_copy_makes_the_verdict_good_and_what_is_far_makes_it_none(library):
    answer = library.search(Query((ClipPart(clip_id(library, "dog.wav")),)))
    assert answer.hits[0].probability == COPY
    assert answer.verdict == "good"
    far = library.search(Query((ClipPart(clip_id(library, "dog.wav")),), where='path ~ "horns"'))
    assert far.hits
    assert far.verdict == "none"


def test_words_are_read_by_an_encoder_that_can(tmp_path):
    facts = spec(can_text=True)
    with open_library(tmp_path, facts) as library:
        fill(library, [Entry("a.wav", np.stack([axis(3)])), Entry("b.wav", np.stack([axis(5)]))], facts)
        answer = library.search(Query((TextPart("band5"),)))
        assert paths(answer)[0] == "b.wav"
        assert answer.hits[0].via[0].part == "text 1"
        assert answer.hits[0].probability is None


def test_what_was_added_since_the_snapshot_is_found_and_what_went_is_not(library):
    fill(library, [Entry("new.wav", np.stack([axis(7)]))], publish=False)
    library.refresh()
    assert paths(library.search(Query((TextPart("new"),)))) == ["new.wav"]
    assert library.engine.rank(axis(7), 1).scores[0] == pytest.approx(1.0, abs=1e-3)
    assert verifying.verify(library) == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (Query(()), "at least one thing"),
        (Query((TextPart("x", -1.0),)), "at least one thing"),
        (Query((TextPart("x"),), k=0), "k is 0"),
        (Query((TextPart("x", float("nan")),)), "weight"),
        (Query((TextPart("  "),)), "empty"),
        (Query((ClipPart(999),)), "no clip has the id 999"),
        (Query((SegmentPart(10**12),)), "no segment has the id"),
        (Query((TextPart("x"),), space="cnn:other"), "no space called 'cnn:other'; its spaces: toy"),
        (Query((TextPart("x"),) * 65), "at most 64"),
    ],
)
def test_a_query_that_makes_no_sense_says_why(library, query, says):
    with pytest.raises(QueryError, match=says):
        library.search(query)


def test_parts_that_cancel_out_are_refused(library):
    dog = clip_id(library, "dog.wav")
    with pytest.raises(QueryError, match="cancel"):
        library.search(Query((ClipPart(dog), ClipPart(dog, -1.0))))


def test_a_filter_that_does_not_parse_says_where(library):
    with pytest.raises(WhereError):
        library.search(Query((TextPart("x"),), where="duration_s <"))


def test_vectors_of_another_fingerprint_are_never_mixed(tmp_path):
    with open_library(tmp_path, spec(fingerprint="a" * 64)) as library:
        fill(library, [Entry("a.wav", np.stack([axis(3)]))], spec(fingerprint="b" * 64))
        soundfile.write(tmp_path / "x.wav", np.ones(9000) * 0.1, 8000)
        with pytest.raises(SpaceMismatch, match="soundalike reindex"):
            library.search(Query((AudioPart(str(tmp_path / "x.wav")),)))


def test_a_clip_that_goes_while_it_is_being_found_is_left_out(library):
    """It is in the view that the search has, and no more in the catalog: no error, no dangling hit."""
    view = library.view()
    dog = library.reader.clips([clip_id(library, "dog.wav")])[0]
    copy = clip_id(library, "copies/dog again.wav")
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, [RemoveClip(dog.id), RemoveClip(copy)])
    engine = SearchEngine(library.reader, lambda: view, library.encoders.of)
    assert engine.search(Query((TextPart("dog"),))).hits == ()
    horn = Query((ClipPart(clip_id(library, "horns/car horn.wav")), ClipPart(dog.id)))
    assert paths(engine.search(horn)) == ["horns/airhorn_03.wav"]
    library.refresh()
    with pytest.raises(QueryError, match="no clip has the id"):
        library.search(Query((ClipPart(dog.id),)))


def test_a_part_that_names_what_is_gone_is_left_out_and_told(library):
    """A clip that was removed costs its part, not the question; its place in ``via`` is kept; so with segments."""
    ids = {clip.path: clip.id for clip in library.reader.clips(range(1, 5))}
    dog, horn = ids["dog.wav"], ids["horns/car horn.wav"]
    parts = (ClipPart(dog), SegmentPart(10**12), ClipPart(horn), ClipPart(999, -1.0))
    with library.writer.lease("test", 0) as lease:
        library.writer.apply(lease, [RemoveClip(dog)])
    library.refresh()

    answer = library.search(Query(parts))

    assert answer.gone == (f"clip {dog}", f"segment {10**12}", "clip 999")
    assert answer.hits
    assert {via.part for hit in answer.hits for via in hit.via} == {"clip 3"}
    with pytest.raises(QueryError, match=f"no clip has the id {dog}"):
        library.search(Query((ClipPart(dog), ClipPart(horn, -1.0))))
