"""Recommendation: several tastes stay separate, known clips stay out, and an empty history gives a fair sample."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search import cli
from search.engine.recommending.choosing import choose
from search.engine.recommending.starters import _facility_location
from search.engine.recommending.tastes import MOST_TASTES, tastes_of
from search.errors import QueryError, WhereError
from search.model import ClipPart, Feedback, RecommendQuery, RemoveClip
from tests.amounts import few
from tests.search.libraries import DIM, Entry, axis, duplicates, fill, open_library

SOUNDS = ("dog", "horn", "rain", "bell")


def near(kind, number):
    """A vector of a kind, a little different for each number."""
    return axis(kind, 4 + number % 4, 0.02 + 0.04 * number)


@pytest.fixture
def library(tmp_path):
    """Six clips of each of four kinds, and a copy of the first of each."""
    with open_library(tmp_path) as library:
        entries = [
            Entry(f"{name}/{name} {number}.wav", np.stack([near(kind, number)]), bytes_=f"{name}{number}".encode())
            for kind, name in enumerate(SOUNDS)
            for number in range(6)
        ]
        copies = [
            Entry(f"copies/{name} 0.wav", np.stack([near(kind, 0)]), bytes_=f"{name}0".encode())
            for kind, name in enumerate(SOUNDS)
        ]
        fill(library, [*entries, *copies])
        yield library


def ids(library, start):
    return [c.id for c in library.reader.clips(range(100)) if c.path.startswith(start)]


def liked(library, *starts):
    return tuple(ClipPart(ids(library, start)[0]) for start in starts)


def kinds(answer):
    return [hit.title.split()[0] for hit in answer.hits]


@pytest.mark.parametrize("starts", few([pytest.param(("dog/dog 0", "bell/bell 0")), pytest.param(())]))
@pytest.mark.parametrize(("diversity", "where"), [(0.0, None), (1.0, None), (0.3, 'path ~ "dog" or path ~ "horn"')])
def test_pages_follow_each_other_to_the_last_clip_and_a_longer_answer_begins_with_a_shorter(
    library, starts, diversity, where
):
    """Whatever the size of the pages; the verdict is that of the whole, and beyond the end nothing follows."""

    def asked(k, offset=0):
        query = RecommendQuery(likes=liked(library, *starts), k=k, offset=offset, diversity=diversity, where=where)
        return library.recommend(query)

    whole = asked(1000)
    every = [hit.clip_id for hit in whole.hits]
    assert len(every) > 9
    assert whole.next_offset is None
    for size in (1, 4, 9, 10, 11, len(every) - 1, len(every)):
        pages, offset = [], 0
        while offset is not None:
            page = asked(size, offset)
            assert page.verdict == whole.verdict
            pages += [hit.clip_id for hit in page.hits]
            offset = page.next_offset
        assert pages == every, size
    assert asked(5, len(every) + 3).hits == ()


def test_two_tastes_share_the_page(library):
    answer = library.recommend(RecommendQuery(likes=liked(library, "dog/dog 0", "bell/bell 0"), k=6))
    assert sorted(kinds(answer)) == ["bell"] * 3 + ["dog"] * 3


def test_a_heavier_like_gets_more_of_the_page(library):
    dog, bell = liked(library, "dog/dog 0", "bell/bell 0")
    query = RecommendQuery(likes=(dog, ClipPart(bell.clip_id, 4.0)), k=5, diversity=1.0)
    assert kinds(library.recommend(query)).count("bell") > kinds(library.recommend(query)).count("dog")


def test_what_is_known_does_not_come_back_nor_does_its_copy(library):
    dog = ids(library, "dog/dog 0")[0]
    seen = ids(library, "dog/dog 1")[0]
    answer = library.recommend(RecommendQuery(likes=(ClipPart(dog),), seen=frozenset({seen}), k=50))
    titles = [hit.title for hit in answer.hits]
    assert "dog 0" not in titles
    assert "dog 1" not in titles
    assert len(titles) == len(set(titles)) == 22  # one of each recording


def test_a_long_history_is_left_out_as_well_as_a_short_one(library, monkeypatch):
    monkeypatch.setattr("search.engine.recommending.recommender.FEW", 0)
    dog = ids(library, "dog/dog 0")[0]
    answer = library.recommend(RecommendQuery(likes=(ClipPart(dog),), k=50))
    assert "dog 0" not in [hit.title for hit in answer.hits]
    assert len(answer.hits) == 23


def recordings(library, copies, others, seed=3):
    """A library of unit vectors: each of ``copies`` says how often a recording is there, in other files each time."""
    rng = np.random.default_rng(seed)
    vectors = np.abs(rng.standard_normal((len(copies) + others, DIM))).astype(np.float32)
    vectors += rng.standard_normal((len(vectors), DIM)).astype(np.float32) / 50
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    entries = [
        Entry(f"{number}/{number} {copy}.wav", (vectors[number] + copy / 10_000)[np.newaxis])
        for number, count in enumerate([*copies, *[1] * others])
        for copy in range(count)
    ]
    fill(library, entries)
    contents = {clip.path: clip.content_id for clip in library.reader.clips(range(1, len(entries) + 1))}
    first = {path.split("/")[0]: contents[path] for path in reversed(contents)}
    pairs = [(first[path.split("/")[0]], content) for path, content in contents.items()]
    one, other = np.array([pair for pair in pairs if pair[0] != pair[1]]).T
    library.duplicates.pairs.write(duplicates(one, other, library.view().of()[0].columns.sequence, 10**9))
    library.refresh()


def searches(library, monkeypatch):
    """How many tastes each search from now on is for."""
    counted, rank_each = [], library._recommender._rank_each

    def rank(view, vectors, k, among):
        counted.append(len(vectors))
        return rank_each(view, vectors, k, among)

    monkeypatch.setattr(library._recommender, "_rank_each", rank)
    return counted


def numbers(answer):
    return [hit.title.split()[0] for hit in answer.hits]


@pytest.mark.parametrize(("copies", "others"), [([5] * 25, 0), ([60], 110), ([400], 110)])
def test_copies_do_not_take_the_place_of_other_recordings(tmp_path, copies, others):
    with open_library(tmp_path) as library:
        recordings(library, copies, others)
        for diversity in (0.0, 0.8):
            for where in (None, 'not path ~ "/x"'):
                query = RecommendQuery(likes=(ClipPart(1),), k=10, diversity=diversity, where=where)
                found = numbers(library.recommend(query))
                assert len(found) == len(set(found)) == 10
                assert "0" not in found
        every = numbers(library.recommend(RecommendQuery(likes=(ClipPart(1),), k=1000)))
        assert sorted(every, key=int) == [str(number) for number in range(1, len(copies) + others)]


def test_a_taste_among_copies_is_searched_deeper_alone_and_without_copies_none_is(tmp_path, monkeypatch):
    with open_library(tmp_path) as library:
        recordings(library, [60], 110)
        clips = library.reader.clips(range(1, 200))
        vectors = {clip.id: library.view().of()[0].index.vectors(np.array([clip.id]))[0] for clip in clips}
        far = min(vectors, key=lambda clip_id: float(vectors[clip_id] @ vectors[1]))
        counted = searches(library, monkeypatch)
        monkeypatch.setattr("search.engine.recommending.tastes.SAME_TASTE", 0.99)
        assert len(library.recommend(RecommendQuery(likes=(ClipPart(1), ClipPart(far)), k=5)).hits) == 5
        assert counted[0] == 2
        assert set(counted[1:]) == {1}
        counted.clear()
        assert len(library.recommend(RecommendQuery(likes=(ClipPart(far),), k=5)).hits) == 5
        assert counted == [1]


def test_who_knows_the_whole_sample_gets_another_and_the_same_again(library, monkeypatch):
    """Whatever a library's size: in the end every recording was shown once."""
    monkeypatch.setattr("search.engine.recommending.starters.SAMPLE", 6)
    seen, shown = frozenset(), []
    while hits := library.recommend(RecommendQuery(seen=seen, k=5)).hits:
        again = library.recommend(RecommendQuery(seen=seen, k=5)).hits
        assert [hit.clip_id for hit in again] == [hit.clip_id for hit in hits]
        assert len(hits) == min(5, 24 - len(shown))
        shown += [hit.title for hit in hits]
        seen |= {hit.clip_id for hit in hits}
    assert sorted(shown) == sorted(f"{name} {number}" for name in SOUNDS for number in range(6))


