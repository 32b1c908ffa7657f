"""Telling of new matches of saved searches as a library grows: to whoever looks, and to their webhooks."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from search.ground.webhooks import Webhook
from search.library.library import Library
from search.library.saving import new_matches
from search.model import Clip, SavedMatch, SavedSearch

LAST_S: Final = 5.0
"""So long the end of a process waits for what is being posted."""

log = logging.getLogger("soundalike.searches")


def match_as_json(match: SavedMatch, search: SavedSearch, clip: Clip, *, absolute: bool) -> dict[str, Any]:
    """A new match. Times have milliseconds, the probability four digits, the score six."""
    return {
        "id": match.id,
        "search_id": search.id,
        "search": search.name,
        "clip_id": clip.id,
        "path": clip.absolute_path if absolute else clip.path,
        "title": clip.title,
        "start_s": round(match.start_s, 3),
        "end_s": round(match.end_s, 3),
        "score": round(match.score, 6),
        "probability": None if match.probability is None else round(match.probability, 4),
        "seen": match.seen,
    }


def with_clips(
    library: Library, matches: Sequence[SavedMatch], searches: Sequence[SavedSearch]
) -> Iterator[tuple[SavedMatch, SavedSearch, Clip]]:
    """Matches beside their searches and clips; those of clips that were removed meanwhile are left out."""
    by_id = {one.id: one for one in searches}
    clips = {clip.id: clip for clip in library.reader.clips(list({one.clip_id for one in matches}))}
    for match in matches:
        if match.clip_id in clips and match.search_id in by_id:
            yield match, by_id[match.search_id], clips[match.clip_id]


class SearchWebhooks:
    """The webhooks of saved searches, each opened when something is posted to it. A context manager.

    ``may_be_private``: all of them may be in a network that is not public. ``failed`` is told what was not posted.
    """

    def __init__(self, failed: Callable[[str], None], *, may_be_private: bool = False) -> None:
        self._failed, self._may_be_private = failed, may_be_private
        self._webhooks: dict[tuple[str, str, bool], Webhook] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._webhooks.values():
            one.close(LAST_S)

    def post(self, search: SavedSearch, said: Mapping[str, Any]) -> None:
        """Post JSON to the webhook of a search, soon; nothing where it has none."""
        if not search.webhook:
            return
        private = search.may_be_private or self._may_be_private
        key = (search.webhook, search.secret, private)
        if key not in self._webhooks:
            hook = Webhook(search.webhook, self._failed, secret=search.secret, may_be_private=private)
            self._webhooks[key] = hook.__enter__()
        self._webhooks[key].post(json.dumps(said).encode())


class Follower:
    """Looks at saved searches when the catalog has changed, and posts what is new. A context manager.

    ``may_be_private``: webhooks of every search may be in a network that is not public.
    """

    def __init__(self, library: Library, *, may_be_private: bool = False) -> None:
        self._library = library
        self._sequence = -1
        self._webhooks = SearchWebhooks(log.warning, may_be_private=may_be_private)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._webhooks.__exit__(kind, error, trace)

    def look(self, names: Sequence[str] = ()) -> list[SavedMatch]:
        """What is new since the last look, of the searches of these names, or of all. Raises LibraryError."""
        sequence = self._library.catalog.sequence()
        if sequence == self._sequence:
            return []
        found = []
        for search in self._library.searches.all():
            if not names or search.name in names:
                new = new_matches(self._library, search)
                self._post(search, new)
                found += new
        self._sequence = sequence
        return found

    def _post(self, search: SavedSearch, matches: Sequence[SavedMatch]) -> None:
        if not (search.webhook and matches):
            return
        for match, _, clip in with_clips(self._library, matches, [search]):
            self._webhooks.post(search, match_as_json(match, search, clip, absolute=False))
