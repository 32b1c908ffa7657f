"""Rules for durations and file sizes, including "short" and "long"."""

from __future__ import annotations

import re
from typing import Final

from search.engine.sentences.scan import BREAK, START, Scan

SHORT_S: Final = 2.0
VERY_SHORT_S: Final = 0.5
LONG_S: Final = 5.0
VERY_LONG_S: Final = 30.0
"""What "short" and "long" mean, in seconds. These are conventions: users see the resulting filter and can change it."""
ABOUT: Final = 0.2
"""The relative tolerance of "about" a length."""

NUMBERS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100, "half": 0.5, "half a": 0.5, "half an": 0.5,
    "a quarter of a": 0.25, "three quarters of a": 0.75, "one and a half": 1.5, "two and a half": 2.5,
    "a couple of": 2,
}  # fmt: skip
_UNITS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
WORD: Final = "(?:" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + ")"
NUMBER: Final = rf"(?:\d+(?:\.\d+)?|\.\d+|{WORD})"
_UNIT: Final = (
    r"(?:(?P<ms{n}>ms|msecs?|milliseconds?)|(?P<s{n}>s|secs?|seconds?)|(?P<min{n}>mins?|minutes?)|(?P<h{n}>hrs?|hours?))"
    r"(?![\w'])"
)


def length(n: str) -> str:
    """Return a pattern for a length: ``5 s``, ``half a minute``, ``1:30``. The names of its groups end in ``n``."""
    clock = rf"(?P<clock{n}>\d{{1,2}}:\d\d(?::\d\d)?)"
    return rf"(?:{clock}|(?P<number{n}>{NUMBER})[\s-]*{_UNIT.format(n=n)})"


_RANGE: Final = rf"(?:between\s+|from\s+)?(?:{length('a')}|(?P<bare>{NUMBER}))\s*(?:to|and|-|–|—)\s*{length('b')}"
_PRE: Final = (
    rf"{START}(?:(?:that|which)\s+(?:is|are|last|lasts|run|runs)\s+|(?:which|that)\s+|lasting\s+|"
    r"with\s+a\s+(?:length|duration)\s+of\s+|(?:a\s+)?(?:clips?|sounds?|files?)\s+of\s+|of\s+|for\s+|but\s+|and\s+)?"
)
_POST: Final = r"(?:\s+(?:long|in\s+length|in\s+duration|of(?=\s)))?"
_THAN: Final = r"(?:\s+than)?\s+"
_LESS: Final = r"(?:(?:shorter|less|fewer|smaller|briefer)\s+than|under|below|within|<)\s*"
_MORE: Final = r"(?:(?:longer|more|greater|larger|bigger)\s+than|over|above|exceeding|>)\s*"
_NOT: Final = r"(?:not|no|nothing|none|never)\s+(?:any\s+)?"
_OVER: Final = r"(?:longer|more|over|above|larger|bigger|greater|exceeding)"
_BELOW: Final = r"(?:shorter|less|under|below|smaller)"
_MOST: Final = r"(?:at\s+most|at\s+the\s+most|max(?:imum|\.)?(?:\s+of)?|up\s+to|<=|≤)\s*"
_LEAST: Final = r"(?:at\s+least|min(?:imum|\.)?(?:\s+of)?|>=|≥)\s*"
_COMPARISONS: Final = (
    ("<=", rf"{_NOT}{_OVER}{_THAN}", ""),
    (">=", rf"{_NOT}{_BELOW}{_THAN}", ""),
    ("<=", _MOST, ""),
    (">=", _LEAST, ""),
    ("<", _LESS, ""),
    (">", _MORE, ""),
    (">=", "", r"\s*(?:\+|(?:or|and)\s+(?:longer|more|above|over|up))"),
    ("<=", "", r"\s*(?:(?:or|and)\s+(?:shorter|less|under|below)|max(?:imum)?|at\s+most|tops)(?!\w)"),
    (">=", "", r"\s*(?:min(?:imum)?|at\s+least)(?!\w)"),
)
"""The sign of the filter, and the patterns before and after the length."""
_BARE: Final = (
    (rf"{START}(?:for|of|lasting)\s+", r"(?:\s+(?:long|in\s+length|in\s+duration))?"),
    (START, r"\s+(?:long|in\s+length|in\s+duration)"),
    (rf"(?:^|(?<={BREAK})|(?<=,))\s*(?:(?:an?|some)\s+)?", r"(?=\s+[a-z])"),
    (rf"(?:^|(?<={BREAK}))\s*", rf"\s*(?={BREAK}|$)"),
)
"""Patterns before and after a plain length: ``3 seconds long``, ``a 3-second whoosh``, ``..., 3 seconds``."""
_PART_OF_A_SOUND: Final = (
    r"distance|range|reverb|tails?|decay|release|attack|delay|sustain|waves?|circuit|jump|story|stories|lived|haul|"
    r"board|term|echo|echoes|way|breaths?|bow|beach|ago|notes?|pauses?"
)