def test_what_is_like_a_disliked_clip_comes_last(library):
    query = RecommendQuery(likes=liked(library, "dog/dog 0"), dislikes=liked(library, "horn/horn 3"), k=22)
    assert kinds(library.recommend(query))[-5:] == ["horn"] * 5


def test_a_filter_holds_for_every_clip(library):
    answer = library.recommend(RecommendQuery(likes=liked(library, "dog/dog 0"), where='path ~ "rain"'))
    assert set(kinds(answer)) == {"rain"}
    assert library.recommend(RecommendQuery(likes=liked(library, "dog/dog 0"), where="duration_s > 99")).hits == ()
    with pytest.raises(WhereError):
        library.recommend(RecommendQuery(where="colour > 3"))


def test_an_empty_history_gets_something_of_everything_and_the_same_again(library):
    first = library.recommend(RecommendQuery(k=4))
    assert set(kinds(first)) == set(SOUNDS)
    assert [hit.clip_id for hit in library.recommend(RecommendQuery(k=4)).hits] == [h.clip_id for h in first.hits]
    assert [h.clip_id for h in library.recommend(RecommendQuery(k=8)).hits][:4] == [h.clip_id for h in first.hits]
    seen = frozenset(hit.clip_id for hit in first.hits)
    assert not seen & {hit.clip_id for hit in library.recommend(RecommendQuery(seen=seen, k=24)).hits}
    assert set(kinds(library.recommend(RecommendQuery(k=4, where='path ~ "dog"')))) == {"dog"}


