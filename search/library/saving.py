"""Saved searches: storing a query, running it again, and finding its matches among new clips.

A query is stored as JSON, as ``POST /search`` takes it. A part that is a sound refers to a file by number, and the
file's bytes are stored with the query. So a later encoder can read the sound itself, and nothing depends on the vectors
of today. Of a long file only the queried passage is stored.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from search import audio
from search.audio.passages import wav_passage
from search.errors import LibraryBusy, QueryError, SoundalikeError, UsageError, printable
from search.ground import webhooks
from search.ground.urls import is_in_store
from search.library.library import Library
from search.library.listening import LivePart
from search.library.lists import clips_among
from search.model import (
    LEAST,
    MAX_KEPT_SOUND_BYTES,
    MAX_MATCHES,
    Answer,
    Aspects,
    AudioPart,
    ClipPart,
    Hit,
    HumPart,
    NewSearch,
    NotesPart,
    Part,
    Query,
    SavedMatch,
    SavedSearch,
    SegmentPart,
    TextPart,
    TunePart,
)

SHOWN: Final = 10
_DEFAULTS: Final[Mapping[str, Any]] = {
    "start_s": 0.0,
    "end_s": None,
    "weight": 1.0,
    "speed": 1.0,
    "track": None,
    "aspects": None,
    "changes": (),
}
_NAMES: Final[Mapping[type[Part], str]] = {
    TextPart: "text",
    ClipPart: "clip_id",
    TunePart: "clip_id",
    SegmentPart: "segment_id",
    AudioPart: "audio",
    HumPart: "hum",
    NotesPart: "notes",
}


def save_search(
    library: Library, name: str, query: Query, *, least: float = LEAST, webhook: str = "", may_be_private: bool = True
) -> SavedSearch:
    """Save a query under a name. Clips that come later and match with a probability of at least ``least`` are matches.

    With a ``webhook`` (an address), new matches are posted there as JSON, signed with `SavedSearch.secret`, which is
    made here. The address may be in a private network only if ``may_be_private``.

    Raises QueryError for an invalid or taken name, a sound that is too large to be stored, or a query that
    `Library.search` refuses; UsageError for an address that cannot be posted to; AudioError for a file.

    Examples:
        >>> query = soundalike.Query((soundalike.AudioPart("door.wav"),))
        >>> saved = soundalike.save_search(library, "doors", query)
        >>> [hit.title for hit in soundalike.run_search(library, saved).hits][:1]
        ['door_slam']
        >>> library.searches.remove(saved.id)
        True
    """
    question, sounds = question_of(query)
    return add(library, NewSearch(name, json.dumps(question), sounds, least, webhook, "", may_be_private))


def add(library: Library, new: NewSearch) -> SavedSearch:
    """Save a search after checking that it runs. With a webhook it gets a secret. Raises as `save_search` does."""
    if new.webhook:
        check_webhook(new.webhook, may_be_private=new.may_be_private)
    with _query_of(library, json.loads(new.question), lambda place: new.sounds[place]) as query:
        if any(not space.is_melody for space in library.reader.spaces()):
            library.search(replace(query, k=1))
    return library.searches.add(replace(new, secret=secrets.token_hex(32) if new.webhook else ""))


def check_webhook(url: str, *, may_be_private: bool) -> None:
    """Raises UsageError for an address that cannot be posted to."""
    if why := webhooks.why_not(url, may_be_private=may_be_private):
        raise UsageError(f"the webhook {printable(url)!r}: {why}")


def with_webhook(search: SavedSearch, webhook: str, *, may_be_private: bool) -> SavedSearch:
    """Return the search with another webhook ("": none). A new address gets a new secret.

    Raises UsageError for an address that cannot be posted to.
    """
    if not webhook:
        return replace(search, webhook="", secret="", may_be_private=False)
    check_webhook(webhook, may_be_private=may_be_private)
    secret = search.secret if webhook == search.webhook else secrets.token_hex(32)
    return replace(search, webhook=webhook, secret=secret, may_be_private=may_be_private)


def named(library: Library, name: str) -> SavedSearch:
    """Return the saved search of this name. Raises UsageError, which lists the known names."""
    known = {one.name: one for one in library.searches.all()}
    if name not in known:
        raise UsageError(f"there is no saved search {name!r}; there are: {', '.join(map(printable, known)) or 'none'}")
    return known[name]


def run_search(library: Library, search: SavedSearch, *, k: int | None = None, offset: int = 0) -> Answer:
    """Run a saved search on the library as it is now. New matches stay unseen.

    Raises as `Library.search` does, for example if a clip of the query is gone or the encoder can no longer read it.

    Examples:
        >>> saved = soundalike.save_search(library, "rains", soundalike.Query((soundalike.TextPart("rain"),)))
        >>> len(soundalike.run_search(library, saved, k=1).hits)
        1
        >>> library.searches.remove(saved.id)
        True
    """
    with query_of(library, search) as query:
        return library.search(replace(query, k=query.k if k is None else k, offset=offset))


def new_matches(library: Library, search: SavedSearch) -> list[SavedMatch]:
    """Run a saved search on the clips that came since its last check. Store the matches as unseen, and return them.

    A clip matches if its name has every word of the query, or if its probability is at least `SavedSearch.least`. Empty
    if another process checks at the same time. If the search cannot run, the reason is stored as its ``trouble``.

    Raises LibraryError if the library is read-only or the disk is full.

    Examples:
        >>> saved = soundalike.save_search(library, "rains", soundalike.Query((soundalike.TextPart("rain"),)))
        >>> soundalike.new_matches(library, saved)
        []
        >>> library.searches.remove(saved.id)
        True
    """
    spaces = library.refresh().spaces
    if not spaces:
        return []
    clip_ids, mark = library.matches.candidates(search.mark, min(one.columns.sequence for one in spaces))
    if not clip_ids:
        return []
    try:
        with query_of(library, search) as query:
            among = clip_ids if query.among is None else sorted(set(clip_ids).intersection(query.among))
            asked = replace(query, k=min(MAX_MATCHES, max(1, len(among))), offset=0, among=tuple(among))
            hits = library.search(asked).hits
    except LibraryBusy:
        return []
    except SoundalikeError as error:
        if str(error) != search.trouble:
            library.matches.fail(search, str(error))
        return []
    return library.matches.keep(search, mark, [_match(search, hit) for hit in hits if _is_match(hit, search.least)])


def _is_match(hit: Hit, least: float) -> bool:
    return hit.by_name or (hit.probability is not None and hit.probability >= least)


def _match(search: SavedSearch, hit: Hit) -> SavedMatch:
    return SavedMatch(0, search.id, hit.clip_id, hit.start_s, hit.end_s, hit.score, hit.probability)


# --- stored queries -----------------------------------------------------------------------------


def question_of(query: Query) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    """Return a query as JSON, and the files that its parts refer to by number. Raises QueryError, AudioError."""
    if query.among is not None or query.without:
        raise QueryError("a saved search cannot keep clips by their ids (among, without); choose them with where")
    sounds: list[bytes] = []
    parts = [part_as_json(part, sounds) for part in query.parts]
    said: dict[str, Any] = {"parts": parts, "k": query.k}
    said |= {name: getattr(query, name) for name in ("where", "space", "language", "recall") if getattr(query, name)}
    return said | ({"collapse": True} if query.collapse else {}), tuple(sounds)


def part_as_json(part: Part, sounds: list[bytes]) -> dict[str, Any]:
    """Return a part as JSON. The file of a sound is appended to ``sounds``. Raises as `question_of` does."""
    fields = {name: value for name, value in asdict(part).items() if name in _DEFAULTS and value != _DEFAULTS[name]}
    if isinstance(part, AudioPart | HumPart):
        sound, is_cut = _sound(part)
        if is_cut:
            fields = {name: value for name, value in fields.items() if name not in ("start_s", "end_s", "track")}
        sounds.append(sound)
        return {_NAMES[type(part)]: str(len(sounds) - 1), **fields}
    value = next(getattr(part, name) for name in ("text", "clip_id", "segment_id", "notes") if hasattr(part, name))
    return {_NAMES[type(part)]: value, **fields}


def _sound(part: AudioPart | HumPart) -> tuple[bytes, bool]:
    """Return the file of a part, or only its passage if the file is large; and whether it was cut."""
    if is_in_store(part.path):
        raise QueryError(f"{printable(part.path)}: a sound in a store cannot be kept; copy it here first")
    file = Path(part.path)
    if not file.is_file() or file.stat().st_size <= MAX_KEPT_SOUND_BYTES:
        audio.probe(part.path)  # raises if it is not a sound
        return file.read_bytes(), False
    end_s = part.end_s if part.end_s is not None else audio.probe(part.path).duration_s
    passage = None if end_s is None else wav_passage(part.path, part.start_s, end_s, part.track or 0)
    if passage is None or passage.size_bytes > MAX_KEPT_SOUND_BYTES:
        raise QueryError(
            f"a saved search keeps sounds of at most {MAX_KEPT_SOUND_BYTES >> 20} MB, and this one is larger; use "
            "a passage of it, like long.wav#10-20"
        )
    return b"".join(passage.blocks), True


@contextmanager
def query_of(library: Library, search: SavedSearch) -> Iterator[Query]:
    """Give the query of a saved search. Its sounds are in temporary files until the block ends.

    Raises QueryError for a list or a map that is gone.
    """

    def sound(place: int) -> bytes:
        found = library.searches.sound(search.id, place)
        if found is None:
            raise QueryError(f"the saved search {search.name!r} is missing a sound; save it again")
        return found

    with _query_of(library, json.loads(search.question), sound) as query:
        yield query


@contextmanager
def live_parts(library: Library, search: SavedSearch) -> Iterator[tuple[LivePart, ...]]:
    """Give the parts of a saved search that can be watched for. Files exist until the block ends.

    Raises QueryError if the search uses what a live sound does not have: a filter, a tune, a segment, unwanted parts.
    """
    with query_of(library, search) as query:
        parts = tuple(part for part in query.parts if isinstance(part, LivePart) and part.weight > 0)
        if len(parts) < len(query.parts) or query.where or query.among is not None:
            raise QueryError(
                f"the saved search {search.name!r} cannot be listened for: it asks for more than words and sounds "
                "(a filter, a place, a tune, or something unwanted)"
            )
        yield parts


@contextmanager
def _query_of(library: Library, question: Mapping[str, Any], sound: Callable[[int], bytes]) -> Iterator[Query]:
    with tempfile.TemporaryDirectory(prefix="soundalike-") as folder:
        parts: list[Part] = []
        for one in question["parts"]:
            named_by = next((name for name in ("audio", "hum") if name in one), None)
            path = Path(folder, str(one[named_by])) if named_by else Path(folder)
            if named_by and not path.exists():
                path.write_bytes(sound(int(one[named_by])))
            parts.append(_part(library, one, str(path)))
        yield Query(
            tuple(parts),
            question.get("k", SHOWN),
            question.get("where"),
            question.get("space"),
            question.get("collapse", False),
            clips_among(library, question.get("region"), question.get("within")),
            without=_refused(question["parts"]),
            language=question.get("language") or "",
            recall=question.get("recall"),
        )


def _refused(parts: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """Return the clips of unwanted parts: an unwanted passage excludes its whole clip."""
    return tuple(one["clip_id"] for one in parts if "clip_id" in one and one.get("weight", 1.0) < 0)


def _part(library: Library, said: Mapping[str, Any], path: str) -> Part:
    fields = {name: value for name, value in said.items() if name in _DEFAULTS and value is not None}
    if "aspects" in fields:
        fields["aspects"] = Aspects(**fields["aspects"])
    if "changes" in fields:
        fields["changes"] = tuple(fields["changes"])
    if "text" in said:
        return TextPart(said["text"], **fields)
    if "notes" in said:
        return NotesPart(said["notes"], **fields)
    if "segment_id" in said:
        return SegmentPart(said["segment_id"], **fields)
    if "audio" in said:
        return AudioPart(path, **fields)
    if "hum" in said:
        return HumPart(path, **fields)
    return _clip(library, said["clip_id"], fields)


def _clip(library: Library, clip_id: int, fields: Mapping[str, Any]) -> Part:
    """Return a clip as a part. A passage of it is read from the clip's file."""
    clip = next(iter(library.reader.clips([clip_id])), None)
    if clip is None or not (fields.get("start_s") or fields.get("end_s") is not None):
        plain = {name: value for name, value in fields.items() if name not in ("start_s", "end_s")}
        return ClipPart(clip_id, **plain)
    if clip.notes:
        return TunePart(clip_id, **{name: fields[name] for name in ("start_s", "end_s", "weight") if name in fields})
    speed = next((root.speed for root in library.roots() if root.id == clip.root.id), 1.0)
    return AudioPart(clip.absolute_path, **{**fields, "speed": speed, "track": clip.track})
