"""Rules for references to hits or clips: "like the second one but longer", "not like clip 12"."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from search.engine.sentences.context import Context, Shown
from search.engine.sentences.scan import BREAK, START, Scan

_ORDINALS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip
_ORDINAL: Final = "(?P<ordinal>" + "|".join((*_ORDINALS, r"\d{1,3}(?:st|nd|rd|th)", "last")) + r")(?!\w)"
_ONE: Final = r"(?:one|hit|result|match|clip|sound)(?!\w)"
_AFTER: Final = rf"(?=\s*(?:{BREAK}|$|(?:but|and|with|without|only|or|not)(?!\w)))"
_REFERENCE: Final = (
    rf"(?:(?:the\s+)?{_ORDINAL}(?:\s+{_ONE}|{_AFTER})|(?:(?:number|hit|result)\s+|no\.\s*|\#)(?P<number>\d{{1,4}})(?!\w)"
    r"|clip\s+(?:id\s+|number\s+|\#)?(?P<clip>\d{1,18})(?!\w))"
)
_LIKE: Final = (
    r"(?:(?:more|just|exactly|sounds?|sounding|something|somewhat|much|that|is|are|be)\s+)*"
    r"(?:like|alike|similar\s+to|close\s+to|(?:the\s+)?same\s+as|resembling)\s+"
)
_DEGREE: Final = r"(?:(?:a\s+bit|a\s+little|slightly|somewhat|much|a\s+lot|far|way)\s+)?"


class _Named(NamedTuple):
    """A clip that a sentence refers to. ``duration_s`` is known if it is a hit of the last answer."""

    clip_id: int
    duration_s: float | None


def read(scan: Scan, context: Context) -> None:
    """Take references to a clip that hits should be like, unlike, longer than or shorter than."""
    _than(scan, context.shown)
    compared = rf"(?P<compared>\s*,?\s*(?:(?:but|and|only|just)\s+)+{_DEGREE}(?P<by>longer|shorter)(?!\w)(?!\s+than))?"
    join = r"(?:(?:but|and|or)\s+)?"
    forms = (
        (rf"{START}{join}(?:not|nothing|never|less|unlike|isn't|aren't)\s+(?:{_LIKE})?{_REFERENCE}", "unlike"),
        (rf"{START}{join}{_LIKE}{_REFERENCE}{compared}", "like"),
        (rf"^\s*{_REFERENCE}(?=\s*,?\s*(?:but|without|only)\s){compared}", "like"),
    )
    for pattern, kind in forms:
        for match in scan.matches(pattern):
            named = _named(match, context.shown)
            if named is None:
                scan.report(*match.span())
                scan.fix(*match.span())
                continue
            longer = match["by"] if kind == "like" and match["compared"] else None
            if longer and named.duration_s is None:
                scan.report(*match.span("compared"))
            elif longer and named.duration_s is not None:
                scan.add(
                    match.start("compared"), scan.said(*match.span("compared")), "filter", _as(longer, named.duration_s)
                )
            end = match.start("compared") if longer else match.end()
            scan.add(
                match.start(),
                scan.said(match.start(), end),
                "like" if kind == "like" else "unlike",
                f"clip {named.clip_id}",
            )
            scan.drop(match)


def _than(scan: Scan, shown: tuple[Shown, ...]) -> None:
    lead = rf"{START}(?:(?:that|which)\s+(?:is|are)\s+|but\s+|and\s+)?{_DEGREE}"
    for match in scan.matches(rf"{lead}(?P<by>longer|shorter)\s+than\s+{_REFERENCE}"):
        named = _named(match, shown)
        if named is None or named.duration_s is None:
            scan.report(*match.span())
            scan.fix(*match.span())
        else:
            scan.take(match, "filter", _as(match["by"], named.duration_s))


def _as(by: str, duration_s: float) -> str:
    return f"duration_s {'>' if by == 'longer' else '<'} {round(duration_s, 3):g}"


def _named(match: re.Match[str], shown: tuple[Shown, ...]) -> _Named | None:
    if match["clip"]:
        clip_id = int(match["clip"])
        return _Named(clip_id, next((one.duration_s for one in shown if one.clip_id == clip_id), None))
    ordinal = match["ordinal"]
    if ordinal == "last":
        place = len(shown)
    elif ordinal in _ORDINALS:
        place = _ORDINALS.index(ordinal) + 1
    else:
        place = int(re.sub(r"\D", "", ordinal or match["number"]))
    return _Named(shown[place - 1].clip_id, shown[place - 1].duration_s) if 1 <= place <= len(shown) else None
