"""How a sentence in plain language was understood, term by term."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from search.model.queries import Query

TermKind: TypeAlias = Literal["words", "unwanted", "like", "unlike", "filter", "count", "collapse"]
ReadBy: TypeAlias = Literal["rules", "model"]


@dataclass(frozen=True, slots=True)
class Term:
    """Words of a sentence (``said``), and what they were turned into (``means``).

    ``kind`` decides what ``means`` is: the text of a part, ``clip 17``, a filter in the ``--where`` language, or a
    number of hits.

    Examples:
        >>> soundalike.understand(library, "rain, no thunder").terms[1]
        Term(said='no thunder', kind='unwanted', means='thunder')
    """

    said: str
    kind: TermKind
    means: str


@dataclass(frozen=True, slots=True)
class Understanding:
    """A sentence as a query, with its terms, so that a user can see, remove or correct each.

    ``not_understood`` are words that seem to ask for something that was not applied ("newest first"). They stay among
    the words to search for, and filter nothing. ``read_by`` says what read the sentence; ``note`` says why a configured
    language model did not. ``query`` has no parts if the sentence is only a filter.

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
