"""Turning a sentence into a query: by rules, and by a language model if one is configured."""

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
"""The most characters of a sentence."""
_PLAIN_WORDS: Final = 5
"""If rules find nothing but words to search for, they have understood the sentence if it has at most this many."""
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
    """Turn a sentence in plain English into a query, and explain each of its terms. Nothing is searched.

    ``previous`` are the clips of the last answer, best first, for sentences like "like the second one". ``now`` is the
    time that "last week" refers to; by default the current time in the local time zone. ``reader`` is ``rules`` or
    ``model``. By default rules read first, and the configured language model, if any, reads what they do not
    understand.

    Raises QueryError for an empty sentence, for one of more than 1,000 characters, or if ``reader`` is ``model`` and no
    model is configured; UsageError if ``now`` has no time zone; WhereError if the sentence has more filters than a
    query may have.

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
        return replace(read, note=f"{error}; the rules were used")


def _is_beyond_rules(read: Understanding) -> bool:
    """Return whether rules left something, or found only words to search for in a long sentence."""
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
    """Collect what a sentence may refer to. Names are read only if needed: in a large library that is slow."""
    clips = {clip.id: clip for clip in library.reader.clips(list(previous[:_MAX_SHOWN]))} if previous else {}
    shown = tuple(Shown(one, clips[one].duration_s) for one in previous[:_MAX_SHOWN] if one in clips)
    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    if with_names and any(not space.is_melody for space in library.reader.spaces()):
        facets = library.clips.facets(limit=_MAX_NAMES)
        folders = tuple(facet.value for facet in facets.folders)
        tags = tuple(dict.fromkeys(facet.value for facet in (*facets.own_tags, *facets.tags)))
    return Context(now, folders, tags, shown)
