"""Reports new matches of saved searches as a library grows: to the caller, and to the searches' webhooks."""

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
"""How long a process that ends waits for posts in progress."""

log = logging.getLogger("soundalike.searches")


def match_as_json(match: SavedMatch, search: SavedSearch, clip: Clip, *, absolute: bool) -> dict[str, Any]:
    """Return a new match. Times are rounded to milliseconds, the probability to four digits, the score to six."""
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
    """Yield matches with their searches and clips. Matches of clips that were removed since are left out."""
    by_id = {one.id: one for one in searches}
    clips = {clip.id: clip for clip in library.reader.clips(list({one.clip_id for one in matches}))}
    for match in matches:
        if match.clip_id in clips and match.search_id in by_id:
            yield match, by_id[match.search_id], clips[match.clip_id]


class SearchWebhooks:
    """The webhooks of saved searches, each opened at its first post. A context manager.

    ``may_be_private``: all of them may be in a private network. ``failed`` is called with a message for each failed
    post.
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
        """Post JSON to the webhook of a search, in the background. Does nothing if it has none."""
        if not search.webhook:
            return
        private = search.may_be_private or self._may_be_private
        key = (search.webhook, search.secret, private)
        if key not in self._webhooks:
            hook = Webhook(search.webhook, self._failed, secret=search.secret, may_be_private=private)
            self._webhooks[key] = hook.__enter__()
        self._webhooks[key].post(json.dumps(said).encode())


class Follower:
    """Runs saved searches when the catalog has changed, and posts new matches. A context manager.

    ``may_be_private``: the webhook of every search may be in a private network.
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
        """Return the new matches of the searches with these names (empty: all). Raises LibraryError."""
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
