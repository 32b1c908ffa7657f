"""The filter language: what it accepts, what it refuses, and its error messages."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.columns.parsing import COLUMNS, MAX_COMPARISONS, MAX_DEPTH, parse
from search.columns.where import (
    AddedIs,
    And,
    FlagIs,
    HasEvent,
    IsPresent,
    Not,
    NumberIs,
    Or,
    OwnTagIs,
    TagIs,
    TagProbabilityIs,
    TextIs,
    WordIs,
    unparse,
)
from search.errors import WhereError

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ORDERS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
TEXTS = st.text(max_size=12)
DATES = st.sampled_from(["2026-11-20", "2026-11-20T18", "2026-11-20 18:30", "2026-11-20T18:30:05Z", "20261120"])
WITHOUT_EVENTS = st.one_of(
    st.builds(NumberIs, st.sampled_from(["duration_s", "size_bytes"]), ORDERS, NUMBERS),
    st.builds(NumberIs, st.sampled_from(["loudness", "dc_offset"]), ORDERS, NUMBERS),
    st.builds(WordIs, st.just("defects"), st.sampled_from(["=", "!="]), st.sampled_from(["hum", "HUM", ""])),
    st.builds(WordIs, st.sampled_from(["defects", "brightness"]), st.just("~"), TEXTS),
    st.builds(IsPresent, st.sampled_from(["loudness", "brightness"]), st.sampled_from(["=", "!="])),
    st.builds(AddedIs, ORDERS, st.one_of(NUMBERS, DATES)),
    st.builds(TextIs, st.sampled_from(["path", "folder", "title", "format"]), st.sampled_from(["=", "!=", "~"]), TEXTS),
    st.builds(FlagIs, st.sampled_from(["silent", "missing"]), st.sampled_from(["=", "!="]), st.booleans()),
    st.builds(TagIs, st.sampled_from(["=", "!=", "~"]), TEXTS),
    st.builds(OwnTagIs, st.sampled_from(["=", "!=", "~"]), TEXTS),
    st.builds(TagProbabilityIs, TEXTS, ORDERS, NUMBERS),
)


def filters(comparisons):
    """Any filter made of these."""
    return st.recursive(
        comparisons,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        ),
        max_leaves=12,
    )


FILTERS = filters(WITHOUT_EVENTS | st.builds(HasEvent, TEXTS, NUMBERS, NUMBERS))


@settings(max_examples=200)
@given(FILTERS)
def test_what_is_written_is_read_back(where):
    """Any filter, written out and parsed, is the same filter, whatever its texts hold."""
    assert parse(unparse(where)) == where


@settings(max_examples=200)
@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from([*COLUMNS, "and", "or", "not", "(", ")", "=", "~", "'x'", "3", "[", "]"])).map(" ".join)
)
def test_any_other_text_is_an_error_of_one_line(text):
    """Nothing but WhereError comes out of the parser, in one line that says where."""
    with suppress(WhereError):
        parse(text)
        return
    with pytest.raises(WhereError, match=r"\Athe filter at character \d+ [^\n]+\Z"):
        parse(text)


def test_and_binds_closer_than_or_and_not_closest():
    """Precedence is the usual one; words of the language may be in capitals."""
    a, b, c = (FlagIs("silent", "=", True), FlagIs("missing", "=", True), NumberIs("duration_s", "<", 5.0))
    assert parse("silent or missing and duration_s<5") == Or((a, And((b, c))))
    assert parse("(silent OR missing) AND duration_s<5") == And((Or((a, b)), c))
    assert parse("NOT silent and missing") == And((Not(a), b))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("title ~ 'it''s'", TextIs("title", "~", "it's")),
        ('title = "say ""hi"""', TextIs("title", "=", 'say "hi"')),
        (r"path = 'C:\new'", TextIs("path", "=", r"C:\new")),
        ("Duration_S >= -.5e1", NumberIs("duration_s", ">=", -5.0)),
        ("missing = false", FlagIs("missing", "=", False)),
        ("tag['Dog bark'] > 0.5", TagProbabilityIs("Dog bark", ">", 0.5)),
        ("tag ~ 'dog'", TagIs("~", "dog")),
        ("own_tag != ''", OwnTagIs("!=", "")),
        ("tag IN ('a', 'b')", Or((TagIs("=", "a"), TagIs("=", "b")))),
        ("folder in ('a')", TextIs("folder", "=", "a")),
        ("own_tag not in ('a','b')", Not(Or((OwnTagIs("=", "a"), OwnTagIs("=", "b"))))),
        ("added > '2026-11-20'", AddedIs(">", "2026-11-20")),
    ],
)
def test_each_form_means_what_the_grammar_says(text, where):
    """One example of every kind of comparison and of each way to quote."""
    assert parse(text) == where


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("length < 5", "character 1 .*perhaps `duration_s`"),
        ("Name ~ 'x'", "character 1 .*perhaps `title`"),
        ("bpm > 120", "character 1 .*perhaps `tempo`"),
        ("duration_s > 2s", "character 14 .*a number is written without its unit"),
        ("loudness > -20dB", "character 12 .*a number is written without its unit"),
        ("silent & missing", "character 8 .*cannot be read; write and"),
        ("silent || missing", "character 8 .*cannot be read; write or"),
        ("tag == 'Dog'", "character 5 .*expected one of = != ~ in"),
        ("durtion_s > 3", "character 1 .*perhaps `duration_s`.*size_bytes, tag, title"),
        ("title ~ rain", "character 9 .*text in quotes"),
        ("title = 'a", "character 9 .*quote is not closed"),
        ("(silent", r"character 8 .*expected `\)`"),
        ("silent missing", "character 8 .*expected `and`, `or` or the end"),
        ("duration_s ~ 3", "character 12 .*one of = != < <= > >="),
        ("duration_s < 'x'", "character 14 .*a number"),
        ("duration_s < 1e999", "character 14 .*a number"),
        ("title < 'm'", "character 7 .*one of = != ~ in"),
        ("tag in 'a'", r"character 8 .*expected `\(` and texts"),
        ("tag in ('a' 'b')", r"character 13 .*expected `,` or `\)`"),
        ("tag in ()", "character 9 .*text in quotes"),
        ("tag not 'a'", "character 9 .*expected `in`"),
        ("duration_s in (1)", "character 12 .*one of = != < <= > >="),
        ("missing = 3", "character 11 .*true or false"),
        ("added > '2026-13-01'", "character 9 .*date or time like"),
        ("tag[Dog] > 1", "character 5 .*text in quotes"),
        ("duration_s < 5; DROP TABLE clips", "character 15 .*cannot be read"),
        ("", "character 1 .*expected a column"),
        ("title = 'x' and ", "character 16 .*expected a column"),
    ],
)
def test_an_error_says_where_and_what_would_do(text, says):
    """The position, the place in the text, and what was expected there."""
    with pytest.raises(WhereError, match=says):
        parse(text)


def test_size_and_depth_are_bounded():
    """A filter from a stranger cannot exhaust the stack or the clock."""
    for text in ("(" * 5000, "not " * 2000 + "silent"):
        with pytest.raises(WhereError, match=f"deeper than {MAX_DEPTH}"):
            parse(text)
    with pytest.raises(WhereError, match=f"more than {MAX_COMPARISONS}"):
        parse(" or ".join(["silent"] * 65))
    with pytest.raises(WhereError, match="20000 characters"):
        parse("x" * 20_000)
    parse("(" * 40 + "silent" + ")" * 40)


def test_a_date_lasts_as_long_as_it_is_written():
    """A day, an hour, a minute, a second; UTC unless it says otherwise."""
    lengths = {"2026-11-20": 86400, "2026-11-20T18": 3600, "2026-11-20 18:30": 60, "2026-11-20T18:30:05": 1}
    for text, length_s in lengths.items():
        start, end = AddedIs("=", text).interval()
        assert end - start == length_s
    assert AddedIs("=", "1970-01-02").interval()[0] == 86400
    assert AddedIs("=", "1970-01-01T01:00+01:00").interval() == (0, 60)
    assert AddedIs("=", 12.5).interval() == (12.5, 12.5)
