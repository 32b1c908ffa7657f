"""Names and sounds in one answer: a name that matches all words counts, one that matches some counts a little."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from search import api, wiring
from search.engine import policy
from search.engine.confidence import GOOD_FROM, LIKELY_ENOUGH
from search.errors import QueryError
from search.model import ClipPart, Query, SegmentTags, TextEncoding, TextPart, WordMatch
from search.settings import Settings
from tests.search.libraries import DIM, Entry, ToyEncoder, addition, axis, settings, spec

READS = spec(name="cnn:soundalike-1", can_text=True, vocabulary=tuple(f"Band {number}" for number in range(DIM)))
MEANS = {"zanzibar": 7, "train": 1, "dog": 2, "bark": 3, "horn": 7, "rain": 7, "gong": 7}
"""The band that a question is about, by its first word. Nothing in the library is heard as the last one."""
HISS = 240
"""Clips that are near to that band and nothing that anybody asks for: more than a ranking is read to be merged."""


class FirstWordEncoder(ToyEncoder):
    """Reads the first word of a text and is nearly sure of what it means."""

    def encode_text(self, texts):
        return np.stack([axis(MEANS.get(text.split()[0], 7)) for text in texts])

    def read_text(self, texts, language=""):
        vectors = self.encode_text(texts)
        return TextEncoding(vectors, np.where(vectors > 0.5, 0.9, 0.1 / (DIM - 1)).astype(np.float32))


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Hiss, and a few clips whose bands are heard, with names that need not say so."""
    folder = tmp_path_factory.mktemp("names")
    sounds = {f"gong {number}": 4 for number in range(12)} | {
        "holding metal": 6, "Zanzibar downpour": 0, "whistle": 1, "tunnel drip": 5, "dog bark": 3, "foghorn": 4,
        "training": 4,
    }  # fmt: skip

    def load(_name, _settings):
        return FirstWordEncoder(READS)

    with wiring.library(folder / "library", settings(folder), load_encoder=load, create=True) as library:
        space, root = library.writer.space(READS), library.writer.root("/sounds")
        hiss = [(f"hiss {number}", axis(7, number % 6, 0.3 + number / 1000), None) for number in range(HISS)]
        named = [(name, axis(band), band) for name, band in sounds.items()]
        with library.writer.lease("test", wait_s=5) as lease:
            changes = []
            for name, vector, band in [*hiss, *named]:
                heard = np.full((1, DIM), 0.01)
                if band is not None:
                    heard[0, band] = 0.95
                change = addition(Entry(f"{name}.wav", vector[np.newaxis]), root.id, space.id)
                tags = SegmentTags.likeliest(heard)
                changes.append(replace(change, encoding=replace(change.encoding, tags=tags)))
            library.writer.apply(lease, changes)
            library.publisher.publish(space, lease, always=True)
        yield library


def ask(library, *words, k=5, where=None):
    parts = tuple(TextPart(word.removeprefix("-"), -1.0 if word.startswith("-") else 1.0) for word in words)
    return library.search(Query(parts, k=k, where=where))


def titles(answer):
    return [hit.title for hit in answer.hits]


def vias(hit):
    return {via.part for via in hit.via}


@pytest.mark.parametrize("k", [1, 5])
def test_a_name_that_says_it_comes_before_sounds_that_are_unlikely(library, k):
    answer = ask(library, "zanzibar", k=k)
    assert titles(answer)[0] == "Zanzibar downpour"
    assert answer.hits[0].by_name
    assert answer.verdict == "good"
    assert len(answer.hits) == k
    scores = [hit.score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)
    assert all(hit.probability < LIKELY_ENOUGH for hit in answer.hits)


@pytest.mark.parametrize("word", [*MEANS, "train in the old tunnel", "dog bark"])
@pytest.mark.parametrize("k", [1, 2, 4])
def test_the_first_hits_are_the_same_however_many_are_asked_for(library, word, k):
    assert [hit.score for hit in ask(library, word, k=k).hits] == [
        hit.score for hit in ask(library, word, k=50).hits[:k]
    ]


