"""The rest of a sentence: words to search for, unwanted words, and words that were not understood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from search.engine.sentences.lengths import NUMBER, NUMBERS
from search.engine.sentences.scan import FIXED, START, TAKEN, Scan

SOME_WEIGHT: Final = 0.5
"""The weight of "wind" in "a touch of wind", relative to the other words."""
MAX_COUNT: Final = 1000
_HITS: Final = r"(?:results?|hits?|matches|examples?|sounds?|clips?|samples?)(?!\w)"
_VERBS: Final = r"(?:show|give|get|list|find|bring|fetch|play)(?:\s+me)?"

_LEAD: Final = re.compile(
    r"(?:(?:(?:can|could|would|will)\s+you\s+(?:please\s+)?(?:find|show|give|get|search\s+for)(?:\s+me)?"
    r"|i(?:'m|\s+am)?\s+(?:looking|searching)\s+for|i(?:'m|\s+am)\s+after|i\s+(?:need|want)|i(?:'d|\s+would)\s+like"
    r"|(?:find|show|give|get|list|fetch|bring)(?:\s+me)?|search\s+for|look\s+for|do\s+you\s+have|have\s+you\s+got|are\s+there"
    r"|is\s+there|(?:sounds?|recordings?|clips?|files?|noises?|examples?|samples?)\s+of|(?:that|which)\s+(?:sounds?|is|are)(?:\s+like)?"
    r"|something|anything|everything|all|sounds?\s+like|like(?=\s+an?\s)|please|some|any|an?|the|that|which|with|and|but|also|only|just|or"
    r"|mostly|mainly|of|in|from|for|clips?|files?|recordings?|sounds?|ones?)(?!\w))\s*",
)  # fmt: skip
_TAIL: Final = re.compile(
    r"\s*(?<!\w)(?:please|thanks|sounds?|recordings?|clips?|files?|samples?|ones?|only|and|but|with|that|which|of|in|from|or"
    r"|that\s+i|that\s+(?:is|are)|i|is|are|the|an?)$",
)
_NEGATOR: Final = (
    r"(?:(?:with\s+|and\s+|but\s+)*(?:without|no|not|excluding|except(?:\s+for)?|minus|free\s+of|neither|nor)"
    r"|(?:that|which|who)\s+(?:isn't|aren't|is\s+not|are\s+not|doesn't|don't|does\s+not|do\s+not)(?:\s+(?:sound|have))?)"
    r"(?!\w)\s+(?:any\s+)?"
)
_SAYING: Final = re.compile(
    r"(?:say|says|saying|shout|shouts|shouting|sing|sings|singing|yell\w*|scream\w*|whisper\w*)\s*$"
)
_LIST: Final = re.compile(r"\s*(?:,\s*(?:and|or|nor)|,|(?<!\w)(?:and\s+no|and\s+not|or\s+no|and|or|nor)(?!\w))\s+")
_NOT_UNDERSTOOD: Final = (
    rf"{START}(?:newest|latest|oldest|loudest|quietest|longest|shortest|brightest|darkest|deepest|highest|lowest|softest|"
    r"fastest|slowest|biggest|smallest|best|worst|most\s+recent)(?:\s+first)?(?!\w)",
    rf"{START}(?:(?:a\s+bit|slightly|much)\s+)?(?:louder|quieter|brighter|darker|softer|higher|lower|faster|slower|longer|"
    r"shorter|deeper|sharper|warmer|cleaner|closer)(?!\w)(?:\s+than\s+[^,;]+)?",
    rf"{START}more\s+\w+(?:\s+than\s+[^,;]+)?",
    rf"{START}(?:recorded|made|taken|shot|created|filmed)\s+(?:in|on|at|by|with|before|after|since|from)\s+[^,;]+",
    rf"{START}sort(?:ed)?\s+by\s+\w+",
)


@dataclass(frozen=True, slots=True)
class Words:
    """Words to search for, and their weight."""

    text: str
    weight: float


def read_count(scan: Scan) -> int | None:
    """Return how many hits the sentence asks for, None if it does not say."""
    digits, either = (
        r"(?P<n>\d{1,6})",
        rf"(?P<n>\d{{1,6}}|{'|'.join(n for n in NUMBERS if n.isalpha() and len(n) > 2)})",
    )
    best = r"(?:the\s+)?(?:top|first|best)\s+"
    forms = (
        rf"^\s*(?:please\s+)?(?:just\s+)?{_VERBS}\s+(?:{best})?{digits}(?![\w.:-])(?:\s+(?:of|{_HITS}(?:\s+(?:of|for|with))?))?",
        rf"^\s*(?:please\s+)?(?:just\s+)?(?:show|give|get|list)(?:\s+me)?\s+(?:{best})?{either}(?![\w.:-])(?:\s+{_HITS}(?:\s+of)?)?",
        rf"^\s*{best}{either}(?![\w.:-])(?:\s+{_HITS}(?:\s+of)?)?",
        rf"{START}{digits}\s+(?:results?|hits?|matches|examples)(?!\w)(?:\s+(?:for|of|with))?",
    )
    for form in forms:
        for match in scan.matches(form):
            count = int(NUMBERS[match["n"]]) if match["n"] in NUMBERS else int(match["n"])
            if not 1 <= count <= MAX_COUNT:
                scan.report(*match.span())
                continue
            scan.take(match, "count", str(count))
            return count
    return None


def read_collapse(scan: Scan) -> bool:
    """Return whether each recording should be shown once."""
    forms = (
        rf"{START}(?:with\s+|and\s+|but\s+)?(?:no|without|skip|remove|hide)\s+(?:any\s+|the\s+)?(?:duplicates?|dupes|copies)(?!\w)",
        rf"{START}(?:only\s+)?unique\s+(?:ones?|sounds?|clips?|files?|recordings?)(?:\s+only)?(?!\w)",
        rf"{START}(?:one|once)\s+per\s+recording(?!\w)",
    )
    is_asked = False
    for form in forms:
        for match in scan.matches(form):
            scan.take(match, "collapse", "one hit for each recording")
            is_asked = True
    return is_asked


def read(scan: Scan) -> list[Words]:
    """Return the remaining words as parts, with the wanted ones joined. Report words that seem to ask for more."""
    for pattern in _NOT_UNDERSTOOD:
        for match in scan.matches(pattern):
            scan.report(*match.span())
    clauses: list[tuple[int, str, str]] = []
    others: list[Words] = []
    for start, end in _clauses(scan):
        others += _clause(scan, start, end, clauses)
    texts = [text for _, text, _ in clauses]
    if not texts:
        return others
    scan.add(clauses[0][0], " … ".join(said for _, _, said in clauses), "words", " ".join(texts))
    return [Words(" ".join(texts), 1.0), *others]


def _clauses(scan: Scan) -> list[tuple[int, int]]:
    """Return the start and end of each clause of the remaining text."""
    ends = re.compile(rf"[,;!?{TAKEN}]+|[.:](?=\s|$)|…|\s(?=(?:but|just|only)\s)")
    clauses, at = [], 0
    text = re.sub(r"(?<!\w)no\.(?=\s*\d)", "no ", scan.text)
    lists = _excluded_lists(text)
    for match in ends.finditer(text):
        if any(start <= match.start() < end for start, end in lists) and match.group() == ",":
            continue
        clauses.append((at, match.start()))
        at = match.end()
    clauses.append((at, len(text)))
    return [(start, end) for start, end in clauses if text[start:end].strip()]


def _excluded_lists(text: str) -> list[tuple[int, int]]:
    """Return the spans of lists like "except trams, buses and bikes". Their commas do not end a clause.

    A list ends with the item after "and" or "or".
    """
    lists, at = [], 0
    for match in re.finditer(r"(?<!\w)(?:excluding|except(?:\s+for)?)\s", text):
        if match.start() < at:
            continue
        at = match.end()
        for item in re.split(r"(?<=,)", re.split(r"[;.]", text[at:], maxsplit=1)[0]):
            at += len(item)
            if re.search(r"(?:^|\s)(?:and|or)\s", item):
                lists.append((match.start(), at - item.endswith(",")))
                break
    return lists


def _clause(scan: Scan, start: int, end: int, clauses: list[tuple[int, str, str]]) -> list[Words]:
    """Add the wanted words of a clause to ``clauses``. Return its unwanted words, and those with a lower weight."""
    others: list[Words] = []
    text = scan.text[start:end]
    negated = re.search(rf"(?:^|(?<=\s)){_NEGATOR}(?=[^\s])", text)
    if negated and not _is_literal(text, negated):
        at = start + negated.end()
        for place, item in _items(text[negated.end() :]):
            unwanted = _stripped(scan, at + place, at + place + len(item))
            if unwanted:
                others.append(Words(unwanted, -1.0))
                scan.add(
                    at + place,
                    scan.said(start + negated.start() if place == 0 else at + place, at + place + len(item)),
                    "unwanted",
                    unwanted,
                )
        end = start + negated.start()
        text = scan.text[start:end]
    some = re.search(
        r"(?:^|(?<=\s))(?:with\s+)?(?:just\s+)?a\s+(?:(?:little\s+|tiny\s+)?(?:bit|touch|hint|dash)\s+of|little(?=\s+\w))\s+(?=\S)",
        text,
    )
    if some:
        also = _stripped(scan, start + some.end(), end)
        others.append(Words(also, SOME_WEIGHT))
        scan.add(start + some.start(), scan.said(start + some.start(), end), "words", also)
        end = start + some.start()
    words = _stripped(scan, start, end)
    if words:
        clauses.append((start, words, scan.said(start, end)))
    return others


def _is_literal(text: str, negated: re.Match[str]) -> bool:
    """Return whether a "no" is spoken text ("says no"), or means "number"."""
    behind = text[negated.end() :]
    return bool(_SAYING.search(text[: negated.start()])) or bool(re.match(r"no(?!\w)|\d", behind))


def _items(text: str) -> list[tuple[int, str]]:
    """Return the items of a list like "trams, buses and bikes", and their positions."""
    items, at = [], 0
    for match in _LIST.finditer(text):
        items.append((at, text[at : match.start()]))
        at = match.end()
    items.append((at, text[at:]))
    return [(place, item) for place, item in items if item.strip()]


def _stripped(scan: Scan, start: int, end: int) -> str:
    """Return the words of a clause without filler such as "can you find me some ... please"."""
    text = scan.text[start:end]
    if not text.strip():
        return ""
    low = len(text) - len(text.lstrip(" -–—()"))
    while (match := _LEAD.match(text, low)) and match.end() > low:
        low = match.end()
    high = len(text.rstrip(" -–—()"))
    while high > low and (tail := _TAIL.search(text[low:high])):
        high = low + tail.start()
    return " ".join(scan.sentence[start + low : start + high].split())


__all__ = ["FIXED", "NUMBER", "Words", "read", "read_collapse", "read_count"]
