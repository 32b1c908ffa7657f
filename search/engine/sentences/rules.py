"""Turns a sentence into a query by rules: offline, in a millisecond or two, always with the same result.

Each rule takes the words that it understands out of the sentence and turns them into a term. The rest are words to
search for. If a rule does not fit, its words stay. A filter is applied only if the sentence clearly says it and its
names are in the library.
"""

from __future__ import annotations

from search.columns.parsing import parse
from search.engine.sentences import dates, lengths, naming, references, words
from search.engine.sentences.context import Context
from search.engine.sentences.scan import Scan
from search.model import ClipPart, Part, Query, Term, TextPart, Understanding

DEFAULT_COUNT = 10


def read(sentence: str, context: Context) -> Understanding:
    """Read a sentence. What no rule understands becomes words to search for.

    Raises WhereError if there are more filters than a query may have.
    """
    scan = Scan(sentence)
    naming.read(scan, context)
    references.read(scan, context)
    collapse = words.read_collapse(scan)
    dates.read(scan, context.now)
    count = words.read_count(scan)
    lengths.read(scan)
    texts = words.read(scan)
    clips: list[Part] = [
        ClipPart(int(term.means.removeprefix("clip ")), 1.0 if term.kind == "like" else -1.0)
        for term in scan.terms
        if term.kind in ("like", "unlike")
    ]
    query = Query(
        (*(TextPart(one.text, one.weight) for one in texts), *clips),
        k=count or DEFAULT_COUNT,
        where=_where(scan.terms),
        collapse=collapse,
    )
    return Understanding(sentence, query, scan.terms, scan.not_understood)


def _where(terms: tuple[Term, ...]) -> str | None:
    """Join all filters into one. Raises WhereError if the result is too long."""
    filters = list(dict.fromkeys(term.means for term in terms if term.kind == "filter"))
    if not filters:
        return None
    where = " and ".join(filters)
    parse(where)
    return where