def test_every_hit_says_which_like_led_to_it(library):
    likes = liked(library, "dog/dog 0", "bell/bell 0")
    for hit in library.recommend(RecommendQuery(likes=likes, k=6)).hits:
        place = SOUNDS.index(hit.title.split()[0])
        assert hit.via[0].part == f"like {likes[0 if place == 0 else 1].clip_id}"
        assert sum(via.share for via in hit.via) == pytest.approx(1.0)
        assert hit.probability is not None


def test_a_profile_is_remembered_and_clips_of_it_that_went_do_no_harm(library):
    dogs, bells = ids(library, "dog/"), ids(library, "bell/")
    library.feedback.add("anna", [Feedback(dogs[0], "like"), Feedback(bells[0], "dislike"), Feedback(dogs[1], "seen")])
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, [RemoveClip(dogs[2])])
    library.refresh()
    library.feedback.add("anna", [Feedback(dogs[2], "like")])
    answer = library.recommend(RecommendQuery(profile="anna", k=3))
    assert set(kinds(answer)) == {"dog"}
    assert not {dogs[0], dogs[1], dogs[2], bells[0]} & {hit.clip_id for hit in answer.hits}
    library.feedback.forget("anna")
    assert set(kinds(library.recommend(RecommendQuery(profile="anna", k=4)))) == set(SOUNDS)


def test_a_batch_answers_each_and_names_what_is_wrong_in_its_place(library):
    dog = liked(library, "dog/dog 0")
    good, bad, empty = library.recommend_each(
        [RecommendQuery(likes=dog, k=2), RecommendQuery(likes=(ClipPart(999),)), RecommendQuery(k=1)]
    )
    assert kinds(good) == ["dog", "dog"]
    assert isinstance(bad, QueryError)
    assert len(empty.hits) == 1


@pytest.mark.parametrize(
    "query",
    [
        RecommendQuery(k=0),
        RecommendQuery(offset=-1),
        RecommendQuery(diversity=1.5),
        RecommendQuery(diversity=float("nan")),
        RecommendQuery(likes=(ClipPart(1, 0.0),)),
        RecommendQuery(likes=(ClipPart(1, -1.0),)),
        RecommendQuery(likes=(ClipPart(2**70),)),
        RecommendQuery(likes=(ClipPart(1),), dislikes=(ClipPart(1),)),
        RecommendQuery(dislikes=(ClipPart(12345),)),
        RecommendQuery(seen=frozenset(range(20_000))),
    ],
)
def test_what_makes_no_sense_is_refused(library, query):
    with pytest.raises(QueryError):
        library.recommend(query)


def test_a_library_without_clips_recommends_nothing(tmp_path):
    with open_library(tmp_path) as library:
        fill(library, [])
        answer = library.recommend(RecommendQuery())
    assert (answer.hits, answer.verdict) == ((), "none")


