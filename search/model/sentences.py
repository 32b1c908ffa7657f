"""What a sentence in plain language was understood to mean, term by term."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from search.model.queries import Query

TermKind: TypeAlias = Literal["words", "unwanted", "like", "unlike", "filter", "count", "collapse"]
ReadBy: TypeAlias = Literal["rules", "model"]


@dataclass(frozen=True, slots=True)
class Term:
    """Words of a sentence (``said``) and what they became.

    ``means`` is the text of a part, ``clip 17``, a filter of the ``--where`` language, or a number of hits, by its
    ``kind``.

    Examples:
        >>> soundalike.understand(library, "rain, no thunder").terms[1]
        Term(said='no thunder', kind='unwanted', means='thunder')
    """

    said: str
    kind: TermKind
    means: str


@dataclass(frozen=True, slots=True)
class Understanding:
    """A sentence as a query, with the terms that make it, so that each can be seen, left out or put right.

    ``not_understood`` are words that seem to ask for more than was applied ("newest first"): they stay among the
    words that are looked for, and filter nothing. ``read_by`` says who read it, and ``note`` why the language model
    did not, where one is configured. ``query`` has no parts where the sentence names a filter alone.

    Examples:
        >>> understanding = soundalike.understand(library, "five doors under 3 seconds")
        >>> understanding.query
        Query(parts=(TextPart(text='five doors', weight=1.0),), k=10, where='duration_s < 3', ...)
    """

    sentence: str
    query: Query
    terms: tuple[Term, ...]
    not_understood: tuple[str, ...] = ()
    read_by: ReadBy = "rules"
    note: str = ""
