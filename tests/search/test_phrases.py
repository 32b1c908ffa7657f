"""What one line of words wants, and what it does not."""

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
        ("sci-fi tone -20 dB, not loud", [("sci-fi tone -20 dB, not loud", 1.0)]),
        ("NOTHING - at all", [("NOTHING - at all", 1.0)]),
        ("-cat", [("cat", -1.0)]),
        ("\u201cdoor slam\u201d wood", [('"door slam" wood', 1.0)]),
        ("\u201edoor slam\u201c \u2013\u00abcar horn\u00bb", [('"door slam"', 1.0), ('"car horn"', -1.0)]),
        ("dog \u2212cat", [("dog", 1.0), ("cat", -1.0)]),
        ("rain \u2013 soft \u201320 dB", [("rain \u2013 soft \u201320 dB", 1.0)]),
    ],
)
def test_a_minus_and_not_in_capitals_refuse_the_word_behind_them(line, parts):
    assert spread((TextPart(line),)) == tuple(TextPart(*part) for part in parts)


def test_parts_keep_their_places_and_their_weights():
    asked = (TextPart("dog -cat", 2.0), ClipPart(3), TextPart("a -b", -1.0))
    assert spread(asked) == (TextPart("dog", 2.0), ClipPart(3), TextPart("a -b", -1.0), TextPart("cat", -2.0))