def test_likes_that_are_alike_are_one_taste_and_others_are_not():
    likes = np.stack([axis(0), axis(1), axis(0, 2, 0.1)])
    found = tastes_of(likes, np.array([1.0, 2.0, 1.0]), np.empty((0, DIM), np.float32))
    assert found.members == ((0, 2), (1,))
    np.testing.assert_allclose(found.shares, [0.5, 0.5])
    assert found.vectors[0] @ axis(0) > 0.99


@given(st.integers(1, 12), st.integers(0, 3), st.integers(0, 1000))
@settings(max_examples=40)
def test_tastes_are_a_partition_of_the_likes_in_unit_vectors(count, dislikes, seed):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((count + dislikes, 40)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = tastes_of(rows[:count], rng.uniform(0.1, 3, count), rows[count:])
    assert sorted(row for group in found.members for row in group) == list(range(count))
    assert len(found.vectors) <= MOST_TASTES
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1.0, atol=1e-5)
    assert found.shares.sum() == pytest.approx(1.0)


@given(st.integers(1, 30), st.integers(1, 3), st.integers(1, 12), st.floats(0, 1), st.integers(0, 1000))
@settings(max_examples=60)
def test_choosing_takes_each_candidate_once_and_the_best_first(count, tastes, k, diversity, seed):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((count, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = rng.uniform(-1, 1, (tastes, count)).astype(np.float32)
    rows, chosen_for = choose(scores, np.full(tastes, 1 / tastes), vectors, k, diversity)
    assert len(rows) == min(k, count) == len(set(rows.tolist()))
    assert rows[0] == scores.max(axis=0).argmax()
    if diversity == 0:
        assert list(rows) == list(np.argsort(-scores.max(axis=0), kind="stable")[:k])
        assert list(chosen_for) == list(scores.argmax(axis=0)[rows])


def test_more_diversity_gives_a_page_less_alike():
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((200, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = []
    for diversity in (0.0, 0.5, 1.0):
        rows, _ = choose((vectors @ vectors[0])[np.newaxis], np.ones(1), vectors, 10, diversity)
        alike.append((vectors[rows] @ vectors[rows].T)[np.triu_indices(10, 1)].mean())
    assert alike[0] > alike[1] > alike[2]


def test_facility_location_is_greedy_by_gain():
    rng = np.random.default_rng(2)
    alike = np.maximum(0, np.corrcoef(rng.standard_normal((30, 5)))).astype(np.float32)
    reached, expected = np.zeros(30), []
    for _ in range(6):
        gains = [-1.0 if i in expected else np.maximum(alike[i] - reached, 0).sum() for i in range(30)]
        expected.append(int(np.argmax(gains)))
        reached = np.maximum(reached, alike[expected[-1]])
    assert list(_facility_location(alike, 6)) == expected


def test_a_weight_that_vanishes_is_refused(library):
    with pytest.raises(QueryError, match="weight"):
        library.recommend(RecommendQuery(likes=(ClipPart(1, 5e-324),)))


def test_the_command_recommends_by_ids_with_weights(library, capsys):
    dog, bell = liked(library, "dog/dog 0", "bell/bell 0")
    where = ["--library", str(library.path)]
    arguments = ["recommend", "--like", str(dog.clip_id), "--weight", "3", "--unlike", str(bell.clip_id)]
    assert cli.main([*arguments, "-k", "2", *where]) == 0
    out = capsys.readouterr().out
    assert out.count("dog ") >= 2
    assert cli.main(["recommend", "-k", "2", *where]) == 0  # a varied sample, which is compared with nothing
    assert "0.000" not in capsys.readouterr().out
    assert cli.main(["recommend", "--weight", "2", *where]) == 2
    assert cli.main(["recommend", "--like", "999", *where]) == 2
    assert cli.main(["recommend", "--json", "-k", "3", "--offset", "2", *where]) == 0
    assert json.loads(capsys.readouterr().out)["next_offset"] == 5


def test_a_like_that_names_what_is_gone_is_left_out_and_told(library):
    """One of two likes is gone: the other counts, and the answer says which is not there."""
    (clip, *_) = library.reader.clips(range(1, 5))

    answer = library.recommend(RecommendQuery(likes=(ClipPart(999), ClipPart(clip.id)), dislikes=(ClipPart(998),), k=1))

    assert answer.hits == library.recommend(RecommendQuery(likes=(ClipPart(clip.id),), k=1)).hits
    assert answer.gone == ("clip 999", "clip 998")
