"""How sure a hit is, and how that decides the verdict of an answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search import wiring
from search.engine.asking import PartReader
from search.engine.confidence import (
    COPY,
    FITTED,
    FITTED_WORDS,
    GOOD_FROM,
    MN04,
    Page,
    fitted,
    good_from,
    page_of,
    probabilities,
    tag_match,
    word_probabilities,
)
from search.engine.policy import HitEvidence, Standing, shown, verdict
from search.model import ClipPart, Query, RecommendQuery, SegmentTags, Space, TextEncoding, TextPart
from tests.search.libraries import DIM, Entry, ToyEncoder, addition, axis, fill, open_library, settings, spec
from tests.search.vector_helpers import clumped

SPACE = Space(1, "cnn:mn04", "1", "f", DIM, 8000, 1.0, 0.5, calibration=(9.0, -4.0))


def chance(cosine, page, space=SPACE):
    return float(probabilities(space, np.array([cosine], np.float32), page)[0])


def unit_rows(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


class Crowds:
    """Neighbourhoods in which segment n has the n-th density."""

    def __init__(self, densities):
        self._densities = np.array(densities, np.float32)

    def density(self, segment_ids):
        return self._densities[segment_ids]


def test_a_probability_is_the_logistic_of_the_calibrated_cosine_and_what_its_page_says():
    page = Page(together=-0.05, nearer=0.1)
    total = MN04.cosine * (9.0 * 0.6 - 4.0) + 9.0 * (MN04.together * -0.05 + MN04.nearer * 0.1) + MN04.offset
    assert chance(0.6, page) == pytest.approx(1 / (1 + np.exp(-total)), abs=1e-6)


def test_a_hit_is_surer_the_closer_it_is_where_all_are_of_one_kind_and_one_stands_out():
    page = Page(together=0.0, nearer=0.0)
    assert chance(0.7, page) > chance(0.6, page)
    assert chance(0.6, page) > chance(0.6, Page(together=-0.1, nearer=0.0))
    assert chance(0.6, Page(together=0.0, nearer=0.1)) > chance(0.6, page)


def test_a_page_is_as_much_together_as_its_hits_are_alike_beyond_their_own_neighbours():
    """Three hits, of which the third is a copy of the question: it says nothing."""
    vectors = np.array([[1, 0], [0.8, 0.6], [1, 0]], np.float32)
    cosines, segments = np.array([0.7, 0.5, 1.0], np.float32), np.arange(3)
    page = Page.of(Crowds([0.6, 0.3, 0.9]), segments, vectors, cosines)
    assert page.together == pytest.approx(0.8 - 0.45)
    assert page.nearer == pytest.approx(0.5 - 0.3)
    some_known = Page.of(Crowds([0.6, np.nan, 0.9]), segments, vectors, cosines)
    assert (some_known.together, some_known.nearer) == (pytest.approx(0.2), pytest.approx(0.1))


def test_hits_of_several_kinds_are_less_together_than_hits_of_one():
    """Each lies in a crowd of its own, which is tighter than all of them together."""
    rng = np.random.default_rng(1)
    one = unit_rows(np.eye(8)[[0] * 10] + 0.1 * rng.standard_normal((10, 8)))
    several = unit_rows(np.eye(8)[np.arange(10) % 5] + 0.1 * rng.standard_normal((10, 8)))
    crowds, cosines = Crowds([0.9] * 10), np.full(10, 0.5, np.float32)
    first, second = (Page.of(crowds, np.arange(10), rows, cosines) for rows in (one, several))
    assert first.together > second.together + 0.5
    assert first.nearer == second.nearer


def test_too_little_says_nothing_of_a_page():
    """One hit, copies alone, and hits whose neighbours nobody knows."""
    vectors, near = np.eye(3, dtype=np.float32), Crowds([0.5, 0.5, 0.5])
    assert Page.of(near, np.arange(1), vectors[:1], np.array([0.5], np.float32)) is None
    assert Page.of(near, np.arange(3), vectors, np.full(3, 0.999, np.float32)) is None
    assert Page.of(Crowds([np.nan] * 3), np.arange(3), vectors, np.full(3, 0.5, np.float32)) is None
    assert Page.of(None, np.arange(3), vectors, np.full(3, 0.5, np.float32)) is None


def test_where_neighbours_are_not_known_the_cosine_speaks_alone():
    expected = 1 / (1 + np.exp(-(MN04.alone * 1.4 + MN04.alone_offset)))
    assert chance(0.6, None) == pytest.approx(expected, abs=1e-6)


def test_a_copy_is_sure_whatever_else_there_is():
    for page in (Page(-0.5, -0.5), None):
        assert chance(1.0, page) >= COPY
    assert chance(0.99, Page(-0.5, -0.5)) < GOOD_FROM


@pytest.fixture
def library(tmp_path):
    rows = clumped(300, 5, DIM, clumps=30).reshape(150, 2, DIM)
    with open_library(tmp_path, spec(can_text=True)) as library:
        fill(library, [Entry(f"{n:03d}.wav", rows[n]) for n in range(150)], spec(can_text=True))
        yield library


def heard(chance):
    return Standing(HitEvidence.NOTHING, chance, HitEvidence.NOTHING)


def named(name, chance):
    return Standing(name, chance, name)


def test_the_best_hit_makes_the_verdict():
    low = MN04.none_below
    for best, expected in ((GOOD_FROM, "good"), (low, "weak"), (low - 0.01, "none"), (None, "weak")):
        assert verdict([heard(0.0 if best is not None else None), heard(best)], [SPACE]) == expected
    assert verdict([], [SPACE]) == "none"


def test_a_sound_that_is_asked_for_must_be_surer_than_words_to_make_a_verdict_good(tagged):
    """The best hit of the one promises no less of what is not there."""
    ids = {Path(hit.path).stem: hit.clip_id for hit in tagged.search(Query((TextPart("band1"),))).hits}
    view = tagged.view().of()[0]
    reader = PartReader(tagged.encoders.of)
    limit = fitted(view.space).good_from
    assert limit > GOOD_FROM
    for parts, expected in (
        ((TextPart("band1"),), GOOD_FROM),
        ((ClipPart(ids["1"]),), limit),
        ((TextPart("band1"), ClipPart(ids["1"])), limit),
        ((TextPart("band1"), ClipPart(ids["1"], -0.5)), GOOD_FROM),
    ):
        assert good_from(reader.ask_each(parts, [view])) == expected
    assert verdict([heard(GOOD_FROM)], [SPACE], limit) == "weak"
    assert verdict([heard(limit)], [SPACE], limit) == "good"


def test_nothing_is_there_only_where_neither_a_name_nor_a_sound_is_near():
    for name, expected in ((HitEvidence.ALL, "good"), (HitEvidence.MOST, "weak"), (HitEvidence.SOME, "none")):
        assert verdict([heard(0.1), named(name, 0.1)], [SPACE]) == expected
    assert verdict([Standing(HitEvidence.TUNE, None, HitEvidence.ALL)], [SPACE]) == "good"
    assert verdict([Standing(HitEvidence.TUNE, None, HitEvidence.NOTHING)], [SPACE]) == "none"


def test_no_hit_is_said_to_be_surer_than_one_before_it_unless_that_is_shown_by_its_name():
    order = [heard(0.5), heard(0.9), named(HitEvidence.SOME, 0.8), heard(0.2), named(HitEvidence.SOME, 0.3), heard(0.4)]
    lowest = [1.0] * len(HitEvidence)
    sure = shown(order, lowest)
    assert sure == pytest.approx([0.733, 0.733, 0.733, 0.3, 0.3, 0.3], abs=1e-3)
    assert shown([heard(0.9), heard(None), named(HitEvidence.ALL, 0.9)], lowest) == [
        pytest.approx(0.3),
        None,
        pytest.approx(0.3),
    ]
    assert shown([named(HitEvidence.ALL, 0.2), heard(0.9)], [1.0] * len(HitEvidence)) == [0.2, 0.9]
    assert shown([named(HitEvidence.ALL, 0.6), heard(0.9)], [1.0] * len(HitEvidence)) == [0.75, 0.75]
    assert shown([named(HitEvidence.MOST, 0.1), heard(0.3)], [1.0] * len(HitEvidence)) == [0.2, 0.2]


def test_an_encoder_that_cannot_tell_promises_little_and_never_says_that_nothing_is_there():
    """What was fitted for `spectral`."""
    spectral = replace(SPACE, name="spectral")
    assert fitted(spectral) is FITTED["spectral"]
    page = Page(0.0, 0.1)
    assert chance(0.95, page, spectral) < GOOD_FROM < chance(0.95, page)
    assert verdict([heard(0.01)], [spectral]) == "weak"
    assert probabilities(replace(SPACE, calibration=None), np.ones(1), page) is None


def test_how_sure_a_hit_is_depends_on_what_is_around_it_and_not_on_how_many_hits_are_wanted(library):
    view = library.view().of()[0]
    assert view.neighbourhoods is not None
    ten = library.search(Query((ClipPart(3),), k=10)).hits
    one = library.search(Query((ClipPart(3),), k=1)).hits
    assert one[0].probability == pytest.approx(ten[0].probability, abs=1e-6)
    vector = library.engine.query_vector((ClipPart(3),))
    segments = np.array([hit.segment_id for hit in ten])
    cosines = view.index.vectors(segments) @ vector
    expected = probabilities(view.space, cosines, page_of(view, vector, segments))
    sure = [hit.probability for hit in ten]
    assert sure == sorted(sure, reverse=True)
    np.testing.assert_allclose(sure, expected, atol=0.05)  # where the order says otherwise, a mean is shown


def test_recommendations_promise_and_words_without_a_meaning_do_not(library):
    assert all(hit.probability is None for hit in library.search(Query((TextPart("band2"),))).hits)
    hits = library.recommend(RecommendQuery(likes=(ClipPart(3),))).hits
    assert all(0 < hit.probability < 1 for hit in hits)


VOCABULARY = tuple(f"Band {number}" for number in range(DIM))
READS = spec(name="cnn:soundalike-1", can_text=True, vocabulary=VOCABULARY)


class MeaningEncoder(ToyEncoder):
    """Its words mean the class of their band, nine times in ten."""

    def read_text(self, texts, language=""):
        vectors = self.encode_text(texts)
        return TextEncoding(vectors, np.where(vectors > 0.5, 0.9, 0.1 / (DIM - 1)).astype(np.float32))


@pytest.fixture
def tagged(tmp_path):
    """Clip n is all band n; its tagger hears that band with .95, and in clip 0 only with .3."""

    def load(_name, _settings):
        return MeaningEncoder(READS)

    with wiring.library(tmp_path / "library", settings(tmp_path), load_encoder=load, create=True) as library:
        space, root = library.writer.space(READS), library.writer.root("/sounds")
        with library.writer.lease("test", wait_s=5) as lease:
            for n in range(4):
                change = addition(Entry(f"{n}.wav", axis(n)[np.newaxis]), root.id, space.id)
                heard_here = np.full((1, DIM), 0.01)
                heard_here[0, n] = 0.95 if n else 0.3
                tags = SegmentTags.likeliest(heard_here)
                library.writer.apply(lease, [replace(change, encoding=replace(change.encoding, tags=tags))])
            library.publisher.publish(space, lease, always=True)
        yield library


def sure_of(library, *parts):
    answer = library.search(Query(parts))
    return {Path(hit.path).stem: hit.probability for hit in answer.hits}, answer.verdict


def test_a_hit_of_words_is_as_sure_as_what_they_mean_is_heard_in_it(tagged):
    by = FITTED_WORDS["cnn:soundalike-1"]
    sure, verdict_here = sure_of(tagged, TextPart("band1"))
    share = 0.9 * 0.95 + 0.1 * 0.01
    assert sure["1"] == pytest.approx(1 / (1 + np.exp(-(by.cosine + by.tag_match * share + by.offset))), abs=1e-3)
    assert verdict_here == "good"
    assert sure["2"] < 0.1
    assert sure["1"] > sure_of(tagged, TextPart("band0"))[0]["0"] > sure["2"]


def test_words_for_what_nobody_hears_here_are_answered_with_none(tagged):
    sure, verdict_here = sure_of(tagged, TextPart("band7"))
    assert max(sure.values()) < MN04.none_below
    assert verdict_here == "none"


def test_what_is_not_wanted_takes_from_how_sure_a_hit_is(tagged):
    """Less of the unwanted leaves more; two wanted things share what is heard."""
    wanted = sure_of(tagged, TextPart("band1"))[0]["1"]
    other = sure_of(tagged, TextPart("band1"), TextPart("band2", -1.0))[0]
    assert 0.9 * wanted < other["1"] < wanted
    same = sure_of(tagged, TextPart("band1", 2.0), TextPart("band1", -1.0))[0]
    assert same["1"] == pytest.approx(wanted * (1 - wanted), abs=1e-6)
    both = sure_of(tagged, TextPart("band1"), TextPart("band2"))[0]
    assert both["1"] == pytest.approx(both["2"], abs=1e-6)
    assert both["1"] < wanted


def test_of_words_and_sounds_in_one_question_each_has_its_say(tagged):
    """Wanted both, it is their mean by weight; an unwanted word takes from a sound what it is likely to be."""
    ids = {Path(hit.path).stem: hit.clip_id for hit in tagged.search(Query((TextPart("band1"),))).hits}
    sound = ClipPart(ids["3"])
    by_sound, by_words = sure_of(tagged, sound)[0], sure_of(tagged, TextPart("band2"))[0]
    both = sure_of(tagged, sound, TextPart("band2", 3.0))[0]
    assert both["2"] == pytest.approx(0.25 * by_sound["2"] + 0.75 * by_words["2"], abs=1e-5)
    less = sure_of(tagged, sound, TextPart("band2", -0.5))[0]
    for name in ("0", "1", "2"):
        assert less[name] == pytest.approx(by_sound[name] * (1 - by_words[name]), abs=1e-3)
    cancelled = sure_of(tagged, sound, ClipPart(ids["3"], -1.0), TextPart("band2"))[0]
    assert all(0 <= chance <= 1 for chance in cancelled.values())


def test_what_is_heard_is_the_sum_over_the_tags_of_a_clip(tagged):
    view = tagged.view().of()[0]
    meant = np.array([0.5, 0.3, 0.2, 0, 0, 0, 0, 0], np.float32)
    found = tag_match(view, meant, np.array([1, 2, 3, 99]))
    expected = [sum(meant[VOCABULARY.index(tag.name)] * tag.probability for tag in clip.tags) for clip in
                tagged.reader.clips([1, 2, 3])]  # fmt: skip
    np.testing.assert_allclose(found, [*expected, 0.0], atol=1e-6)
    assert word_probabilities(SPACE, np.ones(4, np.float32), found) is None