def test_names_fill_the_page_where_no_sound_is_likely(library):
    answer = ask(library, "gong", k=10)
    assert [title.split()[0] for title in titles(answer)] == ["gong"] * 10


def test_some_of_the_words_do_not_outrank_a_sound_that_is_likely(library):
    """Nor are they "by name"; and a word that is inside another by chance ("old" in "holding") is nothing at all."""
    answer = ask(library, "train in the old tunnel", k=300)
    assert titles(answer)[0] == "whistle"
    assert answer.hits[0].probability >= GOOD_FROM
    tunnel = next(hit for hit in answer.hits if hit.title == "tunnel drip")
    assert "some-words 1" in vias(tunnel)
    assert not any(hit.by_name for hit in answer.hits)
    assert all(vias(hit) == {"text 1"} for hit in answer.hits if hit.title == "holding metal")
    assert answer.verdict == "good"


def test_some_of_the_words_promise_nothing(library):
    answer = ask(library, "train in the old tunnel", where='title != "whistle"')
    assert "tunnel drip" in titles(answer)
    assert answer.verdict == "none"


def test_words_promise_what_is_among_the_hits(library):
    """What is called a dog's bark is no dog without a bark, and does not come back for it."""
    answer = ask(library, "dog", "-bark")
    assert not any(hit.by_name for hit in answer.hits)
    assert answer.verdict == "none"


def test_a_word_at_the_end_of_another_is_what_its_name_says_and_one_that_is_there_by_chance_is_not(library):
    horn = ask(library, "horn")
    assert titles(horn)[0] == "foghorn"
    assert (horn.hits[0].by_name, horn.verdict) == (True, "good")
    rain = ask(library, "rain", k=300)
    training = next(hit for hit in rain.hits if hit.title == "training")
    assert vias(training) == {"text 1"}
    assert rain.verdict == "none"


def test_most_of_the_words_in_a_name_are_near_where_no_sound_is(library):
    """ "gong slam": no sound is like it, and no name says both; the gongs come first, and it is not "nothing"."""
    answer = ask(library, "gong slam", k=10)
    assert [title.split()[0] for title in titles(answer)] == ["gong"] * 10
    assert answer.verdict == "weak"
    assert not any(hit.by_name for hit in answer.hits)


def test_a_slip_of_the_pen_finds_names_and_is_said(library):
    answer = ask(library, "zanzibra", k=3)
    assert (titles(answer)[0], answer.did_you_mean, answer.verdict) == ("Zanzibar downpour", "zanzibar", "weak")
    assert ask(library, "zanzibar").did_you_mean == ""


def test_a_word_in_quotes_is_read_as_it_is_written(library):
    answer = ask(library, '"zanzibra"', k=3)
    assert (answer.did_you_mean, any(hit.by_name for hit in answer.hits)) == ("", False)


def test_a_minus_refuses_in_one_line_of_words(library):
    apart = titles(ask(library, "dog", "-bark"))
    assert titles(ask(library, "dog -bark")) == titles(ask(library, "dog NOT bark")) == apart
    with pytest.raises(QueryError, match="at least one thing"):
        ask(library, " -bark")


def test_sounds_decide_among_names_that_say_as_much(library):
    """Each gong of twelve is heard as a horn; the foghorn says it as well, and nothing of either is heard better."""
    answer = ask(library, "gong slam", k=12)
    heard = [hit.probability for hit in answer.hits]
    assert heard == sorted(heard, reverse=True)


def test_other_words_for_what_is_meant_find_a_name(library):
    """ "bark" is read as band 3, whose class lends its words; a question that has a word of them says nothing twice."""
    lent = library.catalog.match_words("yelp", 5, {"dog": 0.6, "whistle": 0.2, "yelping dog": 0.9})
    called = {clip.id: clip.title for clip in library.catalog.clips([match.clip_id for match in lent])}
    assert [(called[match.clip_id], match.share, match.in_other_words) for match in lent] == [
        ("dog bark", 0.0, 0.6), ("whistle", 0.0, 0.2)
    ]  # fmt: skip
    said = library.catalog.match_words("dogs", 5, {"dog": 0.6})
    assert [match.in_other_words for match in said] == [0.0]


