"""Words of other languages: how they are translated, and that English stays unchanged."""

from __future__ import annotations

import csv
import math
import time
from importlib import resources

import numpy as np
import pytest

from search import wiring
from search.encoders.languages import FILE, in_english, lexicons
from search.errors import UsageError
from search.model import ENGLISH, LANGUAGES
from search.settings import Settings
from tests.search.encoder_helpers import settings

USUAL = frozenset(
    [
        "a",
        "boot",
        "cat",
        "chat",
        "course",
        "door",
        "in",
        "kind",
        "laughing",
        "le",
        "mare",
        "night",
        "of",
        "see",
        "slam",
        "the",
        "train",
        "waves",
    ]
)


RARE = frozenset(["chatter", "bellow", "siren", "chord", "neigh"])


def rank(word):
    return 0.0 if word in USUAL else 20_000.0 if word in RARE else math.inf


def read(text, language=""):
    found = in_english(text, rank, language)
    return found.language, found.text


@pytest.mark.parametrize(
    ("text", "language", "english"),
    [
        ("Hund", "de", "dog"),
        ("ein Hund bellt im Wald", "de", "dog barking forest"),
        ("Mäusepfeifen", "de", "mouse whistling"),
        ("knarrende Holztür", "de", "creak wooden door"),
        ("KATZE", "de", "cat"),
        ("chute d'eau", "fr", "waterfall"),
        ("tronconneuse", "fr", "chainsaw"),
        ("gaviotas en la playa", "es", "seagull beach"),
        ("vetro rotto", "it", "glass breaking"),
        ("pássaros", "pt", "bird"),
        ("下大雨", "zh", "heavy rain"),
        ("狗叫", "zh", "barking"),
        ("犬が吠える", "ja", "dog barking"),
        ("собаки лают", "ru", "dog barking"),
    ],
)
def test_words_are_read_in_the_language_that_explains_most_of_them(text, language, english):
    assert read(text) == (language, english)


@pytest.mark.parametrize(
    "text",
    [
        "door slam",
        "see waves",
        "kind laughing",
        "boot",
        "mare",
        "chat",
        "le train",
        "sci-fi laser",
        "radio chatter",
        "police siren",
        "bellow",
        "chord",
        "neigh",
        "",
        "1 2 3",
        "?!",
    ],
)
def test_english_stays_as_it_is_also_where_its_words_are_of_other_languages_too(text):
    assert read(text) == (ENGLISH, text)


def test_a_language_that_is_said_is_not_found_out():
    assert read("chat", "fr") == ("fr", "cat")
    assert read("mare", "it") == ("it", "sea")
    assert read("Hund", ENGLISH) == (ENGLISH, "Hund")
    assert read("qwertz", "de") == ("de", "qwertz")


def test_what_is_not_known_stays_beside_what_is():
    assert read("Hund von Mozart") == ("de", "dog mozart")


@pytest.mark.parametrize("text", ["bell" * 5_000, "犬" * 5_000, "ä" * 400, "hund " * 90, "狗が" * 240])
def test_long_and_strange_texts_are_read_at_once(text):
    read("Hund")
    started = time.thread_time()
    in_english(text, rank)
    assert time.thread_time() - started < 2.0


def test_every_cell_of_the_table_is_found_by_its_own_words():
    """Each word is in the language of its column where that is said, and no cell is empty or has a stray sign."""
    file = resources.files("search.encoders").joinpath("data", FILE)
    rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
    assert list(rows[0]) == list(LANGUAGES)
    for row in rows:
        for language in lexicons():
            for written in row[language].split("/"):
                assert written.strip(" ?") == written.removeprefix("?") != "", row
                found, english = read(written, language)
                assert (found, english.isascii()) == (language, True), (written, english)


def test_the_default_encoder_reads_them_and_one_that_is_told_the_language_reads_that_alone(tmp_path):
    reading = wiring.encoder("cnn:soundalike-1", settings(tmp_path))
    hund, dog, regen = reading.encode_text(["ein Hund", "dog", "Regen"])
    np.testing.assert_array_equal(hund, dog)
    assert dog @ regen < 0.5
    assert reading.read_text(["Hund"]).english == ("dog",)
    (name,), (meaning,) = reading.meanings(["hund_bellt"]), reading.meanings(["dog barking"])
    assert name @ meaning > 0.99


def test_a_language_that_nobody_knows_is_refused_with_those_that_there_are():
    with pytest.raises(UsageError, match="de, fr"):
        Settings.from_env({"SOUNDALIKE_LANGUAGE": "xx"})
    assert Settings.from_env({"SOUNDALIKE_LANGUAGE": "de"}).language == "de"


def test_one_question_may_be_in_another_language_than_the_rest(tmp_path):
    """What is said of some texts holds for them alone, and each says which language it was read in."""
    reading = wiring.encoder("cnn:soundalike-1", settings(tmp_path))
    french = reading.read_text(["chat", "porte"], "fr")
    assert (french.english, french.languages) == (("cat", "door"), ("fr", "fr"))
    assert reading.read_text(["chat", "Hund"]).languages == (ENGLISH, "de")
    as_written = reading.read_text(["Hund"], ENGLISH)
    assert (as_written.english, as_written.languages) == (("Hund",), (ENGLISH,))
    (cat,), (chat,) = reading.meanings(["cat"]), reading.meanings(["chat"], "fr")
    np.testing.assert_array_equal(cat, chat)