def read(scan: Scan) -> None:
    """Take every length, size, "short" and "long" that refers to the whole clip."""
    _sizes(scan)
    _ranges(scan)
    for sign, before, behind in _COMPARISONS:
        for match in scan.matches(rf"{_PRE}{before}{length('')}{behind}{_POST}"):
            scan.take(match, "filter", f"duration_s {sign} {seconds(match)}")
    for match in scan.matches(rf"{_PRE}exactly\s+{length('')}{_POST}"):
        value = float(seconds(match))
        scan.take(match, "filter", f"duration_s >= {_number(value - 0.05)} and duration_s <= {_number(value + 0.05)}")
    about = r"(?:about|around|roughly|approximately|approx\.?|circa|some|~)\s*"
    for before, behind in ((_PRE + about, _POST), *_BARE):
        for match in scan.matches(rf"{before}{length('')}{behind}"):
            value = float(seconds(match))
            low, high = _number(value * (1 - ABOUT)), _number(value * (1 + ABOUT))
            scan.take(match, "filter", f"duration_s >= {low} and duration_s <= {high}")
    _adjectives(scan)
    for match in scan.matches(rf"{START}{length('')}"):
        scan.report(*match.span())


def _ranges(scan: Scan) -> None:
    for match in scan.matches(rf"{_PRE}{_RANGE}{_POST}"):
        high = seconds(match, "b")
        bare = match["bare"]
        if bare:
            unit = next(one for one in _UNITS if match[f"{one}b"] or (match["clockb"] and one == "min"))
            low = _number(_value(bare) * _UNITS[unit])
        else:
            low = seconds(match, "a")
        if float(low) < float(high):
            scan.take(match, "filter", f"duration_s >= {low} and duration_s <= {high}")


def _sizes(scan: Scan) -> None:
    size = r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>kb|mb|gb|kilobytes?|megabytes?|gigabytes?)(?!\w)"
    for sign, before, behind in _COMPARISONS:
        for match in scan.matches(rf"{_PRE}{before}{size}{behind}(?:\s+(?:of|in\s+size))?"):
            value = float(match["number"]) * {"k": 1e3, "m": 1e6, "g": 1e9}[match["unit"][0]]
            scan.take(match, "filter", f"size_bytes {sign} {round(value)}")


def _adjectives(scan: Scan) -> None:
    degree = r"(?P<degree>(?:very|really|extremely|super|quite|fairly|not\s+too|not\s+very|not\s+so|not)\s+)?"
    word = r"(?P<word>short|brief|long|lengthy)"
    lead = rf"(?:^|(?<={BREAK}))\s*(?:(?:but|and|only|some|any|an?|the|just)\s+)*"
    before_noun = rf"(?=\s+(?!(?:{_PART_OF_A_SOUND})(?!\w))[a-z])(?!\s+(?:of|and|or)\s)"
    predicate = rf"(?:\s+(?:ones?|clips?|sounds?|files?))?\s*(?={BREAK}|$)"
    for behind in (predicate, before_noun):
        for match in scan.matches(rf"{lead}{degree}{word}(?!\w){behind}"):
            if match["word"] in ("short", "brief") or not match.string[match.end() :].lstrip().startswith("than"):
                scan.take(match, "filter", _by_adjective(match))


def _by_adjective(match: re.Match[str]) -> str:
    degree = " ".join((match["degree"] or "").split())
    is_short = match["word"] in ("short", "brief")
    if degree.startswith("not"):
        return f"duration_s > {SHORT_S:g}" if is_short else f"duration_s < {LONG_S:g}"
    is_very = degree in ("very", "really", "extremely", "super")
    if is_short:
        return f"duration_s <= {VERY_SHORT_S if is_very else SHORT_S:g}"
    return f"duration_s >= {VERY_LONG_S if is_very else LONG_S:g}"


def seconds(match: re.Match[str], n: str = "") -> str:
    """Return the seconds in a match of `length`, in the ``--where`` language."""
    if clock := match[f"clock{n}"]:
        total = 0
        for field in clock.split(":"):
            total = total * 60 + int(field)
        return str(total)
    unit = next(factor for name, factor in _UNITS.items() if match[f"{name}{n}"])
    return _number(_value(match[f"number{n}"]) * unit)


def _value(text: str) -> float:
    return NUMBERS[text] if text in NUMBERS else float(text)


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
