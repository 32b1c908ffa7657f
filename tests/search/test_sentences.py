"""Sentences in plain language become the queries that they mean, and no more."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone

import pytest

from benchmarks.quality.sentences.measure import CONTEXT, HELD_OUT, TUNING, measure, sentences
from search.columns.parsing import parse
from search.engine.sentences import rules
from search.engine.sentences.context import Context
from search.errors import WhereError
from search.model import ClipPart, TextPart


def read(sentence: str, context: Context = CONTEXT):
    return rules.read(sentence, context)


def test_the_question_of_the_guide_is_read_whole():
    understood = read("Short dark impacts, no voices, from last week's session, like the second one but longer")
    assert understood.query.parts == (TextPart("dark impacts"), TextPart("voices", -1.0), ClipPart(102))
    assert understood.query.where == (
        "duration_s <= 2 and added >= '2026-11-16' and added < '2026-11-23' and duration_s > 2.5"
    )
    assert not understood.not_understood


@pytest.mark.parametrize("file", [TUNING, HELD_OUT], ids=lambda file: file.stem)
def test_sentences_are_read_as_they_are_meant_and_no_filter_is_invented(file):
    """The targets of the project; the figures are in docs/guides/assistants.md."""
    figures = measure(sentences(file))
    assert figures.count == 100
    assert figures.right >= 0.95
    assert figures.wrong_filters == 0


def test_every_filter_that_rules_write_is_one_of_the_language():
    for file in (TUNING, HELD_OUT):
        for example in sentences(file):
            for term in read(example.text).terms:
                if term.kind == "filter":
                    parse(term.means)


def test_the_same_sentence_means_the_same_at_the_same_time_and_dates_follow_the_clock():
    sentence = "doors from yesterday"
    assert read(sentence) == read(sentence)
    there = Context(datetime(2027, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))))
    where = "added >= '2027-02-28T00:00+02:00' and added < '2027-03-01T00:00+02:00'"
    assert read(sentence, there).query.where == where


def test_names_that_the_library_does_not_have_are_said_and_filter_nothing():
    for sentence in ("rain tagged zebra", "hits from the mars folder", "like the ninth one", "like clip x"):
        assert read(sentence).query.where is None
    assert read("rain tagged zebra").not_understood == ("tagged zebra",)
    assert read("like the ninth one").not_understood == ("like the ninth one",)
    assert read("dogs", Context(CONTEXT.now)).query.parts == (TextPart("dogs"),)


def test_names_with_quotes_stay_texts_of_the_filter():
    context = Context(CONTEXT.now, tags=("rock 'n' roll",), folders=("a' or silent or title = 'b",))
    assert read("riffs tagged rock 'n' roll", context).query.where == "tag = 'rock ''n'' roll'"
    where = read("hits in the folder \"a' or silent or title = 'b\"", context).query.where
    assert where == "folder = 'a'' or silent or title = ''b'"


@pytest.mark.parametrize(
    "sentence",
    [
        "excluding a, " * 76, "a " * 500, " " * 1000, "in the " * 140, "not tagged " * 90, "1:30 " * 200, '"' * 1000,
        "\ue000\ue001" * 500, "İ" * 1000, "with a bit of " * 70, "from the a b c " * 66,
    ],
    ids=lambda sentence: repr(sentence[:12]),
)  # fmt: skip
def test_no_sentence_takes_long(sentence):
    """Patterns that run backwards over a long sentence would take minutes."""
    started_s = time.thread_time()
    with suppress(WhereError):
        read(sentence)
    assert time.thread_time() - started_s < 2