@pytest.mark.parametrize(("asked", "read_as"), [("tunneldrip", "tunnel drip"), ("steamwhistle", "whistle")])
def test_a_word_of_which_names_have_the_parts_or_the_end_is_read_as_these(library, asked, read_as):
    answer = ask(library, asked, k=1)
    assert answer.did_you_mean == read_as
    assert titles(answer) == [next(name for name in ("tunnel drip", "whistle") if read_as in name)]


def test_names_speak_where_they_are_words_of_sounds_that_differ():
    classes = ["Dog", "Door", "Speech", "Inside, small room"]
    assert policy.names_are_descriptive(["dog_bark", "door 2"], classes)
    assert policy.names_are_descriptive(["two dogs", "door 2", "sunday", "berlin"], classes)
    assert not policy.names_are_descriptive(["berlin park", "small room", "paris", "cairo"], classes)
    assert not policy.names_are_descriptive(["take 0001", "take 0002"], classes)
    assert not policy.names_are_descriptive(["1-100032-A", "2-33-B", "dog"], classes)
    assert not policy.names_are_descriptive([], classes)
    assert policy.names_are_descriptive(["berlin", "paris"], None)  # nobody knows what words are of sounds


def test_a_sound_whose_name_is_silent_is_less_sure_and_one_that_says_some_is_not():
    names = policy.names("words 1", 1.0, [WordMatch(1, 5.0, 0.5)], by_evidence=True)
    assert policy.lowered_for_other_names({1: 0.7, 2: 0.7}, [names]) == {1: 0.7, 2: pytest.approx(0.25)}


def test_a_name_that_means_it_counts_behind_one_that_says_it_and_one_that_means_something_else_is_nothing():
    """A cosine of .7 is half of the way from `policy.UNLIKE` to 1; clip 4 is not taken in."""
    matches = [WordMatch(1, 5.0, 1.0), WordMatch(2, 4.0, 0.3)]
    ranked = policy.names("words 1", 1.0, matches, by_evidence=True)
    meant = policy.with_meanings(ranked, np.array([1, 2, 3, 4]), np.array([1.0, 0.3, 0.7, 0.4]))
    assert meant.clip_ids.tolist() == [1, 2, 3]
    whole = policy.NAME + policy.MEANT
    assert meant.weight * meant.evidence == pytest.approx(
        [whole, policy.NAME * 0.3**policy.SOME_POWER, policy.MEANT / 2]
    )
    assert [policy.label_of(meant, place) for place in range(3)] == ["words 1", "some-words 1", "other-words 1"]
    assert policy.witnesses([meant], descriptive=True) == {
        1: policy.HitEvidence.ALL,
        2: policy.HitEvidence.SOME,
        3: policy.HitEvidence.SOME,
    }
    assert policy.lowered_for_other_names({3: 0.7}, [meant]) == {3: pytest.approx(0.25)}  # it says none of the words


def test_what_a_name_means_is_near_only_where_names_speak():
    ranked = policy.names("words 1", 1.0, [WordMatch(1, 5.0, 0.45)], by_evidence=True)
    meant = policy.with_meanings(ranked, np.array([1]), np.array([0.9]))
    assert policy.witnesses([meant], descriptive=True) == {1: policy.HitEvidence.MOST}
    assert policy.witnesses([meant], descriptive=False) == {1: policy.HitEvidence.SOME}


class MeaningEncoder(FirstWordEncoder):
    """Reads names as it reads questions."""

    def meanings(self, texts, language=""):
        return self.encode_text(texts) if texts else np.empty((0, DIM), np.float32)


