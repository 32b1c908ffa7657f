"""From a sentence about a library to a query: by rules, and by a language model where one is configured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from search.engine.sentences import rules
from search.engine.sentences.context import Context, Shown
from search.engine.sentences.endpoint import Endpoint, ModelRefused
from search.errors import QueryError, UsageError
from search.model import ReadBy, Understanding

if TYPE_CHECKING:
    from search.library.library import Library

MAX_SENTENCE: Final = 1000
"""Characters of a sentence."""
_PLAIN_WORDS: Final = 5
"""A sentence of so many words that rules find nothing else in is one that they can read."""
_MAX_SHOWN: Final = 1000
_MAX_NAMES: Final = 1000
_NAMES_ARE_SPOKEN_OF: Final = re.compile(r"folder|director|tag", re.IGNORECASE)


def understand(
    library: Library,
    sentence: str,
    *,
    previous: Sequence[int] = (),
    now: datetime | None = None,
    reader: ReadBy | None = None,
) -> Understanding:
    """A sentence in plain English as a query, with what each of its words became. Nothing is searched.

    ``previous`` are the clips of the last answer, best first: what "like the second one" speaks of. ``now`` is the
    moment that "last week" is counted from, the clock's in the local time zone where none is given. ``reader`` is
    ``rules`` or ``model``; without it rules read first, and the language model of the settings, where there is one,
    reads what they did not understand.

    Raises QueryError for an empty sentence, one of more than 1,000 characters, and where the model is to read and none
    is configured; WhereError for more filters than a question may have.

    Examples:
        >>> understanding = soundalike.understand(library, "short sirens, no rain")
        >>> understanding.query.where
        'duration_s <= 2'
        >>> library.search(understanding.query).hits[0].title
        'police_siren_01'
    """
    if not sentence.strip():
        raise QueryError("the sentence is empty; say what to look for")
    if len(sentence) > MAX_SENTENCE:
        raise QueryError(f"the sentence has {len(sentence)} characters; at most {MAX_SENTENCE} are allowed")
    moment = now or datetime.now().astimezone()
    if moment.tzinfo is None:
        raise UsageError("now has no time zone; give datetime.now().astimezone()")
    by_names = _NAMES_ARE_SPOKEN_OF.search(sentence) is not None
    read = rules.read(sentence, _context(library, moment, previous, with_names=by_names))
    model = _model(library)
    if reader == "model" and model is None:
        raise QueryError(
            "no language model is configured; set SOUNDALIKE_LANGUAGE_MODEL_URL (docs/guides/assistants.md)"
        )
    if model is None or not (reader == "model" or (reader is None and _is_beyond_rules(read))):
        return read
    try:
        return model.read(sentence, _context(library, moment, previous, with_names=True))
    except ModelRefused as error:
        return replace(read, note=f"{error}; read by rules")


def _is_beyond_rules(read: Understanding) -> bool:
    """Whether rules left something, or took a long sentence for nothing but words."""
    is_plain = all(term.kind == "words" for term in read.terms)
    return bool(read.not_understood) or (is_plain and len(read.sentence.split()) > _PLAIN_WORDS)


def _model(library: Library) -> Endpoint | None:
    settings = library.settings
    if not settings.language_model_url:
        return None
    return Endpoint(
        settings.language_model_url,
        settings.language_model,
        settings.language_model_key,
        settings.language_model_wait_s,
    )


def _context(library: Library, now: datetime, previous: Sequence[int], *, with_names: bool) -> Context:
    """Names of the library are gathered for a sentence that speaks of them only: in a large one that takes a while."""
    clips = {clip.id: clip for clip in library.reader.clips(list(previous[:_MAX_SHOWN]))} if previous else {}
    shown = tuple(Shown(one, clips[one].duration_s) for one in previous[:_MAX_SHOWN] if one in clips)
    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    if with_names and any(not space.is_melody for space in library.reader.spaces()):
        facets = library.clips.facets(limit=_MAX_NAMES)
        folders = tuple(facet.value for facet in facets.folders)
        tags = tuple(dict.fromkeys(facet.value for facet in (*facets.own_tags, *facets.tags)))
    return Context(now, folders, tags, shown)
