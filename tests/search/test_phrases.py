"""What a line of words asks for, and what it excludes."""

from __future__ import annotations

import pytest

from search.engine.phrases import spread
from search.model import ClipPart, TextPart


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("dog", [("dog", 1.0)]),
        ("dog -cat", [("dog", 1.0), ("cat", -1.0)]),
        ("dog NOT cat", [("dog", 1.0), ("cat", -1.0)]),
        ('-"car horn" horn -air', [("horn", 1.0), ('"car horn"', -1.0), ("air", -1.0)]),
        ('"door slam" wood', [('"door slam" wood', 1.0)]),
        ("sci-fi tone -20 dB", [("sci-fi tone -20 dB", 1.0)]),
        ("dog not cat", [("dog", 1.0), ("cat", -1.0)]),
        ("Insect, not a Cricket", [("Insect", 1.0), ("Cricket", -1.0)]),
        ("dog but not howling, barking", [("dog barking", 1.0), ("howling", -1.0)]),
        ('dog AND NOT "big cat" not wolf', [("dog", 1.0), ('"big cat"', -1.0), ("wolf", -1.0)]),
        ("\U0001f436 -\U0001f431 \U0001f514", [("dog bell", 1.0), ("cat", -1.0)]),
        ("NOTHING - at all", [("NOTHING - at all", 1.0)]),
        ("-cat", [("cat", -1.0)]),
        ("\u201cdoor slam\u201d wood", [('"door slam" wood', 1.0)]),
        ("\u201edoor slam\u201c \u2013\u00abcar horn\u00bb", [('"door slam"', 1.0), ('"car horn"', -1.0)]),
        ("dog \u2212cat", [("dog", 1.0), ("cat", -1.0)]),
        ("rain \u2013 soft \u201320 dB", [("rain \u2013 soft \u201320 dB", 1.0)]),
    ],
)
def test_a_minus_and_a_not_refuse_the_word_behind_them(line, parts):
    assert spread((TextPart(line),)) == tuple(TextPart(*part) for part in parts)


def test_parts_keep_their_places_and_their_weights():
    asked = (TextPart("dog -cat", 2.0), ClipPart(3), TextPart("a -b", -1.0))
    assert spread(asked) == (TextPart("dog", 2.0), ClipPart(3), TextPart("a -b", -1.0), TextPart("cat", -2.0))


@pytest.mark.parametrize(
    "line",
    [
        "do not disturb",
        "to be or not to be",
        "why not me",
        "he's not here",
        "not afraid",
        "rain, not too loud",
        "love me not",
        '"dog NOT cat"',
        '"dog -cat not bird"',
        "forget-me-not",
        "knot notes",
    ],
)
def test_a_not_that_belongs_to_what_is_looked_for_refuses_nothing(line):
    assert spread((TextPart(line),)) == (TextPart(line),)