def test_words_of_which_a_filter_leaves_nothing_find_nothing(tmp_path):
    """There is no name to be read, and none of the sounds."""

    def load(_name, _settings):
        return MeaningEncoder(READS)

    with wiring.library(tmp_path / "library", settings(tmp_path), load_encoder=load, create=True) as library:
        space, root = library.writer.space(READS), library.writer.root("/sounds")
        with library.writer.lease("test", wait_s=5) as lease:
            library.writer.apply(lease, [addition(Entry("rain.wav", axis(7)[np.newaxis]), root.id, space.id)])
            library.publisher.publish(space, lease, always=True)
        assert [hit.title for hit in library.search(Query((TextPart("rain"),))).hits] == ["rain"]
        assert library.search(Query((TextPart("rain"),), where='title = "horn"')).hits == ()


NAMED = (
    "door_close_01", "door_close_02", "door_open", "door_knock_01", "laser_01", "laser_02", "laser_03", "plasma_shot",
    "shotgun_fire_pump", "rifle_fire_01", "node_step_gravel.1", "node_step_gravel.2", "node_step_snow.1", "dog_bark",
    "puppy_bark", "cow_moo_01", "thunder_01", "duck_quack_01",
)  # fmt: skip


@pytest.fixture(scope="module")
def effects(shared, tmp_path_factory):
    """Some of the effects that are beside the project, under their own names, by the default encoder."""
    folder = tmp_path_factory.mktemp("effects")
    (folder / "sounds").mkdir()
    for name in NAMED:
        shutil.copy(shared / "data" / "sfx" / "audio" / f"{name}.ogg", folder / "sounds")
    with api.open_library(folder / "library", create=True, settings=Settings.from_env({})) as library:
        assert api.index(library, [folder / "sounds"], encoder="cnn:soundalike-1") == ()
        yield library


@pytest.mark.shared
@pytest.mark.parametrize(
    ("asked", "first"),
    [("door slam", "door_close"), ("footsteps on gravel", "node_step_gravel"), ("sci-fi laser", "laser")],
)
def test_what_people_ask_finds_what_is_called_so_and_is_not_nothing(effects, asked, first):
    answer = effects.search(Query((TextPart(asked),), k=3))
    assert answer.hits[0].title.startswith(first)
    assert answer.hits[1].title.startswith(first)
    assert answer.verdict != "none"


@pytest.mark.shared
@pytest.mark.parametrize(("asked", "first"), [("ray gun", "laser"), ("bullet", "rifle")])
def test_a_name_with_none_of_the_words_is_found_by_what_it_means(effects, asked, first):
    hits = effects.search(Query((TextPart(asked),), k=5)).hits
    found = next(hit for hit in hits if hit.title.startswith(first))
    assert vias(found) & {"other-words 1"}
    assert not found.by_name


@pytest.mark.shared
@pytest.mark.parametrize(
    ("asked", "english", "language"),
    [("ein Hund", "dog", "de"), ("dog", "", "en"), ("гром", "thunder", "ru"), ("ドア", "door", "ja")],
)
def test_words_of_other_languages_find_names_in_english_and_the_answer_says_how_they_were_read(
    effects, asked, english, language
):
    answer = effects.search(Query((TextPart(asked),), k=1))
    assert (answer.did_you_mean, answer.language) == (english, language)
    assert answer.hits[0].title.startswith(english or "dog")
    assert answer.verdict != "none"


@pytest.mark.shared
def test_a_question_that_says_its_language_is_read_in_it_alone(effects):
    """What is said of a question is not found out, and a sound has no language."""
    door = effects.search(Query((TextPart("porte"),), k=1, language="fr"))
    assert (door.did_you_mean, door.language) == ("door", "fr")
    written = effects.search(Query((TextPart("Hund"),), k=1, language="en"))
    assert (written.did_you_mean, written.language) == ("", "en")
    assert effects.search(Query((ClipPart(door.hits[0].clip_id),), k=1)).language == ""
    with pytest.raises(QueryError, match="language is 'xx'"):
        effects.search(Query((TextPart("dog"),), language="xx"))


@pytest.mark.shared
def test_a_refused_clip_never_appears_whatever_its_name(effects):
    dog = next(hit for hit in effects.search(Query((TextPart("dog"),), k=3)).hits if hit.title == "dog_bark")
    answer = effects.search(Query((TextPart("dog"), ClipPart(dog.clip_id, -1.0)), k=18))
    assert "dog_bark" not in titles(answer)
